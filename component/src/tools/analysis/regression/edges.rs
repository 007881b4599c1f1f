//! `find-regression` on jobs whose past is made up.

use super::*;
use crate::testing::job::Job;
use crate::testing::run;

const A: &str = "+ make\nsrc/a.c:3:5: error: unknown type name 'strng'\nmake: *** [all] Error 1\nFinished: FAILURE";
const B: &str = "+ make\nsrc/b.c:7:1: error: expected ';' before 'int'\nmake: *** [all] Error 1\nFinished: FAILURE";

fn ask(job: Job, build: Option<&str>) -> (Regression, Vec<String>) {
    let (call, script) = job.script().call();
    let answer = run(find_regression(&call, "x".into(), None, build.map(str::to_owned), None)).unwrap();
    (answer, script.requests())
}

fn builds(count: usize, result: &str, log: &str, job: Job) -> Job {
    (0..count).fold(job, |job, n| job.build(result, &format!("{}{n}", result.chars().next().unwrap().to_ascii_lowercase()), log))
}

#[test]
fn a_cause_is_found_in_a_long_row_of_red_builds_by_halving_it() {
    let job = builds(3, "SUCCESS", "ok", Job::default());
    let job = builds(40, "FAILURE", A, job);
    let job = builds(24, "FAILURE", B, job);
    let (it, sent) = ask(job, None);
    let first = &it.changes[0];
    assert_eq!((first.first_bad, first.last_good), (Some(44), Some(3)), "{}", it.text);
    assert_eq!(first.between.len(), 40, "red of something else proves nothing");
    let logs = sent.iter().filter(|r| r.contains("logText")).count();
    assert!(logs <= 11, "{logs} logs for 64 red builds");
    assert_eq!(it.logs_read as usize, logs);
}

#[test]
fn the_oldest_of_the_row_is_looked_at_first() {
    let job = builds(30, "FAILURE", B, builds(2, "SUCCESS", "ok", Job::default()));
    let (it, sent) = ask(job, None);
    assert_eq!((it.last_good, it.first_bad), (Some(2), Some(3)), "{}", it.text);
    assert!(sent.iter().filter(|r| r.contains("logText")).count() <= 4, "{sent:#?}");
    assert!(it.verdict.contains("first bad #3, last good #2"), "{}", it.verdict);
}

#[test]
fn aborted_and_running_builds_are_passed_over() {
    let job = Job::default().build("SUCCESS", "a", "ok").build("ABORTED", "b", "Aborted by Ada").build("FAILURE", "c", B);
    let job = job.build("NOT_BUILT", "d", "Canceled since build #9 already got here").build("RUNNING", "e", "");
    let (it, _) = ask(job, None);
    assert_eq!((it.build, it.last_good, it.first_bad), (3, Some(1), Some(3)), "{}", it.text);
    assert_eq!(it.changes[0].between, [2]);
    assert!(it.verdict.starts_with("#5 (RUNNING) proves nothing, #3 was judged: "), "{}", it.verdict);
}

#[test]
fn a_job_that_never_passed_has_no_last_good_build() {
    let (it, _) = ask(builds(3, "FAILURE", B, Job::default()), None);
    assert_eq!((it.changes[0].verdict.as_str(), it.last_good, it.first_bad), ("never-good", None, Some(1)), "{}", it.text);
    assert!(it.changes[0].suspects.is_empty());
}

#[test]
fn a_revision_that_passed_is_no_regression() {
    let job = Job::default().build("SUCCESS", "a", "ok").build("SUCCESS", "b", "ok").build("FAILURE", "b", B);
    let (it, _) = ask(job, None);
    assert_eq!(it.changes[0].verdict, "flaky", "{}", it.text);
    assert!(it.text.contains("next: detect_flaky_tests"), "{}", it.text);
}

#[test]
fn what_no_commit_can_cause_has_no_suspects() {
    let lost = "Cannot contact linux-1: java.lang.InterruptedException\nFinished: FAILURE";
    let (it, _) = ask(Job::default().build("SUCCESS", "a", "ok").build("FAILURE", "b", lost), None);
    assert_eq!(it.changes[0].verdict, "not-enough-evidence", "{}", it.text);
    assert!(it.changes[0].suspects.is_empty() && it.text.contains("no commit's doing"), "{}", it.text);
}
