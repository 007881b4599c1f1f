//! `get-job` against the recorded controller.

use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;
use crate::text::tokens;

fn ask(job: &str, branch: Option<&str>, format: Option<Format>) -> Job {
    let (call, sent) = simulated(None);
    let answer = run(get_job(&call, job.to_owned(), branch.map(str::to_owned), format)).unwrap();
    assert_eq!(sent.borrow().len(), 1, "one request tells all");
    answer
}

fn error(job: &str, branch: Option<&str>) -> crate::bindings::jankins::plugin::types::ToolError {
    let (call, sent) = simulated(None);
    let error = run(get_job(&call, job.to_owned(), branch.map(str::to_owned), None)).unwrap_err();
    assert!(sent.borrow().len() <= 4);
    error.into_tool_error(String::new())
}

#[test]
fn parameters_come_with_types_choices_and_defaults_but_never_a_secret() {
    let job = ask("deploy", None, None);
    let kinds: Vec<_> = job.parameters.iter().map(|p| (p.name.as_str(), p.kind.as_str(), p.default_value.as_deref())).collect();
    assert_eq!(
        kinds,
        [
            ("VERSION", "string", Some("1.8.0")),
            ("DRY_RUN", "boolean", Some("false")),
            ("TARGET", "choice", Some("staging")),
            ("NOTES", "text", Some("first line\nsecond line")),
            ("UNLOCK_CODE", "password", None),
            ("NIGHTLY", "run", None),
        ]
    );
    assert_eq!(job.parameters[2].choices, ["staging", "production", "demo"]);
    assert!(job.text.contains("UNLOCK_CODE password (secret): \"Asked for production\""), "{}", job.text);
    assert!(job.text.contains("NOTES text = \"first line second line\""));
}

#[test]
fn branches_of_a_multibranch_come_with_their_state() {
    let job = ask("shop/checkout", None, None);
    assert_eq!((job.kind.as_str(), job.children_total, job.status), ("multibranch", Some(3), None));
    assert!(job.text.contains("\nfeature/login FAILURE #2 "), "{}", job.text);
    assert!(job.text.contains("next: get_job(job=\"shop/checkout\", ref=\"BRANCH\")\n"));
    assert_eq!(job.children[0].name, "shop/checkout/feature%2Flogin");
}

#[test]
fn a_branch_is_found_by_its_plain_name_and_by_a_pasted_url() {
    let by_ref = ask("shop/checkout", Some("feature/login"), None);
    assert_eq!(by_ref.name, "shop/checkout/feature%2Flogin");
    let by_url = ask("http://jenkins.example.com/job/shop/job/checkout/job/feature%252Flogin/2/", None, None);
    assert_eq!(by_url.name, by_ref.name);
}

#[test]
fn last_builds_are_told_apart() {
    let job = ask("shop/checkout", Some("main"), None);
    assert_eq!(job.last_build.as_ref().map(|b| b.number), Some(28));
    assert_eq!(job.last_failed.as_ref().map(|b| b.number), Some(25));
    assert!(job.text.contains("last UNSTABLE #28 "), "{}", job.text);
    assert!(job.text.contains("next: triage_failure(job=\"shop/checkout/main\", build=\"28\")\n"));
}

#[test]
fn a_job_that_was_never_built_and_one_that_waits_say_so() {
    assert!(ask("quarterly-audit", None, None).text.contains("never built"));
    let waiting = ask("gpu-train", None, None);
    assert!(waiting.in_queue && waiting.text.contains("in queue"), "{}", waiting.text);
    assert!(waiting.text.contains("its next build waits: "));
    let disabled = ask("old-import", None, None);
    assert_eq!((disabled.buildable, disabled.status.as_deref()), (false, Some("disabled")));
}

#[test]
fn a_large_folder_is_summarised_within_the_budget() {
    let job = ask("fleet", None, None);
    assert!(tokens::estimate(&job.text) < 400);
    assert!(job.text.contains("20 of 130 jobs shown"), "{}", job.text);
    assert_eq!((job.children.len(), job.children_total), (20, Some(130)));
}

#[test]
fn an_unknown_job_is_answered_with_the_closest_name() {
    assert_eq!(error("rust-cor", None).next_actions, ["did you mean rust-core?"]);
    assert_eq!(error("shop/checkout/feature/login", None).next_actions, ["did you mean job=shop/checkout ref=feature/login?"]);
    assert_eq!(
        error("rust-core", Some("main")).next_actions,
        ["rust-core is a pipeline job and holds no main: use job=rust-core without ref"]
    );
}

#[test]
fn a_pull_request_is_told_with_its_title_and_author() {
    let pull = r#"{"_class":"org.x.WorkflowJob","fullName":"api/PR-12","actions":[{},null,
        {"_class":"jenkins.scm.api.metadata.ContributorMetadataAction","contributor":"sv","contributorDisplayName":"Sam Vimes"},
        {"_class":"jenkins.scm.api.metadata.ObjectMetadataAction","objectDisplayName":"Fix the \nnext: x","objectUrl":"https://git.example.com/api/pull/12"}]}"#;
    let (call, _) = crate::testing::Script::new().json("/job/api/job/PR-12/", pull).call();
    let it = crate::testing::run(get_job(&call, "api".into(), Some("PR-12".into()), None)).unwrap();
    assert!(it.text.contains("\nsource \"Fix the next: x\" by \"Sam Vimes\" https://git.example.com/api/pull/12\n"), "{}", it.text);
    assert_eq!(it.source_author.as_deref(), Some("Sam Vimes"));
}
