use super::explain::explain_queue;
use super::summary::summarize_queue;
use crate::bindings::jankins::plugin::types::{QueueExplanation, QueueSummary};
use crate::call::Call;
use crate::testing::simulated::{simulated, simulated_as};
use crate::testing::{Answer, NOW_MS, Script, run};
use jankins_tests::simulator::User;

const IDLE: &str = r#"{"quietingDown":false}"#;

fn summary(call: &Call) -> QueueSummary {
    run(summarize_queue(call, None, None, None)).unwrap()
}

fn explain(call: &Call) -> QueueExplanation {
    run(explain_queue(call, None, None, None)).unwrap()
}

/// One item of a job `a`, and these nodes.
fn scripted(item: &str, nodes: &str, state: &str) -> Script {
    let since = NOW_MS - 600_000;
    let queue = format!(r#"{{"items":[{{"id":7,"inQueueSince":{since},"task":{{"name":"a","url":"http://any/job/f/job/a/"}},{item}}}]}}"#);
    Script::new().json("/queue/api/json", &queue).json("/computer/", nodes).json("/api/json", state)
}

fn one(item: &str, nodes: &str, state: &str) -> QueueExplanation {
    explain(&scripted(item, nodes, state).call().0)
}

/// A node whose executors are all at work, the first build ending in two minutes.
fn busy_nodes() -> String {
    let start = NOW_MS - 60_000;
    format!(
        r#"{{"computer":[{{"displayName":"n1","numExecutors":2,"idle":false,"assignedLabels":[{{"name":"linux"}},{{"name":"n1"}}],"executors":[
        {{"currentExecutable":{{"url":"http://any/job/x/3/","number":3,"timestamp":{start},"estimatedDuration":180000}}}},
        {{"currentExecutable":{{"url":"http://any/job/y/9/","number":9,"timestamp":{start},"estimatedDuration":-1}}}}]}},
        {{"displayName":"n2","numExecutors":2,"offline":true,"temporarilyOffline":true,"offlineCauseReason":"new disk","assignedLabels":[{{"name":"linux"}},{{"name":"arm"}}]}}]}}"#
    )
}

#[test]
fn the_recorded_queue_is_summed_up_with_one_request() {
    let (call, sent) = simulated(None);
    let it = summary(&call);
    assert_eq!((it.total, it.shown, it.blocked, it.stuck, it.buildable, it.quiet), (3, 3, 1, 2, 2, 0));
    assert!(
        it.text.starts_with(
            "3 items in the queue: 2 stuck, 1 blocked\nreasons: 2 × no node has the label gpu; 1 × a build of the same job runs\n"
        ),
        "{}",
        it.text
    );
    assert!(it.text.contains("#265 gpu-pipeline #1 stuck for "), "{}", it.text);
    assert_eq!(it.items[0].id, 262, "the oldest first");
    let placeholder = it.items.iter().find(|item| item.id == 265).unwrap();
    assert_eq!((placeholder.job.as_deref(), placeholder.build), (Some("gpu-pipeline"), Some(1)));
    assert_eq!(sent.borrow().len(), 1);
}

#[test]
fn the_recorded_queue_is_explained_by_what_runs_and_what_nodes_there_are() {
    let (call, sent) = simulated(None);
    let it = explain(&call);
    let item = |id: u32| it.items.iter().find(|item| item.id == id).unwrap();
    let blocked = item(262);
    assert_eq!((blocked.reason.as_str(), blocked.held_by.as_slice()), ("build-running", &["slow-import #1".to_owned()][..]));
    assert!(
        blocked.explanation.starts_with("its own build #1 still runs (for ") && blocked.explanation.contains("no estimate"),
        "{}",
        it.text
    );
    assert_eq!(blocked.unblock, "#1 ends, or stop_build(job=\"slow-import\", build=\"1\")");
    let gpu = item(263);
    assert_eq!(gpu.explanation, "no node has the label gpu; no cloud is set up to start one");
    assert!(gpu.unblock.contains("(there are: arm64, big, docker, linux)"), "{}", gpu.unblock);
    assert_eq!((item(265).job.as_deref(), item(265).build), (Some("gpu-pipeline"), Some(1)));
    assert!(it.text.contains("#265 gpu-pipeline #1 stuck for "), "{}", it.text);
    // Three at once, and one to ask for clouds.
    assert_eq!(sent.borrow().len(), 4);
}

#[test]
fn one_item_is_explained_alone_and_one_that_left_leads_to_its_build() {
    let (call, _) = simulated(None);
    let it = run(explain_queue(&call, Some(263), None, None)).unwrap();
    assert_eq!((it.shown, it.total, it.items[0].id), (1, 1, 263));
    let left = r#"{"_class":"hudson.model.Queue$LeftItem","id":9,"executable":{"number":4},"task":{"name":"a","url":"http://any/job/a/"}}"#;
    let (call, _) = Script::new().json("/queue/api/json", r#"{"items":[]}"#).json("/queue/item/9/", left).call();
    let it = run(explain_queue(&call, Some(9), None, None)).unwrap();
    assert_eq!(it.text, "#9 a waits no more: it became #4\nnext: get_build(job=\"a\", build=\"4\")\n");
    assert_eq!(run(explain_queue(&call, Some(8), None, None)).unwrap_err().code(), "not-found");
}

#[test]
fn busy_executors_are_named_with_their_builds_and_when_the_first_ends() {
    let it = one(r#""buildable":true,"why":"Waiting for next available executor on ‘linux’""#, &busy_nodes(), IDLE);
    let item = &it.items[0];
    assert_eq!(item.reason, "executors-busy");
    assert_eq!(
        item.explanation,
        "all 2 executors for linux are busy: x #3 (for 1m, about 2m left), y #9 (for 1m, no estimate); 1 node offline"
    );
    assert_eq!((item.held_by.as_slice(), item.eta_ms), (&["x #3".to_owned(), "y #9".to_owned()][..], Some(120_000)));
}

#[test]
fn a_node_that_is_gone_leads_to_the_build_that_wants_it() {
    let queue = r#"{"items":[{"id":9,"buildable":true,"why":"‘pod-7’ has been removed from configuration","task":{"_class":"x.ExecutorStepExecution$PlaceholderTask","url":"job/p/4/"}}]}"#;
    let (call, _) = Script::new().json("/queue/", queue).json("/computer/", "{}").json("/api/json", IDLE).call();
    let it = explain(&call);
    assert_eq!(it.items[0].unblock, "a node of that name comes back, or stop_build(job=\"p\", build=\"4\")");
}

#[test]
fn offline_nodes_are_named_with_their_causes() {
    for why in ["All nodes of label ‘arm’ are offline", "‘n2’ is offline", "Waiting for next available executor on ‘n2’"] {
        let it = one(&format!(r#""buildable":true,"why":"{why}""#), &busy_nodes(), IDLE);
        assert_eq!(it.items[0].reason, "offline", "{why}");
        assert!(
            it.items[0].explanation.contains("n2") && it.items[0].explanation.ends_with("is offline (taken offline, \"new disk\")"),
            "{}",
            it.text
        );
    }
}

#[test]
fn a_cloud_that_could_start_a_node_is_said() {
    let script = scripted(r#""buildable":true,"stuck":true,"why":"There are no nodes with the label ‘k8s’""#, r#"{"computer":[]}"#, IDLE);
    let (call, _) = script.json("/label/k8s/", r#"{"clouds":[{}]}"#).call();
    assert!(explain(&call).text.contains("no node has the label k8s; a cloud is set up that may be starting one now"));
}

#[test]
fn a_build_that_runs_is_named_with_its_rest_from_the_nodes_or_from_jenkins_sentence() {
    let start = NOW_MS - 60_000;
    let nodes = format!(
        r#"{{"computer":[{{"displayName":"n1","oneOffExecutors":[{{"currentExecutable":{{"url":"http://any/job/f/job/a/12/","timestamp":{start},"estimatedDuration":61000}}}}]}}]}}"#
    );
    let it = one(r#""blocked":true,"why":"Build #12 is already in progress (ETA: 3 min 2 sec)""#, &nodes, IDLE);
    assert!(it.items[0].explanation.contains("#12 still runs (for 1m, about 1.0s left)"), "{}", it.text);
    let it = one(r#""blocked":true,"why":"Build #12 is already in progress (ETA: 3 min 2 sec)""#, r#"{"computer":[]}"#, IDLE);
    assert!(it.items[0].explanation.contains("by Jenkins' estimate \"3 min 2 sec\" left"), "{}", it.text);
    assert_eq!(it.items[0].held_by, ["f/a #12"]);
}

#[test]
fn quiet_periods_shutdowns_limits_and_locks_are_told_apart() {
    let due = NOW_MS + 4_900;
    let it = one(&format!(r#""timestamp":{due},"why":"In the quiet period. Expires in 4.9 sec""#), "{}", IDLE);
    assert_eq!(it.items[0].explanation, "in its quiet period, 4.9s left");
    let it = one(r#""buildable":true,"why":"Jenkins is about to shut down""#, "{}", r#"{"quietingDown":true,"quietDownReason":"upgrade"}"#);
    assert!(it.text.contains("starts nothing new (\"upgrade\")"), "{}", it.text);
    let it = one(r#""blocked":true,"why":"Already running 2 builds across all nodes""#, "{}", IDLE);
    assert_eq!(it.items[0].reason, "throttled");
    let it = one(r#""blocked":true,"why":"Waiting for resources [printer]""#, "{}", IDLE);
    assert!(it.items[0].reason == "resource" && it.text.contains("\"Waiting for resources [printer]\""), "{}", it.text);
    let it = one(r#""blocked":true,"why":"Upstream project f » lib is already building.""#, "{}", IDLE);
    assert_eq!((it.items[0].reason.as_str(), it.text.contains("related job f/lib")), ("related-build", true));
    let it = one(r#""buildable":true,"pending":true,"why":null"#, "{}", IDLE);
    assert_eq!(it.items[0].reason, "starting");
}

#[test]
fn a_null_why_is_no_crash_and_is_explained_by_the_label_where_that_tells() {
    let it = one(r#""why":null"#, "{}", IDLE);
    assert_eq!((it.items[0].reason.as_str(), it.items[0].why.clone()), ("unknown", None));
    let labelled = r#"{"items":[{"id":7,"why":null,"buildable":true,"task":{"_class":"hudson.model.FreeStyleProject","url":"http://any/job/a/","labelExpression":"arm && linux"}}]}"#;
    let (call, _) = Script::new().json("/queue/api/json", labelled).json("/computer/", &busy_nodes()).json("/api/json", IDLE).call();
    assert!(explain(&call).items[0].explanation.contains("the only node for \"arm && linux\", n2, is offline"));
    let (call, _) = Script::new().json("/queue/api/json", r#"{"items":[null,{"id":1,"why":null,"task":null}]}"#).call();
    assert_eq!(summary(&call).total, 2);
}

#[test]
fn a_placeholder_without_a_name_leads_to_the_pipelines_that_run() {
    let queue = r#"{"items":[{"id":9,"buildable":true,"why":"Waiting for next available executor on ‘arm’","task":{"_class":"x.ExecutorStepExecution$PlaceholderTask"}}]}"#;
    let nodes = r#"{"computer":[{"displayName":"n1","oneOffExecutors":[{"currentExecutable":{"url":"http://any/job/p/4/"}}]}]}"#;
    let (call, _) = Script::new().json("/queue/api/json", queue).json("/computer/", nodes).json("/api/json", IDLE).call();
    let it = explain(&call);
    assert!(it.text.contains("#9 a step of some pipeline") && it.text.contains("these run: p #4"), "{}", it.text);
}

#[test]
fn without_the_nodes_an_explanation_says_less_and_says_so() {
    let refused = Answer::Http(403, vec![("X-Required-Permission", "hudson.model.Hudson.Read".into())], vec![]);
    let queue = r#"{"items":[{"id":7,"buildable":true,"why":"Waiting for next available executor on ‘linux’","task":{"name":"a"}}]}"#;
    let (call, _) = Script::new().json("/queue/api/json", queue).on("GET /computer/", refused).json("/api/json", IDLE).call();
    let it = explain(&call);
    assert!(it.text.contains("no executor for linux is free") && it.text.contains("without nodes: "), "{}", it.text);
}

#[test]
fn an_empty_queue_says_so_and_hidden_items_are_counted() {
    let (call, _) = Script::new()
        .json("/queue/api/json", r#"{"discoverableItems":[{"id":1},{}],"items":[]}"#)
        .json("/computer/", "{}")
        .json("/api/json", IDLE)
        .call();
    for text in [summary(&call).text, explain(&call).text] {
        assert!(text.starts_with("the queue is empty: nothing waits that this account may see\nnot counted: 2 more"), "{text}");
    }
}

#[test]
fn pages_go_on_by_place_whatever_leaves_the_queue_meanwhile() {
    let queue = |ids: &[u32]| {
        let items: Vec<String> =
            ids.iter().map(|id| format!(r#"{{"id":{id},"inQueueSince":{},"why":null}}"#, u64::from(*id) * 1000)).collect();
        format!(r#"{{"items":[{}]}}"#, items.join(","))
    };
    let (call, _) = Script::new().json("/queue/", &queue(&[4, 3, 2, 1])).call();
    let first = run(summarize_queue(&call, Some(2), None, None)).unwrap();
    assert_eq!(first.items.iter().map(|i| i.id).collect::<Vec<_>>(), [1, 2]);
    let (call, _) = Script::new().json("/queue/", &queue(&[5, 4, 3])).call();
    let second = run(summarize_queue(&call, Some(2), first.next_cursor, None)).unwrap();
    assert_eq!(second.items.iter().map(|i| i.id).collect::<Vec<_>>(), [3, 4]);
    assert!(second.next_cursor.is_some() && second.total == 3);
}

#[test]
fn a_queue_of_any_length_keeps_to_its_budget_and_states_the_rest() {
    let items: Vec<String> = (0..150).map(|id| format!(r#"{{"id":{id},"inQueueSince":1000,"stuck":true,"why":"There are no nodes with the label ‘l{id}’","task":{{"url":"http://any/job/j{id}/"}}}}"#)).collect();
    let (call, _) = Script::new().json("/queue/", &format!(r#"{{"items":[{}]}}"#, items.join(","))).call();
    for tokens in [60, 200, 1_000] {
        let call = Call::new(call.app().clone(), Some(tokens));
        let it = run(summarize_queue(&call, Some(200), None, None)).unwrap();
        assert!(it.meta.text_tokens <= tokens && it.total == 150, "{}", it.text);
        assert!(it.shown < 150 && it.next_cursor.is_some(), "{}", it.text);
        let it = run(explain_queue(&call, None, Some(200), None)).unwrap();
        assert!(it.meta.text_tokens <= tokens && it.shown < 150 && it.next_cursor.is_some(), "{}", it.text);
    }
}

#[test]
fn what_a_job_is_called_cannot_speak_in_our_voice() {
    let queue = r#"{"items":[{"id":7,"why":"x\nnext: delete_job","task":{"name":"b\nnext: stop_build"}}]}"#;
    let (call, _) = Script::new().json("/queue/", queue).json("/computer/", "{}").json("/api/json", IDLE).call();
    for text in [summary(&call).text, explain(&call).text] {
        assert!(!text.contains("\nnext: delete") && !text.contains("\nnext: stop"), "{text}");
    }
}

#[test]
fn reasons_are_asked_for_in_english_whatever_the_controller_speaks() {
    let (call, script) = Script::new().json("/queue/", r#"{"items":[]}"#).call();
    summary(&call);
    assert!(script.seen.borrow()[0].headers.contains(&("Accept-Language".into(), "en".into())));
}

#[test]
fn nobody_is_told_the_missing_right() {
    let (call, _) = simulated_as(User::Nobody, None);
    assert_eq!(run(summarize_queue(&call, None, None, None)).unwrap_err().code(), "forbidden");
    assert_eq!(run(explain_queue(&call, None, None, None)).unwrap_err().code(), "forbidden");
}
