//! The circuit breaker: a controller that fails is left alone for a while instead of being asked again and again.
//!
//! It opens after [`CONSECUTIVE`] failures in a row, or when half of at least [`ENOUGH`] requests of the last minute
//! failed. While open every request is answered at once, with the time of the next probe. Then exactly one request goes
//! through: if it succeeds the breaker closes and forgets; if it fails the pause doubles, up to [`LONGEST`].
//!
//! A failure is a request without an answer, or one that a gateway answered for Jenkins (502, 503, 504; a controller that
//! starts says 503). Any other status is an answer: a missing job or a broken page says nothing about the controller.
//! Requests that were under way when the state changed count for nothing: what they saw is from before.

use std::time::Duration;

/// Failures in a row that open it.
pub(crate) const CONSECUTIVE: u32 = 5;
/// Requests in a minute from which on the share of failures says something.
pub(crate) const ENOUGH: u32 = 20;
/// The first pause: a reload of a proxy is over by then.
pub(crate) const FIRST: Duration = Duration::from_secs(5);
/// The longest pause: a controller that has restarted is noticed within a minute.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// The last minute is counted in slots of five seconds.
const SLOTS: usize = 12;
const SLOT: u64 = 5;

/// Whether requests go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// All of them.
    Closed,
    /// None before this moment.
    Open(Duration),
    /// One is on its way to see.
    Probing,
}

/// The breaker of one controller.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: State,
    /// Of the state: results of requests that an earlier one let through do not count.
    epoch: u32,
    consecutive: u32,
    slots: [Slot; SLOTS],
    pause: Duration,
    cause: String,
    opened: u32,
    refused: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    at: u64,
    requests: u32,
    failures: u32,
}

/// Leave for one request, to be given back with its result.
#[derive(Debug)]
pub(crate) struct Permit(u32);

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Closed,
            epoch: 0,
            consecutive: 0,
            slots: [Slot::default(); SLOTS],
            pause: FIRST,
            cause: String::new(),
            opened: 0,
            refused: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// How often it has opened.
    pub(crate) fn opened(&self) -> u32 {
        self.opened
    }

    /// How many requests it answered in the controller's place.
    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }

    /// What the last failure was.
    pub(crate) fn cause(&self) -> &str {
        &self.cause
    }

    /// Leave for a request.
    ///
    /// # Errors
    /// How long until the next probe.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<Permit, Duration> {
        match self.state {
            State::Closed => Ok(Permit(self.epoch)),
            State::Open(until) if now >= until => {
                self.enter(State::Probing);
                Ok(Permit(self.epoch))
            }
            State::Open(until) => {
                self.refused = self.refused.saturating_add(1);
                Err(until - now)
            }
            // The probe's answer comes within a request's time; whoever asks again in a second finds out.
            State::Probing => {
                self.refused = self.refused.saturating_add(1);
                Err(Duration::from_secs(1))
            }
        }
    }

    /// The request was answered.
    pub(crate) fn succeeded(&mut self, permit: Permit, now: Duration) {
        if permit.0 != self.epoch {
            return;
        }
        match self.state {
            State::Probing => {
                self.consecutive = 0;
                self.slots = [Slot::default(); SLOTS];
                self.pause = FIRST;
                self.enter(State::Closed);
            }
            State::Closed => {
                self.consecutive = 0;
                self.count(now, false);
            }
            State::Open(_) => {}
        }
    }

    /// The request failed.
    pub(crate) fn failed(&mut self, permit: Permit, now: Duration, cause: &str) {
        if permit.0 != self.epoch {
            return;
        }
        cause.clone_into(&mut self.cause);
        match self.state {
            State::Probing => {
                self.pause = (self.pause * 2).min(LONGEST);
                self.open(now);
            }
            State::Closed => {
                self.consecutive += 1;
                let (requests, failures) = self.count(now, true);
                if self.consecutive >= CONSECUTIVE || (requests >= ENOUGH && failures * 2 >= requests) {
                    self.open(now);
                }
            }
            State::Open(_) => {}
        }
    }

    /// Nobody learnt how the request ended. The next one is a probe again.
    pub(crate) fn unknown(&mut self, permit: Permit, now: Duration) {
        if permit.0 == self.epoch && self.state == State::Probing {
            self.enter(State::Open(now));
        }
    }

    fn open(&mut self, now: Duration) {
        self.opened = self.opened.saturating_add(1);
        self.enter(State::Open(now + self.pause));
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Counts a request, and sums up the minute that ends now.
    fn count(&mut self, now: Duration, failed: bool) -> (u32, u32) {
        // From one, so that an empty slot belongs to no time.
        let at = now.as_secs() / SLOT + 1;
        let place = usize::try_from(at % SLOTS as u64).unwrap_or(0);
        if let Some(slot) = self.slots.get_mut(place) {
            if slot.at != at {
                *slot = Slot { at, ..Slot::default() };
            }
            slot.requests += 1;
            slot.failures += u32::from(failed);
        }
        let recent = self.slots.iter().filter(|slot| slot.at + SLOTS as u64 > at);
        recent.fold((0, 0), |(requests, failures), slot| (requests + slot.requests, failures + slot.failures))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn fail(breaker: &mut Breaker, now: Duration) {
        let permit = breaker.admit(now).unwrap();
        breaker.failed(permit, now, "refused");
    }

    fn succeed(breaker: &mut Breaker, now: Duration) {
        let permit = breaker.admit(now).unwrap();
        breaker.succeeded(permit, now);
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_one_probe_closes_it() {
        let mut breaker = Breaker::new();
        for _ in 0..4 {
            fail(&mut breaker, s(1));
        }
        succeed(&mut breaker, s(1));
        for _ in 0..5 {
            fail(&mut breaker, s(2));
        }
        assert_eq!(breaker.admit(s(4)).unwrap_err(), s(3));
        let probe = breaker.admit(s(7)).unwrap();
        assert!(breaker.admit(s(7)).is_err(), "a second probe");
        breaker.succeeded(probe, s(8));
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn half_of_twenty_in_a_minute_open_it_and_older_ones_do_not_count() {
        let mut breaker = Breaker::new();
        for at in 0..9 {
            fail(&mut breaker, s(at));
            succeed(&mut breaker, s(at));
        }
        for at in 70..79 {
            succeed(&mut breaker, s(at));
            fail(&mut breaker, s(at));
        }
        assert_eq!(breaker.state(), State::Closed, "eighteen in either minute");
        succeed(&mut breaker, s(79));
        fail(&mut breaker, s(79));
        assert_eq!(breaker.state(), State::Open(s(84)));
    }

    #[test]
    fn failed_probes_double_the_pause_up_to_a_minute() {
        let mut breaker = Breaker::new();
        for _ in 0..5 {
            fail(&mut breaker, s(0));
        }
        let mut now = s(0);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let wait = breaker.admit(now).unwrap_err();
            pauses.push(wait.as_secs());
            now += wait;
            fail(&mut breaker, now);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn a_probe_that_nobody_waits_for_makes_room_for_the_next() {
        let mut breaker = Breaker::new();
        for _ in 0..5 {
            fail(&mut breaker, s(0));
        }
        let probe = breaker.admit(s(5)).unwrap();
        breaker.unknown(probe, s(6));
        assert!(breaker.admit(s(6)).is_ok());
    }

    /// What a breaker is said to do, in the plainest way: it remembers every request of the current closed time.
    #[derive(Default)]
    struct Model {
        seen: Vec<(u64, bool)>,
        open_until: Option<u64>,
        probing: bool,
        pause: u64,
    }

    impl Model {
        fn admits(&self, now: u64) -> bool {
            !self.probing && self.open_until.is_none_or(|until| now >= until)
        }

        fn result(&mut self, now: u64, ok: bool) {
            if self.open_until.is_some() {
                self.probing = false;
                if ok {
                    *self = Self::default();
                } else {
                    self.pause = (self.pause * 2).min(60);
                    self.open_until = Some(now + self.pause);
                }
                return;
            }
            self.seen.push((now, ok));
            let row = self.seen.iter().rev().take_while(|(_, ok)| !ok).count();
            let minute: Vec<bool> = self.seen.iter().filter(|(at, _)| at / 5 + 12 > now / 5).map(|(_, ok)| *ok).collect();
            let failures = minute.iter().filter(|ok| !**ok).count();
            if !ok && (row >= 5 || (minute.len() >= 20 && failures * 2 >= minute.len())) {
                self.pause = 5;
                self.open_until = Some(now + 5);
            }
        }
    }

    proptest! {
        #[test]
        fn its_states_follow_the_model(steps in prop::collection::vec((0_u64..9, any::<bool>(), any::<bool>()), 1..400)) {
            let (mut breaker, mut model, mut now) = (Breaker::new(), Model::default(), 0);
            let mut probe = None;
            for (gap, ok, late) in steps {
                now += gap;
                if let Some(permit) = probe.take() {
                    prop_assert!(breaker.admit(s(now)).is_err() && !model.admits(now));
                    if ok { breaker.succeeded(permit, s(now)) } else { breaker.failed(permit, s(now), "") }
                    model.result(now, ok);
                    continue;
                }
                let admitted = breaker.admit(s(now));
                prop_assert_eq!(admitted.is_ok(), model.admits(now));
                let Ok(permit) = admitted else { continue };
                // A probe may take its time.
                if late && breaker.state() == State::Probing {
                    model.probing = true;
                    probe = Some(permit);
                    continue;
                }
                if ok { breaker.succeeded(permit, s(now)) } else { breaker.failed(permit, s(now), "") }
                model.result(now, ok);
                prop_assert_eq!(matches!(breaker.state(), State::Open(_)), model.open_until.is_some());
            }
        }
    }
}
