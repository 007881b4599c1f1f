//! The one wasmtime engine of the process: settings, clock, and cache of compiled code.
//!
//! Defaults: Cranelift only (the other compiler has had sandbox escapes), component model with async, epoch
//! interruption with a tick of 10 ms. Without a cache directory every start compiles anew.
//!
//! Cached code is native code that runs as us, so the cache directory must be ours alone: it is created with mode
//! 0700, tightened to it when looser, and refused when somebody else owns it.

use super::error::PluginError;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use wasmtime::{Cache, CacheConfig, Config, Strategy};

/// Length of one epoch. Short, because other calls of an instance wait while one of them computes.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Stack of one guest call. wasmtime's default of 512 KiB fits a main thread; deep JSON needs more.
const WASM_STACK_BYTES: usize = 1024 * 1024;
/// The host functions that a guest calls run on the rest of the fibre's stack.
const FIBER_STACK_BYTES: usize = 3 * 1024 * 1024;

/// The engine that compiles and runs every plugin of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    wasmtime: wasmtime::Engine,
}

impl Engine {
    /// Starts the engine and its clock. `cache_dir` keeps compiled code between starts of the process.
    pub(crate) fn new(cache_dir: Option<&Path>) -> Result<Engine, PluginError> {
        Engine::with_cache(cache_dir.map(open_cache).transpose()?)
    }

    fn with_cache(cache: Option<Cache>) -> Result<Engine, PluginError> {
        let mut config = Config::new();
        config.strategy(Strategy::Cranelift);
        config.wasm_component_model(true);
        config.wasm_component_model_async(true);
        config.epoch_interruption(true);
        config.max_wasm_stack(WASM_STACK_BYTES);
        config.async_stack_size(FIBER_STACK_BYTES);
        config.cache(cache);
        let wasmtime = wasmtime::Engine::new(&config).map_err(|e| PluginError::Engine(e.into()))?;
        let shared = Arc::new(Shared { wasmtime });
        start_clock(&shared)?;
        Ok(Engine { shared })
    }

    /// The engine itself, for the modules beside this one.
    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.shared.wasmtime
    }
}

/// Ticks until the last clone of the engine is gone.
fn start_clock(shared: &Arc<Shared>) -> Result<(), PluginError> {
    let engine: Weak<Shared> = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("epoch".into())
        .spawn(move || {
            while let Some(shared) = engine.upgrade() {
                shared.wasmtime.increment_epoch();
                drop(shared);
                std::thread::sleep(TICK);
            }
        })
        .map(|_| ())
        .map_err(|e| PluginError::Engine(e.into()))
}

fn open_cache(dir: &Path) -> Result<Cache, PluginError> {
    let refuse = |reason: String| PluginError::CacheDir { path: dir.to_owned(), reason };
    make_private(dir).map_err(refuse)?;
    // wasmtime wants an absolute path.
    let absolute = dir.canonicalize().map_err(|e| refuse(e.to_string()))?;
    let mut config = CacheConfig::new();
    config.with_directory(absolute);
    Cache::new(config).map_err(|e| refuse(format!("{e:#}")))
}

#[cfg(unix)]
fn make_private(dir: &Path) -> Result<(), String> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    let text = |e: std::io::Error| e.to_string();

    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(text)?;
    let found = fs::symlink_metadata(dir).map_err(text)?;
    if found.is_symlink() {
        return Err("it is a symbolic link; name the directory itself".into());
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(text)?;
    }
    // Whoever owns a file that we create there is us. The standard library offers no shorter way to ask.
    let probe = dir.join(format!(".owner-{}", std::process::id()));
    let own = fs::File::create(&probe).and_then(|file| file.metadata()).map(|m| m.uid());
    fs::remove_file(&probe).ok();
    match own.map_err(text)? {
        own if own == found.uid() => Ok(()),
        own => Err(format!("it belongs to user id {}, not to {own}; compiled code from others is never run", found.uid())),
    }
}

#[cfg(not(unix))]
fn make_private(dir: &Path) -> Result<(), String> {
    fs::create_dir_all(dir).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Plugin, fixtures};

    #[cfg(unix)]
    #[test]
    fn a_cache_directory_that_others_could_write_is_made_private() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/cache");
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        Engine::new(Some(&dir)).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn a_cache_directory_behind_a_link_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let link = parent.path().join("cache");
        std::os::unix::fs::symlink(parent.path(), &link).unwrap();
        let error = Engine::new(Some(&link)).err().unwrap();
        assert!(error.to_string().contains("symbolic link"), "{error}");
    }

    #[test]
    fn a_second_start_takes_the_code_from_the_cache() {
        let parent = tempfile::tempdir().unwrap();
        let wasm = parent.path().join("plugin.wasm");
        fs::write(&wasm, fixtures::binary(fixtures::SYNC)).unwrap();
        let load = || {
            let cache = open_cache(&parent.path().join("cache")).unwrap();
            Plugin::load(&Engine::with_cache(Some(cache.clone())).unwrap(), &wasm).unwrap();
            (cache.cache_hits(), cache.cache_misses())
        };
        assert_eq!(load(), (0, 1));
        assert_eq!(load(), (1, 0));
    }

    #[test]
    fn the_clock_stops_with_the_last_engine() {
        let engine = Engine::new(None).unwrap();
        let weak = Arc::downgrade(&engine.shared);
        drop(engine);
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        while weak.strong_count() > 0 {
            assert!(std::time::Instant::now() < deadline, "the ticker thread still holds the engine");
            std::thread::sleep(TICK);
        }
    }
}
