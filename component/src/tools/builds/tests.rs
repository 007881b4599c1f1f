use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;

#[test]
fn a_build_leads_to_what_it_left_waits_for_or_failed_of() {
    let (call, _) = simulated(None);
    let next = |job: &str, build: &str| {
        let text = run(get_build(&call, job.into(), None, Some(build.into()), None)).unwrap().text;
        text.lines()
            .filter_map(|line| line.strip_prefix("next: "))
            .map(|hint| hint.split('(').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(next("shop/checkout/main", "20"), ["get_build_artifacts"]);
    assert_eq!(next("shop/checkout/main", "21"), ["triage_failure"]);
    assert_eq!(next("release", "3"), ["list_pending_inputs"]);
    assert_eq!(next("long-runner", "1"), ["wait_for_build"]);
}

#[test]
fn of_a_matrix_the_cells_that_are_not_green_are_named() {
    let (call, _) = simulated(None);
    let it = run(get_build(&call, "compat".into(), None, Some("2".into()), None)).unwrap();
    assert!(it.text.contains("\ncells: 1 of 4 not green: DB=postgres,PYTHON=3.12 UNSTABLE\n"), "{}", it.text);
    assert_eq!(it.stages.iter().map(|cell| cell.status.as_str()).collect::<Vec<_>>(), ["UNSTABLE", "SUCCESS", "SUCCESS", "SUCCESS"]);
    // Its name leads to it.
    let cell = run(get_build(&call, "compat/DB=postgres,PYTHON=3.12".into(), None, Some("2".into()), None)).unwrap();
    assert_eq!((cell.job.as_str(), cell.result.as_str()), ("compat/DB=postgres,PYTHON=3.12", "UNSTABLE"));
}

#[test]
fn stages_that_may_not_be_seen_are_not_passed_over_in_silence() {
    use crate::testing::{Script, forbidden, json};
    let build = r#"{"_class":"org.x.WorkflowRun","number":3,"result":"UNSTABLE","building":false,"timestamp":1,"duration":9}"#;
    let (call, _) = Script::new().on("GET /job/x/3/api/json", json(build)).on("GET /job/x/3/", forbidden()).call();
    let text = run(get_build(&call, "x".into(), None, Some("3".into()), None)).unwrap().text;
    assert!(text.contains("\nnote: without pipeline-graph-view, wfapi, stages: user ci lacks the permission"), "{text}");
}
