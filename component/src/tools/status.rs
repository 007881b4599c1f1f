//! `get-status`: how the controller is, and what it can be asked for.
//!
//! Everything is asked at once, and nothing is assumed: a part that this account may not see, or that fails, is absent from
//! the record and named in the text. Only the question who is asking has to be answered, which Jenkins does for anybody.

use std::rc::Rc;

use futures_util::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{Capability, Counter, Status};
use crate::call::{Call, saturate};
use crate::control;
use crate::error::Error;
use crate::jenkins::controller::{self, Plugin};
use crate::jenkins::nodes;
use crate::jenkins::pipeline::{Presence, Sources};
use crate::jenkins::queue_list;
use crate::text::{budget, human, names};

/// What may be asked of a controller, by the plugin that answers it.
const CAPABILITIES: [(&str, &str); 11] = [
    ("pipeline-graph-view", "pipeline-graph-view"),
    ("wfapi", "pipeline-rest-api"),
    ("blue-ocean", "blueocean-rest-impl"),
    ("pipeline-input", "pipeline-input-step"),
    ("jenkinsfile-validation", "pipeline-model-definition"),
    ("multibranch", "workflow-multibranch"),
    ("git", "git"),
    ("junit", "junit"),
    ("coverage", "coverage"),
    ("warnings", "warnings-ng"),
    ("metrics", "metrics"),
];

/// `get-status`.
pub(crate) async fn get_status(call: &Call) -> Result<Status, Error> {
    let (greeting, state, queue, nodes, plugins) =
        join!(controller::greet(call), controller::state(call), queue_list::lengths(call), nodes::brief(call), controller::plugins(call));
    let greeting = greeting?;
    if greeting.anonymous && matches!(state, Err(Error::Anonymous)) {
        return Err(Error::Anonymous);
    }
    let state = part(call, "state", state)?.unwrap_or_default();
    let queue = part(call, "queue", queue)?;
    let nodes = part(call, "nodes", nodes)?;
    // Most accounts may not list plugins, and then some are known from their answers: that is no loss to complain about.
    let plugins = match plugins {
        Err(error) if error.is_absence() || error == Error::Anonymous => None,
        other => part(call, "plugins", other)?,
    };
    let online = nodes.as_ref().map(|n| n.all.iter().filter(|node| !node.offline).count());
    let mut status = Status {
        text: String::new(),
        version: greeting.version,
        url: call.app().settings().url.clone(),
        user: greeting.user,
        mode: state.mode.map(|m| controller::version_of(&m)),
        quieting_down: state.quieting_down,
        quieting_down_reason: state.quiet_down_reason.filter(|r| !r.trim().is_empty()).map(|r| answer::redacted(call, &r)),
        queue_length: queue.as_ref().map(|q| q.all),
        queue_stuck: queue.as_ref().map(|q| q.stuck),
        executors_busy: nodes.as_ref().map(|n| n.busy_executors),
        executors_total: nodes.as_ref().map(|n| n.total_executors),
        nodes_online: online.map(|n| saturate(n as u64)),
        nodes_total: nodes.as_ref().map(|n| saturate(n.all.len() as u64)),
        offline_nodes: nodes.iter().flat_map(|n| &n.all).filter(|n| n.offline).map(|n| n.name().to_owned()).collect(),
        capabilities: capabilities(call, plugins.as_deref()),
        counters: control::stats(Ok(Rc::clone(call.app()))).values.into_iter().map(|s| Counter { name: s.name, value: s.value }).collect(),
        meta: call.meta(""),
    };
    status.text = answer::render(call, &describe(call, &status)).text;
    status.meta = call.meta(&status.text);
    Ok(status)
}

/// A part of the status that may be missing, which is then said; failures of the whole controller are passed on.
fn part<T>(call: &Call, what: &str, result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Err(error @ (Error::Anonymous | Error::NotFound { .. })) => {
            call.lacks(format!("{what}: {error}"));
            Ok(None)
        }
        other => call.optional(what, other),
    }
}

/// From the installed plugins where they may be seen, else from what has answered so far.
fn capabilities(call: &Call, plugins: Option<&[Plugin]>) -> Vec<Capability> {
    let found = |(name, plugin): &(&str, &str)| {
        let (available, detail) = match plugins {
            Some(plugins) => match plugins.iter().find(|p| p.short_name == *plugin) {
                Some(p) if p.active => (Some(true), format!("plugin {plugin} {}", controller::version_of(&p.version))),
                Some(_) => (Some(false), format!("plugin {plugin} is installed and not active")),
                None => (Some(false), format!("plugin {plugin} is not installed")),
            },
            None => match seen(call.app().sources(), name, call.app().clock().elapsed()) {
                Presence::Present => (Some(true), "has answered".to_owned()),
                Presence::Absent => (Some(false), "has not answered for a pipeline".to_owned()),
                Presence::Unknown => (None, "this account may not list plugins, and nothing has asked for it yet".to_owned()),
            },
        };
        Capability { name: (*name).to_owned(), available, detail }
    };
    CAPABILITIES.iter().map(found).collect()
}

fn seen(sources: &Sources, name: &str, now: std::time::Duration) -> Presence {
    match name {
        "pipeline-graph-view" => sources.graph_view(now),
        "wfapi" => sources.wfapi(now),
        "blue-ocean" => sources.blue_ocean(now),
        _ => Presence::Unknown,
    }
}

fn describe(call: &Call, it: &Status) -> budget::Answer {
    let mut out = budget::Answer::new(call.max_tokens());
    let version = it.version.as_deref().unwrap_or("of unknown version");
    out.head(format!("Jenkins {version} at {}, asked as {}", it.url, names::shown(&it.user)));
    if let Some(quieting) = it.quieting_down {
        let reason = it.quieting_down_reason.as_deref().map(|r| format!(" ({})", answer::quote(call, r))).unwrap_or_default();
        let mode = it.mode.as_deref().filter(|m| *m != "NORMAL").map(|m| format!("; built-in node {m}")).unwrap_or_default();
        let state =
            if quieting { format!("QUIETING DOWN{reason}: finishes what runs, starts nothing new") } else { "accepts builds".to_owned() };
        out.head(format!("state: {state}{mode}"));
    }
    if let (Some(length), Some(stuck)) = (it.queue_length, it.queue_stuck) {
        let stuck = if stuck > 0 { format!(", {stuck} stuck") } else { String::new() };
        out.head(format!("queue: {}{stuck}", human::count(u64::from(length), "item")));
    }
    if let (Some(busy), Some(total)) = (it.executors_busy, it.executors_total) {
        out.head(format!("executors: {busy} of {total} busy"));
    }
    if let (Some(online), Some(total)) = (it.nodes_online, it.nodes_total) {
        let offline: Vec<String> = it.offline_nodes.iter().take(10).map(|n| names::shown(n)).collect();
        let more = it.offline_nodes.len().saturating_sub(offline.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let offline = if offline.is_empty() { String::new() } else { format!("; offline: {}{more}", offline.join(", ")) };
        out.head(format!("nodes: {online} of {total} online{offline}"));
    }
    for missing in call.missing() {
        out.head(format!("not seen: {missing}"));
    }
    let named = |wanted: Option<bool>| {
        it.capabilities.iter().filter(|c| c.available == wanted).map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    for (title, wanted) in [("has", Some(true)), ("has not", Some(false)), ("may have (this account may not list plugins)", None)] {
        let list = named(wanted);
        if !list.is_empty() {
            out.head(format!("{title}: {list}"));
        }
    }
    // The zeros are in the record.
    let counters: Vec<String> = it.counters.iter().filter(|c| c.value != 0.0).map(|c| format!("{} {}", c.name, c.value)).collect();
    out.head(format!("this plugin: {}", counters.join(", ")));
    if it.queue_stuck.is_some_and(|n| n > 0) {
        out.next("explain_queue()");
    }
    if !it.offline_nodes.is_empty() {
        out.next("list_nodes(status=\"offline\")");
    }
    out
}

#[cfg(test)]
mod tests {
    use jankins_tests::simulator::User;

    use super::*;
    use crate::jenkins::path::{JobPath, Selector};
    use crate::jenkins::pipeline;
    use crate::testing::simulated::{simulated, simulated_as};
    use crate::testing::{Answer, Script, run};

    const WHO: &str = r#"{"anonymous":false,"name":"reader"}"#;

    fn forbidden(permission: &str) -> Answer {
        let headers = vec![("X-You-Are-Authenticated-As", "reader".to_owned()), ("X-Required-Permission", permission.to_owned())];
        Answer::Http(403, headers, vec![])
    }

    fn available(status: &Status, name: &str) -> Option<bool> {
        status.capabilities.iter().find(|c| c.name == name).unwrap().available
    }

    #[test]
    fn the_recorded_controller_is_told_as_it_was() {
        let (call, sent) = simulated(None);
        let status = run(get_status(&call)).unwrap();
        assert_eq!(status.version.as_deref(), Some("2.528.2"));
        assert_eq!((status.user.as_str(), status.quieting_down), ("admin", Some(false)));
        assert_eq!((status.queue_length, status.queue_stuck), (Some(3), Some(2)));
        assert_eq!((status.executors_busy, status.executors_total), (Some(2), Some(10)));
        assert_eq!((status.nodes_online, status.nodes_total), (Some(2), Some(4)));
        assert_eq!(status.offline_nodes, ["linux-2", "linux-3"]);
        assert_eq!((available(&status, "wfapi"), available(&status, "warnings")), (Some(true), Some(false)));
        assert_eq!(sent.borrow().len(), 5);
        assert!(status.meta.partial.is_empty(), "{:?}", status.meta.partial);
    }

    #[test]
    fn a_reader_sees_all_but_the_plugins_and_what_is_unknown_is_called_so() {
        let (call, _) = simulated_as(User::Reader, None);
        let status = run(get_status(&call)).unwrap();
        assert_eq!((status.queue_length, available(&status, "junit")), (Some(3), None));
        assert!(status.text.contains("this account may not list plugins"), "{}", status.text);
    }

    #[test]
    fn what_is_forbidden_is_absent_and_named_and_never_zero() {
        let (call, _) = Script::new()
            .json("/whoAmI/", WHO)
            .on("GET /api/json", forbidden("hudson.model.Hudson.Read"))
            .on("GET /queue/", forbidden("hudson.model.Hudson.Read"))
            .on("GET /computer/", forbidden("hudson.model.Hudson.Read"))
            .on("GET /pluginManager/", forbidden("hudson.model.Hudson.SystemRead"))
            .call();
        let status = run(get_status(&call)).unwrap();
        assert_eq!((status.quieting_down, status.queue_length, status.executors_total, status.nodes_total), (None, None, None, None));
        assert_eq!(status.meta.partial.len(), 3, "{:?}", status.meta.partial);
        assert!(status.text.contains("not seen: queue: "), "{}", status.text);
    }

    #[test]
    fn quieting_down_is_said_with_its_reason() {
        let (call, _) = Script::new()
            .json("/whoAmI/", WHO)
            .json("/api/json", r#"{"mode":"NORMAL","quietingDown":true,"quietDownReason":"upgrade at noon"}"#)
            .call();
        let status = run(get_status(&call)).unwrap();
        assert_eq!(status.quieting_down, Some(true));
        assert!(status.text.contains("QUIETING DOWN (\"upgrade at noon\")"), "{}", status.text);
    }

    #[test]
    fn nobody_is_told_to_log_in_and_a_hanging_controller_meets_the_deadline() {
        let anonymous = Answer::Http(403, vec![("X-You-Are-Authenticated-As", "anonymous".into())], vec![]);
        let (call, _) = Script::new().json("/whoAmI/", r#"{"anonymous":true,"name":"anonymous"}"#).on("GET /api/json", anonymous).call();
        assert_eq!(run(get_status(&call)).unwrap_err().code(), "unauthorized");
        let (call, _) = Script::new().on("GET /whoAmI/", Answer::Hangs).call();
        assert_eq!(run(get_status(&call)).unwrap_err().code(), "timeout");
        let (call, _) = Script::new().json("/whoAmI/", WHO).on("GET /queue/", Answer::Hangs).call();
        let status = run(get_status(&call)).unwrap();
        assert!(status.meta.partial.iter().any(|line| line.starts_with("queue: Jenkins did not answer")), "{:?}", status.meta.partial);
    }

    #[test]
    fn an_interface_that_has_answered_is_known_without_the_list_of_plugins() {
        let (call, _) = simulated_as(User::Reader, None);
        let job = JobPath::from_full_name("rust-core");
        run(pipeline::graph(&call, &job, Selector::Number(2))).unwrap().unwrap();
        let status = run(get_status(&call)).unwrap();
        assert_eq!(available(&status, "pipeline-graph-view"), Some(true));
    }
}
