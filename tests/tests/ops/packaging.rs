//! The unit file, the container file and the chart, judged by the programs that would read them.

use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use jankins_tests::host::artifacts;

use super::programs;

/// The most that `systemd-analyze security` may find to complain of, in tenths; 100 is an unconfined service.
const MOST_EXPOSURE: &str = "20";

fn ops(file: &str) -> PathBuf {
    artifacts::root().join("ops").join(file)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn systemd_understands_the_unit_and_finds_it_well_confined() {
    let Some(systemd_analyze) = programs::find("systemd-analyze", "systemd") else { return };
    artifacts::ensure_built().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let unit = directory.path().join("jankins.service");
    // `verify` looks whether the program is there; the test's is elsewhere.
    let program = artifacts::program("jankins");
    let installed = std::fs::read_to_string(ops("jankins.service")).unwrap();
    std::fs::write(&unit, installed.replace("/usr/bin/jankins", &program.display().to_string())).unwrap();
    let verified = Command::new(&systemd_analyze).args(["verify", "--man=no"]).arg(&unit).output().unwrap();
    assert!(verified.status.success() && text(&verified).trim().is_empty(), "{}", text(&verified));
    let security = Command::new(&systemd_analyze)
        .args(["security", "--offline=yes", "--no-pager", &format!("--threshold={MOST_EXPOSURE}")])
        .arg(&unit)
        .output()
        .unwrap();
    assert!(security.status.success(), "{}", text(&security));
    for setting in [
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "LoadCredential=jenkins-token",
        "MemoryMax=2G",
        "Restart=always",
        "ExecReload=/bin/kill -HUP $MAINPID",
    ] {
        assert!(installed.lines().any(|line| line.starts_with(setting)), "{setting}");
    }
}

#[test]
fn every_variable_of_the_unit_the_container_and_the_chart_is_one_that_the_program_reads() {
    artifacts::ensure_built().unwrap();
    let help = Command::new(artifacts::program("jankins")).arg("--help").env_clear().output().unwrap();
    let help = text(&help);
    let mut seen = 0;
    for file in ["jankins.service", "Containerfile", "chart/jankins/templates/deployment.yaml"] {
        let content = std::fs::read_to_string(ops(file)).unwrap();
        for word in content.split(|c: char| !c.is_ascii_uppercase() && c != '_') {
            if word.starts_with("JANKINS_") || word.starts_with("JENKINS_") {
                seen += 1;
                assert!(help.contains(&word.to_owned()), "{file}: {word} is not in --help");
            }
        }
    }
    assert!(seen > 10);
}

#[test]
fn the_container_file_has_no_lint_and_no_root() {
    let Some(python) = programs::python() else { return };
    let linted = Command::new(python.with_file_name("hadolint")).arg("--no-color").arg(ops("Containerfile")).output().unwrap();
    assert!(linted.status.success(), "{}", text(&linted));
    let content = std::fs::read_to_string(ops("Containerfile")).unwrap();
    let last = |word: &str| content.lines().rev().find_map(|line| line.strip_prefix(word)).unwrap().trim().to_owned();
    assert_eq!(last("USER "), "65532:65532");
    assert!(last("FROM ").contains("distroless"));
    assert!(content.contains("CMD [\"/usr/bin/jankins\", \"health\"]"));
}

#[test]
fn helm_renders_the_chart_into_objects_that_kubernetes_knows() {
    let Some(python) = programs::python() else { return };
    let script = artifacts::root().join("tests/tests/ops/chart.py");
    let output = Command::new(python).arg(script).arg(ops("chart/jankins")).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}
