//! What a noisy tenant does to the calls of another one, on all cores at full load.
//!
//! All keep their connections, as MCP clients do. Callers and controllers are other machines in truth, and here they
//! share the cores of the server. So the noisy callers and the controller run on threads of their own, on one core only,
//! under the policy `SCHED_IDLE`: they keep the server busy with all the time that it leaves there, and take none from it
//! but what they spend within the kernel. The caller who measures has a thread of its own with the server's
//! priority, and so has the reader of the server's log: while nobody reads, a full pipe holds up whoever logs.
//!
//! Beside each measured call stands one to a server that only sends back what it gets, with the same priority: what
//! the noise adds to that is the share of the operating system, which no server on these cores can undo.

use std::io::Read as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use anyhow::Result;
use futures_util::future::join_all;
use jankins_tests::host::Connection;
use jankins_tests::host::Http;
use jankins_tests::simulator::Simulator;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use super::Table;
use super::controller;
use super::memory::sample;
use super::milliseconds;
use super::percentile;
use super::scan::PATTERN;
use super::tenants::TENANTS;
use super::tenants::call;
use super::tenants::server;
use super::tenants::timed_call;

/// Quiet and noise take turns, and what counts is the median of these: a busy moment of the machine spoils one.
const ROUNDS: usize = 9;
/// Calls in each turn.
const SAMPLES: usize = 300;
/// Callers of the tenant that scans. Its instance never rests, as it runs on one core.
const SCANNING: usize = 2;
/// Callers of the tenant that floods: more than keep server and clients busy on every core.
const FLOODING: usize = 16;
/// How long a noise goes on before it is measured.
const ONSET: Duration = Duration::from_millis(500);
/// As long as a call and its answer.
const ECHO_BYTES: usize = 512;

/// The noise.
#[derive(Clone, Copy)]
enum Noise {
    None,
    Scans,
    Flood,
}

/// How long calls took, and what went on meanwhile.
#[derive(Default)]
struct Seen {
    /// Of each turn the 99th percentile, in milliseconds.
    calls: Vec<f64>,
    echoes: Vec<f64>,
    /// Noisy calls that were answered.
    noise: usize,
    /// Processor time that the server used.
    cpu: f64,
    lasted: Duration,
}

pub(super) async fn measure(table: &mut Table) -> Result<()> {
    // Where waiting is allowed: runtimes that must not share a thread.
    let [quiet, scans, flood] = tokio::task::spawn_blocking(observe).await??;
    table.note("a tenant's calls, 99 % of them, alone", &format!("{:.2} ms", median(quiet.calls.iter().copied())));
    table.note("  calls to a server that only echoes", &format!("{:.2} ms", median(quiet.echoes.iter().copied())));
    let names = ["a tenant that scans logs without a pause".to_owned(), format!("{FLOODING} callers of another tenant")];
    for (name, seen) in names.iter().zip([scans, flood]) {
        let times = |busy: &[f64], alone: &[f64]| median(busy.iter().zip(alone).map(|(busy, alone)| busy / alone));
        table.note(&format!("beside {name}"), &format!("{:.2} ms", median(seen.calls.iter().copied())));
        table.at_most("  times as long", times(&seen.calls, &quiet.calls), 2.0, "×");
        let echoes = times(&seen.echoes, &quiet.echoes);
        table.note("  calls to a server that only echoes, times as long", &format!("{echoes:.2} ×"));
        let seconds = seen.lasted.as_secs_f64();
        let load = format!("{:.0}/s, {:.2} cores", seen.noise as f64 / seconds, seen.cpu / seconds);
        table.note("  noisy calls answered, and what the server used", &load);
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn observe() -> Result<[Seen; 3]> {
    let others = Builder::new_multi_thread().enable_all().on_thread_start(give_way).build()?;
    let directory = tempfile::tempdir()?;
    let jenkins: Simulator = others.block_on(others.spawn(controller()))??;
    // Started by this thread, and so with its priority.
    let logs = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let server = Arc::new(logs.block_on(server(&jenkins, directory.path(), TENANTS))?);
    let echo = echo()?;
    let measuring = Builder::new_current_thread().enable_all().build()?;
    let mut seen = [Seen::default(), Seen::default(), Seen::default()];
    for _ in 0..ROUNDS {
        for (noise, seen) in [Noise::None, Noise::Scans, Noise::Flood].into_iter().zip(&mut seen) {
            let answered = Arc::new(AtomicUsize::new(0));
            let noisy = make(noise, &others, &server, &answered);
            std::thread::sleep(ONSET);
            let before = answered.load(Ordering::Relaxed);
            measuring.block_on(turn(&server, &echo, seen))?;
            seen.noise += answered.load(Ordering::Relaxed) - before;
            others.block_on(async {
                noisy.iter().for_each(tokio::task::JoinHandle::abort);
                join_all(noisy).await;
            });
            std::thread::sleep(ONSET);
        }
    }
    Ok(seen)
}

/// Leaves the processors to everybody else, and all but one of them entirely, where the operating system lets a thread
/// say so.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};
        use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};

        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        set_thread_priority_and_policy(thread_native_id(), thread_priority::ThreadPriority::Min, idle).ok();
        if let Some(last) = core_affinity::get_core_ids().and_then(|cores| cores.last().copied()) {
            core_affinity::set_for_current(last);
        }
    }
}

async fn turn(server: &Http, echo: &str, seen: &mut Seen) -> Result<()> {
    let cpu = async || sample(&server.get("/_metrics").await?.body, "jankins_process_cpu_seconds_total");
    let used = cpu().await?;
    let begun = Instant::now();
    let mut connection = Connection::open(server.address()).await?;
    let mut echo = TcpStream::connect(echo).await?;
    echo.set_nodelay(true)?;
    let (mut calls, mut echoes) = (Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        calls.push(timed_call(&mut connection, 0).await?);
        echoes.push(echoed(&mut echo).await?);
    }
    seen.calls.push(milliseconds(percentile(&mut calls, 0.99)));
    seen.echoes.push(milliseconds(percentile(&mut echoes, 0.99)));
    seen.lasted += begun.elapsed();
    seen.cpu += cpu().await? - used;
    Ok(())
}

/// Callers who call again and again until they are aborted.
fn make(noise: Noise, others: &Runtime, server: &Arc<Http>, answered: &Arc<AtomicUsize>) -> Vec<tokio::task::JoinHandle<()>> {
    let callers = match noise {
        Noise::None => 0,
        Noise::Scans => SCANNING,
        Noise::Flood => FLOODING,
    };
    let caller = |_| {
        let (server, answered) = (Arc::clone(server), Arc::clone(answered));
        others.spawn(async move {
            let Ok(mut connection) = Connection::open(server.address()).await else { return };
            loop {
                let scan = json!({"name": "search_log", "arguments": {"job": "big-log", "build": "1", "pattern": PATTERN}});
                let done = match noise {
                    Noise::Scans => call(&mut connection, 1, scan).await.is_ok_and(|answer| answer.status == 200),
                    _ => timed_call(&mut connection, 1).await.is_ok(),
                };
                answered.fetch_add(usize::from(done), Ordering::Relaxed);
            }
        })
    };
    (0..callers).map(caller).collect()
}

/// A server that sends back what it gets, one connection after the other; its address.
fn echo() -> Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            stream.set_nodelay(true).ok();
            let mut bytes = [0; ECHO_BYTES];
            // Until it is closed.
            while stream.read_exact(&mut bytes).and_then(|()| stream.write_all(&bytes)).is_ok() {}
        }
    });
    Ok(address)
}

async fn echoed(stream: &mut TcpStream) -> Result<Duration> {
    let begun = Instant::now();
    let mut bytes = [7; ECHO_BYTES];
    stream.write_all(&bytes).await?;
    stream.read_exact(&mut bytes).await.context("no echo")?;
    Ok(begun.elapsed())
}
