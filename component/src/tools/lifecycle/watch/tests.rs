use super::*;
use crate::testing::{Answer, Script, json, run};
use std::time::Duration;

const RUNNING: &str = r#"{"_class":"hudson.model.FreeStyleBuild","number":6,"building":true,"result":null,"timestamp":1795521590000}"#;
const DONE: &str = r#"{"_class":"hudson.model.FreeStyleBuild","number":6,"building":false,"result":"UNSTABLE","timestamp":1795521590000,"duration":42000,"actions":[{},{"failCount":2,"skipCount":0,"totalCount":9}]}"#;
const PIPELINE: &str =
    r#"{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowRun","number":6,"building":true,"result":null,"timestamp":1000}"#;

fn log(size: &str, body: &str) -> Answer {
    Answer::Http(200, vec![("X-Text-Size", size.into()), ("X-More-Data", "true".into())], body.into())
}

fn with_log(script: Script) -> Script {
    script
        .on("HEAD /job/x/6/logText", log("8", ""))
        .on("GET /job/x/6/logText/progressiveText?start=8", log("8", ""))
        .on("GET /job/x/6/logText", log("8", "one\r\ntwo\r\n"))
}

fn wait(call: &Call, cursor: Option<String>, seconds: Option<u32>) -> Result<WaitedBuild, Error> {
    run(wait_for_build(call, Some("x".into()), None, Some("6".into()), None, cursor, seconds))
}

#[test]
fn it_waits_for_the_end_and_tells_result_and_tests() {
    let script = with_log(Script::new().turns("GET /job/x/6/api", vec![json(RUNNING), json(RUNNING), json(RUNNING), json(DONE)]));
    let (call, _) = script.call();
    let answer = wait(&call, None, Some(120)).unwrap();
    assert_eq!((answer.result.as_str(), answer.finished, answer.next_cursor), ("UNSTABLE", true, None));
    assert!(answer.text.contains("tests: 2 failed, 0 skipped, 9 in all"), "{}", answer.text);
    assert!(answer.text.contains("next: triage_failure(job=\"x\", build=\"6\")"), "{}", answer.text);
}

#[test]
fn when_the_time_is_over_it_says_how_to_go_on_and_then_tells_only_what_is_new() {
    let (call, script) = with_log(Script::new().json("/job/x/6/api", RUNNING)).call();
    let first = wait(&call, None, Some(100)).unwrap();
    assert!(!first.finished && first.log == "one\ntwo", "{}", first.text);
    assert!(call.app().clock().elapsed() >= Duration::from_secs(100));
    let polls = script.requests().len();
    assert!(polls < 25, "{polls} requests in 100 s");
    let second = wait(&call, first.next_cursor, Some(0)).unwrap();
    assert!(second.text.contains("log: nothing new") && second.log.is_empty(), "{}", second.text);
}

#[test]
fn an_input_ends_the_wait() {
    let pending = r#"[{"id":"ShipIt","message":"Release?","inputs":[]}]"#;
    let script = with_log(Script::new().json("/job/x/6/api", PIPELINE))
        .turns("GET /job/x/6/wfapi/pendingInputActions", vec![json("[]"), json("[]"), json(pending)]);
    let (call, _) = script.call();
    let answer = wait(&call, None, Some(300)).unwrap();
    assert_eq!((answer.finished, answer.inputs.len()), (false, 1));
    assert!(answer.text.contains("waits for input ShipIt") && answer.text.contains("next: submit_input("), "{}", answer.text);
    assert!(call.app().clock().elapsed() < Duration::from_secs(10));
}

#[test]
fn only_the_stages_that_changed_since_the_cursor_are_told() {
    let describe = |test: &str, at: u32| {
        let stage = |id: u32, name: &str, status: &str, start: u32, ms: u32| {
            format!(
                r#"{{"id":"{id}","name":"{name}","status":"{status}","startTimeMillis":{start},"durationMillis":{ms},"pauseDurationMillis":0}}"#
            )
        };
        let stages = [stage(5, "Build", "SUCCESS", 1000, 500), stage(9, "Test", test, 1500, at)];
        json(
            &format!(
                r#"{{"id":"6","name":"\#6","status":"IN_PROGRESS","startTimeMillis":1000,"durationMillis":{at},"stages":[{}]}}"#,
                stages.join(",")
            )
            .replace("\\#", "#"),
        )
    };
    let script = with_log(Script::new().json("/job/x/6/api", PIPELINE).json("/job/x/6/wfapi/pendingInputActions", "[]"))
        .turns("GET /job/x/6/wfapi/describe", vec![describe("IN_PROGRESS", 100), describe("IN_PROGRESS", 300), describe("SUCCESS", 700)]);
    let (call, _) = script.call();
    let names = |answer: &WaitedBuild| answer.stages.iter().map(|s| format!("{} {}", s.name, s.status)).collect::<Vec<_>>();
    let first = wait(&call, None, Some(0)).unwrap();
    assert_eq!(names(&first), ["Build SUCCESS", "Test RUNNING"]);
    let second = wait(&call, first.next_cursor, Some(0)).unwrap();
    assert!(names(&second).is_empty() && second.text.contains("stages: no change"), "{}", second.text);
    let third = wait(&call, second.next_cursor, Some(0)).unwrap();
    assert_eq!(names(&third), ["Test SUCCESS"]);
}

#[test]
fn a_queue_item_is_followed_into_its_build() {
    let item = |state: &str| json(&format!(r#"{{"id":7,"task":{{"name":"x","url":"http://any/job/x/"}},{state}}}"#));
    let turns = vec![
        item(r#""_class":"a$WaitingItem","why":"quiet""#),
        item(r#""_class":"a$LeftItem","executable":null"#),
        item(r#""_class":"a$LeftItem","executable":{"number":6}"#),
    ];
    let (call, _) = with_log(Script::new().turns("GET /queue/item/7/", turns).json("/job/x/6/api", DONE)).call();
    let answer = run(wait_for_build(&call, None, None, None, Some(7), None, None)).unwrap();
    assert_eq!((answer.build, answer.queue_id, answer.job.as_str()), (Some(6), Some(7), "x"));
}

#[test]
fn an_item_that_stays_in_the_queue_says_why() {
    let item = r#"{"id":7,"_class":"a$BuildableItem","stuck":true,"why":"there are no nodes with the label gpu","task":{"name":"x","url":"http://any/job/x/"}}"#;
    let (call, _) = Script::new().json("/queue/item/7/", item).call();
    let answer = run(wait_for_build(&call, None, None, None, Some(7), None, None)).unwrap();
    assert_eq!((answer.build, answer.result.as_str(), answer.finished), (None, "stuck", false));
    assert!(answer.text.contains("label gpu"), "{}", answer.text);
}

#[test]
fn neither_job_nor_item_and_too_long_a_wait_are_refused() {
    let (call, script) = Script::new().call();
    assert_eq!(run(wait_for_build(&call, None, None, None, None, None, None)).unwrap_err().code(), "invalid-params");
    assert_eq!(wait(&call, None, Some(301)).unwrap_err().code(), "invalid-params");
    assert!(script.requests().is_empty());
}
