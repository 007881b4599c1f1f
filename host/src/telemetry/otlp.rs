//! Spans for an OpenTelemetry collector, in a build with the feature `otlp`.
//!
//! Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) names a collector; the other `OTEL_*`
//! variables mean what they mean everywhere (sampler, service name, headers, batches, `OTEL_EXPORTER_OTLP_CERTIFICATE`).
//! Spans leave in batches over HTTP as protobuf, by the same TLS as requests to a controller. A collector that does not
//! answer costs the spans and one line in the log. The default build has none of this.
//!
//! There is a span for each MCP request and, below it, one for each request to the controller, made by [`super::trace`].
//! They say what the log says: names, codes, times and ids, and never what was asked or answered.

#[cfg(not(feature = "otlp"))]
mod without {
    use crate::telemetry::trace::SpanKind;
    use crate::telemetry::trace::TraceContext;

    /// A span that nobody wants to see.
    #[derive(Debug)]
    pub(crate) struct Recorded;

    impl Recorded {
        pub(crate) fn set(&mut self, _: &'static str, _: String) {}

        pub(crate) fn count(&mut self, _: &'static str, _: u16) {}

        pub(crate) fn fail(&mut self, _: &str) {}
    }

    /// Nobody does.
    pub(crate) fn record(_: SpanKind, _: String, _: Option<&TraceContext>) -> Option<(Recorded, TraceContext)> {
        None
    }

    /// Nothing to prepare.
    pub(crate) fn start() {}

    /// Nothing to send.
    pub(crate) fn finish() {}
}

#[cfg(feature = "otlp")]
mod with {
    use std::env;
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use bytes::Bytes;
    use http::Request;
    use http::Response;
    use opentelemetry::Context;
    use opentelemetry::KeyValue;
    use opentelemetry::trace::Span as _;
    use opentelemetry::trace::SpanBuilder;
    use opentelemetry::trace::SpanContext;
    use opentelemetry::trace::SpanId;
    use opentelemetry::trace::Status;
    use opentelemetry::trace::TraceContextExt as _;
    use opentelemetry::trace::TraceFlags;
    use opentelemetry::trace::TraceId;
    use opentelemetry::trace::TraceState;
    use opentelemetry::trace::Tracer as _;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_http::HttpClient;
    use opentelemetry_http::HttpError;
    use opentelemetry_otlp::SpanExporter;
    use opentelemetry_otlp::WithHttpConfig as _;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracer;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use opentelemetry_sdk::trace::Span;
    use tokio::runtime::Runtime;

    use crate::egress::own;
    use crate::telemetry::trace::SpanKind;
    use crate::telemetry::trace::TraceContext;

    /// Where a collector may be named.
    const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    const CERTIFICATES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];
    const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    /// Longest wait for the collector where none is set, as the specification has it.
    const PATIENCE: Duration = Duration::from_secs(10);
    /// A collector answers with a few bytes.
    const MAX_ANSWER_BYTES: usize = 64 * 1024;

    static TRACER: OnceLock<(SdkTracerProvider, SdkTracer)> = OnceLock::new();

    /// A span that a collector will hear of when it is dropped.
    #[derive(Debug)]
    pub(crate) struct Recorded(Span);

    impl Recorded {
        /// Says something about it.
        pub(crate) fn set(&mut self, name: &'static str, value: String) {
            self.0.set_attribute(KeyValue::new(name, value));
        }

        /// The same with a number.
        pub(crate) fn count(&mut self, name: &'static str, value: u16) {
            self.0.set_attribute(KeyValue::new(name, i64::from(value)));
        }

        /// Says that it did not end well.
        pub(crate) fn fail(&mut self, kind: &str) {
            self.set("error.type", kind.to_owned());
            self.0.set_status(Status::error(""));
        }
    }

    /// Begins a span, if spans are exported, and tells its place in the trace.
    pub(crate) fn record(kind: SpanKind, name: String, parent: Option<&TraceContext>) -> Option<(Recorded, TraceContext)> {
        let (_, tracer) = TRACER.get()?;
        let mut builder = SpanBuilder::from_name(name);
        builder.span_kind = Some(match kind {
            SpanKind::Server => opentelemetry::trace::SpanKind::Server,
            SpanKind::Client => opentelemetry::trace::SpanKind::Client,
        });
        let above = parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(span_context(parent, kind)));
        let span = tracer.build_with_context(builder, &above);
        let place = span.span_context();
        let (trace, id, flags) = (place.trace_id(), place.span_id(), place.trace_flags());
        let context = TraceContext::at(u128::from_be_bytes(trace.to_bytes()), u64::from_be_bytes(id.to_bytes()), flags.to_u8(), parent);
        Some((Recorded(span), context))
    }

    fn span_context(parent: &TraceContext, kind: SpanKind) -> SpanContext {
        let (trace, span, flags) = parent.parts();
        let remote = kind == SpanKind::Server;
        SpanContext::new(TraceId::from(trace), SpanId::from(span), TraceFlags::new(flags), remote, TraceState::default())
    }

    /// Begins to export, where a collector is named. Settings that cannot be used are no reason not to serve.
    pub(crate) fn start() {
        let off = env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
        if off || first_of(&ENDPOINTS).is_none() {
            return;
        }
        let patience = first_of(&TIMEOUTS).and_then(|ms| ms.parse().ok()).map_or(PATIENCE, Duration::from_millis);
        let exporter = Collector::new(first_of(&CERTIFICATES).map(PathBuf::from), patience)
            .and_then(|collector| Ok(SpanExporter::builder().with_http().with_http_client(collector).build()?));
        match exporter {
            Ok(exporter) => export(exporter),
            Err(error) => tracing::error!(error = format!("{error:#}"), "spans cannot be exported"),
        }
    }

    /// The same with this collector, whatever the environment says.
    #[cfg(test)]
    pub(crate) fn start_with(endpoint: &str, ca_file: Option<PathBuf>) {
        use opentelemetry_otlp::WithExportConfig as _;

        let collector = Collector::new(ca_file, PATIENCE).unwrap();
        export(SpanExporter::builder().with_http().with_http_client(collector).with_endpoint(endpoint).build().unwrap());
    }

    fn export(exporter: SpanExporter) {
        let resource = Resource::builder();
        // What the environment says of the service has been read by now, and wins.
        let resource = match env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => resource,
            None => resource.with_service_name(env!("CARGO_PKG_NAME")),
        };
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = resource.with_attribute(version).build();
        let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        TRACER.get_or_init(|| (provider, tracer));
    }

    /// Sends what is left; the exporter waits some seconds at most.
    pub(crate) fn finish() {
        if let Some((provider, _)) = TRACER.get() {
            drop(provider.shutdown());
        }
    }

    fn first_of(names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// The way to the collector. The exporter has a thread of its own, which is none of our runtime.
    #[derive(Debug)]
    struct Collector {
        runtime: Runtime,
        ca_file: Option<PathBuf>,
        patience: Duration,
        failing: AtomicBool,
    }

    impl Collector {
        fn new(ca_file: Option<PathBuf>, patience: Duration) -> anyhow::Result<Self> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(Self { runtime, ca_file, patience, failing: AtomicBool::new(false) })
        }

        async fn send(&self, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
            tokio::time::timeout(self.patience, own::ask(request, self.ca_file.as_deref(), MAX_ANSWER_BYTES)).await?
        }

        /// Logs a change for the worse or the better, and not every batch.
        fn note(&self, failure: Option<String>) {
            let failed_before = self.failing.swap(failure.is_some(), Ordering::Relaxed);
            match failure {
                Some(error) if !failed_before => tracing::warn!(error, "the collector of spans cannot be used"),
                None if failed_before => tracing::info!("the collector of spans can be used again"),
                _ => {}
            }
        }
    }

    #[async_trait::async_trait]
    impl HttpClient for Collector {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            let answered = self.runtime.block_on(self.send(request));
            self.note(match &answered {
                Ok(response) if response.status().is_success() => None,
                Ok(response) => Some(format!("it answers {}", response.status())),
                Err(error) => Some(format!("{error:#}")),
            });
            answered.map_err(Into::into)
        }
    }
}

#[cfg(feature = "otlp")]
pub(crate) use with::*;
#[cfg(not(feature = "otlp"))]
pub(crate) use without::*;
