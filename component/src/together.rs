//! Waits for several of a kind at once.
//!
//! As `join_all` of `futures-util`, which brings a queue and a heap for each type it is used with, and is at its best
//! with thousands. A tool asks a few dozen things at once, so whenever one is ready all are looked at.

use std::future::{Future, poll_fn};
use std::task::Poll;

use crate::upstream::transport::Local;

enum Slot<'a, T> {
    Waiting(Local<'a, T>),
    Done(T),
}

/// Runs all of them; their results in their order.
pub(crate) fn all<'a, T: 'a, F: Future<Output = T> + 'a>(futures: impl IntoIterator<Item = F>) -> Local<'a, Vec<T>> {
    settle(futures.into_iter().map(|future| Slot::Waiting(Box::pin(future))).collect())
}

fn settle<'a, T: 'a>(mut slots: Vec<Slot<'a, T>>) -> Local<'a, Vec<T>> {
    Box::pin(poll_fn(move |context| {
        let mut waiting = false;
        for slot in &mut slots {
            if let Slot::Waiting(future) = slot {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *slot = Slot::Done(value),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            return Poll::Pending;
        }
        let done = |slot| match slot {
            Slot::Done(value) => Some(value),
            Slot::Waiting(_) => None,
        };
        Poll::Ready(std::mem::take(&mut slots).into_iter().filter_map(done).collect())
    }))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::testing::{Script, run};

    #[test]
    fn results_come_in_order_after_the_time_of_the_longest() {
        let (call, _) = Script::new().call();
        let clock = call.app().clock();
        let begun = clock.elapsed();
        let under_way = Cell::new(0);
        let wait = |seconds: u64| {
            let under_way = &under_way;
            async move {
                under_way.set(under_way.get() + 1);
                clock.sleep(Duration::from_secs(seconds)).await;
                (seconds, under_way.get())
            }
        };
        assert_eq!(run(all([3, 1, 2].map(wait))), [(3, 3), (1, 3), (2, 3)]);
        assert_eq!(clock.elapsed() - begun, Duration::from_secs(3));
        assert!(run(all(Vec::<std::future::Ready<u8>>::new())).is_empty());
    }
}
