//! Subscriptions: tells a client when its list of tools has changed, and when a resource has.
//!
//! The list changes when the tenant gets another plugin that has other tools; that is seen at once. After a reload that
//! changed the tenant, the client is told that the list may have changed, and its subscription ends: the tenant that it
//! was for is gone, and with the next one the new rules hold.
//!
//! A resource is read every so often and compared.
//! The controller is asked no oftener than the plugin says that a reading stays fresh, never oftener than [`SOONEST`] and
//! at least every [`LATEST`]; one after the other, so a subscription is never more than one request at a time. A resource
//! that cannot be read is looked at again after [`LATEST`], and the client is told when it is there or gone. A
//! subscription ends with its request as well: the client closes the stream or cancels, or the server stops.
//!
//! At most [`MOST_EACH`] resources per subscription and [`MOST`] in all are accepted; what is beyond is left out of the
//! acknowledgement, as the protocol has it. The older `resources/subscribe` is not offered: it needs a session that this
//! server does not keep, and over HTTP a stream that it does not hold open.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rmcp::model::SubscriptionFilter;
use rmcp::service::SubscriptionContext;
use tokio::time::Instant;

use super::library::read;
use super::surface::Servers;
use crate::plugin::Failure;
use crate::plugin::Reading;
use crate::telemetry::Metrics;
use crate::tenant::Caller;

/// Shortest time between two looks at the same resource; tests do not wait for it.
const SOONEST: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_secs(5) };
/// Longest; also what is waited after a failure.
const LATEST: Duration = Duration::from_secs(60);
/// Resources of one subscription.
const MOST_EACH: usize = 16;
/// Resources of all subscriptions: with the shortest time between looks, some thirteen requests a second.
const MOST: usize = 64;

/// Counts what is being watched.
#[derive(Debug, Default)]
pub(super) struct Watched(AtomicUsize);

impl Watched {
    /// What of the wanted can be had now.
    pub(super) fn accept(&self, wanted: &SubscriptionFilter) -> SubscriptionFilter {
        let room = MOST.saturating_sub(self.0.load(Ordering::Relaxed)).min(MOST_EACH);
        let mut uris: Vec<&String> = Vec::new();
        for uri in wanted.resource_subscriptions.iter().flatten() {
            if uris.len() < room && !uris.contains(&uri) {
                uris.push(uri);
            }
        }
        SubscriptionFilter::builder().resource_subscriptions(uris).build()
    }
}

/// Counts some resources for as long as it lives.
struct Counted<'a> {
    watched: &'a Watched,
    metrics: &'a Metrics,
    count: usize,
}

impl<'a> Counted<'a> {
    fn new(watched: &'a Watched, metrics: &'a Metrics, count: usize) -> Self {
        metrics.watched_changed(watched.0.fetch_add(count, Ordering::Relaxed) + count);
        Self { watched, metrics, count }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.metrics.watched_changed(self.watched.0.fetch_sub(self.count, Ordering::Relaxed).saturating_sub(self.count));
    }
}

/// A resource and what is known of it.
struct Seen {
    uri: String,
    /// Of its last reading; nothing before the first.
    mark: Option<u64>,
    next: Instant,
}

/// Runs one subscription to its end.
pub(super) async fn watch(caller: &Caller, servers: &Servers, context: &SubscriptionContext) {
    let mut uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
    // The library puts back what was named twice.
    uris.sort();
    uris.dedup();
    let tenant = caller.tenant();
    let _counted = Counted::new(&servers.watched, tenant.metrics(), uris.len());
    let now = Instant::now();
    let mut seen: Vec<Seen> = uris.into_iter().map(|uri| Seen { uri, mark: None, next: now }).collect();
    tokio::select! {
        () = context.cancelled() => {}
        () = tenant.lifecycle().draining() => {}
        () = look(caller, &mut seen, context) => {}
        () = follow(caller, servers, context) => {}
    }
}

/// Tells of each change of the caller's list of tools; ends with the tenant, or when the client cannot be told any more.
async fn follow(caller: &Caller, servers: &Servers, context: &SubscriptionContext) {
    let mut changes = caller.tenant().changes();
    let mut known = servers.surface(caller);
    loop {
        let superseded = *changes.borrow_and_update();
        let now = servers.surface(caller);
        let news = superseded || now.tools != known.tools;
        known = now;
        let wanted = context.accepted().tools_list_changed == Some(true);
        if news && wanted && context.sink().notify_tool_list_changed().await.is_err() {
            return;
        }
        // An error would mean that the tenant is gone, and the caller holds it.
        if superseded || changes.changed().await.is_err() {
            return;
        }
    }
}

/// Looks at whatever is due; ends when the client cannot be told any more.
async fn look(caller: &Caller, seen: &mut [Seen], context: &SubscriptionContext) {
    loop {
        let Some(due) = seen.iter_mut().min_by_key(|seen| seen.next) else { return std::future::pending().await };
        tokio::time::sleep_until(due.next).await;
        let uri = due.uri.clone();
        let reading = read(caller, uri).await;
        let (mark, pause) = judge(&reading);
        due.next = Instant::now() + pause;
        let Some(mark) = mark else { continue };
        // The first reading is what the client begins with.
        let news = due.mark.replace(mark).is_some_and(|before| before != mark);
        if news && context.sink().notify_resource_updated(due.uri.clone()).await.is_err() {
            return;
        }
    }
}

/// What marks this state of the resource, and when to look again. A failure marks a state only if it says that the
/// resource is gone: a controller that restarts has not changed anything.
fn judge(reading: &Result<Reading, Failure>) -> (Option<u64>, Duration) {
    let mut hasher = DefaultHasher::new();
    match reading {
        Ok(reading) => {
            match &reading.version {
                Some(version) => version.hash(&mut hasher),
                None => reading.parts.hash(&mut hasher),
            }
            (Some(hasher.finish()), Duration::from_secs(u64::from(reading.fresh_seconds)).clamp(SOONEST, LATEST))
        }
        Err(failure) if failure.code == "not-found" => {
            failure.code.hash(&mut hasher);
            (Some(hasher.finish()), LATEST)
        }
        Err(failure) => {
            let wanted = failure.retry_after_ms.map_or(LATEST, |ms| Duration::from_millis(u64::from(ms)));
            (None, wanted.max(SOONEST))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{Body, Part};

    fn filter(count: usize) -> SubscriptionFilter {
        SubscriptionFilter::builder().resource_subscriptions((0..count).map(|n| format!("t://{n}"))).build()
    }

    fn accepted(watched: &Watched, wanted: &SubscriptionFilter) -> usize {
        watched.accept(wanted).resource_subscriptions.map_or(0, |uris| uris.len())
    }

    #[test]
    fn a_subscription_gets_as_many_resources_as_there_is_room_for() {
        let watched = Watched::default();
        assert_eq!(accepted(&watched, &filter(3)), 3);
        assert_eq!(accepted(&watched, &filter(100)), MOST_EACH);
        watched.0.store(MOST - 2, Ordering::Relaxed);
        assert_eq!(accepted(&watched, &filter(3)), 2);
        watched.0.store(MOST, Ordering::Relaxed);
        assert_eq!(accepted(&watched, &filter(3)), 0);
    }

    #[test]
    fn a_resource_that_is_named_twice_is_watched_once() {
        let twice = SubscriptionFilter::builder().resource_subscriptions(["t://a", "t://a"]).build();
        assert_eq!(accepted(&Watched::default(), &twice), 1);
    }

    fn reading(text: &str, version: Option<&str>) -> Result<Reading, Failure> {
        let part = Part { uri: "t://a".into(), mime_type: None, body: Body::Text(text.into()), last_modified: None };
        Ok(Reading { parts: vec![part], version: version.map(str::to_owned), fresh_seconds: 7, correlation_id: text.into(), tool: None })
    }

    #[test]
    fn the_version_tells_whether_it_changed_and_without_one_the_parts_do() {
        let mark = |reading: Result<Reading, Failure>| judge(&reading).0;
        assert_eq!(mark(reading("3 minutes ago", Some("1"))), mark(reading("4 minutes ago", Some("1"))));
        assert_ne!(mark(reading("same", Some("1"))), mark(reading("same", Some("2"))));
        assert_eq!(mark(reading("same", None)), mark(reading("same", None)));
        assert_ne!(mark(reading("one", None)), mark(reading("other", None)));
    }

    #[test]
    fn a_failure_is_no_change_unless_the_resource_is_gone_and_is_not_hurried() {
        let failed = |code, retry| Err(Failure { retry_after_ms: retry, ..Failure::host(code, "no") });
        assert_eq!(judge(&failed("unavailable", None)), (None, LATEST));
        assert_eq!(judge(&failed("rate-limited", Some(300_000))), (None, Duration::from_secs(300)));
        assert_eq!(judge(&failed("rate-limited", Some(0))), (None, SOONEST));
        assert!(judge(&failed("not-found", None)).0.is_some());
        assert_eq!(judge(&reading("x", None)).1, Duration::from_secs(7));
    }
}
