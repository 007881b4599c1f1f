//! What one instance may use up, and the state behind its imports.
//!
//! | resource | limit | when it is reached |
//! |---|---|---|
//! | linear memory | [`InstanceSettings::memory_limit_bytes`], all memories of the store together | trap |
//! | time in one go | [`MAX_SPINNING_TICKS`] without giving control back or reading what arrives | trap |
//! | time without an end | [`MAX_BUSY_TICKS`] without being idle or finishing a call | trap |
//! | tables, instances, memories | constants below | trap, or the instance does not start |
//! | bytes per call into the host, or answered to it | [`HOSTCALL_BYTES`] | trap |
//! | open handles: requests, bodies, timers | [`MAX_HANDLES`] | trap |
//! | tasks, streams and futures of WASI 0.3 | [`MAX_TASKS`] | trap |
//! | bytes of a request's body that wait | [`BODY_PIECE_BYTES`] | the guest waits |
//! | bytes of header fields | [`FIELD_BYTES`] | trap in WASI 0.2, an error for the guest in 0.3 |
//! | random bytes asked for at once | [`RANDOM_BYTES`] | trap in WASI 0.2, fewer bytes in 0.3 |
//! | stack of a call | `engine::WASM_STACK_BYTES` | trap |
//!
//! What the host holds for a guest is bounded by these numbers multiplied, so each is the smallest that an honest
//! plugin with 256 calls at once does not meet.
//!
//! A trap ends the instance, not the process; see `actor`.

use super::hooks::GuestHooks;
use super::instance::{InstanceObserver, InstanceSettings};
use super::output::GuestOutput;
use super::traces::Traces;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Ticks of 10 ms in one go: half a second, far above the longest honest piece of work between two awaits.
const MAX_SPINNING_TICKS: u32 = 50;
/// Ticks of 10 ms in total: 30 s. Catches a guest that spins but yields; a busy honest one finishes calls.
const MAX_BUSY_TICKS: u32 = 3000;
/// Elements of one table. The largest plugin known needs 700.
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// Core instances, memories and tables of one component; a linked component has about ten of each.
const MAX_PARTS: usize = 100;
/// Bytes that a guest hands over in one call into the host, and of one answer. Many calls may answer at once, from
/// the same bytes of guest memory; a token budget keeps honest answers far below.
const HOSTCALL_BYTES: usize = 8 * 1024 * 1024;
/// Requests, responses, bodies, header fields and timers that are open at once: about four for each request, and
/// four requests for each call.
const MAX_HANDLES: usize = 5_000;
/// Entries of the engine's own tables: tasks, subtasks, streams, futures and sets to wait for. An honest call has
/// some dozens; each takes less than a kilobyte of the host.
const MAX_TASKS: usize = 50_000;
/// Bytes of one set of header fields that a guest makes, in memory. Servers refuse requests with half of that.
const FIELD_BYTES: usize = 32 * 1024;
/// Bytes of a request's body that wait to be sent, twice. Times [`MAX_HANDLES`], which is why the engine's megabyte is too
/// much.
pub(super) const BODY_PIECE_BYTES: usize = 16 * 1024;
/// Random bytes per call. Guests seed hash tables and draw ids; a large number would only keep a thread busy.
const RANDOM_BYTES: u64 = 64 * 1024;

/// The data of a store: what the host functions work on.
pub(super) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: GuestHooks,
    table: ResourceTable,
    memory: MemoryGuard,
    stderr: GuestOutput,
}

impl Guest {
    /// A new store under the limits of `settings`. `cpu` is told about every tick that the guest uses.
    pub(super) fn store(engine: &wasmtime::Engine, settings: &InstanceSettings, cpu: Arc<CpuGuard>) -> wasmtime::Result<Store<Guest>> {
        let stderr = GuestOutput::new("stderr");
        let wasi = WasiCtx::builder()
            .envs(&settings.env)
            .stdout(GuestOutput::new("stdout"))
            .stderr(stderr.clone())
            .max_random_size(RANDOM_BYTES)
            .build();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELD_BYTES);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        let memory = MemoryGuard { limit: settings.memory_limit_bytes, used: 0, exceeded: false, observer: settings.observer.clone() };
        let hooks = GuestHooks { traces: Traces::default(), cpu: Arc::clone(&cpu), egress: (settings.hooks)() };
        let mut store = Store::try_new(engine, Guest { wasi, http, hooks, table, memory, stderr })?;
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        store.set_max_component_handles(MAX_TASKS);
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(MAX_TASKS);
        }
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| Ok(cpu.tick()));
        Ok(store)
    }

    /// The traces of the calls in this store.
    pub(super) fn traces(&self) -> &Traces {
        &self.hooks.traces
    }

    /// Whether the guest asked for more memory than it may have.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        self.memory.exceeded
    }

    /// The last line that the guest wrote to stderr, made harmless.
    pub(super) fn last_words(&self) -> String {
        self.stderr.last_line()
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Counts the memory of a store. `StoreLimits` counts each memory by itself, and a component may have many.
struct MemoryGuard {
    limit: usize,
    used: usize,
    exceeded: bool,
    observer: Arc<dyn InstanceObserver>,
}

impl ResourceLimiter for MemoryGuard {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_sub(current).saturating_add(desired);
        if used > self.limit {
            self.exceeded = true;
            // A trap and not -1: the guest's allocator would abort anyway, and so the reason is known.
            wasmtime::bail!("the guest needs more than its {} bytes of memory", self.limit);
        }
        self.observer.memory(self.used, used);
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        self.observer.memory(self.used, 0);
    }
}

/// Counts the ticks that a guest uses, and interrupts it when they lead nowhere.
///
/// A life-long count would interrupt an innocent instance after enough calls. A count since the store was last idle
/// would interrupt a busy one, which is never idle. So there are two: one starts anew whenever the guest gives
/// control back to the host, the other whenever the instance is idle or has finished a call.
#[derive(Default)]
pub(super) struct CpuGuard {
    spinning: AtomicU32,
    busy: AtomicU32,
    interrupted: AtomicBool,
}

impl CpuGuard {
    /// The guest has computed for one more tick.
    pub(super) fn tick(&self) -> UpdateDeadline {
        let spinning = self.spinning.fetch_add(1, Ordering::Relaxed) + 1;
        let busy = self.busy.fetch_add(1, Ordering::Relaxed) + 1;
        if spinning > MAX_SPINNING_TICKS || busy > MAX_BUSY_TICKS {
            self.interrupted.store(true, Ordering::Relaxed);
            return UpdateDeadline::Interrupt;
        }
        // tokio's own yield, so that timers and sockets are looked at before the guest goes on.
        UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
    }

    /// The guest gave control back to the host, or took what came from outside.
    pub(super) fn control_returned(&self) {
        self.spinning.store(0, Ordering::Relaxed);
    }

    /// The guest finished a call, or the instance had nothing to do for a while.
    pub(super) fn no_longer_busy(&self) {
        self.busy.store(0, Ordering::Relaxed);
    }

    /// Whether the guest was interrupted.
    pub(super) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupts(cpu: &CpuGuard) -> bool {
        matches!(cpu.tick(), UpdateDeadline::Interrupt)
    }

    #[test]
    fn a_guest_that_never_gives_control_back_is_interrupted_after_fifty_ticks() {
        let cpu = CpuGuard::default();
        assert!((0..50).all(|_| !interrupts(&cpu)));
        assert!(interrupts(&cpu) && cpu.interrupted());
    }

    #[test]
    fn an_instance_that_finishes_calls_is_never_interrupted_however_busy() {
        let cpu = CpuGuard::default();
        for _ in 0..100_000 {
            assert!(!interrupts(&cpu));
            cpu.control_returned();
            cpu.no_longer_busy();
        }
    }

    #[test]
    fn a_guest_that_yields_for_ever_is_interrupted_in_the_end() {
        let cpu = CpuGuard::default();
        let ticks = (0..10_000).take_while(|_| {
            cpu.control_returned();
            !interrupts(&cpu)
        });
        assert_eq!(ticks.count(), MAX_BUSY_TICKS as usize);
    }
}
