//! How fast one user may call, decided before a call reaches the plugin.
//!
//! A bucket per user and class (GCRA). It is graduated: from 80 % use on an answer carries a warning, and every call costs
//! double, so the bucket refills half as fast; only an empty one refuses, and says when to come back. A user who goes on
//! sending [`FLOOD`] times as much is turned away before the request is even read.
//!
//! This protects the server and the other users. The limit that protects a controller is the plugin's own.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

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
        let now = Instant::now();
        match self.calls.take(user, now) {
            Err(wait) => Verdict::Limited(wait),
            Ok(left) if left.saturating_mul(5) > self.quota.burst.get() => Verdict::Free,
            // The second half of the price; an empty bucket cannot pay it and need not.
            Ok(left) => Verdict::Warned(self.calls.take(user, now).unwrap_or(left)),
        }
    }

    /// Whether the user sends so much that requests are not worth reading; then, until when.
    pub(crate) fn floods(&self, user: &Arc<str>) -> Option<Duration> {
        self.requests.take(user, Instant::now()).err()
    }
}

/// A bucket for each user, by the generic cell rate algorithm: of a user only the time is kept at which the bucket will
/// be full again.
struct Buckets {
    /// How long the bucket takes to get one call back.
    interval: Duration,
    size: u32,
    full_at: Mutex<HashMap<Arc<str>, Instant>>,
}

impl Buckets {
    fn new(quota: Quota, times: u32) -> Self {
        let per_minute = quota.per_minute.get().saturating_mul(times);
        let interval = Duration::from_secs(60) / per_minute;
        Self { interval, size: quota.burst.get().saturating_mul(times), full_at: Mutex::default() }
    }

    /// Takes one out and tells how many are left, or when there will be one.
    fn take(&self, user: &Arc<str>, now: Instant) -> Result<u32, Duration> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() > MANY_USERS {
            full_at.retain(|_, full| *full > now);
        }
        let full = full_at.get(user).copied().unwrap_or(now).max(now) + self.interval;
        let capacity = self.interval.saturating_mul(self.size);
        let used = full.saturating_duration_since(now);
        match used.checked_sub(capacity) {
            Some(over) if !over.is_zero() => Err(whole_seconds(over)),
            _ => {
                full_at.insert(Arc::clone(user), full);
                let left = capacity.saturating_sub(used).as_nanos() / self.interval.as_nanos().max(1);
                Ok(u32::try_from(left).unwrap_or(u32::MAX))
            }
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
    use std::num::NonZeroU32;

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
        let buckets = Buckets::new(quota(60, 2), 1);
        let (user, start): (Arc<str>, _) = ("ada".into(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!((buckets.take(&user, start), buckets.take(&user, start)), (Ok(1), Ok(0)));
        assert_eq!(buckets.take(&user, start), Err(Duration::from_secs(1)));
        assert_eq!(buckets.take(&user, after(1)), Ok(0));
        assert_eq!((buckets.take(&user, after(100)), buckets.take(&user, after(100))), (Ok(1), Ok(0)));
        assert!(buckets.take(&user, after(100)).is_err());
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
