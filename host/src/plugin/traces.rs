//! Which trace a request of the guest belongs to.
//!
//! Many calls run in one instance at once, and the guest knows nothing of traces. But the engine knows which task of the
//! guest makes a request, and we know which call is which task; so the host can add the headers of the right trace by
//! itself. A WASI 0.2 instance takes one call at a time: there, it is the only one. A request that belongs to no call
//! (work that goes on after its call has ended) carries no trace. Whatever the guest sets is replaced.

use super::sandbox::Guest;
use crate::telemetry::trace::TraceContext;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::AsContextMut;
use wasmtime::component::{Accessor, GuestTaskId, HasData, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p3::bindings::http::client::HostWithStore;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView, WasiHttpView};

/// The traces of the calls in one instance.
#[derive(Clone, Default)]
pub(super) struct Traces(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    calls: Vec<(GuestTaskId, Option<TraceContext>)>,
    /// The task that is making a request at this very moment, where the engine can tell.
    asking: Option<GuestTaskId>,
}

impl Traces {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A call has begun as this task.
    pub(super) fn begin(&self, task: GuestTaskId, trace: Option<TraceContext>) {
        self.with(|state| state.calls.push((task, trace)));
    }

    /// The call has ended.
    pub(super) fn end(&self, task: GuestTaskId) {
        self.with(|state| state.calls.retain(|(known, _)| *known != task));
    }

    /// The trace of the request that is being made.
    pub(super) fn of_request(&self) -> Option<TraceContext> {
        self.with(|state| {
            let only = || state.calls.first().filter(|_| state.calls.len() == 1);
            let call = match state.asking.take() {
                Some(asking) => state.calls.iter().find(|(task, _)| *task == asking),
                None => only(),
            };
            call?.1.clone()
        })
    }
}

/// `wasi:http/client` of WASI 0.3, with a note of who is asking.
pub(super) struct TracedClient;

impl HasData for TracedClient {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl HostWithStore<Guest> for TracedClient {
    async fn send(store: &Accessor<Guest, Self>, request: Resource<Request>) -> Result<Resource<Response>, TrappableError<ErrorCode>> {
        store.with(|mut access| {
            // The last on the stack is the call from outside; those before it are calls between components.
            let task = access.as_context_mut().async_call_stack().ok().and_then(Iterator::last);
            let traces = access.data_mut().traces();
            traces.with(|state| state.asking = task);
        });
        // Its first step hands the request to the hooks, before anything else can run in this store.
        <WasiHttp as HostWithStore<Guest>>::send(&store.with_getter::<WasiHttp>(Guest::http), request).await
    }
}
