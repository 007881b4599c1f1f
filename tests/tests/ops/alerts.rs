//! The alert rules, with `promtool`.

use std::process::Command;

use jankins_tests::host::artifacts;

use super::programs;

#[test]
fn each_alert_fires_when_it_should_and_is_silent_when_it_should_be() {
    let Some(promtool) = programs::find("promtool", "prometheus") else { return };
    let directory = artifacts::root().join("ops/prometheus");
    let run = |arguments: &[&str]| {
        let output = Command::new(&promtool).args(arguments).current_dir(&directory).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}");
    };
    run(&["check", "rules", "alerts.yml"]);
    run(&["test", "rules", "alerts-test.yml"]);

    let (rules, tests) = (read("alerts.yml"), read("alerts-test.yml"));
    let names: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    for needed in ["JankinsDown", "JankinsHighErrorRate", "JankinsHighLatency", "JankinsRateLimiting", "JankinsHighMemory"] {
        assert!(names.contains(&needed), "{needed}");
    }
    let runbook = std::fs::read_to_string(artifacts::root().join("ops/RUNBOOK.md")).unwrap();
    for name in names {
        // A case that fires has labels to expect; a silent one is written in one line or is another series.
        assert!(tests.contains(&format!("alertname: {name}\n        exp_alerts:\n")), "{name} is never seen firing");
        assert!(runbook.contains(&format!("`{name}`")), "the runbook does not know {name}");
    }
    for link in rules.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: ")) {
        let (_, anchor) = link.split_once('#').unwrap();
        let known = runbook.lines().filter_map(|line| line.strip_prefix("## ")).any(|title| slug(title) == anchor);
        assert!(known, "{link} leads nowhere");
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(artifacts::root().join("ops/prometheus").join(file)).unwrap()
}

/// A heading as the address of its section.
fn slug(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-').collect::<String>().to_lowercase().replace(' ', "-")
}
