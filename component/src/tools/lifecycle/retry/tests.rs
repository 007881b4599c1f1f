use super::*;
use crate::testing::{Answer, Script, json, run};

const FAILED: &str = r#"{"_class":"hudson.model.FreeStyleBuild","number":1,"result":"FAILURE","timestamp":1795521500000,"duration":1000}"#;

fn build(number: u32, state: &str) -> String {
    let rest = match state {
        "RUNNING" => r#""building":true,"result":null"#.to_owned(),
        result => format!(r#""building":false,"result":"{result}","duration":2000"#),
    };
    format!(r#"{{"_class":"hudson.model.FreeStyleBuild","number":{number},"timestamp":1795521599000,{rest}}}"#)
}

fn log(line: &str) -> Answer {
    let body = format!("ERROR: {line}\r\nFinished: FAILURE\r\n");
    Answer::Http(200, vec![("X-Text-Size", (body.len() - 2).to_string())], body.into_bytes())
}

/// Build 1 failed; each attempt gets a queue item `100 + n` and the number `n`.
fn script() -> Script {
    let left = |n: u32| {
        json(&format!(
            r#"{{"_class":"a$LeftItem","id":{},"executable":{{"number":{n}}},"task":{{"name":"x","url":"http://any/job/x/"}}}}"#,
            100 + n
        ))
    };
    let created = |n: u32| Answer::Http(201, vec![("Location", format!("http://any/queue/item/{}/", 100 + n))], Vec::new());
    let script = Script::new()
        .json("/job/x/api/json", r#"{"_class":"hudson.model.FreeStyleProject","buildable":true}"#)
        .json("/queue/api/json", "{}")
        .json("/job/x/1/api/json", FAILED);
    let script = (2..5).fold(script, |script, n| script.on(&format!("GET /queue/item/{}/", 100 + n), left(n)));
    script.turns("POST /job/x/build", vec![created(2), created(3), created(4)])
}

fn logs(script: Script, lines: &[&str]) -> Script {
    (1..).zip(lines).fold(script, |script, (n, line)| {
        let log = log(line);
        script.on(&format!("HEAD /job/x/{n}/logText"), log.clone()).on(&format!("GET /job/x/{n}/logText"), log)
    })
}

fn retry(call: &Call, cursor: Option<String>, seconds: u32) -> Result<RetriedBuild, Error> {
    run(retry_flaky_build(call, "x".into(), None, Some("1".into()), None, cursor, Some(seconds)))
}

fn posts(script: &Script) -> Vec<usize> {
    script.requests().iter().enumerate().filter(|(_, r)| r.starts_with("POST")).map(|(at, _)| at).collect()
}

#[test]
fn each_attempt_waits_for_the_end_of_the_one_before() {
    let script = logs(script(), &["port in use", "disk full", "another"])
        .turns("GET /job/x/2/api", vec![json(&build(2, "RUNNING")), json(&build(2, "RUNNING")), json(&build(2, "FAILURE"))])
        .turns("GET /job/x/3/api", vec![json(&build(3, "RUNNING")), json(&build(3, "SUCCESS"))]);
    let (call, script) = script.call();
    let answer = retry(&call, None, 300).unwrap();
    assert_eq!(answer.outcome, "passed");
    assert_eq!(
        answer.attempts.iter().map(|a| (a.build, a.result.as_str())).collect::<Vec<_>>(),
        [(Some(2), "FAILURE"), (Some(3), "SUCCESS")]
    );
    let (requests, posts) = (script.requests(), posts(&script));
    assert_eq!(posts.len(), 2);
    let last_look = requests.iter().rposition(|r| r.starts_with("GET /job/x/2/api")).unwrap();
    assert!(posts[1] > last_look, "the second attempt began before the first had ended: {requests:?}");
}

#[test]
fn the_same_failure_again_ends_the_retries() {
    let script = logs(script(), &["port 4000 in use", "port 4711 in use"]).json("/job/x/2/api", &build(2, "FAILURE"));
    let (call, script) = script.call();
    let answer = retry(&call, None, 300).unwrap();
    assert_eq!((answer.outcome.as_str(), answer.attempts.len()), ("same-failure", 1));
    assert!(answer.text.contains("next: triage_failure(job=\"x\", build=\"2\")"), "{}", answer.text);
    assert_eq!(posts(&script).len(), 1);
}

#[test]
fn there_are_never_more_attempts_than_asked_for() {
    let script = logs(script(), &["one", "two", "three", "four"]);
    let script = (2..5).fold(script, |script, n| script.json(&format!("/job/x/{n}/api"), &build(n, "FAILURE")));
    let (call, script) = script.call();
    assert_eq!(retry(&call, None, 300).unwrap().outcome, "other-failures");
    assert_eq!(posts(&script).len(), 3);
    assert!(run(retry_flaky_build(&call, "x".into(), None, None, Some(4), None, None)).is_err());
}

#[test]
fn a_cursor_goes_on_with_the_attempt_that_runs_instead_of_starting_another() {
    let looks: Vec<Answer> = (0..60).map(|_| json(&build(2, "RUNNING"))).chain([json(&build(2, "SUCCESS"))]).collect();
    let (call, script) = logs(script(), &["port in use"]).turns("GET /job/x/2/api", looks).call();
    let first = retry(&call, None, 60).unwrap();
    assert_eq!((first.outcome.as_str(), first.attempts[0].result.as_str()), ("running", "RUNNING"));
    let mut answer = first;
    while answer.outcome == "running" {
        answer = retry(&call, answer.next_cursor, 300).unwrap();
    }
    assert_eq!((answer.outcome.as_str(), posts(&script).len()), ("passed", 1));
}

#[test]
fn what_passed_or_still_runs_is_not_retried() {
    for state in ["SUCCESS", "RUNNING"] {
        let (call, script) = Script::new().json("/job/x/1/api/json", &build(1, state)).call();
        assert_eq!(retry(&call, None, 1).unwrap_err().code(), "conflict");
        assert_eq!(script.requests().len(), 1);
    }
}
