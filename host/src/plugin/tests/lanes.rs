//! An instance on its way through the lanes of the host.

use crate::lanes::tests::{Witness, shares};
use crate::lanes::{Lane, Share};
use crate::plugin::Outcome;
use crate::plugin::fixtures::{ASYNC, Running, SYNC};
use futures::future::join_all;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Something else that the tenant does, and that takes long.
async fn compute(share: &Share) {
    let work = async {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(100) {
            std::hint::spin_loop();
        }
    };
    share.measured(work).await;
}

/// Waits until the tenant has been told of so many moves.
async fn moves(share: &Share, witness: &Witness, wanted: &[Lane]) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while *witness.moves.lock().unwrap() != wanted {
        assert!(Instant::now() < deadline, "{:?}", witness.moves);
        share.run(async {}).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_changes_lanes_with_calls_under_way_and_loses_none() {
    let (share, _other, witness) = shares();
    let plugin = Running::with(ASYNC, |settings| settings.share = share.clone());
    let nap = async |ms: u64| plugin.answer("nap", json!({"ms": ms})).await.structured;
    nap(1).await;
    let naps = join_all((1..=50).map(|at| nap(at * 20)));
    let moved = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        compute(&share).await;
        moves(&share, &witness, &[Lane::Slow, Lane::Normal]).await;
    };
    let (answers, ()) = tokio::join!(naps, moved);
    // Each tells how many of them were inside at most.
    let most = answers.iter().map(|answer| answer["value"].as_u64().unwrap()).max();
    assert_eq!((answers.len(), most), (50, Some(50)));
    assert!(*witness.slow.lock().unwrap() > Duration::ZERO, "the instance stayed where it was");
    assert!(plugin.restarts().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_of_the_guest_comes_along() {
    let (share, _other, witness) = shares();
    let plugin = Running::with(SYNC, |settings| settings.share = share.clone());
    let count = async || plugin.answer("count", json!({})).await.structured;
    assert_eq!(count().await, json!({"value": 1}));
    compute(&share).await;
    assert_eq!(count().await, json!({"value": 2}));
    moves(&share, &witness, &[Lane::Slow, Lane::Normal]).await;
    assert_eq!(count().await, json!({"value": 3}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_kills_an_instance_is_answered_and_replaced_in_the_slow_lane_too() {
    let (share, _other, witness) = shares();
    let plugin = Running::with(SYNC, |settings| settings.share = share.clone());
    for attack in ["spin", "crash", "hoard"] {
        compute(&share).await;
        assert_eq!(plugin.failure(attack).await.code, "plugin-restarted");
        assert_eq!(plugin.answer("count", json!({})).await.structured, json!({"value": 1}));
    }
    assert_eq!(plugin.restarts(), ["cpu", "trap", "memory"]);
    assert_eq!(witness.moves.lock().unwrap().first(), Some(&Lane::Slow));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_waits_for_calls_in_either_lane() {
    let (share, other, _) = shares();
    compute(&share).await;
    let plugins = [share, other].map(|share| Arc::new(Running::with(ASYNC, |settings| settings.share = share)));
    let calls = plugins.clone().map(|plugin| tokio::spawn(async move { plugin.call("nap", json!({"ms": 200})).await }));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    join_all(plugins.iter().map(|plugin| plugin.instance.drain(Duration::from_secs(10)))).await;
    assert!((50..5_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    for call in calls {
        assert!(matches!(call.await.unwrap(), Outcome::Answer(_)));
    }
}
