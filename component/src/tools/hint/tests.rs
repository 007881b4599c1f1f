use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Hint;
use crate::bindings::jankins::plugin::types::Format;
use crate::error::Error;
use crate::testing::run;
use crate::testing::simulated::simulated;
use crate::tools;

const WORLD: &str = include_str!("../../../../wit/world.wit");

/// Each tool with its parameters, as callers see their names.
fn catalogue() -> HashMap<String, Vec<String>> {
    let snake = |name: &str| name.trim().trim_start_matches('%').replace('-', "_");
    let signatures = WORLD.lines().filter_map(|line| line.trim().strip_prefix("export ")?.split_once(": async func("));
    signatures
        .map(|(name, rest)| {
            let parameters = rest.split(')').next().unwrap_or_default();
            (snake(name), parameters.split(',').filter_map(|p| p.split_once(':')).map(|(p, _)| snake(p)).collect())
        })
        .collect()
}

/// The names of a call's arguments, when it is well formed.
fn arguments(mut rest: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix(')') {
            return (after.is_empty() || after.starts_with([' ', '?', '.', ',', ';', '"', '\\', ':'])).then_some(names);
        }
        // An ellipsis stands for the arguments that a call had before.
        if let Some(after) = rest.strip_prefix('…') {
            rest = after;
            continue;
        }
        let (name, value) = rest.split_once('=')?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return None;
        }
        names.push(name.to_owned());
        rest = value;
        if let Some(text) = value.strip_prefix('"') {
            let mut escaped = false;
            let end = text.char_indices().find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            rest = text.get(end?.0 + 1..)?;
        } else {
            rest = rest.get(rest.find([',', ')'])?..)?;
        }
    }
}

fn check(hint: &str, known: &HashMap<String, Vec<String>>) {
    let (tool, rest) = hint.split_once('(').unwrap_or_else(|| panic!("no call: {hint}"));
    let parameters = known.get(tool).unwrap_or_else(|| panic!("no such tool: {hint}"));
    let given = arguments(rest).unwrap_or_else(|| panic!("not well formed: {hint}"));
    for name in given {
        assert!(parameters.contains(&name), "{tool} has no {name}: {hint}");
    }
}

#[test]
fn a_hint_is_written_as_a_call() {
    assert_eq!(Hint::new("list_nodes").call(), "list_nodes()");
    let hint = Hint::new("get_artifact").with("job", Some("a \"b\"")).with("range", None).with("path", Some("ü\n"));
    assert_eq!(hint.call(), r#"get_artifact(job="a \"b\"", path="ü\n")"#);
    check(&Hint::new("get_artifact").with("job", Some("a \"b\"")).call(), &catalogue());
}

#[test]
fn every_next_call_of_every_answer_over_the_recordings_names_a_tool_and_parameters_that_exist() {
    let known = catalogue();
    let mut seen = 0;
    for text in answers() {
        for hint in text.lines().filter_map(|line| line.strip_prefix("next: ")) {
            check(hint, &known);
            seen += 1;
        }
    }
    assert!(seen > 60, "only {seen} hints were seen");
}

/// What the reading tools say about the recorded controller, errors' next actions among it.
fn answers() -> Vec<String> {
    let mut texts = Vec::new();
    let mut keep = |answer: Result<String, Error>| match answer {
        Ok(text) => texts.push(text),
        Err(error) => {
            let calls = error.into_tool_error(String::new()).next_actions;
            texts.extend(
                calls
                    .into_iter()
                    .filter(|action| action.contains('(') && action.ends_with(')') && !action.contains(": "))
                    .map(|a| format!("next: {a}")),
            );
        }
    };
    let (call, _) = simulated(None);
    let call = &call;
    keep(run(tools::status::get_status(call)).map(|it| it.text));
    keep(run(tools::controller::whoami(call, None)).map(|it| it.text));
    keep(run(tools::nodes::list_nodes(call, None, None, Some(1), None, None)).map(|it| it.text));
    keep(run(tools::credentials::list_credentials(call, None, Some(1), None, None)).map(|it| it.text));
    keep(run(tools::queue::summary::summarize_queue(call, Some(1), None, None)).map(|it| it.text));
    keep(run(tools::queue::explain::explain_queue(call, None, Some(2), None)).map(|it| it.text));
    for id in [262, 263, 265, 1] {
        keep(run(tools::lifecycle::queue::get_queue_item(call, id)).map(|it| it.text));
    }
    for folder in ["", "shop", "fleet", "shop/checkout", "nowhere"] {
        keep(
            run(tools::jobs::list::list_jobs(call, Some(folder.into()), None, None, None, None, None, Some(3), None, None))
                .map(|it| it.text),
        );
    }
    let jobs = [
        ("shop/checkout/main", &["21", "25", "27", "28", "99"][..]),
        ("shop/checkout", &[]),
        ("shop/checkout/feature%2Flogin", &["last"]),
        ("shop/frontend", &["1", "3"]),
        ("legacy-nightly", &["2", "3"]),
        ("rust-core", &["1", "2"]),
        ("compat", &["2"]),
        ("release", &["1", "2", "3"]),
        ("deploy", &["4", "6"]),
        ("train-start", &["2"]),
        ("load-test", &["1"]),
        ("parallel-nest", &["1"]),
        ("long-runner", &["1", "2"]),
        ("gpu-pipeline", &["1"]),
        ("heartbeat", &["111", "112"]),
        ("quarterly-audit", &["last"]),
        ("old-import", &[]),
        ("Zürich Ops", &[]),
    ];
    for (job, builds) in jobs {
        let job = || job.to_owned();
        keep(run(tools::jobs::detail::get_job(call, job(), None, None)).map(|it| it.text));
        keep(run(tools::jobs::config::get_job_config(call, job(), None, None)).map(|it| it.text));
        keep(run(tools::jobs::scm::get_job_scm(call, job(), None)).map(|it| it.text));
        keep(run(tools::builds::list::list_builds(call, job(), None, None, None, None, None, None, Some(1), None, None)).map(|it| it.text));
        keep(run(tools::tests::flaky::detect_flaky_tests(call, job(), None, None, None)).map(|it| it.text));
        for build in builds {
            let build = || Some((*build).to_owned());
            keep(run(tools::builds::get_build(call, job(), None, build(), None)).map(|it| it.text));
            keep(run(tools::builds::changes::get_build_changes(call, job(), None, build(), Some(1), None, None)).map(|it| it.text));
            keep(run(tools::builds::scm::get_build_scm(call, job(), None, build())).map(|it| it.text));
            keep(run(tools::artifacts::list::get_build_artifacts(call, job(), None, build(), None, Some(1), None, None)).map(|it| it.text));
            keep(
                run(tools::artifacts::content::get_artifact(call, job(), "build-info.txt".into(), None, build(), Some("0-".into()), None))
                    .map(|it| it.text),
            );
            keep(run(tools::pipeline::get_pipeline_graph(call, job(), None, build(), None)).map(|it| it.text));
            keep(run(tools::inputs::list_pending_inputs(call, Some(job()), None, build())).map(|it| it.text));
            keep(
                run(tools::logs::get_build_log(call, job(), None, build(), None, None, None, None, None, None, None, None))
                    .map(|it| it.text),
            );
            let head = Some(crate::bindings::jankins::plugin::types::LogMode::Head);
            keep(
                run(tools::logs::get_build_log(call, job(), None, build(), None, head, None, Some(500), None, None, None, None))
                    .map(|it| it.text),
            );
            keep(run(tools::search::search_log(call, job(), "a".into(), None, build(), None, None, None, None, Some(1))).map(|it| it.text));
            keep(
                run(tools::tests::failed::get_failed_tests(call, job(), None, build(), None, Some(1), None, Some(Format::Full)))
                    .map(|it| it.text),
            );
            keep(run(tools::tests::report::get_test_report(call, job(), None, build(), None, None)).map(|it| it.text));
            keep(run(tools::tests::quality::get_quality_report(call, job(), None, build())).map(|it| it.text));
            keep(run(tools::analysis::log::analyze_build_log(call, job(), None, build(), None, None)).map(|it| it.text));
            keep(run(tools::analysis::regression::find_regression(call, job(), None, build(), None)).map(|it| it.text));
            keep(run(tools::triage::triage_failure(call, job(), None, build(), None)).map(|it| it.text));
            keep(run(tools::lifecycle::watch::wait_for_build(call, Some(job()), None, build(), None, None, Some(0))).map(|it| it.text));
        }
    }
    for (base, head) in [("20", "21"), ("20", "28"), ("4", "5")] {
        let compared = tools::tests::compare::compare_test_results(call, "shop/checkout/main".into(), base.into(), head.into(), None, None);
        keep(run(compared).map(|it| it.text));
        let compared = tools::analysis::runs::compare_runs(call, "shop/checkout/main".into(), base.into(), head.into(), None, None);
        keep(run(compared).map(|it| it.text));
    }
    texts
}

/// Hints that no recording leads to are read in the sources: whatever looks like a call with named arguments in a string.
#[test]
fn no_text_in_the_sources_names_a_call_that_is_not_there() {
    let known = catalogue();
    let mut seen = 0;
    for path in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // In a string, quotes are escaped and arguments are placeholders.
            let line = line.replace("\\\"", "\"");
            for (at, _) in line.match_indices('(') {
                let before = &line[..at];
                let start = before.rfind(|c: char| !(c.is_ascii_lowercase() || c == '_')).map_or(0, |i| i + 1);
                let (tool, rest) = (&before[start..], &line[at + 1..]);
                let named = rest.split(['=', ')']).next().unwrap_or_default();
                let is_call = tool.contains('_')
                    && rest.starts_with(|c: char| c.is_ascii_lowercase())
                    && rest.get(named.len()..).is_some_and(|r| r.starts_with('='));
                if is_call && named.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !rest[named.len()..].starts_with("==") {
                    let parameters = known.get(tool).unwrap_or_else(|| panic!("{}: no such tool: {tool}", path.display()));
                    assert!(parameters.iter().any(|p| p == named), "{}: {tool} has no {named}", path.display());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 15, "only {seen} calls were seen");
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" && !path.components().any(|c| c.as_os_str() == "testing") {
            files.push(path);
        }
    }
    files
}
