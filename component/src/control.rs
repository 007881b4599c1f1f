//! What a host asks of any plugin: does it work, what has it counted, forget what you know.

use std::rc::Rc;

use crate::app::App;
use crate::bindings::exports::jankins::plugin::control::{CheckReport, CheckStep, Stat, StatsReport};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::path::JobPath;
use crate::json::Value;
use crate::tools::controller;

/// Asks the controller who we are: the cheapest question that needs address, TLS and credentials to be right.
pub(crate) async fn check(app: Result<Rc<App>, Error>) -> CheckReport {
    let app = match app {
        Ok(app) => app,
        Err(error) => return report(vec![failed("settings", error)]),
    };
    let call = Call::new(app, None);
    call.watch();
    let mut steps = vec![CheckStep { name: "settings".into(), ok: true, detail: call.app().settings().url.clone(), hint: None }];
    match controller::who(&call).await {
        Ok(who) => {
            steps.push(CheckStep { name: "reach".into(), ok: true, detail: "Jenkins answers".into(), hint: None });
            if who.anonymous {
                steps.push(failed("credentials", Error::Anonymous));
            } else {
                steps.push(CheckStep { name: "credentials".into(), ok: true, detail: format!("user {}", who.name), hint: None });
                steps.push(match call.tree::<Value>("controller", "", "mode", "the controller").await {
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
    let mut figures = app.upstream().stats();
    let limit = app.limit().borrow();
    figures.extend([
        ("rate_limit_used_ratio", "Of the burst of calls, from 0 to 1", f64::from(limit.used_percent()) / 100.0),
        ("rate_limit_refused_total", "Calls that the rate limit refused", f64::from(limit.refused())),
    ]);
    let stat = |(name, help, value): (&str, &str, f64)| Stat { name: name.into(), help: help.into(), value };
    StatsReport { values: figures.into_iter().map(stat).collect() }
}

/// Forgets answers that are kept: all, with what was learnt about the controller, or those of one job and all below it.
/// Answers how many went; a scope that names no job has none.
pub(crate) fn clear_cache(app: Result<Rc<App>, Error>, scope: Option<String>) -> u32 {
    let Ok(app) = app else { return 0 };
    match scope {
        None => saturate(app.upstream().clear(None) as u64).saturating_add(app.sources().forget()),
        Some(job) => JobPath::parse(&job, None).map_or(0, |(job, _)| saturate(app.upstream().clear(Some(&job.url_path())) as u64)),
    }
}
