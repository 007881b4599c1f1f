//! How much of a processor a piece of work took.
//!
//! The time on the clock is cheap to read, and nearly right for short work. It is wrong where the operating system has
//! let the thread wait meanwhile, as it does with those of the slow lane on a busy machine, and with all of a process that
//! has used up what its container may: who was once slow would stay so, and innocents would become it. The time that the
//! thread itself had is always right, and costs twenty times as much to read. So the slow lane always reads that; the normal
//! one does so once in a while, and whenever work took long, which gives an upper bound for the work in between.

use std::cell::Cell;
use std::time::Duration;
use std::time::Instant;

/// Short enough to believe the clock; also how old the last look at the thread's own time may be.
const SHORT: Duration = Duration::from_millis(1);

thread_local! {
    static SLOW: Cell<bool> = const { Cell::new(false) };
    /// When the thread's own time was looked at last, and what it was.
    static LOOKED: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Makes the present thread one of the slow lane. Its policy, and not a low priority: a thread that only has a low priority
/// keeps its processor for some milliseconds whoever wakes up, and one of `SCHED_IDLE` gives it away at once (Linux since
/// 6.6). On a machine whose other processes leave no time at all it would stand still; then it has soon used so little
/// that the tenant returns to the normal lane.
pub(super) fn enter_slow_lane() {
    SLOW.set(true);
    #[cfg(target_os = "linux")]
    if let Err(error) = give_way() {
        tracing::warn!("the threads of the slow lane keep their priority: {error:?}");
    }
}

#[cfg(target_os = "linux")]
fn give_way() -> Result<(), thread_priority::Error> {
    use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};
    use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id, thread_schedule_policy};

    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let set = set_thread_priority_and_policy(thread_native_id(), thread_priority::ThreadPriority::Min, idle);
    // It resets the niceness as well, which may be forbidden and then does not matter.
    if thread_schedule_policy() == Ok(idle) { Ok(()) } else { set }
}

/// A running one; to be read by the thread that started it.
pub(super) struct Stopwatch {
    started: Instant,
    /// The thread's own time, at the start or up to [`SHORT`] before.
    thread: Option<Duration>,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        let started = Instant::now();
        let recent = |(at, thread): (Instant, Duration)| (!SLOW.get() && started - at < SHORT).then_some(thread);
        Self { started, thread: LOOKED.get().and_then(recent).or_else(|| look(started)) }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let now = Instant::now();
        let clock = now - self.started;
        if clock < SHORT && !SLOW.get() {
            return clock;
        }
        let own = look(now).zip(self.thread).map(|(now, then)| now.saturating_sub(then));
        own.map_or(clock, |own| own.min(clock))
    }
}

/// Time that the processors spent on this thread, where the operating system tells.
fn look(now: Instant) -> Option<Duration> {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        let thread = Duration::new(seconds, nanoseconds);
        LOOKED.set(Some((now, thread)));
        Some(thread)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = now;
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn compute(time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn waiting_does_not_count_and_computing_does() {
        for slow in [false, true] {
            std::thread::spawn(move || {
                SLOW.set(slow);
                let stopwatch = Stopwatch::start();
                std::thread::sleep(Duration::from_millis(50));
                assert!(stopwatch.elapsed() < Duration::from_millis(5), "{:?}", stopwatch.elapsed());
                let begun = look(Instant::now()).unwrap();
                let stopwatch = Stopwatch::start();
                while look(Instant::now()).unwrap() - begun < Duration::from_millis(20) {
                    compute(Duration::from_millis(1));
                }
                let elapsed = stopwatch.elapsed();
                assert!(elapsed >= Duration::from_millis(19) && elapsed < Duration::from_millis(25), "{elapsed:?}");
            })
            .join()
            .unwrap();
        }
    }

    #[test]
    fn short_work_counts_by_the_clock() {
        let stopwatch = Stopwatch::start();
        compute(Duration::from_micros(200));
        assert!(stopwatch.elapsed() >= Duration::from_micros(200));
    }
}
