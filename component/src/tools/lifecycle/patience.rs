//! Waiting: how long a tool may, and how often it looks.
//!
//! A caller says how long with `wait-seconds`; the call then has so much more time than others, here and in the host. By
//! default a tool waits within the operator's timeout and asks for no more. Intervals grow: what happens soon is seen
//! soon, and a build of an hour costs Jenkins little.

use std::time::Duration;

use crate::call::Call;
use crate::error::Error;

/// The longest wait that a caller may ask for.
pub(super) const MAX_WAIT: u32 = 300;
/// The first pause, and the longest.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);

/// A wait that has begun.
pub(super) struct Patience<'a> {
    call: &'a Call,
    until: Duration,
    pause: Duration,
    longest: Duration,
}

impl<'a> Patience<'a> {
    /// As long as the caller says, `default` seconds otherwise.
    ///
    /// # Errors
    /// Invalid when it is more than `most`.
    pub(super) fn new(call: &'a Call, asked: Option<u32>, default: u32, most: u32) -> Result<Self, Error> {
        if let Some(asked) = asked.filter(|asked| *asked > most) {
            return Err(Error::invalid(
                format!("wait-seconds {asked} is too long"),
                format!("At most {most}; call again with the cursor of the answer to wait longer."),
            ));
        }
        let wait = match asked {
            Some(seconds) => {
                let wait = Duration::from_secs(u64::from(seconds));
                call.extend(wait);
                wait
            }
            // A third of the call's time is left for the answer.
            None => Duration::from_secs(u64::from(default)).min(call.app().settings().timeout * 2 / 3),
        };
        Ok(Self::of(call, wait))
    }

    /// A short look after an action, within the call's own time.
    pub(super) fn brief(call: &'a Call, wait: Duration) -> Self {
        let third = call.app().settings().timeout / 3;
        Self { longest: Duration::from_secs(1), ..Self::of(call, wait.min(third)) }
    }

    fn of(call: &'a Call, wait: Duration) -> Self {
        call.watch();
        Self { call, until: call.app().clock().elapsed() + wait, pause: FIRST, longest: LONGEST }
    }

    /// Looks at least so often.
    pub(super) fn at_least_every(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Begins with short pauses again, because something has just changed.
    pub(super) fn refresh(&mut self) {
        self.pause = FIRST;
    }

    /// Pauses, longer each time; `false` when the time is over.
    pub(super) async fn pause(&mut self) -> bool {
        let left = self.until.saturating_sub(self.call.app().clock().elapsed());
        if left.is_zero() {
            return false;
        }
        self.call.app().clock().sleep(self.pause.min(left)).await;
        self.pause = (self.pause * 3 / 2).min(self.longest);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    #[test]
    fn pauses_grow_and_end_with_the_time_that_the_caller_gave() {
        let (call, _) = Script::new().call();
        let mut patience = Patience::new(&call, Some(120), 20, MAX_WAIT).unwrap();
        let mut pauses = 0;
        while run(patience.pause()) {
            pauses += 1;
        }
        assert_eq!(call.app().clock().elapsed(), Duration::from_secs(120));
        assert!((10..25).contains(&pauses), "{pauses}");
        // A minute and more after the operator's timeout the call still has time to ask.
        assert_eq!(call.remaining(), Duration::from_secs(30));
    }

    #[test]
    fn without_a_wish_a_call_keeps_the_operators_timeout() {
        let (call, _) = Script::new().call();
        let mut patience = Patience::new(&call, None, 60, MAX_WAIT).unwrap();
        while run(patience.pause()) {}
        assert_eq!(call.remaining(), Duration::from_secs(10));
        assert!(Patience::new(&call, Some(301), 20, MAX_WAIT).is_err());
    }
}
