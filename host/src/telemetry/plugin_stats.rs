//! The figures that plugins report about themselves, tenant by tenant.
//!
//! The plugin names its figures itself, and a plugin is not trusted: a name that is not a plain metric name or that is
//! one of the host's own, a value that is not finite, and everything beyond [`MAX_STATS`] is left out. A tenant that
//! stands behind the bound of tenant labels has no series here: such figures cannot be added up.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric as _;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::bounded::OTHER;
use super::names;
use crate::plugin::Stat;

/// More figures than any plugin needs.
const MAX_STATS: usize = 64;
/// Longer than any sensible metric name.
const MAX_NAME_BYTES: usize = 64;

/// What each tenant's plugin said the last time it was asked.
#[derive(Debug, Default)]
pub(super) struct PluginStats(Mutex<BTreeMap<String, Vec<Stat>>>);

impl PluginStats {
    /// Replaces what a tenant's plugin said.
    pub(super) fn replace(&self, tenant: &str, stats: Vec<Stat>) {
        if tenant == OTHER {
            return;
        }
        let accepted = stats.into_iter().filter(acceptable).take(MAX_STATS).collect();
        self.lock().insert(tenant.to_owned(), accepted);
    }

    /// Forgets a tenant that is gone.
    pub(super) fn remove(&self, tenant: &str) {
        self.lock().remove(tenant);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<Stat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a family means, and its value for each tenant.
type Series<'a> = (&'a str, Vec<(&'a str, f64)>);

impl Collector for PluginStats {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let tenants = self.lock();
        // By family first: a family is declared once, and its series stand together.
        let mut families: BTreeMap<String, Series<'_>> = BTreeMap::new();
        for (tenant, stats) in tenants.iter() {
            for stat in stats {
                let (_, series) = families.entry(family(stat)).or_insert_with(|| (&stat.help, Vec::new()));
                // A plugin that gives a figure twice means the first.
                if !series.iter().any(|(known, _)| known == tenant) {
                    series.push((tenant, stat.value));
                }
            }
        }
        for (name, (help, series)) in families {
            // By the convention of Prometheus: what ends in `_total` only ever grows.
            let (name, kind) = match name.strip_suffix("_total") {
                Some(counter) => (counter, MetricType::Counter),
                None => (name.as_str(), MetricType::Gauge),
            };
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (tenant, value) in series {
                let labels = [("tenant", tenant)];
                let encoder = family.encode_family(&labels)?;
                match kind {
                    MetricType::Counter => ConstCounter::new(value).encode(encoder)?,
                    _ => ConstGauge::new(value).encode(encoder)?,
                }
            }
        }
        Ok(())
    }
}

fn family(stat: &Stat) -> String {
    format!("{}{}", names::PLUGIN_STAT_PREFIX, stat.name.replace('-', "_"))
}

fn acceptable(stat: &Stat) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let family = family(stat);
    let own = names::OWN_FAMILIES.contains(&family.as_str())
        || family.strip_suffix("_total").is_some_and(|family| names::OWN_FAMILIES.contains(&family))
        || family.starts_with(names::PROCESS_PREFIX);
    stat.value.is_finite()
        && !stat.help.contains('\n')
        && !stat.name.is_empty()
        && stat.name.len() <= MAX_NAME_BYTES
        && stat.name.bytes().all(plain)
        && !own
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::*;

    fn page(stats: PluginStats) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(stats));
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        page
    }

    fn stat(name: &str, value: f64) -> Stat {
        Stat { name: name.to_owned(), help: "help".to_owned(), value }
    }

    #[test]
    fn the_figures_of_each_tenant_stand_in_one_family_with_the_prefix() {
        let stats = PluginStats::default();
        stats.replace("a", vec![stat("cache-size", 3.0), stat("retries_total", 2.0)]);
        stats.replace("b", vec![stat("cache_size", 4.0)]);
        let page = page(stats);
        assert!(
            page.contains("# TYPE jankins_cache_size gauge\njankins_cache_size{tenant=\"a\"} 3.0\njankins_cache_size{tenant=\"b\"} 4.0\n"),
            "{page}"
        );
        assert!(page.contains("# TYPE jankins_retries counter\njankins_retries_total{tenant=\"a\"} 2.0\n"), "{page}");
    }

    #[test]
    fn a_name_or_value_that_would_break_the_page_is_left_out() {
        let stats = PluginStats::default();
        let bad = ["evil\n# EOF", "", "requests_total", "build", "process_open_fds", "ratelimit_hits_total"].map(|name| stat(name, 1.0));
        stats.replace("t", bad.into_iter().chain([stat("nan", f64::NAN), stat("fine", 1.0), stat("fine", 2.0)]).collect());
        let page = page(stats);
        assert_eq!(page.matches("# TYPE").count(), 1, "{page}");
        assert!(page.contains("jankins_fine{tenant=\"t\"} 1.0"), "{page}");
    }

    #[test]
    fn a_tenant_that_is_gone_or_beyond_the_bound_has_no_series() {
        let stats = PluginStats::default();
        stats.replace("t", vec![stat("fine", 1.0)]);
        stats.replace(OTHER, vec![stat("fine", 2.0)]);
        stats.remove("t");
        assert!(!page(stats).contains("jankins_fine"));
    }
}
