//! What a host asks of any plugin: does it work, what has it counted, forget what you know.

use std::rc::Rc;

use crate::app::App;
use crate::bindings::exports::jankins::plugin::control::{CheckReport, CheckStep, Stat, StatsReport};
use crate::call::Call;
use crate::error::Error;
use crate::tools::controller;

/// Asks the controller who we are: the cheapest question that needs address, TLS and credentials to be right.
pub(crate) async fn check(app: Result<Rc<App>, Error>) -> CheckReport {
    let app = match app {
        Ok(app) => app,
        Err(error) => return report(vec![failed("settings", error)]),
    };
    let call = Call::new(app, None);
    let mut steps = vec![CheckStep { name: "settings".into(), ok: true, detail: call.app().settings().url.clone(), hint: None }];
    match controller::who(&call).await {
        Ok(who) => {
            steps.push(CheckStep { name: "reach".into(), ok: true, detail: "Jenkins answers".into(), hint: None });
            if who.anonymous {
                steps.push(failed("credentials", Error::Anonymous));
            } else {
                steps.push(CheckStep { name: "credentials".into(), ok: true, detail: format!("user {}", who.name), hint: None });
                steps.push(match call.tree::<serde_json::Value>("controller", "", "mode", "the controller").await {
                    Ok(_) => CheckStep { name: "permissions".into(), ok: true, detail: "Overall/Read".into(), hint: None },
                    Err(error) => failed("permissions", error),
                });
            }
        }
        Err(error @ Error::Unauthorized) => steps.push(failed("credentials", error)),
        Err(error) => steps.push(failed("reach", error)),
    }
    report(steps)
}

fn failed(name: &str, error: Error) -> CheckStep {
    let record = error.into_tool_error(String::new());
    CheckStep { name: name.into(), ok: false, detail: record.message, hint: record.hint }
}

fn report(steps: Vec<CheckStep>) -> CheckReport {
    CheckReport { ok: steps.iter().all(|s| s.ok), steps }
}

/// What the instance has counted.
pub(crate) fn stats(app: Result<Rc<App>, Error>) -> StatsReport {
    let Ok(app) = app else { return StatsReport { values: Vec::new() } };
    let totals = app.upstream().totals();
    let stat = |name: &str, help: &str, value: u64| Stat { name: name.into(), help: help.into(), value: value as f64 };
    StatsReport {
        values: vec![
            stat("upstream_requests", "Requests sent to the controller.", totals.requests.get()),
            stat("upstream_failures", "Requests that got no answer.", totals.failures.get()),
            stat("upstream_bytes", "Bytes of answers read.", totals.bytes.get()),
        ],
    }
}

/// Forgets what was learnt about the controller. Answers how many facts went.
pub(crate) fn clear_cache(app: Result<Rc<App>, Error>) -> u32 {
    app.map_or(0, |app| app.sources().forget())
}
