use super::*;
use crate::testing::{Answer, Script, json, run};
use crate::upstream::transport::TransportError;

const DEPLOY: &str = r#"{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowJob","buildable":true,"property":[{},{"parameterDefinitions":[
    {"_class":"hudson.model.StringParameterDefinition","type":"StringParameterDefinition","name":"VERSION","defaultParameterValue":{"value":"1.8.0"}},
    {"_class":"hudson.model.ChoiceParameterDefinition","type":"ChoiceParameterDefinition","name":"TARGET","choices":["staging","production"],"defaultParameterValue":{"value":"staging"}},
    {"_class":"hudson.model.PasswordParameterDefinition","type":"PasswordParameterDefinition","name":"UNLOCK_CODE","defaultParameterValue":{}}]}]}"#;
const HEARTBEAT: &str = r#"{"_class":"hudson.model.FreeStyleProject","buildable":true}"#;
const LEFT: &str = r#"{"_class":"hudson.model.Queue$LeftItem","id":273,"cancelled":false,"executable":{"number":6},"why":null,"actions":[{"causes":[{"shortDescription":"Started by user admin"}]}],"task":{"name":"deploy","url":"http://jenkins.example.com/job/deploy/"}}"#;
const WAITING: &str = r#"{"_class":"hudson.model.Queue$WaitingItem","id":273,"why":"In the quiet period. Expires in 59 sec","actions":[{"causes":[{"shortDescription":"Started by user admin"}]}],"task":{"name":"deploy","url":"http://jenkins.example.com/job/deploy/"}}"#;

fn created() -> Answer {
    Answer::Http(201, vec![("Location", "http://jenkins.example.com/queue/item/273/".into())], Vec::new())
}

fn deploy() -> Script {
    Script::new()
        .json("/job/deploy/api/json", DEPLOY)
        .json("/queue/api/json", r#"{"items":[]}"#)
        .json("/job/deploy/6/", r#"{"number":6,"building":true,"timestamp":1795521600000}"#)
}

fn trigger(
    script: Script,
    job: &str,
    given: &[&str],
    cause: Option<&str>,
    wait: Option<u32>,
) -> (Result<StartedBuild, Error>, std::rc::Rc<Script>) {
    let (call, script) = script.call();
    let given = given.iter().map(|g| (*g).to_owned()).collect();
    (run(trigger_build(&call, job.into(), None, Some(given), cause.map(str::to_owned), wait)), script)
}

fn posts(script: &Script) -> Vec<String> {
    script.requests().into_iter().filter(|r| r.starts_with("POST")).collect()
}

#[test]
fn a_parameterised_job_is_triggered_and_followed_on_our_own_address() {
    let (answer, script) = trigger(
        deploy().json("/queue/item/273/", LEFT).on("POST /job/deploy/buildWithParameters", created()),
        "deploy",
        &["TARGET=production", "UNLOCK_CODE=hunter2"],
        None,
        None,
    );
    let answer = answer.unwrap();
    assert_eq!((answer.queue_id, answer.build, answer.state.as_str(), answer.coalesced), (Some(273), Some(6), "RUNNING", false));
    assert!(answer.text.contains("next: wait_for_build(job=\"deploy\", build=\"6\")"), "{}", answer.text);
    assert!(!format!("{answer:?}").contains("hunter2"));
    assert_eq!(posts(&script), ["POST /job/deploy/buildWithParameters?delay=0sec"]);
    let seen = script.seen.borrow();
    assert_eq!(seen.iter().find(|r| r.method.as_str() == "POST").unwrap().body, b"TARGET=production&UNLOCK_CODE=hunter2");
    assert_eq!(seen.len(), 5);
}

#[test]
fn wrong_parameters_never_reach_jenkins() {
    for given in ["TARGTE=staging", "TARGET=moon", "nonsense"] {
        let (answer, script) = trigger(deploy(), "deploy", &[given], None, None);
        assert_eq!(answer.unwrap_err().code(), "invalid-params", "{given}");
        assert!(posts(&script).is_empty());
    }
}

#[test]
fn a_job_without_parameters_uses_the_other_form() {
    let script = Script::new().json("/job/heartbeat/api/json", HEARTBEAT).json("/queue/api/json", "{}").json("/queue/item/273/", WAITING);
    let (answer, script) = trigger(script.on("POST /job/heartbeat/build?", created()), "heartbeat", &[], None, None);
    let answer = answer.unwrap();
    assert_eq!((answer.build, answer.state.as_str()), (None, "waiting"));
    assert!(answer.text.contains("why: \"In the quiet period. Expires in 59 sec\""), "{}", answer.text);
    assert!(answer.text.contains("next: wait_for_build(queue_id=273)"), "{}", answer.text);
    assert_eq!(posts(&script), ["POST /job/heartbeat/build?delay=0sec"]);
    let seen = script.seen.borrow();
    let post = seen.iter().find(|r| r.method.as_str() == "POST").unwrap();
    assert!(post.headers.iter().any(|(n, v)| n == "Content-Type" && v == "application/x-www-form-urlencoded"));
}

#[test]
fn a_trigger_without_a_queue_item_is_no_success() {
    for location in [None, Some("/job/heartbeat/")] {
        let headers = location.map(|l| ("Location", l.to_owned())).into_iter().collect();
        let script = Script::new()
            .json("/job/heartbeat/api/json", HEARTBEAT)
            .json("/queue/api/json", "{}")
            .on("POST", Answer::Http(201, headers, Vec::new()));
        let record = trigger(script, "heartbeat", &[], None, None).0.unwrap_err().into_tool_error(String::new());
        assert!(record.message.starts_with("Jenkins accepted the request but named no queue item"), "{}", record.message);
        assert!(record.next_actions[0].contains("list_builds"));
    }
}

#[test]
fn an_equal_build_that_waits_already_is_said_to_be_the_same_one() {
    let before = format!(r#"{{"items":[{WAITING}]}}"#);
    let script = Script::new().json("/job/deploy/api/json", DEPLOY).json("/queue/api/json", &before).json("/queue/item/273/", WAITING);
    let answer = trigger(script.on("POST", created()), "deploy", &[], None, None).0.unwrap();
    assert!(answer.coalesced && answer.text.contains("no second build"), "{}", answer.text);
    // Or it came between our look and our request: then it has two causes.
    let twice = WAITING.replace(r#""causes":["#, r#""causes":[{"shortDescription":"Started by user lin"},"#);
    let answer = trigger(deploy().json("/queue/item/273/", &twice).on("POST", created()), "deploy", &[], None, None).0.unwrap();
    assert!(answer.coalesced);
}

#[test]
fn a_disabled_job_is_a_conflict_whether_seen_before_or_after() {
    let disabled = HEARTBEAT.replace("true", "false");
    let (answer, script) =
        trigger(Script::new().json("/job/heartbeat/api/json", &disabled).json("/queue/api/json", "{}"), "heartbeat", &[], None, None);
    assert!(answer.unwrap_err().to_string().contains("enable_job first") && posts(&script).is_empty());
    let page = b"<p><b>Message</b> heartbeat is not buildable</p>".to_vec();
    let script = Script::new()
        .json("/job/heartbeat/api/json", HEARTBEAT)
        .json("/queue/api/json", "{}")
        .on("POST", Answer::Http(409, Vec::new(), page));
    let error = trigger(script, "heartbeat", &[], None, None).0.unwrap_err();
    assert!(error.code() == "conflict" && error.to_string().contains("enable_job first"), "{error}");
}

#[test]
fn a_multibranch_job_is_not_scanned_by_mistake() {
    let checkout = r#"{"_class":"org.x.WorkflowMultiBranchProject","jobs":[{"name":"main"},{"name":"feature%2Flogin"}]}"#;
    let (answer, script) = trigger(Script::new().json("/job/checkout/api/json", checkout), "checkout", &[], None, None);
    let record = answer.unwrap_err().into_tool_error(String::new());
    assert_eq!((record.code.as_str(), record.hint.as_deref()), ("invalid-params", Some("Give ref, one of: main, feature/login.")));
    assert!(posts(&script).is_empty());
}

#[test]
fn it_waits_for_the_start_as_long_as_asked() {
    let turns = vec![json(WAITING), json(WAITING), json(WAITING), json(LEFT)];
    let answer = trigger(deploy().turns("GET /queue/item/273/", turns).on("POST", created()), "deploy", &[], None, Some(60)).0.unwrap();
    assert_eq!(answer.build, Some(6));
}

#[test]
fn the_cause_becomes_the_description_or_is_said_to_be_lost() {
    let described = Answer::Http(302, vec![("Location", "/job/deploy/6/".into())], Vec::new());
    let script = deploy()
        .json("/queue/item/273/", LEFT)
        .on("POST /job/deploy/buildWithParameters", created())
        .on("POST /job/deploy/6/submitDescription", described);
    let (answer, script) = trigger(script, "deploy", &[], Some("rollback of 1.9"), None);
    assert!(!answer.unwrap().text.contains("missing"));
    assert_eq!(posts(&script).len(), 2);
    assert!(posts(&script)[0].ends_with("&cause=rollback%20of%201.9"));
    let answer = trigger(deploy().json("/queue/item/273/", WAITING).on("POST", created()), "deploy", &[], Some("why"), None).0.unwrap();
    assert!(answer.text.contains("the cause is not recorded"), "{}", answer.text);
}

#[test]
fn a_connection_that_breaks_after_the_trigger_is_never_tried_again() {
    let script = deploy().on("POST", Answer::Fails(TransportError::Broken("reset".into())));
    let (answer, script) = trigger(script, "deploy", &[], None, None);
    let record = answer.unwrap_err().into_tool_error(String::new());
    assert!(record.message.contains("not known whether the start of deploy took effect"), "{}", record.message);
    assert_eq!(posts(&script).len(), 1);
}

#[test]
fn a_started_build_is_reported_though_the_queue_cannot_be_read() {
    let refused = Answer::Http(500, Vec::new(), Vec::new());
    let answer = trigger(deploy().on("GET /queue/item/273/", refused).on("POST", created()), "deploy", &[], None, None).0.unwrap();
    assert_eq!((answer.queue_id, answer.build), (Some(273), None));
    assert!(answer.text.contains("missing: the queue item"), "{}", answer.text);
}
