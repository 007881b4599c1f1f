//! Where files are when nobody says so: the configuration, the component, and the cache of compiled code.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::error::ConfigError;
use super::unreadable;

/// File name of the component, wherever it is looked for.
const PLUGIN_FILE: &str = "jankins.wasm";

/// Where the component is looked for, relative to the directory of the executable: as unpacked from an archive,
/// as built (`target/release/jankins` beside `target/plugin/`), and as installed under a prefix.
const PLUGIN_PLACES: [&str; 3] = ["", "../plugin", "../share/jankins"];

/// The component to run: the one that was named, or the first that is found.
///
/// # Errors
/// When there is none.
pub(super) fn plugin(named: Option<PathBuf>) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        fs::metadata(&path).map_err(|source| unreadable("plugin", &path, source))?;
        return Ok(path);
    }
    let executable = env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    find_plugin(executable.as_deref().and_then(Path::parent))
}

fn find_plugin(beside: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let looked: Vec<PathBuf> =
        beside.iter().flat_map(|directory| PLUGIN_PLACES.map(|place| directory.join(place).join(PLUGIN_FILE))).collect();
    looked.iter().find(|path| path.is_file()).cloned().ok_or(ConfigError::NoPlugin { looked })
}

/// The configuration file, if one is where it belongs: the user's, else the machine's.
pub(super) fn config_file(variable: &impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let base = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let users = base("XDG_CONFIG_HOME").or_else(|| base("HOME").map(|home| home.join(".config")));
    let places = users.map(|base| base.join("jankins/config.toml")).into_iter().chain([PathBuf::from("/etc/jankins/config.toml")]);
    places.into_iter().find(|path| path.is_file())
}

/// Where compiled components go by default: systemd's cache directory, else that of the user.
pub(super) fn default_cache_dir() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("CACHE_DIRECTORY")
        .or_else(|| variable("XDG_CACHE_HOME").map(|base| base.join("jankins")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/jankins")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_file_is_found_where_the_desktop_convention_puts_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".config/jankins/config.toml");
        let found = || config_file(&|name| (name == "HOME").then(|| home.path().into()));
        assert_ne!(found(), Some(file.clone()));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        assert_eq!(found(), Some(file));
    }

    #[test]
    fn a_missing_plugin_is_an_error_that_names_the_places() {
        let directory = tempfile::tempdir().unwrap();
        let error = find_plugin(Some(directory.path())).unwrap_err().to_string();
        for place in ["jankins.wasm", "../plugin/jankins.wasm", "../share/jankins/jankins.wasm", "--plugin"] {
            assert!(error.contains(place), "{error}");
        }
    }

    #[test]
    fn the_plugin_beside_the_executable_wins() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(PLUGIN_FILE);
        fs::write(&path, "").unwrap();
        assert_eq!(find_plugin(Some(directory.path())).unwrap(), path);
    }
}
