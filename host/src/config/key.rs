//! What a setting is: one description, from which everything else about it derives.
//!
//! The command line, its help, the environment, the file, `jankins config`, the errors and a reload all read the same
//! [`Key`]. The keys themselves are in [`super::keys`].

use std::fmt;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use http::HeaderName;
use ipnet::IpNet;
use url::Url;

use super::controller::normal_url;
use crate::access::TokenHash;
use crate::access::jwt;
use crate::egress;

/// One setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// How the configuration file spells it.
    pub(crate) name: &'static str,
    /// Other spellings that the file may use.
    pub(crate) aliases: &'static [&'static str],
    /// Variables that set it; the first that is there counts.
    pub(crate) env: &'static [&'static str],
    /// The option of the command line, without its dashes.
    pub(crate) flag: Option<&'static str>,
    /// What values it takes.
    pub(crate) kind: Kind,
    /// The value when nobody gives one.
    pub(crate) default: Option<&'static str>,
    /// What it means, as help says it.
    pub(crate) doc: &'static str,
    /// Where help lists it.
    pub(crate) heading: &'static str,
    /// Whose setting it is.
    pub(crate) scope: Scope,
    /// The variable by which the plugin is told.
    pub(crate) guest: Option<&'static str>,
    /// It restricts callers: a plugin that does not say that it honours that variable is not used.
    pub(crate) restricts: bool,
}

impl Key {
    /// A key of the whole process, of the file only; the rest is filled in by struct update.
    pub(super) const fn process(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            env: &[],
            flag: None,
            kind,
            default: None,
            doc,
            heading: "Serving",
            scope: Scope::Process { restart: false },
            guest: None,
            restricts: false,
        }
    }

    /// A key of one tenant; at the top of the file it is what tenants have that say nothing else.
    pub(super) const fn tenant(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { heading: "Jenkins", scope: Scope::Tenant, ..Self::process(name, kind, doc) }
    }

    /// Whether the file may hold it.
    pub(crate) fn in_file(&self) -> bool {
        !matches!(self.scope, Scope::OutsideFile)
    }

    /// Every spelling in the file.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Whose setting a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole process's.
    Process {
        /// A change takes effect with the next start only.
        restart: bool,
    },
    /// Each tenant's.
    Tenant,
    /// One run's: given by option or variable, never in a file.
    OutsideFile,
}

/// Whether a text will do; if not, what is wrong with it, as the end of a sentence that begins with the key.
pub(crate) type Check = fn(&str) -> Result<(), String>;

/// What values a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// true or false.
    Switch,
    /// A whole number within bounds.
    Number(u64, u64),
    /// A text.
    Text(Check),
    /// A file or a directory. A relative one in the configuration file is relative to that file.
    Path,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Several texts; in options and variables separated by commas.
    List(Check),
    /// A program and its arguments.
    Command,
    /// Only whether it is there is known; the value is read where it is used.
    Secret,
}

/// A value that fits its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// true or false.
    Switch(bool),
    /// A number.
    Number(u64),
    /// A text, a path, a choice.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// It is there.
    Secret,
}

impl Kind {
    /// Reads what an option or a variable holds.
    pub(super) fn read_text(self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self {
            Self::Switch => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok(Value::Switch(true)),
                "false" | "no" | "off" | "0" => Ok(Value::Switch(false)),
                _ => Err(format!("must be true or false, not `{text}`")),
            },
            Self::Number(..) => match text.parse() {
                Ok(number) => self.number(number),
                Err(_) => Err(self.not_a_number(text)),
            },
            Self::Text(check) => check(text).map(|()| Value::Text(text.to_owned())),
            Self::Path => Ok(Value::Text(text.to_owned())),
            Self::Choice(_) => self.choice(text),
            Self::List(_) => self.list(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()),
            Self::Command => self.list(text.split_whitespace().map(str::to_owned).collect()),
            Self::Secret => Ok(Value::Secret),
        }
    }

    /// Reads a value of the file, whose directory is `base`.
    pub(super) fn read_toml(self, value: &toml::de::DeValue<'_>, base: &Path) -> Result<Value, String> {
        use toml::de::DeValue;
        match (self, value) {
            (Self::Switch, DeValue::Boolean(switch)) => Ok(Value::Switch(*switch)),
            (Self::Number(..), DeValue::Integer(number)) => {
                let digits = number.as_str().replace('_', "");
                u64::from_str_radix(&digits, number.radix()).map_err(|_| self.not_a_number(&digits)).and_then(|number| self.number(number))
            }
            (Self::Path, DeValue::String(text)) => Ok(Value::Text(base.join(text.as_ref()).to_string_lossy().into_owned())),
            (Self::Text(_) | Self::Choice(_), DeValue::String(text)) => self.read_text(text),
            (Self::List(_), DeValue::String(text)) => self.list(vec![text.trim().to_owned()]),
            (Self::List(_) | Self::Command, DeValue::Array(items)) => {
                let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
                self.list(texts.collect::<Option<Vec<String>>>().ok_or_else(|| self.expected(value.type_str()))?)
            }
            _ => Err(self.expected(value.type_str())),
        }
    }

    fn number(self, number: u64) -> Result<Value, String> {
        match self {
            Self::Number(least, most) if !(least..=most).contains(&number) => Err(self.not_a_number(&number.to_string())),
            _ => Ok(Value::Number(number)),
        }
    }

    fn not_a_number(self, found: &str) -> String {
        match self {
            Self::Number(least, u64::MAX) => format!("must be a whole number from {least}, not `{found}`"),
            Self::Number(least, most) => format!("must be a whole number from {least} to {most}, not `{found}`"),
            _ => format!("must be a number, not `{found}`"),
        }
    }

    fn choice(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Choice(words) if !words.contains(&text) => Err(format!("must be one of {}, not `{text}`", words.join(", "))),
            _ => Ok(Value::Text(text.to_owned())),
        }
    }

    fn list(self, items: Vec<String>) -> Result<Value, String> {
        if let Self::List(check) = self {
            items.iter().try_for_each(|item| check(item))?;
        }
        if matches!(self, Self::Command) && items.is_empty() {
            return Err("must name a program".to_owned());
        }
        Ok(Value::List(items))
    }

    fn expected(self, found: &str) -> String {
        let what = match self {
            Self::Switch => "true or false",
            Self::Number(..) => "a whole number",
            Self::Text(_) | Self::Path | Self::Choice(_) | Self::Secret => "a text in quotes",
            Self::List(_) => "a list of texts",
            Self::Command => "a list: the program and its arguments",
        };
        format!("must be {what}, not {} {found}", if found.starts_with(['a', 'i']) { "an" } else { "a" })
    }
}

impl fmt::Display for Value {
    /// As the file would spell it. User and password of a URL are left out; a secret is only said to be there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(switch) => write!(f, "{switch}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{:?}", without_user_info(text)),
            Self::List(items) => f.debug_list().entries(items.iter().map(|item| without_user_info(item))).finish(),
            Self::Secret => f.write_str("(set)"),
        }
    }
}

/// The text, without user and password if it is a URL that has them.
pub(super) fn without_user_info(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            let stripped = url.set_username("").and_then(|()| url.set_password(None));
            stripped.map_or_else(|()| "(hidden)".to_owned(), |()| url.to_string())
        }
        _ => text.to_owned(),
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody gave one.
    Default,
    /// The configuration file.
    File {
        /// Its path.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: usize,
    },
    /// A variable of the environment.
    Variable(&'static str),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// Any text will do.
pub(super) fn anything(_: &str) -> Result<(), String> {
    Ok(())
}

/// A controller's address.
pub(super) fn controller(text: &str) -> Result<(), String> {
    normal_url(text).map(drop)
}

/// Where to listen.
pub(super) fn address(text: &str) -> Result<(), String> {
    text.parse::<SocketAddr>().map(drop).map_err(|_| format!("must be an address with a port, e.g. 127.0.0.1:8080, not `{text}`"))
}

/// Where limits are kept that replicas share. A password belongs into a file: this is shown to whoever asks.
pub(super) fn store(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|_| "must be a URL, e.g. redis://limits.example.com:6379/".to_owned())?;
    if url.scheme() != "redis" || !url.has_host() {
        return Err("must be a URL with redis://, e.g. redis://limits.example.com:6379/".to_owned());
    }
    if url.password().is_some() { Err("must not hold a password: put that into shared_limits_password_file".to_owned()) } else { Ok(()) }
}

/// An address of HTTP, for others to use.
pub(super) fn public_url(text: &str) -> Result<(), String> {
    let usable = Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.fragment().is_none()
    });
    if usable { Ok(()) } else { Err("must be a URL with http:// or https://".to_owned()) }
}

/// A proxy's address, or `none`. May hold a user and a password, so it is not repeated.
pub(super) fn proxy(text: &str) -> Result<(), String> {
    let usable = text == "none" || Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if usable { Ok(()) } else { Err("must be `none` or a URL, e.g. http://proxy.example.com:3128".to_owned()) }
}

/// A range of addresses, or one address.
pub(super) fn cidr(text: &str) -> Result<(), String> {
    range(text).map(drop).ok_or_else(|| format!("must hold addresses or ranges, e.g. 10.0.0.0/8, not `{text}`"))
}

/// The range that a text stands for; an address stands for itself.
pub(crate) fn range(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// What is kept of a token.
pub(super) fn token_hash(text: &str) -> Result<(), String> {
    text.parse::<TokenHash>().map(drop).map_err(|error| format!("must be a hash: {error}"))
}

/// SHA-256 in hexadecimal, with or without `sha256:`.
pub(super) fn sha256_digest(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let fits = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if fits { Ok(()) } else { Err("must be 64 hexadecimal digits, as `sha256sum` prints them".to_owned()) }
}

/// The name of a header that the host itself does not set.
pub(super) fn header_name(text: &str) -> Result<(), String> {
    let name = text.parse::<HeaderName>().map_err(|_| format!("must be the name of a header, not `{text}`"))?;
    if egress::may_set(&name) { Ok(()) } else { Err(format!("must not be `{name}`: that header belongs to the connection or to Jenkins")) }
}

/// A name with wildcards.
pub(super) fn pattern(text: &str) -> Result<(), String> {
    let usable = !text.trim_matches('/').is_empty() && !text.contains(',') && !text.chars().any(char::is_control);
    if usable { Ok(()) } else { Err(format!("must hold names, with `*` for a part and `**` for any depth, not `{text}`")) }
}

/// A signature algorithm of JWTs that needs no shared secret.
pub(super) fn algorithm(text: &str) -> Result<(), String> {
    let known = jwt::ALGORITHMS;
    if known.contains(&text) { Ok(()) } else { Err(format!("must hold some of {}, not `{text}`", known.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(kind: Kind, text: &str) -> Result<Value, String> {
        let text = format!("key = {text}");
        let table = toml::de::DeTable::parse(&text).unwrap();
        kind.read_toml(table.get_ref().get("key").unwrap().get_ref(), Path::new("/etc/jankins"))
    }

    #[test]
    fn a_value_of_the_wrong_type_says_which_is_right() {
        assert_eq!(toml(Kind::Number(1, 9), "\"5\"").unwrap_err(), "must be a whole number, not a string");
        assert_eq!(toml(Kind::Switch, "1").unwrap_err(), "must be true or false, not an integer");
        assert_eq!(toml(Kind::List(anything), "[1]").unwrap_err(), "must be a list of texts, not an array");
        assert_eq!(toml(Kind::Command, "\"vault read\"").unwrap_err(), "must be a list: the program and its arguments, not a string");
    }

    #[test]
    fn numbers_are_held_to_their_bounds_in_every_spelling() {
        let seconds = Kind::Number(1, 3_600);
        assert_eq!(toml(seconds, "1_000").unwrap(), Value::Number(1_000));
        assert_eq!(toml(seconds, "0x10").unwrap(), Value::Number(16));
        for wrong in ["0", "3601", "-1"] {
            assert!(toml(seconds, wrong).unwrap_err().starts_with("must be a whole number from 1 to 3600, not"), "{wrong}");
            assert!(seconds.read_text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_relative_path_of_the_file_is_relative_to_the_file() {
        assert_eq!(toml(Kind::Path, "\"ca.pem\"").unwrap(), Value::Text("/etc/jankins/ca.pem".to_owned()));
        assert_eq!(toml(Kind::Path, "\"/ca.pem\"").unwrap(), Value::Text("/ca.pem".to_owned()));
        assert_eq!(Kind::Path.read_text("ca.pem").unwrap(), Value::Text("ca.pem".to_owned()));
    }

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        let shown = Value::Text("http://ada:s3cret@proxy:3128/".to_owned()).to_string();
        assert_eq!(shown, "\"http://proxy:3128/\"");
    }
}
