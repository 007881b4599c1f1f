//! `/_ready`: could the plugin use a Jenkins a moment ago?
//!
//! The plugin is asked at most once in [`GOOD_FOR`] (a failure is forgotten sooner), by one request at a time, however
//! many probes come: readiness must never be what overloads a controller. Before the first answer, and when the plugin
//! does not answer in [`PATIENCE`], the process is not ready.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Json;
use axum::extract::Query;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse as _;
use axum::response::Response;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::State;
use super::health::draining;
use crate::plugin::CheckReport;
use crate::plugin::CheckStep;
use crate::plugin::Failure;
use crate::tenant::Tenant;
use crate::tenant::Tenants;

/// How long a good report holds.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long a bad report holds; shorter, so that recovery shows soon.
const BAD_FOR: Duration = Duration::from_secs(2);
/// Longest wait for the plugin; common probes give up after ten seconds or less.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many tenants are asked at most.
const MAX_ASKED: usize = 4;

/// The last report, and the lock that keeps it single.
#[derive(Default)]
pub(super) struct Readiness(Mutex<Option<Report>>);

#[derive(Clone)]
struct Report {
    at: Instant,
    /// Why not, if not.
    reason: Option<String>,
}

impl Report {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < if self.reason.is_none() { GOOD_FOR } else { BAD_FOR }
    }
}

impl Readiness {
    /// Why the plugin is not ready, or nothing if it is.
    async fn reason(&self, tenants: &Tenants) -> Option<String> {
        let mut last = self.0.lock().await;
        if let Some(report) = last.as_ref().filter(|report| report.is_fresh()) {
            return report.reason.clone();
        }
        let reason = match tokio::time::timeout(PATIENCE, anyone(asked(tenants))).await {
            Ok(reason) => reason,
            Err(_) => Some(format!("the check took longer than {} s", PATIENCE.as_secs())),
        };
        *last = Some(Report { at: Instant::now(), reason: reason.clone() });
        reason
    }
}

/// Whom to ask: the default tenant, or of several without one a few, those in use first. A controller that is down is
/// the trouble of its own tenants; the process is of use as long as one of them can work.
fn asked(tenants: &Tenants) -> Vec<Arc<Tenant>> {
    if let Some(tenant) = tenants.default_one() {
        return vec![tenant];
    }
    let mut all = tenants.all();
    all.sort_by_key(|tenant| !tenant.program().runner.is_awake());
    all.truncate(MAX_ASKED);
    all
}

/// Nothing as soon as one can work, else the first reason.
async fn anyone(tenants: Vec<Arc<Tenant>>) -> Option<String> {
    let checks = tenants.iter().map(|tenant| async move { checked(tenant).await });
    let mut checks: FuturesUnordered<_> = checks.collect();
    let mut first = None;
    while let Some(reason) = checks.next().await {
        first = first.or(Some(reason?));
    }
    first.or_else(|| Some("there is no tenant".to_owned()))
}

/// Why this tenant cannot work, if it cannot.
async fn checked(tenant: &Tenant) -> Option<String> {
    let reason = failing(tenant.program().runner.check().await);
    tenant.figures().ready(reason.is_none());
    reason
}

fn failing(result: Result<CheckReport, Failure>) -> Option<String> {
    match result {
        Ok(report) if report.ok => None,
        Ok(report) => {
            let failed = |step: &CheckStep| format!("{}: {}", step.name, step.detail);
            let step = report.steps.iter().find(|step| !step.ok);
            Some(step.map_or_else(|| "the plugin's check failed".to_owned(), failed))
        }
        Err(failure) => Some(format!("{}: {}", failure.code, failure.message)),
    }
}

/// What to look at.
#[derive(Debug, Deserialize)]
pub(super) struct Scope {
    /// `false` for a balancer that only wants to know whether this replica takes calls: a Jenkins that is down is down
    /// for all replicas, and callers are better served by an answer that says so than by no replica at all.
    #[serde(default = "yes")]
    jenkins: bool,
}

fn yes() -> bool {
    true
}

/// 200, or 503 with the reason and a time to come back.
pub(super) async fn ready(Extract(state): Extract<Arc<State>>, Query(scope): Query<Scope>) -> Response {
    if state.site.tenants.lifecycle().is_draining() {
        return draining();
    }
    if !scope.jenkins {
        return Json(json!({"ready": true})).into_response();
    }
    match state.readiness.reason(&state.site.tenants).await {
        None => Json(json!({"ready": true})).into_response(),
        Some(reason) => {
            let retry_after = [(RETRY_AFTER, BAD_FOR.as_secs().to_string())];
            let body = Json(json!({"ready": false, "reason": reason}));
            (StatusCode::SERVICE_UNAVAILABLE, retry_after, body).into_response()
        }
    }
}
