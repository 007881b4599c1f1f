//! Spans for an OpenTelemetry collector, in a build with the feature `otlp`.
//!
//! Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) names a collector; the other
//! `OTEL_*` variables mean what they mean everywhere. Spans leave in batches over HTTP as protobuf. A collector that
//! does not answer costs the spans and nothing else. The default build has none of this: the exporter brings as many
//! crates as the rest of the host.

#[cfg(not(feature = "otlp"))]
mod without {
    use tracing_subscriber::layer::Identity;

    /// Nothing to add.
    pub(crate) fn layer() -> Option<Identity> {
        None
    }

    /// Never.
    pub(crate) fn is_on() -> bool {
        false
    }
}

#[cfg(feature = "otlp")]
mod with {
    use std::sync::OnceLock;

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::SpanExporter;
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracer;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::Subscriber;
    use tracing_opentelemetry::OpenTelemetryLayer;
    use tracing_subscriber::registry::LookupSpan;

    static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

    /// What turns spans into exports, where a collector is named.
    pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> Option<OpenTelemetryLayer<S, SdkTracer>> {
        let named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !named("OTEL_EXPORTER_OTLP_ENDPOINT") && !named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            return None;
        }
        // An endpoint that cannot be read is no reason not to serve, and there is no log yet to say so in.
        let exporter = SpanExporter::builder().with_http().build().ok()?;
        let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
        let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        let tracer = PROVIDER.get_or_init(|| provider).tracer(env!("CARGO_PKG_NAME"));
        Some(tracing_opentelemetry::layer().with_tracer(tracer))
    }

    /// Whether spans are exported.
    pub(crate) fn is_on() -> bool {
        PROVIDER.get().is_some()
    }

    /// Sends what is left. The exporter has a time limit of its own.
    pub(crate) fn finish() {
        if let Some(provider) = PROVIDER.get() {
            drop(provider.shutdown());
        }
    }
}

#[cfg(feature = "otlp")]
pub(crate) use with::finish;
#[cfg(feature = "otlp")]
pub(super) use with::{is_on, layer};
#[cfg(not(feature = "otlp"))]
pub(super) use without::{is_on, layer};

/// Sends what is left: there is nothing.
#[cfg(not(feature = "otlp"))]
pub(crate) fn finish() {}
