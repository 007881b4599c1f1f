//! Mixed load for a while, with everything going wrong that may: the controllers are killed and come back, plugins trap
//! and are switched, the configuration is reloaded. No answer may be lost, none may be another tenant's, and memory may
//! not grow.
//!
//! It takes two minutes within `make test`; `make soak` runs it for half an hour (`JANKINS_SOAK_SECONDS`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected is a failure"
)]

mod callers;
mod town;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use callers::Tally;
use town::Town;

/// Callers of each tenant at once.
const CALLERS: usize = 3;
/// Least calls per second in all, far below what a busy machine does: a test that called nobody proves nothing.
const LEAST_CALLS_PER_SECOND: f64 = 5.0;
/// How much more memory the last quarter may take than the second one, whatever the time between. Two configurations
/// are in memory during a reload, and which moments a sample hits is chance.
const MOST_GROWTH: f64 = 24.0 * 1024.0 * 1024.0;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_crossed_or_leaked_while_everything_goes_wrong() {
    let seconds = std::env::var("JANKINS_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
    let span = Duration::from_secs(seconds);
    let town = Arc::new(Town::build().await);
    let tally = Arc::new(Tally::default());
    let end = Instant::now() + span;

    let mut tasks = Vec::new();
    for (tenant, _) in town.tenants() {
        for caller in 0..CALLERS {
            let (town, tally) = (Arc::clone(&town), Arc::clone(&tally));
            let seed = (tenant * CALLERS + caller) as u64 + 1;
            tasks.push(tokio::spawn(async move { callers::call_until(end, &town, tenant, seed, &tally).await }));
        }
    }
    let trouble = [Trouble::Controllers, Trouble::Reloads, Trouble::Traps].map(|trouble| {
        let town = Arc::clone(&town);
        tokio::spawn(async move { trouble.until(end, &town).await })
    });
    let mut memory = Vec::new();
    while Instant::now() < end {
        memory.push(town.resident_bytes());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    for task in trouble {
        task.await.unwrap();
    }

    let report = tally.report();
    let (second, last) = (quarter(&memory, 1), quarter(&memory, 3));
    println!("{report}\nmemory: {:.1} MB in the second quarter, {:.1} MB in the last", second / 1e6, last / 1e6);
    let log = town.end().await;
    assert!(tally.lost().is_empty(), "{} answers were lost: {:?}\n{log}", tally.lost().len(), tally.lost().first());
    assert!(tally.crossed().is_empty(), "an answer went to another tenant: {:?}", tally.crossed().first());
    assert!(tally.calls() as f64 > span.as_secs_f64() * LEAST_CALLS_PER_SECOND, "{report}");
    assert!(tally.every_tenant_had_good_answers(), "{report}");
    assert!(tally.good() * 2 > tally.calls(), "most calls fail: {report}");
    assert!(last < second + MOST_GROWTH, "memory grows: {memory:?}");
}

/// Somebody who makes trouble of one kind.
#[derive(Clone, Copy)]
enum Trouble {
    /// Kills a controller, and starts it again a second later.
    Controllers,
    /// Changes the configuration and has it read.
    Reloads,
    /// Lets a plugin trap.
    Traps,
}

impl Trouble {
    async fn until(self, end: Instant, town: &Town) {
        let mut round = 0;
        while Instant::now() < end {
            let pause = match self {
                Self::Controllers => Duration::from_secs(4),
                Self::Reloads => Duration::from_secs(3),
                Self::Traps => Duration::from_secs(1),
            };
            tokio::time::sleep(pause.min(end.saturating_duration_since(Instant::now()))).await;
            match self {
                Self::Controllers => town.kill_and_restart(round).await,
                Self::Reloads => town.reload(round),
                Self::Traps => town.trap().await,
            }
            round += 1;
        }
    }
}

/// The median of one quarter of the samples.
fn quarter(samples: &[f64], which: usize) -> f64 {
    let size = samples.len() / 4;
    let mut part = samples[which * size..(which + 1) * size].to_vec();
    part.sort_by(f64::total_cmp);
    part[part.len() / 2]
}
