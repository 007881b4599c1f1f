//! Guests that crash, spin, hoard or hang, and those who share an instance or a machine with them.

use crate::plugin::fixtures::{ASYNC, HOSTILE, Running, SYNC, binary, try_load, with_docs};
use crate::plugin::{Instance, Outcome};
use serde_json::{Map, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_crash_is_answered_and_a_fresh_instance_takes_over() {
    let plugin = Running::new(SYNC);
    plugin.answer("count", json!({})).await;
    let failure = plugin.failure("crash").await;
    assert_eq!(failure.code, "plugin-restarted");
    assert!(failure.message.contains("crashed"), "{}", failure.message);
    assert_eq!(plugin.answer("count", json!({})).await.structured, json!({"value": 1}), "the old memory is still there");
    assert_eq!(plugin.restarts(), ["trap"]);
}

#[tokio::test]
async fn only_a_read_is_called_safe_to_repeat() {
    let docs = "package a:b; world root { /// Effect: read. Toolset: a.\n export crash: func(); }";
    let docs = docs.replace("///", "\n///");
    let plugin = try_load(&with_docs(binary(SYNC), &docs)).unwrap();
    let (settings, _) = crate::plugin::fixtures::settings();
    let instance = Instance::spawn(plugin.clone(), settings);
    let Outcome::Failed(read) = instance.call(plugin.catalogue().get("crash").unwrap(), Map::new()).await else { panic!() };
    assert!(read.hint.unwrap().contains("safe to repeat"));

    let unknown = Running::new(SYNC).failure("crash").await;
    assert!(unknown.hint.unwrap().contains("outcome is unknown"));
}

#[tokio::test]
async fn an_endless_allocation_ends_at_the_limit() {
    let plugin = Running::with(SYNC, |settings| settings.memory_limit_bytes = 8 * 1024 * 1024);
    let failure = plugin.failure("hoard").await;
    assert!(failure.message.contains("memory"), "{}", failure.message);
    assert_eq!(plugin.restarts(), ["memory"]);
    assert_eq!(plugin.log.memory.load(Ordering::SeqCst), 0, "the memory is not given back");
    plugin.answer("count", json!({})).await;
}

#[tokio::test]
async fn a_plugin_that_needs_more_than_the_limit_does_not_start_and_says_so() {
    let plugin = Running::with(SYNC, |settings| settings.memory_limit_bytes = 1024);
    let failure = plugin.failure("count").await;
    assert_eq!(failure.code, "internal");
    assert!(failure.message.contains("does not start"), "{}", failure.message);
    assert_eq!(plugin.restarts(), ["start"]);
}

#[tokio::test]
async fn an_endless_loop_is_interrupted() {
    for fixture in [SYNC, ASYNC] {
        let plugin = Running::new(fixture);
        let start = Instant::now();
        let failure = plugin.failure("spin").await;
        assert!(failure.message.contains("computed too long"), "{}", failure.message);
        assert!((300..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        assert_eq!(plugin.restarts(), ["cpu"]);
    }
}

#[tokio::test]
async fn a_loop_that_yields_starves_nobody() {
    let plugin = Arc::new(Running::new(ASYNC));
    let dithering = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.failure("dither").await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let start = Instant::now();
    plugin.answer("nap", json!({"ms": 10})).await;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    dithering.abort();
}

#[tokio::test]
async fn everybody_in_the_instance_is_told_when_it_dies() {
    let plugin = Running::new(ASYNC);
    let naps = futures::future::join_all((0..10).map(|_| plugin.call("nap", json!({"ms": 5000}))));
    let crash = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        plugin.failure("crash").await
    };
    let start = Instant::now();
    let (naps, crash) = tokio::join!(naps, crash);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(crash.code, "plugin-restarted");
    for nap in naps {
        let Outcome::Failed(failure) = nap else { panic!("it was answered") };
        assert_eq!(failure.code, "plugin-restarted");
    }
    assert_eq!(plugin.restarts(), ["trap"]);
}

#[tokio::test]
async fn calls_that_wait_survive_the_restart() {
    let plugin = Running::new(SYNC);
    let (crash, count) = tokio::join!(plugin.call("crash", json!({})), plugin.call("count", json!({})));
    assert!(matches!(crash, Outcome::Failed(_)));
    let Outcome::Answer(count) = count else { panic!("it was lost") };
    assert_eq!(count.structured, json!({"value": 1}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_of_a_spinning_instance_are_served() {
    let spinner = Arc::new(Running::new(SYNC));
    let neighbour = Running::new(SYNC);
    neighbour.answer("count", json!({})).await;
    let spinning = tokio::spawn({
        let spinner = spinner.clone();
        async move { spinner.failure("spin").await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut worst = Duration::ZERO;
    let mut served = 0;
    while !spinning.is_finished() {
        let start = Instant::now();
        neighbour.answer("count", json!({})).await;
        worst = worst.max(start.elapsed());
        served += 1;
    }
    assert!(served > 100, "{served}");
    // Generous: the machine that runs the tests has other work too. Unshared it is 2 ms.
    assert!(worst < Duration::from_millis(250), "{worst:?}");
    assert!(neighbour.restarts().is_empty());
}

#[tokio::test]
async fn an_instance_is_not_interrupted_for_the_sum_of_its_calls() {
    let plugin = Running::new(SYNC);
    let start = Instant::now();
    // Longer than a spinning guest would live.
    while start.elapsed() < Duration::from_millis(1200) {
        plugin.answer("count", json!({})).await;
    }
    assert!(plugin.restarts().is_empty());
}

#[tokio::test]
async fn a_loop_is_interrupted_also_while_other_calls_arrive() {
    let plugin = Arc::new(Running::new(ASYNC));
    let spinning = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.failure("spin").await }
    });
    while !spinning.is_finished() {
        plugin.call("nap", json!({"ms": 1})).await;
    }
    assert!(spinning.await.unwrap().message.contains("computed too long"));
    assert_eq!(plugin.restarts(), ["cpu"]);
}

#[tokio::test]
async fn a_panic_of_the_host_ends_no_tenant() {
    let panics = std::sync::atomic::AtomicUsize::new(1);
    let plugin = Running::with(SYNC, |settings| {
        let hooks = settings.hooks.clone();
        settings.hooks = Arc::new(move || {
            assert_eq!(panics.swap(0, Ordering::SeqCst), 0, "a bug of the host");
            hooks()
        });
    });
    let failure = plugin.failure("count").await;
    assert_eq!(failure.code, "plugin-restarted");
    assert_eq!(plugin.restarts(), ["host"]);
    plugin.answer("count", json!({})).await;
}

#[tokio::test]
async fn a_plugin_that_loops_while_it_starts_is_interrupted() {
    let plugin = Running::new(
        r#"(component
            (core module $m (func $s (loop $again (br $again))) (start $s) (func (export "f")))
            (core instance $i (instantiate $m))
            (func (export "idle") (canon lift (core func $i "f"))))"#,
    );
    let failure = plugin.failure("idle").await;
    assert!(failure.message.contains("does not start"), "{}", failure.message);
    assert_eq!(plugin.restarts(), ["start"]);
}

#[tokio::test]
async fn an_answer_is_not_believed_to_be_larger_than_memory_or_than_an_answer_may_be() {
    for tool in ["boast", "repeat"] {
        let plugin = Running::new(HOSTILE);
        let before = resident_bytes();
        let failure = plugin.failure(tool).await;
        assert_eq!(failure.code, "plugin-restarted", "{tool}");
        assert_eq!(plugin.restarts(), ["trap"]);
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < 100 << 20, "{tool} made the host take {grown} bytes");
    }
}

#[tokio::test]
async fn a_recursion_without_end_is_a_crash_of_its_own_instance() {
    let plugin = Running::new(HOSTILE);
    let Outcome::Failed(failure) = plugin.call("recurse", json!({"n": 0})).await else { panic!("it returned") };
    assert!(failure.message.contains("crashed"), "{}", failure.message);
    assert_eq!(plugin.answer("well", json!({})).await.structured, json!({"value": 1}));
}

#[tokio::test]
async fn the_engines_own_tables_do_not_grow_without_end() {
    let plugin = Running::new(HOSTILE);
    let before = resident_bytes();
    let start = Instant::now();
    let failure = plugin.failure("collect").await;
    assert!(failure.message.contains("crashed"), "{} after {:?}", failure.message, start.elapsed());
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 100 << 20, "the host took {grown} bytes");
    plugin.answer("well", json!({})).await;
}

#[tokio::test]
async fn a_call_that_never_returns_holds_up_no_other_and_is_ended_with_its_instance() {
    let plugin = Arc::new(Running::with(HOSTILE, |settings| settings.call_timeout = Duration::from_millis(300)));
    let hanging = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.failure("never").await }
    });
    let start = Instant::now();
    while plugin.restarts().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(5), "the hanging instance still lives");
        let asked = Instant::now();
        plugin.call("well", json!({})).await;
        assert!(asked.elapsed() < Duration::from_millis(250), "{:?}", asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(hanging.await.unwrap().code, "timeout");
    assert_eq!(plugin.restarts(), ["stuck"]);
    assert_eq!(plugin.answer("well", json!({})).await.structured, json!({"value": 1}));
}

/// What an attack costs: how long until its caller is told, and until the next call is answered by a fresh instance;
/// and the longest call of a neighbour meanwhile. Printed, because these are figures that the project promises.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_is_replaced_within_ten_milliseconds() {
    let neighbour = Running::new(SYNC);
    neighbour.answer("count", json!({})).await;
    println!("{:<10} {:>12} {:>12} {:>16}", "attack", "told after", "replaced in", "neighbour worst");
    for (fixture, attack, well) in [
        (SYNC, "crash", "count"),
        (SYNC, "hoard", "count"),
        (SYNC, "spin", "count"),
        (HOSTILE, "boast", "well"),
        (HOSTILE, "repeat", "well"),
        (HOSTILE, "collect", "well"),
    ] {
        let plugin = Arc::new(Running::new(fixture));
        plugin.answer(well, json!({})).await;
        let attacking = tokio::spawn({
            let plugin = plugin.clone();
            async move {
                let begun = Instant::now();
                plugin.failure(attack).await;
                let told = begun.elapsed();
                let begun = Instant::now();
                plugin.answer(well, json!({})).await;
                (told, begun.elapsed())
            }
        });
        let mut worst = Duration::ZERO;
        while !attacking.is_finished() {
            let start = Instant::now();
            neighbour.answer("count", json!({})).await;
            worst = worst.max(start.elapsed());
        }
        let (told, replaced) = attacking.await.unwrap();
        println!("{attack:<10} {told:>12.1?} {replaced:>12.1?} {worst:>16.1?}");
        // Ten times what is promised: the machine that runs the tests has other work too.
        assert!(replaced < Duration::from_millis(100), "{attack}: {replaced:?}");
        assert!(worst < Duration::from_millis(250), "{attack}: {worst:?}");
    }
    assert!(neighbour.restarts().is_empty());
}

/// What the whole process holds. Tests run in processes of their own, so the growth is the test's.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or_default() * 1024
}
