//! The tools that act, against a controller that reacts as the recorded flows show.

use std::rc::Rc;

use jankins_tests::simulator::User;

use super::{config, input, node, queue, replay, retry, stop, switch, trigger, watch};
use crate::app::App;
use crate::bindings::jankins::plugin::types::{InputAction, StartedBuild, StateChange, WaitedBuild};
use crate::call::Call;
use crate::error::Error;
use crate::testing::run;
use crate::testing::simulated::{Controller, Sent};

fn call(app: &Rc<App>) -> Call {
    Call::new(Rc::clone(app), None)
}

fn start(app: &Rc<App>, job: &str, parameters: &[&str]) -> Result<StartedBuild, Error> {
    let parameters = parameters.iter().map(|p| (*p).to_owned()).collect();
    run(trigger::trigger_build(&call(app), job.into(), None, Some(parameters), None, Some(20)))
}

fn wait(app: &Rc<App>, job: &str, build: Option<u32>, queue_id: Option<u32>) -> WaitedBuild {
    let build = build.map(|n| n.to_string());
    run(watch::wait_for_build(&call(app), Some(job.into()), None, build, queue_id, None, Some(120))).unwrap()
}

fn posts(sent: &Sent) -> Vec<String> {
    sent.borrow().iter().filter(|request| request.starts_with("POST")).cloned().collect()
}

fn states(change: &StateChange) -> (&str, &str, bool) {
    (&change.before, &change.after, change.changed)
}

#[test]
fn a_build_is_triggered_with_parameters_and_waited_for() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Admin);
    let started = start(&app, "deploy", &["TARGET=staging"]).unwrap();
    assert!(started.queue_id.is_some() && started.build.is_some() && !started.coalesced, "{}", started.text);
    assert_eq!(posts(&sent).len(), 1);
    assert!(posts(&sent)[0].starts_with("POST /job/deploy/buildWithParameters?"), "{:?}", posts(&sent));
    let ended = wait(&app, "deploy", started.build, None);
    assert!(ended.finished && ended.result == "SUCCESS", "{}", ended.text);
}

#[test]
fn a_job_without_parameters_is_triggered_by_the_other_form() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Lin);
    let started = start(&app, "heartbeat", &[]).unwrap();
    assert_eq!(started.build, Some(113), "{}", started.text);
    assert!(posts(&sent)[0].starts_with("POST /job/heartbeat/build?"), "{:?}", posts(&sent));
}

#[test]
fn what_jenkins_would_refuse_or_ignore_never_reaches_it() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Admin);
    for (job, parameters, code) in [
        ("deploy", &["TARGET=moon"][..], "invalid-params"),
        ("deploy", &["TARGTE=staging"], "invalid-params"),
        ("heartbeat", &["A=1"], "invalid-params"),
        ("shop/checkout", &[], "invalid-params"),
        ("old-import", &[], "conflict"),
        ("no-such-job", &[], "not-found"),
    ] {
        assert_eq!(start(&app, job, parameters).unwrap_err().code(), code, "{job} {parameters:?}");
    }
    assert!(posts(&sent).is_empty(), "{:?}", posts(&sent));
}

#[test]
fn a_second_request_for_a_build_that_waits_is_said_to_be_the_same_one() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Admin);
    let started = run(trigger::trigger_build(&call(&app), "slow-import".into(), None, None, None, None)).unwrap();
    assert_eq!((started.queue_id, started.coalesced, started.state.as_str()), (Some(262), true, "blocked"), "{}", started.text);
}

#[test]
fn whoever_may_not_build_is_told_the_right_that_is_missing() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Reader);
    let error = start(&app, "heartbeat", &[]).unwrap_err();
    assert!(error.code() == "forbidden" && error.to_string().contains("Job/Build"), "{error}");
}

#[test]
fn a_password_gets_a_crumb_with_its_session_once_and_keeps_it() {
    let controller = Controller::start();
    let (app, sent) = controller.instance_with_password(User::Lin);
    for _ in 0..2 {
        assert!(start(&app, "deploy", &["TARGET=staging"]).unwrap().queue_id.is_some());
    }
    let issued = sent.borrow().iter().filter(|request| request.starts_with("GET /crumbIssuer/")).count();
    // The first of three was refused for want of a crumb: a refused request did nothing.
    assert_eq!((issued, posts(&sent).len()), (1, 3), "{:?}", sent.borrow());
}

#[test]
fn a_running_build_is_stopped_and_reports_its_end_and_a_second_stop_sends_nothing() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Admin);
    let stopped = run(stop::stop_build(&call(&app), "long-runner".into(), "1".into(), None, None)).unwrap();
    assert_eq!(states(&stopped), ("RUNNING", "ABORTED", true), "{}", stopped.text);
    let again = run(stop::stop_build(&call(&app), "long-runner".into(), "1".into(), None, None)).unwrap();
    assert_eq!((states(&again), posts(&sent).len()), (("ABORTED", "ABORTED", false), 1), "{}", again.text);
}

#[test]
fn an_input_is_answered_with_its_parameters_and_the_build_goes_on() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Lin);
    let answer = |parameters: &[&str]| {
        let parameters = parameters.iter().map(|p| (*p).to_owned()).collect();
        run(input::submit_input(
            &call(&app),
            "release".into(),
            "ShipIt".into(),
            InputAction::Proceed,
            None,
            Some("3".into()),
            Some(parameters),
        ))
    };
    assert_eq!(answer(&["CHANNEL=moon"]).unwrap_err().code(), "invalid-params");
    let change = answer(&["CHANNEL=beta"]).unwrap();
    assert!(change.changed && change.before == "waiting at input ShipIt", "{}", change.text);
    let ended = wait(&app, "release", Some(3), None);
    assert!(ended.finished, "{}", ended.text);
    assert_eq!(answer(&[]).unwrap_err().code(), "conflict");
}

#[test]
fn an_input_that_is_aborted_ends_its_build() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Admin);
    let call = call(&app);
    let change =
        run(input::submit_input(&call, "release".into(), "ShipIt".into(), InputAction::Abort, None, Some("3".into()), None)).unwrap();
    assert!(change.changed, "{}", change.text);
    assert_eq!(wait(&app, "release", Some(3), None).result, "ABORTED");
}

#[test]
fn a_pipeline_is_replayed_and_found_by_its_cause() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Admin);
    let started = run(replay::replay_build(&call(&app), "rust-core".into(), None, Some("2".into()), None, None)).unwrap();
    assert_eq!((started.build, started.queue_id), (Some(4), None), "{}", started.text);
    assert_eq!(posts(&sent).len(), 1);
}

#[test]
fn a_failure_that_repeats_ends_the_retries_after_one_that_was_waited_for() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Admin);
    let retried = run(retry::retry_flaky_build(&call(&app), "rust-core".into(), None, Some("2".into()), Some(2), None, Some(200))).unwrap();
    assert!(retried.attempts.iter().all(|attempt| attempt.result != "RUNNING"), "{}", retried.text);
    assert_eq!(posts(&sent).len(), retried.attempts.len(), "{}", retried.text);
}

#[test]
fn a_queue_item_is_cancelled_and_seen_to_be() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Admin);
    let entry = run(queue::cancel_queue_item(&call(&app), 263)).unwrap();
    assert_eq!(entry.state, "cancelled", "{}", entry.text);
    assert_eq!(run(queue::cancel_queue_item(&call(&app), 1)).unwrap_err().code(), "not-found");
}

#[test]
fn a_job_is_enabled_and_disabled_and_a_repetition_changes_nothing() {
    let controller = Controller::start();
    let (app, sent) = controller.instance(User::Admin);
    let on = || run(switch::enable_job(&call(&app), "old-import".into(), None)).unwrap();
    assert!(on().changed);
    assert!(!on().changed);
    assert!(run(switch::disable_job(&call(&app), "old-import".into(), None)).unwrap().changed);
    assert_eq!(posts(&sent).len(), 2);
}

#[test]
fn a_node_is_taken_offline_with_a_reason_and_back() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Admin);
    let set = |offline, reason: Option<&str>| {
        run(node::set_node_offline(&call(&app), "linux-1".into(), offline, reason.map(Into::into))).unwrap()
    };
    let off = set(true, Some("kernel update"));
    assert_eq!(states(&off), ("online", "taken offline: \"kernel update\"", true));
    assert!(!set(true, None).changed);
    assert_eq!(states(&set(false, None)).1, "online");
}

#[test]
fn a_job_is_created_copied_and_deleted_each_with_the_state_after_it() {
    let controller = Controller::start();
    let (app, _) = controller.instance(User::Admin);
    let xml = "<project><description>made here</description><builders/></project>";
    assert!(run(config::create_job(&call(&app), "made-here".into(), xml.into())).unwrap().changed);
    assert_eq!(run(config::create_job(&call(&app), "made-here".into(), xml.into())).unwrap_err().code(), "conflict");
    assert!(run(config::copy_job(&call(&app), "made-here".into(), "made-twice".into())).unwrap().changed);
    for job in ["made-here", "made-twice"] {
        assert!(run(config::delete_job(&call(&app), job.into())).unwrap().changed);
    }
    assert_eq!(run(config::delete_job(&call(&app), "made-here".into())).unwrap_err().code(), "not-found");
}
