//! The configuration file: TOML, each value with the line that it stands in.
//!
//! A key that does not exist, a value that does not fit and a key that is given twice under two spellings are errors;
//! all of them are reported at once. Nothing is guessed and nothing ignored: a misspelt limit would be no limit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::error::ConfigError;
use super::error::Problem;
use super::key::Key;
use super::key::Origin;
use super::key::Scope;
use super::keys;
use super::layer::Layer;
use crate::plugin::closest;

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) top: Layer,
    pub(super) tenants: BTreeMap<String, Layer>,
    pub(super) classes: BTreeMap<String, Layer>,
    pub(super) tokens: Vec<Layer>,
    pub(super) oauth: Option<Layer>,
    pub(super) rules: Vec<Layer>,
}

/// Reads the file.
///
/// # Errors
/// When it cannot be read, is no TOML, or says something that has no meaning here.
pub(super) fn read(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        what: "configuration file",
        path: path.to_owned(),
        source,
    })?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<File, ConfigError> {
    let lines = Lines::of(text);
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader { lines, path: path.into(), base, problems: Vec::new() };
    let mut file = File::default();
    match DeTable::parse(text) {
        Ok(table) => reader.top(table.get_ref(), &mut file),
        Err(error) => {
            let line = error.span().map_or(1, |span| reader.lines.at(span.start));
            reader.problems.push(Problem { line, what: error.message().to_owned() });
        }
    }
    if reader.problems.is_empty() { Ok(file) } else { Err(ConfigError::File { path: path.to_owned(), problems: reader.problems }) }
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of that place; lines count from 1.
    fn at(&self, place: usize) -> usize {
        self.0.partition_point(|end| *end < place) + 1
    }
}

/// The tables that may stand at the top.
const TABLES: [&str; 4] = ["tenants", "classes", "tokens", "oauth"];

struct Reader {
    lines: Lines,
    path: Arc<Path>,
    base: std::path::PathBuf,
    problems: Vec<Problem>,
}

impl Reader {
    fn top(&mut self, table: &DeTable<'_>, file: &mut File) {
        file.top = self.layer(table, keys::TOP, &TABLES, |_| true);
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "tenants" => {
                    file.tenants = self.named(value, keys::TOP, |key| key.scope == Scope::Tenant);
                }
                "classes" => file.classes = self.named(value, keys::CLASSES, |_| true),
                "tokens" => file.tokens = self.listed(value, keys::TOKENS),
                "oauth" => {
                    if let Some(table) = self.table(value) {
                        file.oauth = Some(self.layer(table, keys::OAUTH, &["rules"], |_| true));
                        if let Some(rules) = table.get("rules") {
                            file.rules = self.listed(rules, keys::RULES);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// `[name.X]` for any X.
    fn named(&mut self, value: &Spanned<DeValue<'_>>, keys: &[&'static Key], fits: fn(&Key) -> bool) -> BTreeMap<String, Layer> {
        let mut layers = BTreeMap::new();
        let Some(table) = self.table(value) else { return layers };
        for (name, value) in table {
            let id = name.get_ref().as_ref();
            if !is_name(id) {
                self.problem(name.span().start, format!("the name `{id}` may hold letters, digits, `-`, `_` and `.` only, and 64 of them"));
            } else if let Some(table) = self.table(value) {
                layers.insert(id.to_owned(), self.layer(table, keys, &[], fits));
            }
        }
        layers
    }

    /// `[[name]]`.
    fn listed(&mut self, value: &Spanned<DeValue<'_>>, keys: &[&'static Key]) -> Vec<Layer> {
        let Some(items) = value.get_ref().as_array() else {
            self.problem(value.span().start, "must be a list of tables: write its name in [[ ]]".to_owned());
            return Vec::new();
        };
        let mut layers = Vec::new();
        for item in items.iter() {
            if let Some(table) = self.table(item) {
                layers.push(self.layer(table, keys, &[], |_| true));
            }
        }
        layers
    }

    fn table<'v, 'i>(&mut self, value: &'v Spanned<DeValue<'i>>) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.problem(value.span().start, format!("must be a table, not a {}", value.get_ref().type_str()));
        }
        table
    }

    /// The keys of one table. `tables` are names of tables within it, which are read elsewhere.
    fn layer(&mut self, table: &DeTable<'_>, keys: &[&'static Key], tables: &[&str], fits: fn(&Key) -> bool) -> Layer {
        let mut layer = Layer::default();
        for (name, value) in table {
            let (written, at) = (name.get_ref().as_ref(), name.span().start);
            if tables.contains(&written) {
                continue;
            }
            let Some(key) = keys.iter().find(|key| key.spellings().any(|spelling| spelling == written)) else {
                self.problem(at, unknown(written, keys, tables, fits));
                continue;
            };
            if !key.in_file() {
                self.problem(at, outside(key));
            } else if !fits(key) {
                self.problem(at, format!("`{written}` belongs to the whole process: it stands at the top of the file, before any table"));
            } else {
                let origin = Origin::File { path: Arc::clone(&self.path), line: self.lines.at(at) };
                match key.kind.read_toml(value.get_ref(), &self.base) {
                    Err(reason) => self.problem(value.span().start, format!("`{written}` {reason}")),
                    Ok(value) => {
                        if layer.insert(key, value, origin) {
                            self.problem(at, format!("`{written}` is given twice, once as another spelling of `{}`", key.name));
                        }
                    }
                }
            }
        }
        layer
    }

    fn problem(&mut self, at: usize, what: String) {
        self.problems.push(Problem { line: self.lines.at(at), what });
    }
}

/// A name of a tenant or a class: safe as a label, in a log line and in an address.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
}

fn unknown(written: &str, keys: &[&'static Key], tables: &[&str], fits: fn(&Key) -> bool) -> String {
    let spelled = keys.iter().copied().filter(|key| key.in_file() && fits(key)).flat_map(Key::spellings);
    let mut known: Vec<&str> = spelled.collect();
    known.extend(tables);
    match closest(written, known.into_iter()) {
        Some(meant) => format!("there is no key `{written}`; did you mean `{meant}`?"),
        None => format!("there is no key `{written}`; `jankins config` lists all keys"),
    }
}

/// Why a key has no place in the file.
fn outside(key: &Key) -> String {
    let variable = key.env.first().map_or_else(String::new, |name| format!(", in the variable {name}"));
    if key.name == keys::TOKEN.name {
        return format!("a token does not belong into this file; put it into a file of its own (`jenkins_token_file`){variable}");
    }
    let flag = key.flag.map_or_else(String::new, |flag| format!(" as --{flag}"));
    format!("`{}` is not for this file: it is given{flag}{variable}", key.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        parse(text, Path::new("/etc/jankins/config.toml")).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_real_one() {
        let error = problems("timeout = 5\n\ncache_max_sise = 9\n");
        assert!(error.contains("/etc/jankins/config.toml:3: there is no key `cache_max_sise`; did you mean `cache_max_size`?"), "{error}");
        let error = problems("[tenants.shop]\njenkins_ulr = \"http://ci/\"\n");
        assert!(error.contains(":2: ") && error.contains("`jenkins_url`"), "{error}");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let error = problems("timeout = 0\nread_only = 1\nxyzzy = 2\n");
        for part in [":1: `timeout` must be a whole number from 1 to 3600, not `0`", ":2: `read_only` must be true", ":3: there is no key"]
        {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn both_spellings_of_the_runbook_are_understood_but_not_together() {
        let path = Path::new("c.toml");
        for text in ["cache_size = 7\ncache_ttl = 8", "cache_max_size = 7\ncache_ttl_seconds = 8"] {
            let top = parse(text, path).unwrap().top;
            assert_eq!((top.number(&keys::CACHE_MAX_SIZE), top.number(&keys::CACHE_TTL)), (Some(7), Some(8)));
        }
        assert!(problems("cache_size = 1\ncache_max_size = 2").contains("given twice"));
    }

    #[test]
    fn a_token_in_the_file_is_refused_and_not_repeated() {
        let error = problems("jenkins_api_token = \"11s3cret\"\n");
        assert!(error.contains("jenkins_token_file") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        assert!(problems("timeout = 5\n=\n").contains("config.toml:2: "), "{}", problems("timeout = 5\n=\n"));
    }

    #[test]
    fn a_key_of_the_process_has_no_place_in_a_tenant() {
        assert!(problems("[tenants.a]\nbind = \"127.0.0.1:1\"\n").contains("stands at the top of the file"));
    }

    #[test]
    fn every_table_is_read() {
        let text = "bind = \"127.0.0.1:9\"\n[tenants.a]\nurl = \"http://ci/\"\n[classes.people]\nrate_limit_requests_per_minute = 60\n\
            [[tokens]]\nuser = \"ada\"\n[oauth]\nissuer = \"https://id.example.com\"\n[[oauth.rules]]\nclaim = \"groups\"\n";
        let file = parse(text, Path::new("c.toml")).unwrap();
        assert_eq!(file.tenants["a"].text(&keys::URL).as_deref(), Some("http://ci/"));
        assert_eq!(file.classes["people"].number(&keys::CLASS_RATE), Some(60));
        assert_eq!((file.tokens.len(), file.rules.len()), (1, 1));
        assert!(file.oauth.unwrap().has(&keys::ISSUER));
    }
}
