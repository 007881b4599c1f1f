//! A build's report, asked for and read.

use super::case::{Case, Outcome};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::path::{JobPath, Selector};
use crate::json::{Decimal, record};
use crate::sorted;

/// What to bring along for each test, and which tests to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Failed tests with their errors.
    Failed,
    /// Failed tests with errors and stacks.
    Stacks,
    /// All tests, without errors.
    All,
    /// All tests, the failed ones with their errors.
    AllErrors,
}

/// Test results of one build.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Report {
    pub(crate) totals: Totals,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) suites: Vec<SuiteTotals>,
    /// Those that were wanted, in Jenkins' order; failed ones come with the newest failures first.
    pub(crate) cases: Vec<Case>,
}

/// Sums over tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) total: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

/// One suite in one stage or cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SuiteTotals {
    pub(crate) name: String,
    pub(crate) stages: Vec<String>,
    pub(crate) totals: Totals,
    pub(crate) duration_ms: Option<u64>,
}

record! {
    #[derive(Default)]
    struct Answer {
        fail_count: Option<u32>,
        pass_count: Option<u32>,
        skip_count: Option<u32>,
        total_count: Option<u32>,
        duration: Option<Decimal<3>>,
        suites: Option<Vec<Suite>>,
        child_reports: Option<Vec<Child>>,
    }

    #[derive(Default)]
    struct Child {
        child: Option<ChildBuild>,
        result: Option<Answer>,
    }

    #[derive(Default)]
    struct ChildBuild {
        url: Option<String>,
    }

    #[derive(Default)]
    struct Suite {
        name: Option<String>,
        duration: Option<Decimal<3>>,
        /// The innermost first.
        enclosing_block_names: Option<Vec<String>>,
        cases: Option<Vec<RawCase>>,
    }

    #[derive(Default)]
    struct RawCase {
        class_name: Option<String>,
        name: Option<String>,
        status: Option<String>,
        age: Option<u32>,
        failed_since: Option<u32>,
        duration: Option<Decimal<3>>,
        error_details: Option<String>,
        error_stack_trace: Option<String>,
    }
}

impl Want {
    fn tree(self) -> String {
        let cases = match self {
            Self::Failed | Self::AllErrors => "className,name,status,age,failedSince,duration,errorDetails",
            Self::Stacks => "className,name,status,age,failedSince,duration,errorDetails,errorStackTrace",
            Self::All => "className,name,status,age,failedSince,duration",
        };
        let own = format!("failCount,passCount,skipCount,totalCount,duration,suites[name,duration,enclosingBlockNames,cases[{cases}]]");
        format!("{own},childReports[child[url],result[{own}]]")
    }

    fn failed_only(self) -> bool {
        matches!(self, Self::Failed | Self::Stacks)
    }
}

/// The failed tests of a build, with their errors; `None` when it recorded no tests, or is not there.
///
/// # Errors
/// As [`report`].
pub(crate) async fn failed(call: &Call, job: &JobPath, which: Selector) -> Result<Option<Report>, Error> {
    report(call, job, which, Want::Failed).await
}

/// The tests of a build; `None` when it recorded none, or is not there.
///
/// A report too large to be read is asked for once more without errors and stacks, which is then stated.
///
/// # Errors
/// As any request, but for not found.
pub(crate) async fn report(call: &Call, job: &JobPath, which: Selector, want: Want) -> Result<Option<Report>, Error> {
    let answer = match ask(call, job, which, want).await {
        Err(error @ (Error::BadResponse { .. } | Error::TooLarge { .. })) if want != Want::All => {
            match ask(call, job, which, Want::All).await {
                Ok(answer) => {
                    call.lacks(format!("errors of the failed tests, since the report is large: {error}"));
                    Ok(answer)
                }
                Err(_) => Err(error),
            }
        }
        other => other,
    };
    match answer {
        Ok(answer) => Ok(Some(Report::read(answer, want.failed_only()))),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn ask(call: &Call, job: &JobPath, which: Selector, want: Want) -> Result<Answer, Error> {
    let object = format!("{}/{}/testReport", job.url_path(), which.segment());
    call.tree("test-report", &object, &want.tree(), &format!("test report of {which} of {job}")).await
}

impl Report {
    fn read(answer: Answer, failed_only: bool) -> Self {
        let mut report = Self { totals: answer.totals(), duration_ms: answer.duration.and_then(milliseconds), ..Self::default() };
        report.add(answer, &[], failed_only);
        if failed_only {
            sorted::sort_by(&mut report.cases, |a, b| (a.age, &a.stages, &a.class, &a.name).cmp(&(b.age, &b.stages, &b.class, &b.name)));
        }
        report
    }

    fn add(&mut self, answer: Answer, above: &[String], failed_only: bool) {
        for suite in answer.suites.into_iter().flatten() {
            let inner = suite.enclosing_block_names.into_iter().flatten().rev();
            let stages: Vec<String> = above.iter().cloned().chain(inner).collect();
            let name = suite.name.unwrap_or_default();
            let mut totals = Totals::default();
            for raw in suite.cases.into_iter().flatten() {
                let outcome = Outcome::of(raw.status.as_deref().unwrap_or_default());
                totals.total += 1;
                totals.failed += u32::from(outcome.is_failure());
                totals.skipped += u32::from(outcome == Outcome::Skipped);
                if outcome.is_failure() || !failed_only {
                    self.cases.push(raw.case(outcome, &name, &stages));
                }
            }
            self.suites.push(SuiteTotals { name, stages, totals, duration_ms: suite.duration.and_then(milliseconds) });
        }
        for child in answer.child_reports.into_iter().flatten() {
            let cell = child.child.and_then(|c| c.url).and_then(|url| cell(&url));
            let below: Vec<String> = above.iter().cloned().chain(cell).collect();
            self.add(child.result.unwrap_or_default(), &below, failed_only);
        }
    }
}

impl Answer {
    /// A matrix counts its cells together; a single report counts what passed instead of all.
    fn totals(&self) -> Totals {
        if self.fail_count.is_none() {
            let children = self.child_reports.iter().flatten().filter_map(|c| c.result.as_ref()).map(Answer::totals);
            return children.fold(Totals::default(), |sum, t| Totals {
                total: sum.total + t.total,
                failed: sum.failed + t.failed,
                skipped: sum.skipped + t.skipped,
            });
        }
        let (failed, skipped) = (self.fail_count.unwrap_or(0), self.skip_count.unwrap_or(0));
        let total = self.total_count.unwrap_or_else(|| failed + skipped + self.pass_count.unwrap_or(0));
        Totals { total, failed, skipped }
    }
}

impl RawCase {
    fn case(self, outcome: Outcome, suite: &str, stages: &[String]) -> Case {
        Case {
            suite: suite.to_owned(),
            class: self.class_name.unwrap_or_default(),
            name: self.name.unwrap_or_default(),
            stages: stages.to_vec(),
            outcome,
            age: self.age.unwrap_or(0),
            since: self.failed_since.filter(|n| *n > 0 && outcome.is_failure()),
            duration_ms: self.duration.and_then(milliseconds),
            error: self.error_details.filter(|e| !e.trim().is_empty()),
            stack: self.error_stack_trace.filter(|s| !s.trim().is_empty()),
        }
    }
}

/// `…/job/compat/DB=sqlite,PYTHON=3.11/2/` is of the cell `DB=sqlite,PYTHON=3.11`; a module's `group$name` is `group:name`.
fn cell(url: &str) -> Option<String> {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let (_number, cell) = (parts.next()?, parts.next()?);
    Some(encode::decode(cell).replace('$', ":"))
}

/// Odd clocks make odd durations.
fn milliseconds(seconds: Decimal<3>) -> Option<u64> {
    u64::try_from(seconds.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::simulated::simulated;
    use crate::testing::{Answer as Reply, Script, run};

    fn main() -> JobPath {
        JobPath::from_full_name("shop/checkout/main")
    }

    fn names(report: &Report) -> Vec<&str> {
        report.cases.iter().map(|c| c.name.as_str()).collect()
    }

    #[test]
    fn failed_tests_of_a_pipeline_come_with_stage_age_and_first_failure() {
        let (call, sent) = simulated(None);
        let found = run(failed(&call, &main(), Selector::Number(28))).unwrap().unwrap();
        assert_eq!(names(&found), ["test_tax_rounding", "test_total_with_discount"]);
        assert_eq!(found.totals, Totals { total: 17, failed: 2, skipped: 1 });
        let first = &found.cases[0];
        assert_eq!((first.age, first.since, first.stage().as_deref()), (8, Some(21), Some("Test > unit")));
        assert!(!first.is_new() && first.error.is_some() && first.stack.is_none());
        assert_eq!(sent.borrow().len(), 1);
    }

    #[test]
    fn new_failures_come_first_and_are_known_though_pipelines_say_failed() {
        let (call, _) = simulated(None);
        let found = run(report(&call, &main(), Selector::Number(23), Want::Failed)).unwrap().unwrap();
        assert_eq!(names(&found)[0], "test_gateway_retry");
        assert_eq!(found.cases.iter().map(Case::is_new).collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn a_matrix_names_the_cell_and_counts_all_cells() {
        let (call, _) = simulated(None);
        let found = run(report(&call, &JobPath::from_full_name("compat"), Selector::Number(2), Want::Failed)).unwrap().unwrap();
        assert_eq!(found.totals, Totals { total: 12, failed: 1, skipped: 2 });
        assert_eq!(found.cases[0].stage().as_deref(), Some("DB=postgres,PYTHON=3.12"));
        assert_eq!(names(&found), ["test_json_column"]);
    }

    #[test]
    fn no_report_is_none_and_not_an_error() {
        let (call, _) = simulated(None);
        assert_eq!(run(report(&call, &main(), Selector::Number(7), Want::Failed)).unwrap(), None);
    }

    #[test]
    fn regression_and_failed_are_failures_and_fixed_is_not() {
        let body = r#"{"failCount":2,"passCount":2,"skipCount":1,"suites":[{"name":"s","enclosingBlockNames":null,"cases":[
            {"name":"a","status":"REGRESSION","age":1},{"name":"b","status":"FAILED","age":3},{"name":"c","status":"FIXED"},
            {"name":"d","status":"SKIPPED","age":9},{"name":null,"status":"PASSED","errorDetails":null}]}]}"#;
        let (call, _) = Script::new().json("/job/a/1/testReport/", body).call();
        let job = JobPath::from_full_name("a");
        assert_eq!(names(&run(report(&call, &job, Selector::Number(1), Want::Failed)).unwrap().unwrap()), ["a", "b"]);
        let all = run(report(&call, &job, Selector::Number(1), Want::All)).unwrap().unwrap();
        assert_eq!((all.cases.len(), all.suites[0].totals), (5, Totals { total: 5, failed: 2, skipped: 1 }));
        assert_eq!(all.totals.total, 5);
    }

    #[test]
    fn a_report_too_large_is_read_without_errors_and_says_so() {
        let lean = format!("/job/a/1/testReport/api/json?tree={}", encode::tree(&Want::All.tree()));
        let (call, script) = Script::new()
            .json(&lean, r#"{"failCount":1,"suites":[{"cases":[{"name":"a","status":"FAILED"}]}]}"#)
            .on("GET /job/a/1/testReport/", Reply::Http(200, vec![], vec![b' '; 33 * 1024 * 1024]))
            .call();
        let found = run(report(&call, &JobPath::from_full_name("a"), Selector::Number(1), Want::Failed)).unwrap().unwrap();
        assert_eq!((found.cases.len(), script.requests().len()), (1, 2));
        assert!(call.missing()[0].contains("larger than"), "{:?}", call.missing());
    }
}
