//! Small plugins for the tests of this module, written by hand in the component text format.

use super::catalogue::Tool;
use super::engine::Engine;
use super::error::PluginError;
use super::instance::{Instance, InstanceObserver, InstanceSettings};
use super::load::Plugin;
use super::outcome::{Answer, Failure, Outcome};
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpHooks};

/// Synchronous tools without imports: `echo`, `fail-softly`, `count`, `crash`, `spin`, `hoard`, and the control interface.
pub(super) const SYNC: &str = include_str!("fixtures/sync.wat");
/// Asynchronous tools of WASI 0.3: `nap`, `spin`, `dither`, `crash`.
pub(super) const ASYNC: &str = include_str!("fixtures/async.wat");
/// A blocking tool of WASI 0.2: `nap`.
pub(super) const SLEEP: &str = include_str!("fixtures/sleep.wat");

/// Tools that lie about their memory, fill the engine's tables or never return: `boast`, `repeat`, `recurse`, `collect`,
/// `never`; and `well`, which does its work.
pub(super) const HOSTILE: &str = include_str!("fixtures/hostile.wat");
/// A tool, and the interfaces prompts and resources.
pub(super) const LIBRARY: &str = include_str!("fixtures/library.wat");

/// One engine for all tests, as in the process.
pub(super) fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(None).unwrap());
    &ENGINE
}

/// The binary form of a component.
pub(super) fn binary(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

/// Appends docs as a plugin's build does: `wit` declares a world `root` whose functions carry the texts.
pub(super) fn with_docs(mut component: Vec<u8>, wit: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("root.wit", wit).unwrap();
    let data = wit_parser::PackageMetadata::extract(&resolve, package).encode().unwrap();
    append_section(&mut component, wit_parser::PackageMetadata::SECTION_NAME, &data);
    component
}

/// Appends a custom section.
pub(super) fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut body = Vec::new();
    push_leb(&mut body, name.len());
    body.extend(name.as_bytes());
    body.extend(data);
    component.push(0);
    push_leb(component, body.len());
    component.extend(body);
}

fn push_leb(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Loads a component as if from the file `fixture.wasm`.
pub(super) fn try_load(bytes: &[u8]) -> Result<Plugin, PluginError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fixture.wasm");
    std::fs::write(&path, bytes).unwrap();
    Plugin::load(engine(), Path::new(&path))
}

/// Loads a fixture.
pub(super) fn load(wat: &str) -> Plugin {
    try_load(&binary(wat)).unwrap()
}

/// Remembers what it is told.
#[derive(Default)]
pub(super) struct Log {
    pub(super) restarts: Mutex<Vec<String>>,
    pub(super) memory: AtomicUsize,
}

impl InstanceObserver for Log {
    fn restarted(&self, reason: &str) {
        self.restarts.lock().unwrap().push(reason.to_owned());
    }

    fn memory(&self, _: usize, now: usize) {
        self.memory.store(now, Ordering::SeqCst);
    }
}

struct NoRequests;

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), wasmtime_wasi_http::Error>> + Send>,
    ) -> Box<
        dyn Future<
                Output = Result<
                    (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), wasmtime_wasi_http::Error>> + Send>),
                    wasmtime_wasi_http::Error,
                >,
            > + Send,
    > {
        Box::new(async { Err(wasmtime_wasi_http::Error::HttpRequestDenied) })
    }
}

/// Default settings, with an observer to look at.
pub(super) fn settings() -> (InstanceSettings, Arc<Log>) {
    let log = Arc::new(Log::default());
    let hooks = Arc::new(|| Box::new(NoRequests) as Box<dyn WasiHttpHooks + Send>);
    (InstanceSettings::new(hooks, log.clone()), log)
}

/// An instance of a fixture, with the tools by name.
pub(super) struct Running {
    plugin: Plugin,
    pub(super) instance: Instance,
    pub(super) log: Arc<Log>,
}

impl Running {
    pub(super) fn new(wat: &str) -> Running {
        Running::with(wat, |_| {})
    }

    pub(super) fn with(wat: &str, change: impl FnOnce(&mut InstanceSettings)) -> Running {
        let plugin = load(wat);
        let (mut settings, log) = settings();
        change(&mut settings);
        Running { instance: Instance::spawn(plugin.clone(), settings), plugin, log }
    }

    pub(super) fn tool(&self, name: &str) -> &Tool {
        self.plugin.catalogue().get(name).unwrap()
    }

    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Outcome {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        self.instance.call(self.tool(tool), arguments).await
    }

    pub(super) async fn answer(&self, tool: &str, arguments: Value) -> Answer {
        match self.call(tool, arguments).await {
            Outcome::Answer(answer) => answer,
            Outcome::Failed(failure) => panic!("{failure}"),
        }
    }

    /// The failure of a tool without parameters.
    pub(super) async fn failure(&self, tool: &str) -> Failure {
        match self.instance.call(self.tool(tool), Map::new()).await {
            Outcome::Failed(failure) => failure,
            Outcome::Answer(answer) => panic!("{answer:?}"),
        }
    }

    pub(super) fn restarts(&self) -> Vec<String> {
        self.log.restarts.lock().unwrap().clone()
    }
}
