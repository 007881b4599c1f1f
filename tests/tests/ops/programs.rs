//! Programs of other people that these tests need.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use jankins_tests::host::artifacts;

/// Where daemons are that no user's PATH names.
const MORE_PLACES: [&str; 2] = ["/usr/sbin", "/sbin"];

/// The path of a program, installed from its Debian package if it is missing and this process may do that.
pub fn find(program: &str, package: &str) -> Option<PathBuf> {
    let found = look(program).or_else(|| {
        install(package);
        look(program)
    });
    if found.is_none() {
        skipped(&format!("{program} is not here and its package {package} cannot be installed"));
    }
    found
}

/// Says that something could not be tried, or fails where everything has to be.
pub fn skipped(why: &str) {
    assert!(std::env::var_os("JANKINS_TESTS_NEED_ALL").is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
}

fn look(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(MORE_PLACES.iter().map(PathBuf::from));
    places.map(|place| place.join(program)).find(|file| file.is_file())
}

fn install(package: &str) {
    // One at a time, whichever of many test processes comes first.
    let installed = artifacts::exclusively("packages", || {
        let apt = |arguments: &[&str]| {
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .output()
                .is_ok_and(|output| output.status.success())
        };
        let install = ["install", "-y", "-qq", "--no-install-recommends", package];
        Ok(apt(&install) || (apt(&["update", "-qq"]) && apt(&install)))
    });
    drop(installed);
}

/// A Python with the packages that `tests/ops/requirements.txt` pins, installed below `target/` on first use.
pub fn python() -> Option<PathBuf> {
    let home = artifacts::root().join("target/ops-python");
    let requirements = artifacts::root().join("tests/tests/ops/requirements.txt");
    let pinned = std::fs::read_to_string(&requirements).unwrap();
    let installed = artifacts::exclusively("ops-python", || {
        if std::fs::read_to_string(home.join("installed")).is_ok_and(|before| before == pinned) {
            return Ok(true);
        }
        let run = |program: &Path, arguments: &[&std::ffi::OsStr]| {
            Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
        };
        let made = run(Path::new("python3"), &["-m".as_ref(), "venv".as_ref(), home.as_ref()]);
        let pip = ["-m", "pip", "install", "-q", "--only-binary", ":all:", "-r"].map(std::ffi::OsStr::new);
        let python = home.join("bin/python");
        let arguments: Vec<&std::ffi::OsStr> = pip.into_iter().chain([requirements.as_os_str()]).collect();
        let ready = made && run(&python, &arguments);
        if ready {
            std::fs::write(home.join("installed"), &pinned)?;
        }
        Ok(ready)
    });
    if installed.unwrap_or(false) {
        Some(home.join("bin/python"))
    } else {
        skipped("the Python packages of tests/tests/ops/requirements.txt cannot be installed");
        None
    }
}
