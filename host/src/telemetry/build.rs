//! `jankins_build_info`: what is running. One series per component that is being served, because tenants may use
//! different ones, and because a component is replaced while the process runs.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::names;

/// The facts that `jankins_build_info` states.
#[derive(Clone, Debug)]
pub(crate) struct BuildFacts {
    /// Version of this binary.
    pub version: &'static str,
    /// Digest of the component that is being served.
    pub component_digest: String,
    /// Version of the engine that runs it.
    pub wasmtime: &'static str,
}

/// The facts, of which the components change.
#[derive(Debug)]
pub(super) struct BuildInfo {
    version: &'static str,
    wasmtime: &'static str,
    digests: Mutex<BTreeSet<String>>,
}

impl BuildInfo {
    pub(super) fn new(facts: BuildFacts) -> Self {
        let digests = Mutex::new(BTreeSet::from([facts.component_digest]));
        Self { version: facts.version, wasmtime: facts.wasmtime, digests }
    }

    pub(super) fn components(&self, digests: impl IntoIterator<Item = String>) {
        *self.digests.lock().unwrap_or_else(PoisonError::into_inner) = digests.into_iter().collect();
    }
}

impl Collector for BuildInfo {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        // A gauge named `_info`: an info metric cannot have several series in this library.
        let name = format!("{}_info", names::BUILD);
        let mut family = encoder.encode_descriptor(&name, "The running build", None, MetricType::Gauge)?;
        for digest in digests.iter() {
            let labels = [("version", self.version), ("component_digest", digest.as_str()), ("wasmtime", self.wasmtime)];
            ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
