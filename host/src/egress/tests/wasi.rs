//! The same egress behind both versions of `wasi:http`: which failures reach a plugin in which form.

use super::*;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::p2::{Pollable as _, StreamError};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    ErrorCode as P2Error, Host as _, HostFutureIncomingResponse as _, HostIncomingBody as _, HostIncomingResponse as _, Method as P2Method,
    Scheme as P2Scheme,
};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p3::Request as P3Request;
use wasmtime_wasi_http::p3::bindings::http::client::HostWithStore;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode as P3Error;
use wasmtime_wasi_http::{FieldMap, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

const WANTED: &str = "cassette has no recording of GET /job/x/api/json";

struct Host {
    ctx: WasiHttpCtx,
    table: ResourceTable,
    hooks: Hooks,
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.ctx, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// A host whose egress replays these exchanges.
fn host(exchanges: &str) -> Host {
    let (_folder, path) = file("session.json");
    let header = r#"{"cassette":1,"controller":"http://ci.test/","recorded_by":"x"}"#;
    std::fs::write(&path, format!("{header}{exchanges}")).unwrap();
    let subject = Subject::new(Settings { cassette: CassetteMode::Replay(path), ..settings("http://ci.test/") });
    Host { ctx: WasiHttpCtx::new(), table: ResourceTable::new(), hooks: subject.egress.hooks() }
}

async fn ask_p2(host: &mut Host) -> Result<Resource<HostIncomingResponse>, P2Error> {
    let request = HostOutgoingRequest {
        method: P2Method::Get,
        scheme: Some(P2Scheme::Http),
        authority: Some("ci.test".to_owned()),
        path_with_query: Some("/job/x/api/json".to_owned()),
        headers: FieldMap::new_mutable(1024),
        body: None,
    };
    let request = host.table.push(request).unwrap();
    let future = host.http().handle(request, None).unwrap();
    let id = Resource::<HostFutureIncomingResponse>::new_own(future.rep());
    host.table.get_mut(&id).unwrap().ready().await;
    host.http().get(future).unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn a_plugin_of_wasi_0_2_reads_which_request_is_missing() {
    let answer = ask_p2(&mut host("")).await;
    assert!(matches!(answer, Err(P2Error::InternalError(Some(said))) if said == WANTED));
}

/// wasmtime 48 gives such a plugin no error code for a body that fails, only the text: plugins go by that.
#[tokio::test]
async fn a_plugin_of_wasi_0_2_can_tell_body_failures_apart_by_their_text() {
    for (fault, text) in [
        ("truncated", "incomplete HTTP response"),
        ("read-timeout", "connection read timeout"),
        ("connection-lost", "connection terminated"),
    ] {
        let mut host = host(&format!(r#"{{"method":"GET","path":"/job/x/api/json","status":200,"fault":"{fault}"}}"#));
        let response = ask_p2(&mut host).await.unwrap();
        let body = host.http().consume(response).unwrap().unwrap();
        let stream = host.http().stream(body).unwrap().unwrap();
        let stream = host.table.get_mut(&stream).unwrap();
        stream.ready().await;
        let StreamError::LastOperationFailed(error) = stream.read(10).unwrap_err() else { panic!("{fault}") };
        assert_eq!(format!("{error:?}").lines().next(), Some(text));
        let error = host.table.push(error).unwrap();
        assert!(host.http().http_error_code(error).unwrap().is_none());
    }
}

#[tokio::test]
async fn a_plugin_of_wasi_0_3_reads_which_request_is_missing() {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    let mut store = Store::new(&Engine::new(&config).unwrap(), host(""));
    let (request, _sent) = P3Request::new(
        Method::GET,
        Some(Scheme::HTTP),
        Some("ci.test".parse().unwrap()),
        Some("/job/x/api/json".parse().unwrap()),
        FieldMap::new_mutable(1024),
        None,
        empty(),
    );
    let request = store.data_mut().table.push(request).unwrap();
    let answer =
        store.run_concurrent(async |accessor| WasiHttp::send(&accessor.with_getter::<WasiHttp>(Host::http), request).await).await.unwrap();
    let error = answer.err().unwrap().downcast().unwrap();
    assert!(matches!(error, P3Error::InternalError(Some(said)) if said == WANTED));
}
