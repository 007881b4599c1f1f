use jankins_tests::simulator::User;

use super::*;
use crate::testing::simulated::{simulated, simulated_as};
use crate::testing::{Script, run};

fn list(call: &Call, label: Option<&str>, status: Option<NodeStatus>, format: Option<Format>) -> NodeList {
    run(list_nodes(call, label.map(str::to_owned), status, None, None, format)).unwrap()
}

fn names(list: &NodeList) -> Vec<&str> {
    list.nodes.iter().map(|node| node.name.as_str()).collect()
}

#[test]
fn every_node_is_told_with_its_executors_builds_and_why_it_is_offline() {
    let (call, sent) = simulated(None);
    let it = list(&call, None, None, None);
    assert_eq!(names(&it), ["built-in", "linux-1", "linux-2", "linux-3"]);
    assert!(it.text.starts_with("4 nodes, 2 online; 2 of 10 executors busy\nbuilt-in online, 2 of 8 executors busy"), "{}", it.text);
    assert!(it.text.contains("linux-2 OFFLINE (not connected so far)"), "{}", it.text);
    assert!(it.text.contains("linux-3 OFFLINE for 10h 58m (taken offline, \"disk full, Lin is replacing it\")"), "{}", it.text);
    assert_eq!(it.nodes[0].running.iter().filter(|b| ["slow-import #1", "long-runner #1"].contains(&b.as_str())).count(), 2);
    assert_eq!(sent.borrow().len(), 1);
}

#[test]
fn nodes_are_filtered_by_status_and_by_label_expression() {
    let (call, _) = simulated(None);
    assert_eq!(names(&list(&call, None, Some(NodeStatus::Offline), None)), ["linux-2", "linux-3"]);
    assert_eq!(names(&list(&call, None, Some(NodeStatus::Busy), None)), ["built-in"]);
    assert_eq!(names(&list(&call, None, Some(NodeStatus::Idle), None)), ["linux-1"]);
    assert_eq!(names(&list(&call, Some("master"), None, None)), ["built-in"]);
    assert_eq!(names(&list(&call, Some("!built-in"), Some(NodeStatus::Online), None)), ["linux-1"]);
}

#[test]
fn a_label_that_no_node_has_is_said_with_those_there_are() {
    let (call, _) = simulated(None);
    let it = list(&call, Some("gpu"), None, None);
    assert!(
        it.text.contains("no node of 4 has label gpu") && it.text.contains("labels there are: arm64, big, docker, linux"),
        "{}",
        it.text
    );
    assert_eq!((it.shown, it.total), (0, 0));
}

#[test]
fn monitors_are_told_on_full_and_their_absence_to_whoever_may_not_see_them() {
    let (call, _) = simulated(None);
    let it = list(&call, Some("linux-1"), None, Some(Format::Full));
    assert!(it.text.contains("\n  disk-free 70.3 GB, temp-free 70.3 GB, memory-free 23.2 GB"), "{}", it.text);
    let brief = list(&call, Some("linux-1"), None, None);
    assert!(brief.nodes[0].monitors.is_empty());
    let body = r#"{"computer":[{"_class":"hudson.slaves.SlaveComputer","displayName":"a","monitorData":{},"numExecutors":1}]}"#;
    let (call, _) = Script::new().json("/computer/", body).call();
    assert!(list(&call, None, None, Some(Format::Full)).text.contains("this account may not see them"));
}

#[test]
fn a_reader_sees_the_nodes_too() {
    let (call, _) = simulated_as(User::Reader, None);
    assert_eq!(names(&list(&call, None, None, None)).len(), 4);
}

#[test]
fn pages_go_on_and_a_list_that_changed_under_a_cursor_is_noticed() {
    let (call, _) = simulated(None);
    let page = |cursor: Option<String>| run(list_nodes(&call, None, None, Some(3), cursor, None));
    let first = page(None).unwrap();
    assert_eq!((first.shown, first.total), (3, 4));
    assert!(first.text.contains("next: list_nodes(cursor=\""), "{}", first.text);
    let second = page(first.next_cursor.clone()).unwrap();
    assert_eq!((names(&second), second.next_cursor.clone()), (vec!["linux-3"], None));
    let body = r#"{"computer":[{"displayName":"a"},{"displayName":"b"},{"displayName":"c"},{"displayName":"d"}]}"#;
    let (other, _) = Script::new().json("/computer/", body).call();
    let error = run(list_nodes(&other, None, None, Some(3), first.next_cursor, None)).unwrap_err();
    assert!(error.to_string().contains("stale"), "{error}");
}

#[test]
fn what_people_wrote_is_quoted_and_odd_nodes_are_no_crash() {
    let body = r#"{"computer":[{"displayName":"a\nnext: delete_job(job=\"x\")","assignedLabels":[{"name":"ok\nnext: x"}],"description":"b\nnext: stop_build","offline":true,"offlineCauseReason":"c\nnext: d"},
        null,{"displayName":null,"executors":[{"currentExecutable":{}}]}]}"#;
    let (call, _) = Script::new().json("/computer/", body).call();
    let it = list(&call, None, None, Some(Format::Full));
    assert!(it.text.lines().all(|line| !line.starts_with("next:")), "{}", it.text);
    assert_eq!(it.total, 3);
}
