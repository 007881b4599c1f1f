//! The metrics as a scraper wants them.
//!
//! Prometheus' protobuf when the scraper asks for it: only that carries native histograms, which make
//! `histogram_quantile(0.95, …)` work on the metric's own name. OpenMetrics text otherwise: the same histograms, with
//! their classic buckets.

use prometheus_client::encoding::prometheus_protobuf;
use prometheus_client::encoding::text;

use super::metrics::Metrics;

/// The media type of [`Exposition::Protobuf`], as Prometheus asks for it.
pub(crate) const PROTOBUF: &str = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
/// The media type of [`Exposition::Text`].
pub(crate) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The form in which a scraper wants the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// Length-delimited `io.prometheus.client.MetricFamily` messages.
    Protobuf,
    /// OpenMetrics text.
    Text,
}

impl Metrics {
    /// All metrics in the given form, with the media type to answer.
    ///
    /// # Errors
    /// When a metric cannot be written in that form; a scrape then fails as a whole.
    pub(crate) fn encode(&self, exposition: Exposition) -> Result<(&'static str, Vec<u8>), EncodeError> {
        match exposition {
            Exposition::Protobuf => Ok((PROTOBUF, prometheus_protobuf::encode_to_vec(&self.registry)?)),
            Exposition::Text => {
                let mut page = String::new();
                text::encode(&mut page, &self.registry)?;
                Ok((OPENMETRICS, page.into_bytes()))
            }
        }
    }
}

/// The metrics could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    /// As text.
    #[error("metrics could not be encoded as text")]
    Text(#[from] std::fmt::Error),
    /// As protobuf.
    #[error("metrics could not be encoded as protobuf")]
    Protobuf(#[from] prometheus_protobuf::EncodeError),
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::telemetry::BuildFacts;
    use crate::telemetry::names;

    fn metrics() -> Metrics {
        Metrics::new(BuildFacts { version: "1.2.3", component_digest: "sha256:abc".to_owned(), wasmtime: "48" })
    }

    fn page(metrics: &Metrics) -> String {
        String::from_utf8(metrics.encode(Exposition::Text).unwrap().1).unwrap()
    }

    #[test]
    fn a_failed_call_shows_under_every_name_that_the_runbook_queries() {
        let metrics = metrics();
        metrics.call_finished("get_it", Duration::from_millis(12), Some("not-found"));
        let page = page(&metrics);
        for line in [
            "jankins_requests_total{tool=\"get_it\"} 1",
            "jankins_requests_failed{tool=\"get_it\"} 1",
            "jankins_requests_failed_total{tool=\"get_it\"} 1",
            "jankins_errors_total{error_type=\"NotFound\",tool=\"get_it\"} 1",
            "jankins_request_duration_ms_count{tool=\"get_it\"} 1",
            "jankins_build_info{version=\"1.2.3\",component_digest=\"sha256:abc\",wasmtime=\"48\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn a_good_call_counts_no_failure() {
        let metrics = metrics();
        metrics.call_finished("get_it", Duration::from_millis(12), None);
        let page = page(&metrics);
        assert!(page.contains("jankins_requests_total{tool=\"get_it\"} 1"));
        assert!(page.contains("jankins_requests_failed{tool=\"get_it\"} 0"), "an increase begins at zero");
        assert!(!page.contains("jankins_errors_total{"));
    }

    #[test]
    fn no_family_is_declared_twice() {
        let page = page(&metrics());
        let mut families: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let declared = families.len();
        families.sort_unstable();
        families.dedup_by_key(|line| line.split(' ').next().unwrap().to_owned());
        assert_eq!(families.len(), declared);
    }

    #[test]
    fn the_protobuf_form_carries_native_histograms() {
        let metrics = metrics();
        metrics.call_finished("get_it", Duration::from_millis(12), None);
        let families = prometheus_protobuf::encode(&metrics.registry).unwrap();
        let durations = families.iter().find(|family| family.name == names::REQUEST_DURATION_MS).unwrap();
        let histogram = durations.metric[0].histogram.as_ref().unwrap();
        assert_eq!(histogram.sample_count, 1);
        assert!(!histogram.positive_span.is_empty(), "native buckets are missing");
        assert_eq!(histogram.bucket.len(), names::DURATION_BUCKETS_MS.len() + 1);
    }
}
