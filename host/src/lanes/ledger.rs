//! What each tenant used lately, and who is in which lane.
//!
//! The normal lane is kept at most half full, because in a queue that is half empty nobody waits long. Time is cut into
//! windows of 50 ms. At the end of each, those who used something are put in order, and the normal lane takes the ones
//! who used least until half of its threads' time is given away; the rest has the slow lane. Who returns must fit into
//! three quarters of that, so that nobody goes to and fro. Who uses up everything alone need not wait for the end of
//! the window.
//!
//! What counts is the average of the last windows (about 200 ms), and not in plain time but as the others feel it: one
//! turn of 10 ms delays whoever comes meanwhile by 5 ms, ten turns of 1 ms by half a one. And the turns of requests that
//! are there together stand in the queue together, as if they were one. So a turn costs its time, and as much again for
//! each half of a millisecond that all of them would last.
//!
//! Nothing here has a clock of its own: callers say how late it is.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::Lane;
use super::Watcher;

/// How often the lanes are assigned anew.
const WINDOW: Duration = Duration::from_millis(50);
/// The last window's part of the average, as one in so many.
const NEWEST: u64 = 4;
/// A turn of this length costs double.
const LONG: Duration = Duration::from_micros(500);
/// The most requests that count as there together: of many most wait for the controller.
const TOGETHER: u64 = 16;
/// No honest turn lasts longer; one that seems to was interrupted by the operating system.
const LONGEST: Duration = Duration::from_millis(10);
/// The most that counts of one window, in budgets. Bounds how long anybody pays for one bad moment.
const WORST: u64 = 4;
/// Averages below this are nothing: a microsecond for each window.
const NOTHING: u64 = 1_000;

/// What one tenant has used. In nanoseconds, as all numbers here.
pub(super) struct Account {
    /// In this window, as it is felt.
    felt: AtomicU64,
    /// In one window, on average over the last ones.
    average: AtomicU64,
    /// Requests that have begun and not ended.
    requests: AtomicU64,
    /// In plain time, in the slow lane, since the watcher was told.
    slow_time: AtomicU64,
    slow: AtomicBool,
    /// Whether the ledger has it in its list.
    listed: AtomicBool,
    watcher: Arc<dyn Watcher>,
}

impl Account {
    pub(super) fn new(watcher: Arc<dyn Watcher>) -> Self {
        Self {
            felt: AtomicU64::new(0),
            average: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            slow_time: AtomicU64::new(0),
            slow: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            watcher,
        }
    }

    pub(super) fn lane(&self) -> Lane {
        if self.slow.load(Relaxed) { Lane::Slow } else { Lane::Normal }
    }

    /// A request has begun.
    pub(super) fn begin(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// A request has ended.
    pub(super) fn end(&self) {
        self.requests.fetch_sub(1, Relaxed);
    }

    /// What a turn costs.
    fn cost(&self, took: Duration) -> u64 {
        let together = self.requests.load(Relaxed).clamp(1, TOGETHER);
        let all = nanoseconds(took).saturating_mul(together).min(nanoseconds(LONGEST));
        let took = nanoseconds(took);
        took.saturating_add(took.saturating_mul(all) / nanoseconds(LONG))
    }

    fn assign(&self, slow: bool) {
        if self.slow.swap(slow, Relaxed) != slow {
            self.watcher.moved(if slow { Lane::Slow } else { Lane::Normal });
        }
    }

    /// The average after so many windows, of which the first was this one.
    fn close(&self, windows: u64, budget: u64) -> u64 {
        let felt = self.felt.swap(0, Relaxed).min(budget.saturating_mul(WORST));
        let mut average = averaged(self.average.load(Relaxed), felt);
        for _ in 1..windows.min(64) {
            average = averaged(average, 0);
        }
        self.average.store(average, Relaxed);
        let slow_time = self.slow_time.swap(0, Relaxed);
        if slow_time > 0 {
            self.watcher.spent(Duration::from_nanos(slow_time));
        }
        average
    }
}

/// All accounts together.
pub(super) struct Ledger {
    /// What the normal lane gives away in one window.
    budget: u64,
    tenants: AtomicUsize,
    /// Number of the present window.
    window: AtomicU64,
    /// Who used something lately, or is in the slow lane.
    busy: Mutex<Vec<Arc<Account>>>,
}

impl Ledger {
    /// For lanes of so many threads.
    pub(super) fn new(threads: usize) -> Self {
        let threads = u64::try_from(threads).unwrap_or(1).max(1);
        let budget = nanoseconds(WINDOW).saturating_mul(threads) / 2;
        Self { budget, tenants: AtomicUsize::new(0), window: AtomicU64::new(0), busy: Mutex::default() }
    }

    /// There is one tenant more.
    pub(super) fn joined(&self) {
        self.tenants.fetch_add(1, Relaxed);
    }

    /// There is one tenant less.
    pub(super) fn left(&self) {
        self.tenants.fetch_sub(1, Relaxed);
    }

    /// Whether there is nobody whom a tenant could keep waiting.
    fn is_lonely(&self) -> bool {
        self.tenants.load(Relaxed) < 2
    }

    /// A turn of a tenant took so long, and has ended now.
    pub(super) fn charge(&self, account: &Arc<Account>, took: Duration, now: Duration) {
        self.turn(now);
        let cost = account.cost(took);
        let felt = account.felt.fetch_add(cost, Relaxed).saturating_add(cost);
        if !account.listed.swap(true, Relaxed) {
            self.busy.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(account));
        }
        if account.slow.load(Relaxed) {
            account.slow_time.fetch_add(nanoseconds(took), Relaxed);
        } else if averaged(account.average.load(Relaxed), felt) > self.budget && !self.is_lonely() {
            account.assign(true);
        }
    }

    /// Assigns the lanes anew if a window has ended.
    pub(super) fn turn(&self, now: Duration) {
        let window = u64::try_from(now.as_nanos() / WINDOW.as_nanos()).unwrap_or(u64::MAX);
        if window <= self.window.load(Relaxed) {
            return;
        }
        // Whoever holds it assigns, or is about to make an entry that can wait for the next time.
        let Ok(mut busy) = self.busy.try_lock() else { return };
        let windows = window.saturating_sub(self.window.load(Relaxed));
        if windows == 0 {
            return;
        }
        self.window.store(window, Relaxed);
        let mut averages: Vec<(u64, Arc<Account>)> = busy.drain(..).map(|account| (account.close(windows, self.budget), account)).collect();
        averages.sort_by_key(|(average, _)| *average);
        let mut given = 0_u64;
        for (average, account) in averages {
            given = given.saturating_add(average);
            let limit = if account.slow.load(Relaxed) { self.budget / 4 * 3 } else { self.budget };
            account.assign(given > limit && !self.is_lonely());
            if average > NOTHING || account.slow.load(Relaxed) {
                busy.push(account);
            } else {
                account.listed.store(false, Relaxed);
            }
        }
    }
}

fn averaged(average: u64, newest: u64) -> u64 {
    (average.saturating_mul(NEWEST - 1).saturating_add(newest)) / NEWEST
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Silent;

    impl Watcher for Silent {
        fn moved(&self, _: Lane) {}
        fn spent(&self, _: Duration) {}
    }

    /// A ledger for two threads, a number of tenants, and a clock.
    struct Town {
        ledger: Ledger,
        tenants: Vec<Arc<Account>>,
        now: Duration,
    }

    impl Town {
        fn new(tenants: usize) -> Town {
            let ledger = Ledger::new(2);
            let tenants = (0..tenants).map(|_| {
                ledger.joined();
                Arc::new(Account::new(Arc::new(Silent)))
            });
            Town { tenants: tenants.collect(), ledger, now: Duration::ZERO }
        }

        /// For so many milliseconds, each tenant takes its turns: how many microseconds each, how many in a millisecond.
        fn pass(&mut self, milliseconds: u64, uses: &[(u64, u64)]) {
            for _ in 0..milliseconds {
                self.now += Duration::from_millis(1);
                for (tenant, (turn, times)) in self.tenants.iter().zip(uses) {
                    for _ in 0..*times {
                        self.ledger.charge(tenant, Duration::from_micros(*turn), self.now);
                    }
                }
            }
        }

        fn slow(&self) -> Vec<bool> {
            self.tenants.iter().map(|tenant| tenant.lane() == Lane::Slow).collect()
        }
    }

    #[test]
    fn who_uses_most_is_slow_and_who_calls_without_a_pause_in_short_turns_is_not() {
        let mut town = Town::new(3);
        // Nearly half a core, nearly a whole one, nothing.
        town.pass(500, &[(100, 4), (90, 10), (0, 0)]);
        assert_eq!(town.slow(), [false, true, false]);
    }

    #[test]
    fn who_has_many_requests_in_short_turns_is_slow_and_who_makes_one_after_the_other_is_not() {
        let mut town = Town::new(2);
        (0..16).for_each(|_| town.tenants[1].begin());
        town.pass(500, &[(80, 5), (80, 5)]);
        assert_eq!(town.slow(), [false, true]);
        (0..16).for_each(|_| town.tenants[1].end());
        town.pass(500, &[(80, 5), (80, 4)]);
        assert_eq!(town.slow(), [false, false]);
    }

    #[test]
    fn long_turns_make_slow_even_alone_and_at_once() {
        let mut town = Town::new(2);
        for _ in 0..3 {
            town.now += Duration::from_millis(10);
            town.ledger.charge(&town.tenants[0], Duration::from_millis(10), town.now);
        }
        assert_eq!(town.slow(), [true, false]);
    }

    #[test]
    fn who_has_become_light_comes_back_soon_and_who_stays_heavy_never() {
        let mut town = Town::new(2);
        town.pass(500, &[(80, 10), (95, 10)]);
        assert_eq!(town.slow(), [false, true]);
        town.pass(500, &[(80, 10), (95, 10)]);
        assert_eq!(town.slow(), [false, true]);
        town.pass(400, &[(50, 1), (50, 1)]);
        assert_eq!(town.slow(), [false, false]);
    }

    #[test]
    fn a_tenant_that_has_stopped_is_normal_by_the_next_time_it_is_looked_at() {
        let mut town = Town::new(2);
        town.pass(500, &[(900, 2), (0, 0)]);
        assert_eq!(town.slow(), [true, false]);
        town.now += Duration::from_secs(5);
        town.ledger.turn(town.now);
        assert_eq!(town.slow(), [false, false]);
        assert!(town.ledger.busy.lock().unwrap().is_empty(), "who rests costs nothing");
    }

    #[test]
    fn one_bad_moment_is_paid_for_in_a_second_at_most() {
        let mut town = Town::new(2);
        // As if the whole process had been stopped in the middle of a turn.
        town.ledger.charge(&town.tenants[0], Duration::from_secs(30), town.now);
        assert_eq!(town.slow(), [true, false]);
        town.pass(500, &[(50, 1), (0, 0)]);
        assert_eq!(town.slow(), [false, false]);
    }

    #[test]
    fn the_only_tenant_is_never_slow() {
        let mut town = Town::new(1);
        town.pass(500, &[(10_000, 2)]);
        assert_eq!(town.slow(), [false]);
    }

    #[test]
    fn of_many_who_share_the_machine_evenly_half_stay() {
        let mut town = Town::new(10);
        town.pass(1_000, &[(100, 2); 10]);
        let slow = town.slow().into_iter().filter(|slow| *slow).count();
        assert!((4..=7).contains(&slow), "{slow}");
    }
}
