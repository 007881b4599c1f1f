//! `get-test-report`: the tests of a build in numbers, and its slowest ones, or all of one suite.

use crate::answer;
use crate::bindings::jankins::plugin::types::{Format, SuiteTotals, TestReport, TestRun, TestTotals};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::path::JobPath;
use crate::jenkins::tests::{Case, Report, Want};
use crate::sorted;
use crate::text::budget::{Answer, Section};
use crate::text::{human, names};

use super::failed::{fetch, no_tests};
use super::words::{place, test_name};

/// Slowest tests in a summary, and in a full answer.
const SLOWEST: usize = 5;
const SLOWEST_FULL: usize = 25;
/// Tests of one suite in the structured part; the text has what its budget allows.
const MAX_TESTS: usize = 500;

/// `get-test-report`.
pub(crate) async fn get_test_report(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    suite: Option<String>,
    format: Option<Format>,
) -> Result<TestReport, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let (build, report) = fetch(call, &job, which, Want::All).await?;
    let name = format!("{} #{}", names::shown(&job.name()), build.number);
    let Some(report) = report else {
        let text = no_tests(call, &job, &build);
        return Ok(record(call, &job.name(), build.number, &text, None, Vec::new(), Vec::new()));
    };
    let format = format.unwrap_or(Format::Summary);
    let suite = suite.map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
    let mut text = Answer::new(call.max_tokens());
    text.head(format!("{name}: {}{}", totals_line(&report), if build.building { "; it is still running" } else { "" }));
    let mut tests = match &suite {
        Some(suite) => one_suite(call, &mut text, &report, suite),
        None => overview(call, &mut text, &report, format),
    };
    let mut suites: Vec<SuiteTotals> = worst_first(&report).into_iter().map(|s| suite_record(call, s)).collect();
    let rendered = answer::render(call, &text);
    for loss in &rendered.losses {
        let shown = usize::try_from(loss.shown).unwrap_or(usize::MAX);
        match loss.noun.as_str() {
            "suite" => suites.truncate(shown),
            _ => tests.truncate(shown),
        }
    }
    Ok(record(call, &job.name(), build.number, &rendered.text, Some(&report), suites, tests))
}

fn record(
    call: &Call,
    job: &str,
    build: u32,
    text: &str,
    report: Option<&Report>,
    suites: Vec<SuiteTotals>,
    tests: Vec<TestRun>,
) -> TestReport {
    TestReport {
        job: job.to_owned(),
        build,
        totals: report.map(|r| TestTotals { total: r.totals.total, failed: r.totals.failed, skipped: r.totals.skipped }),
        duration_ms: report.and_then(|r| r.duration_ms).map(saturate),
        suites,
        tests,
        meta: call.meta(text),
        text: text.to_owned(),
    }
}

/// `14 of 17 tests passed (88 % of those that ran), 2 failed, 1 skipped, in 2.0s`.
fn totals_line(report: &Report) -> String {
    let totals = &report.totals;
    let passed = totals.total.saturating_sub(totals.failed).saturating_sub(totals.skipped);
    let ran = totals.total.saturating_sub(totals.skipped);
    if totals.total == 0 {
        return "the test report is empty".to_owned();
    }
    // Rounded down: one failure in a thousand is not 100 %.
    let rate = (passed * 100).checked_div(ran).map(|p| format!(" ({p}% of those that ran)")).unwrap_or_default();
    let took = report.duration_ms.map(|ms| format!(", in {}", human::duration(ms))).unwrap_or_default();
    format!(
        "{} of {} passed{rate}, {} failed, {} skipped{took}",
        human::number(passed.into()),
        human::count(totals.total.into(), "test"),
        totals.failed,
        totals.skipped
    )
}

/// The suites in the order in which they matter.
fn worst_first(report: &Report) -> Vec<&crate::jenkins::tests::SuiteTotals> {
    let mut suites: Vec<_> = report.suites.iter().collect();
    sorted::sort_by_key(&mut suites, |s| std::cmp::Reverse((s.totals.failed, s.duration_ms)));
    suites
}

fn overview(call: &Call, text: &mut Answer, report: &Report, format: Format) -> Vec<TestRun> {
    if format == Format::Ids {
        text.section(Section::new("test").items(report.cases.iter().map(|case| test_name(call, case))));
        return Vec::new();
    }
    if report.suites.len() > 1 || format == Format::Full {
        let lines = worst_first(report).into_iter().map(|suite| {
            let totals = &suite.totals;
            let took = suite.duration_ms.map(|ms| format!(", {}", human::duration(ms))).unwrap_or_default();
            let failed = if totals.failed > 0 { format!(", {} FAILED", totals.failed) } else { String::new() };
            let skipped = if totals.skipped > 0 { format!(", {} skipped", totals.skipped) } else { String::new() };
            let name = names::shown(&answer::redacted(call, &suite.name));
            format!("{name}{}: {}{failed}{skipped}{took}", place(call, &suite.stages), human::count(totals.total.into(), "test"))
        });
        text.section(Section::new("suite").title("suites:").priority(50).items(lines));
    }
    let mut slowest: Vec<&Case> = report.cases.iter().filter(|case| case.duration_ms.is_some_and(|ms| ms > 0)).collect();
    sorted::sort_by_key(&mut slowest, |case| std::cmp::Reverse(case.duration_ms));
    slowest.truncate(if format == Format::Full { SLOWEST_FULL } else { SLOWEST });
    let lines = slowest.iter().map(|case| format!("{} {}", human::duration(case.duration_ms.unwrap_or(0)), test_name(call, case)));
    text.section(Section::new("test").title("slowest:").priority(60).items(lines));
    slowest.into_iter().map(|case| run(call, case)).collect()
}

fn one_suite(call: &Call, text: &mut Answer, report: &Report, suite: &str) -> Vec<TestRun> {
    let wanted = suite.to_lowercase();
    let of_suite = |case: &&Case| case.class.to_lowercase().contains(&wanted) || case.suite.to_lowercase() == wanted || case.ran_in(suite);
    let mut cases: Vec<&Case> = report.cases.iter().filter(of_suite).collect();
    if cases.is_empty() {
        let mut known: Vec<&str> = report.cases.iter().map(|case| case.class.as_str()).collect();
        known.dedup();
        let known: Vec<String> = known.into_iter().take(10).map(names::shown).collect();
        text.head(format!("no test in suite {}; classes are: {}", names::shown(suite), known.join(", ")));
        return Vec::new();
    }
    // Failures first, then the slowest.
    sorted::sort_by_key(&mut cases, |case| (!case.outcome.is_failure(), std::cmp::Reverse(case.duration_ms)));
    let lines = cases.iter().map(|case| {
        let took = case.duration_ms.filter(|ms| *ms > 0).map(|ms| format!(" {}", human::duration(ms))).unwrap_or_default();
        format!("{} {}{took}", case.outcome.as_str(), test_name(call, case))
    });
    text.section(Section::new("test").title(format!("in suite {}:", names::shown(suite))).items(lines));
    cases.into_iter().take(MAX_TESTS).map(|case| run(call, case)).collect()
}

fn run(call: &Call, case: &Case) -> TestRun {
    TestRun {
        name: answer::redacted(call, &case.full_name()),
        stage: case.stage().map(|s| answer::redacted(call, &s)),
        status: case.outcome.as_str().to_owned(),
        duration_ms: case.duration_ms.map(saturate),
    }
}

fn suite_record(call: &Call, suite: &crate::jenkins::tests::SuiteTotals) -> SuiteTotals {
    SuiteTotals {
        name: answer::redacted(call, &suite.name),
        stage: (!suite.stages.is_empty()).then(|| answer::redacted(call, &suite.stages.join(" > "))),
        total: suite.totals.total,
        failed: suite.totals.failed,
        skipped: suite.totals.skipped,
        duration_ms: suite.duration_ms.map(saturate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::simulated::simulated;
    use crate::testing::{Script, run as finish};

    fn ask(job: &str, build: &str, suite: Option<&str>, format: Option<Format>) -> (TestReport, usize) {
        let (call, sent) = simulated(None);
        let answer =
            finish(get_test_report(&call, job.to_owned(), None, Some(build.to_owned()), suite.map(str::to_owned), format)).unwrap();
        let requests = sent.borrow().len();
        (answer, requests)
    }

    #[test]
    fn totals_rate_suites_and_slowest_tests_of_a_pipeline() {
        let (report, requests) = ask("shop/checkout/main", "28", None, None);
        assert_eq!(requests, 1);
        assert!(
            report.text.starts_with("shop/checkout/main #28: 14 of 17 tests passed (87% of those that ran), 2 failed, 1 skipped, in "),
            "{}",
            report.text
        );
        assert!(report.text.contains("\npytest [Test > unit]: 15 tests, 2 FAILED, 1 skipped, "), "{}", report.text);
        assert_eq!(report.suites.len(), 2);
        assert!(report.text.contains("\nslowest:\n") && !report.tests.is_empty());
    }

    #[test]
    fn the_cells_of_a_matrix_are_summed() {
        let (report, _) = ask("compat", "2", None, None);
        assert_eq!(report.totals.as_ref().map(|t| (t.total, t.failed, t.skipped)), Some((12, 1, 2)));
        assert!(report.text.contains("pytest [DB=postgres,PYTHON=3.12]: 3 tests, 1 FAILED"), "{}", report.text);
    }

    #[test]
    fn a_suite_shows_its_tests_failures_first() {
        let (report, _) = ask("shop/checkout/main", "28", Some("test_pricing"), None);
        assert!(report.tests.iter().take(2).all(|t| t.status == "FAILED") && report.tests[2].status != "FAILED");
        let (none, _) = ask("shop/checkout/main", "28", Some("nowhere"), None);
        assert!(none.text.contains("no test in suite nowhere; classes are: tests.unit.test_cart.TestCart, "), "{}", none.text);
    }

    #[test]
    fn no_tests_recorded_is_said_so() {
        let (report, _) = ask("deploy", "4", None, None);
        assert_eq!(report.totals, None);
        assert!(report.text.starts_with("deploy #4 recorded no tests; it ended as FAILURE\n"), "{}", report.text);
    }

    #[test]
    fn a_rate_is_never_rounded_up_to_whole() {
        let (call, _) = Script::new().json("/job/a/1/testReport/", r#"{"failCount":1,"passCount":999,"skipCount":0,"suites":[]}"#).call();
        let report = finish(get_test_report(&call, "a".into(), None, Some("1".into()), None, None)).unwrap();
        assert!(report.text.contains("(99% of those that ran)"), "{}", report.text);
    }
}
