//! Where the built files are, and building them when a test needs what is not there.
//!
//! `make build` leaves a stamp. A source that is newer than the stamp means that whatever a test would run is not what
//! the sources say, so the build is run again. It is run once, whichever of many test processes comes first: the
//! others wait at a lock. Cargo's own lock is free by then, because cargo compiles everything before it runs anything.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::bail;

/// What the programs and components are made of. Not all of `component`: a fuzz test that fails leaves its input there.
const SOURCES: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "Makefile",
    "component/Cargo.toml",
    "component/build.rs",
    "component/package.rs",
    "component/loops",
    "component/src",
    "host",
    "wit",
];
/// What `make build` leaves.
const STAMP: &str = "target/plugin/.built";

/// One of the two components that are built from the same sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artifact {
    /// For WASI 0.3, with asynchronous exports.
    P3,
    /// For WASI 0.2, which every runtime of today loads.
    P2,
}

impl Artifact {
    /// Both.
    pub const ALL: [Self; 2] = [Self::P3, Self::P2];

    /// The file.
    #[must_use]
    pub fn path(self) -> PathBuf {
        let name = match self {
            Self::P3 => "jankins.wasm",
            Self::P2 => "jankins-p2.wasm",
        };
        root().join("target/plugin").join(name)
    }
}

/// The plugin that misbehaves on request, built for the same WASI as this component.
///
/// # Errors
/// When it had to be built and that failed.
pub fn hostile(artifact: Artifact) -> Result<PathBuf> {
    let name = match artifact {
        Artifact::P3 => "hostile.wasm",
        Artifact::P2 => "hostile-p2.wasm",
    };
    let path = root().join("target/plugin").join(name);
    let sources = newest(&root().join("tests/hostile"))?;
    let is_fresh = || fs::metadata(&path).and_then(|file| file.modified()).is_ok_and(|built| built > sources);
    if !is_fresh() {
        exclusively("hostile", || if is_fresh() { Ok(()) } else { make("hostile") })?;
    }
    Ok(path)
}

/// The top of the repository.
#[must_use]
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// A built program.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    root().join("target/release").join(name)
}

/// Builds what is missing or stale.
///
/// # Errors
/// When the build fails; its output is on standard error.
pub fn ensure_built() -> Result<()> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let result = BUILT.get_or_init(|| build_if_stale().map_err(|error| format!("{error:#}")));
    result.clone().map_err(anyhow::Error::msg)
}

fn build_if_stale() -> Result<()> {
    if is_fresh()? {
        return Ok(());
    }
    exclusively("build", || if is_fresh()? { Ok(()) } else { make("build") })
}

/// Runs something that no other process of this suite may run at the same time.
///
/// # Errors
/// When the lock cannot be had, or what `work` says.
pub fn exclusively<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let target = root().join("target");
    fs::create_dir_all(&target)?;
    let lock = File::create(target.join(format!(".{name}.lock")))?;
    lock.lock().context("the lock of the build cannot be taken")?;
    work()
}

fn is_fresh() -> Result<bool> {
    let stamp = fs::metadata(root().join(STAMP)).and_then(|stamp| stamp.modified());
    let Ok(stamp) = stamp else { return Ok(false) };
    for source in SOURCES {
        if newest(&root().join(source))? > stamp {
            return Ok(false);
        }
    }
    Ok(true)
}

fn newest(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path).with_context(|| format!("{} is missing", path.display()))?;
    let mut newest = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            newest = newest.max(self::newest(&entry?.path())?);
        }
    }
    Ok(newest)
}

fn make(target: &str) -> Result<()> {
    let mut make = Command::new("make");
    make.arg("--no-print-directory").arg(target).current_dir(root());
    // Those of the cargo or make that runs this test would limit, or confuse, the one started here.
    for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CARGO_MAKEFLAGS"] {
        make.env_remove(variable);
    }
    let status = make.status().context("make cannot be run")?;
    if !status.success() {
        bail!("make {target} failed: {status}");
    }
    Ok(())
}
