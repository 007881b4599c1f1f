//! What the tenants of a process have in common, so that a thousand of them cost little more than one.
//!
//! One engine; one compiled plugin per digest, however many tenants and paths name it; one toolbox per plugin and set of
//! rights. Toolboxes of rights that callers narrow themselves are bounded in number: at the bound the collection starts
//! anew.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::SystemTime;

use super::Rights;
use crate::lanes::Lanes;
use crate::lifecycle::Lifecycle;
use crate::plugin::Engine;
use crate::plugin::Plugin;
use crate::plugin::PluginError;
use crate::telemetry::BuildFacts;
use crate::telemetry::Metrics;
use crate::toolbox::Toolbox;
use crate::toolbox::UnknownToolset;

/// Far more than there are useful combinations of toolsets; a caller may name any.
const MAX_TOOLBOXES: usize = 256;
/// The engine's version, which cargo pins and the engine does not export.
pub(super) const WASMTIME_VERSION: &str = "48.0.8";

/// Loads a component; compiled code is kept in the cache directory.
///
/// # Errors
/// When there is no engine for this machine, or the file is no usable component.
pub(crate) fn load_plugin(cache_dir: Option<&Path>, path: &Path) -> Result<Plugin, PluginError> {
    Plugin::load(&Engine::new(cache_dir)?, path)
}

/// Engine, plugins, toolboxes, lanes, metrics and life of the process.
pub(crate) struct Shared {
    /// None in tests that run no plugin.
    engine: Option<Engine>,
    plugins: Mutex<HashMap<PathBuf, Loaded>>,
    toolboxes: Mutex<HashMap<(String, Rights), Arc<Toolbox>>>,
    pub(super) lanes: Lanes,
    pub(super) metrics: Arc<Metrics>,
    pub(super) lifecycle: Arc<Lifecycle>,
}

/// A plugin, and what its file looked like when it was loaded.
struct Loaded {
    plugin: Plugin,
    modified: Option<SystemTime>,
}

impl Shared {
    /// An engine, and the first plugin: the one that the process's metrics name.
    pub(super) fn new(cache_dir: Option<&Path>, first: &Path, lanes: Lanes) -> Result<Arc<Self>, PluginError> {
        let engine = Engine::new(cache_dir)?;
        let plugin = Plugin::load(&engine, first)?;
        let build =
            BuildFacts { version: env!("CARGO_PKG_VERSION"), component_digest: plugin.digest().to_owned(), wasmtime: WASMTIME_VERSION };
        let shared = Self::with(Some(engine), build, lanes);
        shared.remember(first, plugin);
        Ok(Arc::new(shared))
    }

    fn with(engine: Option<Engine>, build: BuildFacts, lanes: Lanes) -> Self {
        let metrics = Arc::new(Metrics::new(build));
        let lifecycle = Lifecycle::new(Arc::clone(&metrics));
        Self { engine, plugins: Mutex::default(), toolboxes: Mutex::default(), lanes, lifecycle, metrics }
    }

    #[cfg(test)]
    pub(super) fn without_engine(build: BuildFacts) -> Arc<Self> {
        Arc::new(Self::with(None, build, Lanes::one()))
    }

    /// The component in that file, compiled once as long as the file stays as it is.
    pub(super) fn plugin(&self, path: &Path) -> Result<Plugin, PluginError> {
        let known = {
            let plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
            plugins.get(path).filter(|loaded| loaded.modified == modified(path)).map(|loaded| loaded.plugin.clone())
        };
        if let Some(plugin) = known {
            return Ok(plugin);
        }
        let plugin = match &self.engine {
            Some(engine) => Plugin::load(engine, path)?,
            None => load_plugin(None, path)?,
        };
        Ok(self.remember(path, plugin))
    }

    /// Keeps a plugin; a copy of one that is known under another path gives way to that. Those that nobody uses any more
    /// are forgotten: a server whose plugin is changed every night would keep them all.
    fn remember(&self, path: &Path, plugin: Plugin) -> Plugin {
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        let same = plugins.values().find(|loaded| loaded.plugin.digest() == plugin.digest()).map(|loaded| loaded.plugin.clone());
        let plugin = same.unwrap_or(plugin);
        let names = |digest: &str| plugins.values().filter(|loaded| loaded.plugin.digest() == digest).count();
        let unused = plugins.iter().filter(|(_, loaded)| loaded.plugin.holders() <= names(loaded.plugin.digest()));
        for path in unused.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            plugins.remove(&path);
        }
        plugins.insert(path.to_owned(), Loaded { plugin: plugin.clone(), modified: modified(path) });
        plugin
    }

    /// The tools of a plugin that these rights leave.
    pub(super) fn toolbox(&self, plugin: &Plugin, rights: &Rights) -> Result<Arc<Toolbox>, UnknownToolset> {
        self.known(plugin.digest(), rights, || Toolbox::new(plugin.digest(), plugin.catalogue(), rights))
    }

    /// The tools of another toolbox's plugin that these rights leave. A toolset that the plugin does not have leaves
    /// nothing: callers name what they want, and servers differ in what they have.
    pub(super) fn narrowed(&self, toolbox: &Toolbox, rights: &Rights) -> Arc<Toolbox> {
        let made = self.known::<std::convert::Infallible>(toolbox.digest(), rights, || Ok(toolbox.narrowed(rights)));
        match made {
            Ok(toolbox) => toolbox,
            Err(never) => match never {},
        }
    }

    fn known<E>(&self, digest: &str, rights: &Rights, make: impl FnOnce() -> Result<Toolbox, E>) -> Result<Arc<Toolbox>, E> {
        let key = (digest.to_owned(), rights.clone());
        let mut toolboxes = self.toolboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(toolbox) = toolboxes.get(&key) {
            return Ok(Arc::clone(toolbox));
        }
        let toolbox = Arc::new(make()?);
        if toolboxes.len() >= MAX_TOOLBOXES {
            toolboxes.clear();
        }
        toolboxes.insert(key, Arc::clone(&toolbox));
        Ok(toolbox)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::fixtures;

    #[test]
    fn a_plugin_is_compiled_once_and_forgotten_when_nobody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, wat: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, fixtures::binary(wat)).unwrap();
            path
        };
        let (first, copy) = (write("first.wasm", fixtures::SYNC), write("copy.wasm", fixtures::SYNC));
        let other = write("other.wasm", &fixtures::SYNC.replace("(i32.const 1)", "(i32.const 2)"));
        let shared = Shared::new(None, &first, Lanes::one()).unwrap();
        let known = || shared.plugins.lock().unwrap().len();
        let used = shared.plugin(&copy).unwrap();
        assert_eq!((used.path(), known()), (first.as_path(), 2));
        drop(shared.plugin(&other).unwrap());
        assert_eq!(known(), 3);
        let more = |bytes: u32| write("more.wasm", &fixtures::SYNC.replace("(i32.const 1)", &format!("(i32.const {bytes})")));
        let kept = shared.plugin(&more(3)).unwrap();
        assert_eq!(known(), 3, "both names of the used one, and the new one");
        drop(used);
        drop((shared.plugin(&other).unwrap(), kept));
        assert_eq!(known(), 2, "both names of what was used are gone");
    }

    #[test]
    fn the_version_of_the_engine_is_the_locked_one() {
        let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"")));
    }
}
