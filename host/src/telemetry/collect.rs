//! Figures that are read when a scrape comes, not when something happens: the process and the plugin's own.
//!
//! The plugin names its figures itself, and a plugin is not trusted: a name that is not a plain metric name, a
//! value that is not finite, and everything beyond [`MAX_STATS`] is left out. On a system without `/proc` the
//! process figures are left out too.

use std::fs;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::names;
use crate::plugin::Stat;

/// More figures than any plugin needs.
const MAX_STATS: usize = 64;
/// Longer than any sensible metric name.
const MAX_NAME_BYTES: usize = 64;

/// Uptime, memory and descriptors of this process.
#[derive(Debug)]
pub(super) struct ProcessFacts {
    started: Instant,
}

impl ProcessFacts {
    pub(super) fn started_now() -> Self {
        Self { started: Instant::now() }
    }
}

impl Collector for ProcessFacts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let uptime = self.started.elapsed().as_secs_f64();
        gauge(&mut encoder, names::UPTIME_SECONDS, "Seconds since the start", uptime)?;
        if let Some(bytes) = resident_bytes() {
            gauge(&mut encoder, names::PROCESS_RESIDENT_MEMORY_BYTES, "Resident memory of the process", bytes)?;
        }
        if let Some(open) = open_descriptors() {
            gauge(&mut encoder, names::PROCESS_OPEN_FDS, "Open file descriptors of the process", open)?;
        }
        Ok(())
    }
}

/// `VmRSS` of `/proc/self/status`, which is in kB whatever the page size is.
fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024.0)
}

fn open_descriptors() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}

/// What the plugin said about itself the last time it was asked.
#[derive(Debug, Default)]
pub(super) struct PluginStats(Mutex<Vec<Stat>>);

impl PluginStats {
    pub(super) fn replace(&self, stats: Vec<Stat>) {
        let accepted = stats.into_iter().filter(acceptable).take(MAX_STATS).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = accepted;
    }
}

impl Collector for PluginStats {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for stat in stats.iter() {
            let name = format!("{}{}", names::PLUGIN_STAT_PREFIX, stat.name.replace('-', "_"));
            // By the convention of Prometheus: what ends in `_total` only ever grows.
            match name.strip_suffix("_total") {
                Some(name) => {
                    let counter = ConstCounter::new(stat.value);
                    counter.encode(encoder.encode_descriptor(name, &stat.help, None, counter.metric_type())?)?;
                }
                None => gauge(&mut encoder, &name, &stat.help, stat.value)?,
            }
        }
        Ok(())
    }
}

fn acceptable(stat: &Stat) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    stat.value.is_finite()
        && !stat.help.contains('\n')
        && !stat.name.is_empty()
        && stat.name.len() <= MAX_NAME_BYTES
        && stat.name.bytes().all(plain)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> Result<(), std::fmt::Error> {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::*;

    fn page(collector: impl Collector) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        page
    }

    fn stat(name: &str, value: f64) -> Stat {
        Stat { name: name.to_owned(), help: "help".to_owned(), value }
    }

    #[test]
    fn the_figures_of_a_plugin_appear_with_the_prefix() {
        let stats = PluginStats::default();
        stats.replace(vec![stat("cache-size", 3.0), stat("retries_total", 2.0)]);
        let page = page(stats);
        assert!(page.contains("\njankins_cache_size 3.0\n"), "{page}");
        assert!(page.contains("# TYPE jankins_retries counter\njankins_retries_total 2.0\n"), "{page}");
    }

    #[test]
    fn a_name_or_value_that_would_break_the_page_is_left_out() {
        let stats = PluginStats::default();
        stats.replace(vec![stat("evil\n# EOF", 1.0), stat("", 1.0), stat("nan", f64::NAN), stat("fine", 1.0)]);
        let page = page(stats);
        assert_eq!(page.matches("# TYPE").count(), 1, "{page}");
        assert!(page.contains("jankins_fine 1.0"));
    }

    #[test]
    fn the_process_has_memory_and_descriptors() {
        let page = page(ProcessFacts::started_now());
        assert!(page.contains("jankins_process_resident_memory_bytes "), "{page}");
        assert!(page.contains("jankins_process_open_fds "), "{page}");
    }
}
