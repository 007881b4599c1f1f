//! What the README and the demo show is what happens.

use std::fs;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::artifacts;
use regex::Regex;

/// The call that `make demo` makes.
const DEMO: [&str; 6] = ["call", "triage-failure", "--job", "shop/checkout/main", "--build", "last-failed"];

/// How long ago something was depends on the day.
fn timeless(text: &str) -> String {
    let ago = Regex::new(r"\b\d+\s?[a-z]+( \d+\s?[a-z]+)? ago\b").unwrap();
    ago.replace_all(text.trim(), "some time ago").into_owned()
}

#[tokio::test]
async fn the_demo_answers_without_a_controller_what_the_readme_shows() {
    let root = artifacts::root();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let makefile = fs::read_to_string(root.join("Makefile")).unwrap();
    assert!(makefile.contains(&DEMO.join(" ")), "make demo makes another call than this test");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap();
    for artifact in Artifact::ALL {
        let host = Host::new(artifact).unwrap().args(DEMO).arg("--replay").arg(root.join("tests/cassettes/demo.cassette"));
        let output = host.run().await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}\nif the tool asks for other things now, run `make cassette`");
        assert_eq!(timeless(&String::from_utf8_lossy(&output.stdout)), timeless(shown));
    }
}

#[test]
fn every_variable_in_the_readme_exists() {
    artifacts::ensure_built().unwrap();
    let readme = fs::read_to_string(artifacts::root().join("README.md")).unwrap();
    let help = std::process::Command::new(artifacts::program("jankins")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let variable = Regex::new(r"\b(?:JENKINS|JANKINS)_[A-Z_]+\b").unwrap();
    let names = |text: &str| {
        let mut names: Vec<String> = variable.find_iter(text).map(|found| found.as_str().to_owned()).collect();
        names.sort();
        names.dedup();
        names
    };
    let known = names(&help);
    // The README names those that everybody needs; `jankins --help` and `jankins config` tell all.
    for name in names(&readme) {
        assert!(known.contains(&name), "{name} is in the README and not in --help");
    }
    assert!(readme.contains("jankins --help"), "the README tells where the others are");
}
