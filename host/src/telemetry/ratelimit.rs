//! `jankins_ratelimit_hits`, under both of its names.

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::bounded::Tally;
use super::names;

/// Calls that met a rate limit, by user.
#[derive(Debug)]
pub(super) struct RateLimitHits(pub(super) Arc<Tally>);

impl Collector for RateLimitHits {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = self.0.counts();
        // Gauges to the encoder, see `names::REQUESTS_FAILED_TOTAL`.
        for name in [names::RATELIMIT_HITS, names::RATELIMIT_HITS_TOTAL] {
            let mut family = encoder.encode_descriptor(name, "Calls that met a rate limit", None, MetricType::Gauge)?;
            for (user, hits) in &counts {
                let labels = [("user", user.as_str())];
                ConstGauge::new(*hits as f64).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
