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
