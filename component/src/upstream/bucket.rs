//! The rate limit of an instance: a token bucket, in tool calls.
//!
//! It counts calls and not requests to Jenkins, because a call that was let in has to be able to end: a triage makes a
//! dozen requests, and refusing it half way would have spent them for nothing. Retries, parallelism and waiting have
//! bounds of their own. A call whose answer came from the cache as a whole costs a tenth; that is known only afterwards, so
//! every call pays in full and gets the rest back, less what was refilled meanwhile. So over any window the costs never
//! exceed the burst and what the window refills.
//!
//! Defaults: 60 a minute and a burst of 10; a rate of 0 is no limit. Time is the monotonic clock's: a jump of the wall
//! clock changes nothing, and after a suspension the bucket is full, not overfull.

use std::time::Duration;

/// What a call costs, in the unit in which one millisecond refills as much as calls are allowed per minute.
const CALL: u64 = 60_000;
/// What comes back when nothing was asked of the controller.
const BACK: u64 = CALL / 10 * 9;
/// From this share on, callers are warned.
const WARN_PERCENT: u64 = 80;

/// The bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_minute: u32,
    capacity: u64,
    level: u64,
    /// Up to here it was refilled.
    at: Duration,
    /// In all, since the beginning.
    refilled: u64,
    refused: u32,
}

/// A call that was let in.
#[derive(Debug)]
pub(crate) struct Ticket {
    refilled: u64,
    /// Of the burst, after this call.
    pub(crate) used_percent: u32,
}

impl Bucket {
    /// A full one; `per_minute` 0 is no limit, and a burst is at least one call.
    pub(crate) fn new(per_minute: u32, burst: u32) -> Self {
        let capacity = u64::from(burst.max(1)) * CALL;
        Self { per_minute, capacity, level: capacity, at: Duration::ZERO, refilled: 0, refused: 0 }
    }

    pub(crate) fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Calls that were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }

    /// Of the burst, in percent.
    pub(crate) fn used_percent(&self) -> u32 {
        let used = self.capacity.saturating_sub(self.level) * 100 / self.capacity;
        u32::try_from(used).unwrap_or(100)
    }

    /// Lets a call in.
    ///
    /// # Errors
    /// How long until there is room for one.
    pub(crate) fn take(&mut self, now: Duration) -> Result<Ticket, Duration> {
        if self.per_minute == 0 {
            return Ok(Ticket { refilled: 0, used_percent: 0 });
        }
        self.refill(now);
        let Some(level) = self.level.checked_sub(CALL) else {
            self.refused = self.refused.saturating_add(1);
            let wait = (CALL - self.level).div_ceil(u64::from(self.per_minute));
            return Err(Duration::from_millis(wait));
        };
        self.level = level;
        Ok(Ticket { refilled: self.refilled, used_percent: self.used_percent() })
    }

    /// The call ended without a request to the controller.
    pub(crate) fn give_back(&mut self, ticket: &Ticket, now: Duration) {
        if self.per_minute == 0 {
            return;
        }
        self.refill(now);
        // Had it cost a tenth from the beginning, the bucket would be fuller by this much at least: what was refilled
        // since then might have run over.
        let back = BACK.saturating_sub(self.refilled - ticket.refilled);
        self.level = (self.level + back).min(self.capacity);
    }

    fn refill(&mut self, now: Duration) {
        let passed = u64::try_from(now.saturating_sub(self.at).as_millis()).unwrap_or(u64::MAX);
        self.at += Duration::from_millis(passed);
        let more = passed.saturating_mul(u64::from(self.per_minute));
        self.refilled = self.refilled.saturating_add(more);
        self.level = self.level.saturating_add(more).min(self.capacity);
    }
}

impl Ticket {
    /// Whether the caller should hear of it.
    pub(crate) fn is_late(&self) -> bool {
        u64::from(self.used_percent) >= WARN_PERCENT
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_passes_then_one_call_a_second() {
        let mut bucket = Bucket::new(60, 10);
        for _ in 0..10 {
            bucket.take(ms(0)).unwrap();
        }
        assert_eq!(bucket.take(ms(0)).unwrap_err(), ms(1_000));
        assert_eq!(bucket.take(ms(400)).unwrap_err(), ms(600));
        bucket.take(ms(1_000)).unwrap();
        assert!(bucket.take(ms(1_000)).is_err());
        assert_eq!(bucket.refused(), 3);
    }

    #[test]
    fn callers_are_warned_from_four_fifths_on() {
        let mut bucket = Bucket::new(60, 10);
        let late: Vec<bool> = (0..10).map(|_| bucket.take(ms(0)).unwrap().is_late()).collect();
        assert_eq!(late.iter().position(|late| *late), Some(7));
    }

    #[test]
    fn a_cached_call_costs_a_tenth() {
        let mut bucket = Bucket::new(60, 10);
        let mut calls = 0;
        while let Ok(ticket) = bucket.take(ms(0)) {
            bucket.give_back(&ticket, ms(0));
            calls += 1;
        }
        assert_eq!(calls, 91);
    }

    #[test]
    fn no_rate_is_no_limit() {
        let mut bucket = Bucket::new(0, 1);
        for _ in 0..1_000 {
            let ticket = bucket.take(ms(0)).unwrap();
            assert!(!ticket.is_late());
            bucket.give_back(&ticket, ms(0));
        }
    }

    #[test]
    fn a_suspension_fills_it_and_a_clock_that_stands_or_falls_back_changes_nothing() {
        let mut bucket = Bucket::new(60, 2);
        for now in [5_000, 5_000, 1_000] {
            let _ = bucket.take(ms(now));
        }
        assert!(bucket.take(ms(5_000)).is_err());
        let week = Duration::from_secs(7 * 86_400);
        assert_eq!((0..5).filter(|_| bucket.take(week).is_ok()).count(), 2);
    }

    proptest! {
        /// Each call: the pause before it, how long it runs, and whether the cache answered it.
        #[test]
        fn no_window_ever_costs_more_than_burst_and_refill(
            (rate, burst) in (1_u32..300, 1_u32..20),
            calls in prop::collection::vec((0_u64..1_500, 0_u64..3_000, any::<bool>()), 1..200),
        ) {
            let mut bucket = Bucket::new(rate, burst);
            let (mut now, mut running, mut costs) = (0, Vec::<(u64, Ticket)>::new(), Vec::<(u64, u64)>::new());
            for (gap, runs, cached) in calls {
                now += gap;
                running.sort_by_key(|(ends, _)| *ends);
                while running.first().is_some_and(|(ends, _)| *ends <= now) {
                    let (ends, ticket) = running.remove(0);
                    let before = { bucket.refill(ms(ends)); bucket.level };
                    bucket.give_back(&ticket, ms(ends));
                    let begun = usize::try_from(ticket.refilled).unwrap();
                    // The cost is booked where the call began.
                    let booked = costs.iter_mut().find(|(at, cost)| *at * u64::from(rate) == begun as u64 && *cost == CALL).unwrap();
                    booked.1 -= bucket.level - before;
                }
                if let Ok(ticket) = bucket.take(ms(now)) {
                    costs.push((now, CALL));
                    if cached {
                        running.push((now + runs, ticket));
                    }
                }
            }
            for (first, (from, _)) in costs.iter().enumerate() {
                let mut sum = 0;
                for (to, cost) in &costs[first..] {
                    sum += cost;
                    let allowed = u64::from(burst) * CALL + (to - from) * u64::from(rate);
                    prop_assert!(sum <= allowed, "{sum} > {allowed} from {from} to {to}");
                }
            }
        }
    }
}
