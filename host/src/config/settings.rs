//! All settings as they were given: file, then variables over it, then options over those.
//!
//! An option is stronger than a variable, a variable stronger than the file, the file stronger than the default. What a
//! tenant's own table says is more particular than any of them and counts before them, except that nothing widens
//! `read_only`: it holds wherever it is set. Credentials at the top are those of the only tenant; a tenant with a table
//! of its own has its own or none.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use super::error::ConfigError;
use super::file;
use super::file::File;
use super::key::Key;
use super::key::Origin;
use super::key::Scope;
use super::key::Value;
use super::keys;
use super::layer::Layer;
use super::places;
use crate::telemetry::logs::LogFile;
use crate::tenant::DEFAULT;

/// Where settings come from, so that they can be read again.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// What the command line says.
    pub(crate) flags: Layer,
}

/// Everything that was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// The file that was read, if one was.
    pub(crate) file: Option<PathBuf>,
    /// Settings of the process.
    pub(crate) process: Layer,
    /// Settings of each tenant.
    pub(crate) tenants: BTreeMap<String, Layer>,
    /// Limits of each class.
    pub(crate) classes: BTreeMap<String, Layer>,
    /// Callers by token.
    pub(crate) tokens: Vec<Layer>,
    /// The authorization server.
    pub(crate) oauth: Option<Layer>,
    /// What its claims grant.
    pub(crate) rules: Vec<Layer>,
}

impl Sources {
    /// What the options of a command line say; `value` looks one up.
    ///
    /// # Errors
    /// When one does not fit its key.
    pub(crate) fn from_flags(value: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut flags = Layer::default();
        for key in keys::TOP {
            if let Some((flag, text)) = key.flag.and_then(|flag| Some((flag, value(flag)?))) {
                insert(&mut flags, key, &text, Origin::Flag(flag))?;
            }
        }
        Ok(Self { flags })
    }

    /// Reads file and environment.
    ///
    /// # Errors
    /// When something in them does not fit.
    pub(crate) fn read(&self) -> Result<Settings, ConfigError> {
        self.read_with(|name| std::env::var_os(name))
    }

    fn read_with(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Settings, ConfigError> {
        let given = self.flags.clone().over(&from_environment(&variable)?);
        let path = match given.text(&keys::CONFIG) {
            Some(path) => Some(PathBuf::from(path)),
            None => places::config_file(&variable),
        };
        let file = path.as_deref().map(file::read).transpose()?.unwrap_or_default();
        Ok(Settings::laid(path, given, file))
    }
}

fn from_environment(variable: &impl Fn(&str) -> Option<OsString>) -> Result<Layer, ConfigError> {
    let mut layer = Layer::default();
    for key in keys::TOP {
        // An empty variable counts as not set: that is what container and unit files mean by `NAME=`.
        let found = key.env.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.is_empty())?)));
        if let Some((name, text)) = found {
            let text = text.into_string().map_err(|_| ConfigError::Value {
                key: key.name,
                origin: Origin::Variable(name),
                reason: "is not text in UTF-8".to_owned(),
            })?;
            insert(&mut layer, key, &text, Origin::Variable(name))?;
        }
    }
    Ok(layer)
}

fn insert(layer: &mut Layer, key: &'static Key, text: &str, origin: Origin) -> Result<(), ConfigError> {
    let value = key.kind.read_text(text).map_err(|reason| ConfigError::Value { key: key.name, origin: origin.clone(), reason })?;
    layer.insert(key, value, origin);
    Ok(())
}

impl Settings {
    fn laid(path: Option<PathBuf>, given: Layer, file: File) -> Self {
        let process = given.over(&file.top);
        let tenants = if file.tenants.is_empty() {
            BTreeMap::from([(DEFAULT.to_owned(), process.clone())])
        } else {
            let common = process.without(keys::IDENTITY);
            let tenant = |own: Layer| {
                let mut tenant = own.over(&common);
                if let Some(setting) = common.get(&keys::READ_ONLY).filter(|setting| setting.value == Value::Switch(true)) {
                    tenant.insert(&keys::READ_ONLY, setting.value, setting.origin);
                }
                tenant
            };
            file.tenants.into_iter().map(|(id, own)| (id, tenant(own))).collect()
        };
        Self { file: path, process, tenants, classes: file.classes, tokens: file.tokens, oauth: file.oauth, rules: file.rules }
    }

    /// Keys of the process that differ and take effect with the next start only.
    pub(crate) fn needs_restart(&self, after: &Self) -> Vec<&'static str> {
        let lasting = keys::TOP.iter().filter(|key| key.scope == Scope::Process { restart: true });
        let differs = |key: &&&'static Key| {
            let value = |settings: &Self| settings.process.get(key).map(|setting| setting.value);
            value(self) != value(after)
        };
        lasting.filter(differs).map(|key| key.name).collect()
    }

    /// How much to log, if anybody said.
    pub(crate) fn log_level(&self) -> Option<String> {
        self.process.text(&keys::LOG_LEVEL)
    }

    /// Whether to log JSON.
    pub(crate) fn log_json(&self) -> bool {
        self.process.switch(&keys::LOG_JSON)
    }

    /// The file to log to, if any.
    pub(crate) fn log_file(&self) -> Option<LogFile> {
        let number = |key| self.process.number(key).unwrap_or_default();
        let path = self.path(&keys::LOG_FILE)?;
        Some(LogFile {
            path,
            max_bytes: number(&keys::LOG_FILE_MAX) << 20,
            keep: u32::try_from(number(&keys::LOG_FILE_KEEP)).unwrap_or(u32::MAX),
        })
    }

    /// Where a server listens.
    pub(crate) fn bind(&self) -> Option<SocketAddr> {
        self.process.text(&keys::BIND)?.parse().ok()
    }

    /// A path of the process's settings.
    pub(crate) fn path(&self, key: &'static Key) -> Option<PathBuf> {
        self.process.text(key).map(|text| Path::new(&text).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Settings {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, file).unwrap();
        let find =
            |list: &[(&str, &str)], wanted: &str| list.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        let sources = Sources::from_flags(|flag| find(flags, flag)).unwrap();
        let variables =
            |name: &str| if name == "JANKINS_CONFIG" { Some(path.clone().into()) } else { find(variables, name).map(OsString::from) };
        sources.read_with(variables).unwrap()
    }

    fn timeout(settings: &Settings, tenant: &str) -> (u64, String) {
        let setting = settings.tenants[tenant].get(&keys::TIMEOUT).unwrap();
        let Value::Number(seconds) = setting.value else { panic!() };
        let origin = setting.origin.to_string();
        (seconds, origin.rsplit('/').next().unwrap().to_owned())
    }

    #[test]
    fn a_flag_is_stronger_than_a_variable_that_than_the_file_and_that_than_the_default() {
        let (file, variable, flag) = ("timeout = 1", [("JANKINS_TIMEOUT", "2")], [("timeout", "3")]);
        assert_eq!(timeout(&read("", &[], &[]), DEFAULT), (30, "default".to_owned()));
        assert_eq!(timeout(&read(file, &[], &[]), DEFAULT), (1, "config.toml:1".to_owned()));
        assert_eq!(timeout(&read(file, &variable, &[]), DEFAULT), (2, "JANKINS_TIMEOUT".to_owned()));
        assert_eq!(timeout(&read(file, &variable, &flag), DEFAULT), (3, "--timeout".to_owned()));
    }

    #[test]
    fn a_tenants_own_table_counts_before_what_holds_for_all() {
        let file = "timeout = 1\n[tenants.a]\ntimeout = 9\n[tenants.b]\n";
        let settings = read(file, &[("JANKINS_TIMEOUT", "2")], &[]);
        assert_eq!((timeout(&settings, "a").0, timeout(&settings, "b").0), (9, 2));
    }

    #[test]
    fn nothing_makes_a_tenant_writable_that_somebody_made_read_only() {
        let file = "[tenants.a]\nread_only = false\n[tenants.b]\nread_only = true\n";
        let settings = read(file, &[], &[("read-only", "true")]);
        assert!(settings.tenants["a"].switch(&keys::READ_ONLY));
        assert!(read(file, &[], &[("read-only", "false")]).tenants["b"].switch(&keys::READ_ONLY));
    }

    #[test]
    fn a_tenant_with_a_table_inherits_the_controller_but_nobodys_credentials() {
        let settings = read("jenkins_url = \"http://ci/\"\n[tenants.a]\n", &[("JENKINS_USER", "ada"), ("JENKINS_API_TOKEN", "t")], &[]);
        assert_eq!(settings.tenants["a"].text(&keys::URL).as_deref(), Some("http://ci/"));
        assert!(!settings.tenants["a"].has(&keys::USER) && !settings.tenants["a"].has(&keys::TOKEN));
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert_eq!(timeout(&read("timeout = 1", &[("JANKINS_TIMEOUT", "")], &[]), DEFAULT).0, 1);
    }

    #[test]
    fn a_bad_variable_is_an_error_that_names_it() {
        let sources = Sources::from_flags(|_| None).unwrap();
        let error = sources.read_with(|name| (name == "JANKINS_TIMEOUT").then(|| "soon".into())).unwrap_err();
        assert_eq!(error.to_string(), "JANKINS_TIMEOUT must be a whole number from 1 to 3600, not `soon`");
    }

    #[test]
    fn what_was_fixed_at_the_start_is_told_apart_from_what_a_reload_changes() {
        let changed = read("bind = \"127.0.0.1:1\"\ntimeout = 5", &[], &[]);
        assert_eq!(read("", &[], &[]).needs_restart(&changed), ["bind"]);
    }
}
