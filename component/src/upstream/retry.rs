//! When a request is repeated, and when that is left alone.
//!
//! Only requests that read are, and only after failures that may pass by themselves: no connection, a connection that
//! broke, 429, 502, 503, 504, and no answer in time while there is time for another. A request that acts is repeated
//! only when it surely never left. At most [`TRIES`] in all, with pauses that double and are drawn at random, so that
//! many callers do not come back at once. `Retry-After` is honoured up to [`PATIENCE`]; what asks for more is told to
//! the caller. Over the instance's life repetitions are bounded to a fifth of all requests (and [`SPARE`] at the
//! beginning): an outage is not answered with three times the load.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime};

use super::transport::{Headers, TransportError};

/// How often a request goes out at most.
pub(crate) const TRIES: u32 = 3;
/// The longest time that `Retry-After` may ask for and still be waited for within a call.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest pause before the first repetition; it doubles with each.
const PAUSE: Duration = Duration::from_millis(400);
/// Repetitions that an instance may make before it has earned any.
const SPARE: u32 = 3;
/// Requests that earn one repetition.
const PER_REPETITION: u32 = 5;
/// What may be saved up, so that a long quiet time does not pay for a storm.
const MOST: u32 = 10;

/// What repetitions are paid from, in fifths of one.
#[derive(Debug)]
pub(crate) struct Budget {
    fifths: u32,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { fifths: SPARE * PER_REPETITION }
    }

    /// A request goes out for the first time.
    pub(crate) fn earn(&mut self) {
        self.fifths = (self.fifths + 1).min(MOST * PER_REPETITION);
    }

    /// Whether a repetition can be paid; then it is.
    pub(crate) fn spend(&mut self) -> bool {
        match self.fifths.checked_sub(PER_REPETITION) {
            Some(left) => {
                self.fifths = left;
                true
            }
            None => false,
        }
    }
}

/// Whether the status says that somebody on the way could not answer just now.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Whether the same request may work a moment later.
pub(crate) fn may_pass(error: &TransportError) -> bool {
    matches!(
        error,
        TransportError::Refused(_)
            | TransportError::Unreachable(_)
            | TransportError::Dns(_)
            | TransportError::Timeout(_)
            | TransportError::Broken(_)
    )
}

/// How long to pause after this many tries; `None` when the server wants to be left alone for longer than a call waits.
pub(crate) fn pause(tries: u32, asked: Option<Duration>) -> Option<Duration> {
    let most = PAUSE * (1 << tries.saturating_sub(1).min(8));
    // Half of it is sure, half is drawn.
    let drawn = most.mul_f64(0.5 + random() / 2.0);
    match asked {
        Some(asked) if asked > PATIENCE => None,
        Some(asked) => Some(asked.max(drawn)),
        None => Some(drawn),
    }
}

/// From 0 to 1. The standard library seeds each `RandomState` from `wasi:random`.
fn random() -> f64 {
    f64::from((RandomState::new().build_hasher().finish() >> 32) as u32) / f64::from(u32::MAX)
}

/// When the server wants to be asked again: seconds, or a date, which is compared with the server's own where it tells.
pub(crate) fn retry_after(headers: &Headers) -> Option<Duration> {
    let value = headers.get("Retry-After")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = headers.get("Date").and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    let now = now.unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let read = |pairs: &[(&str, &str)]| retry_after(&headers(pairs)).map(|d| d.as_secs());
        assert_eq!(read(&[("retry-after", " 7 ")]), Some(7));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(30));
        assert!(read(&[("Retry-After", &soon)]).is_some_and(|s| (28..=30).contains(&s)));
        assert_eq!(read(&[("Retry-After", "Tue, 24 Nov 2015 11:00:00 GMT")]), Some(0));
        // A server whose clock is an hour ahead means ten seconds all the same.
        assert_eq!(read(&[("Retry-After", "Tue, 24 Nov 2026 13:00:10 GMT"), ("Date", "Tue, 24 Nov 2026 13:00:00 GMT")]), Some(10));
        assert_eq!((read(&[("Retry-After", "soon")]), read(&[])), (None, None));
    }

    #[test]
    fn pauses_grow_at_random_and_bow_to_the_server() {
        for (tries, least, most) in [(1, 200, 400), (2, 400, 800)] {
            let pauses: Vec<u128> = (0..50).map(|_| pause(tries, None).unwrap().as_millis()).collect();
            assert!(pauses.iter().all(|ms| (least..=most).contains(ms)), "{pauses:?}");
            assert!(pauses.iter().any(|ms| *ms != pauses[0]), "no jitter: {pauses:?}");
        }
        assert!(pause(1, Some(Duration::from_secs(3))).unwrap() >= Duration::from_secs(3));
        assert_eq!(pause(1, Some(Duration::from_secs(11))), None);
    }

    #[test]
    fn repetitions_stay_a_fifth_of_all_requests() {
        let mut budget = Budget::new();
        let mut repeated = 0;
        for _ in 0..1_000 {
            budget.earn();
            repeated += (1..TRIES).filter(|_| budget.spend()).count();
        }
        assert!((200..=203).contains(&repeated), "{repeated}");
    }

    #[test]
    fn a_quiet_time_does_not_pay_for_a_storm() {
        let mut budget = Budget::new();
        (0..100_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
    }
}
