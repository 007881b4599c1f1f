//! How fast one user may call, decided before a call reaches the plugin.
//!
//! A bucket per user and class (the crate `governor`: GCRA). It is graduated: from 80 % use on an answer carries a warning, and every call costs
//! double, so the bucket refills half as fast; only an empty one refuses, and says when to come back. A user who goes on
//! sending [`FLOOD`] times as much is turned away before the request is even read.
//!
//! This protects the server and the other users. The limit that protects a controller is the plugin's own.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::Clock;
use governor::clock::DefaultClock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;

use super::SharedLimits;
use crate::config::Quota;

/// How many times its limit a user may send before requests are refused unread.
const FLOOD: u32 = 4;
/// A bucket that is full again is forgotten, but not looked for before there are so many.
const MANY_USERS: usize = 10_000;

/// The limits of each class.
#[derive(Default)]
pub(crate) struct Limits(BTreeMap<String, Arc<Class>>);

/// One class: its limit, and the buckets of its users.
pub(crate) struct Class {
    name: String,
    quota: Quota,
    calls: Buckets,
    requests: Buckets,
}

/// What a call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Free,
    /// Go on, but there is little left: so many calls.
    Warned(u32),
    /// Come back after this time.
    Limited(Duration),
}

impl Limits {
    /// The limits of a configuration. Buckets of classes that stay the same stay as full as they are.
    pub(crate) fn new(classes: &BTreeMap<String, Quota>, before: &Self) -> Self {
        let class = |(name, quota): (&String, &Quota)| {
            let same = before.0.get(name).filter(|class| class.quota == *quota).cloned();
            (name.clone(), same.unwrap_or_else(|| Arc::new(Class::new(name, *quota))))
        };
        Self(classes.iter().map(class).collect())
    }

    /// The limit of a class; none if the configuration has none.
    pub(crate) fn class(&self, name: &str) -> Option<Arc<Class>> {
        self.0.get(name).cloned()
    }
}

impl Class {
    fn new(name: &str, quota: Quota) -> Self {
        Self { name: name.to_owned(), quota, calls: Buckets::new(quota, 1), requests: Buckets::new(quota, FLOOD) }
    }

    /// Takes a call out of the user's bucket.
    fn call(&self, user: &Arc<str>) -> Verdict {
        match self.calls.take(user) {
            Err(wait) => Verdict::Limited(wait),
            Ok(left) if left.saturating_mul(5) > self.quota.burst.get() => Verdict::Free,
            // The second half of the price; an empty bucket cannot pay it and need not.
            Ok(left) => Verdict::Warned(self.calls.take(user).unwrap_or(left)),
        }
    }

    /// Whether the user sends so much that requests are not worth reading; then, until when.
    pub(crate) fn floods(&self, user: &Arc<str>) -> Option<Duration> {
        self.requests.take(user).err()
    }
}

/// A bucket for each user.
struct Buckets<C: Clock = DefaultClock>(RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, C, StateInformationMiddleware>);

impl Buckets {
    fn new(quota: Quota, times: u32) -> Self {
        Self::with_clock(quota, times, DefaultClock::default())
    }
}

impl<C: Clock> Buckets<C> {
    fn with_clock(quota: Quota, times: u32, clock: C) -> Self {
        let times = |rate: NonZeroU32| rate.saturating_mul(NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN));
        let quota = governor::Quota::per_minute(times(quota.per_minute)).allow_burst(times(quota.burst));
        Self(RateLimiter::hashmap_with_clock(quota, clock).with_middleware())
    }

    /// Takes one out and tells how many are left, or when there will be one.
    fn take(&self, user: &Arc<str>) -> Result<u32, Duration> {
        if self.0.len() > MANY_USERS {
            self.0.retain_recent();
        }
        match self.0.check_key(user) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => Err(whole_seconds(not_until.wait_time_from(self.0.clock().now()))),
        }
    }
}

/// At least one second: that is what `Retry-After` can say.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(Duration::from_secs(1))
}

/// The limit of one request's user, and what it said.
pub(crate) struct Allowance {
    class: Arc<Class>,
    shared: Option<Arc<SharedLimits>>,
    last: Mutex<Verdict>,
}

impl Allowance {
    /// A limit of this process, and one that it shares with others.
    pub(crate) fn new(class: Arc<Class>, shared: Option<Arc<SharedLimits>>) -> Self {
        Self { class, shared, last: Mutex::new(Verdict::Free) }
    }

    /// Takes a call out of the user's bucket, and out of the shared one.
    pub(super) async fn call(&self, user: &Arc<str>) -> Verdict {
        let mut verdict = self.class.call(user);
        // What is refused here is no business of the others.
        if let Some(shared) = self.shared.as_ref().filter(|_| !matches!(verdict, Verdict::Limited(_)))
            && let Some(wait) = shared.take(&self.class.name, self.class.quota, user).await
        {
            verdict = Verdict::Limited(whole_seconds(wait));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = verdict;
        verdict
    }

    /// What the last call was told, for the headers of the response.
    pub(crate) fn last(&self) -> Verdict {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn quota(per_minute: u32, burst: u32) -> Quota {
        Quota { per_minute: NonZeroU32::new(per_minute).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    #[test]
    fn a_user_is_warned_then_slowed_down_and_then_refused_with_a_time() {
        let class = Class::new("people", quota(6, 10));
        let user: Arc<str> = "ada".into();
        let verdicts: Vec<Verdict> = (0..10).map(|_| class.call(&user)).collect();
        assert_eq!(verdicts[..7], [Verdict::Free; 7]);
        assert!(matches!(verdicts[7], Verdict::Warned(_)), "the eighth of ten is 80 %: {verdicts:?}");
        let Some(Verdict::Limited(wait)) = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Limited(_))) else {
            panic!("{verdicts:?}")
        };
        assert!(*wait >= Duration::from_secs(1) && *wait <= Duration::from_secs(10), "{wait:?}");
        assert_eq!(class.call(&"bob".into()), Verdict::Free, "another user has a bucket of his own");
    }

    #[test]
    fn a_bucket_fills_again_at_its_pace_and_never_beyond_its_size() {
        let clock = FakeRelativeClock::default();
        let (buckets, user): (_, Arc<str>) = (Buckets::with_clock(quota(60, 2), 1, clock.clone()), "ada".into());
        assert_eq!((buckets.take(&user), buckets.take(&user)), (Ok(1), Ok(0)));
        assert_eq!(buckets.take(&user), Err(Duration::from_secs(1)));
        clock.advance(Duration::from_secs(1));
        assert_eq!(buckets.take(&user), Ok(0));
        clock.advance(Duration::from_secs(99));
        assert_eq!((buckets.take(&user), buckets.take(&user)), (Ok(1), Ok(0)));
        assert!(buckets.take(&user).is_err());
    }

    #[test]
    fn buckets_that_are_full_again_are_forgotten_once_there_are_many() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::with_clock(quota(60, 2), 1, clock.clone());
        for user in 0..=MANY_USERS {
            buckets.take(&format!("user {user}").into()).unwrap();
        }
        clock.advance(Duration::from_secs(60));
        buckets.take(&"ada".into()).unwrap();
        assert_eq!(buckets.0.len(), 1);
    }

    #[test]
    fn who_goes_on_is_turned_away() {
        let class = Class::new("people", quota(1, 2));
        let user: Arc<str> = "ada".into();
        let passed = (0..20).filter(|_| class.floods(&user).is_none()).count();
        assert_eq!(passed, 8, "four times the burst");
    }

    #[test]
    fn a_reload_that_changes_nothing_refills_no_bucket() {
        let classes = |per_minute| BTreeMap::from([("people".to_owned(), quota(per_minute, 1))]);
        let user: Arc<str> = "ada".into();
        let limits = Limits::new(&classes(1), &Limits::default());
        limits.class("people").unwrap().call(&user);
        let same = Limits::new(&classes(1), &limits);
        assert!(matches!(same.class("people").unwrap().call(&user), Verdict::Limited(_)));
        let other = Limits::new(&classes(2), &limits);
        assert!(!matches!(other.class("people").unwrap().call(&user), Verdict::Limited(_)));
    }
}
