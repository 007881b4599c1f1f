//! The process as the operating system sees it, read when a scrape comes.
//!
//! The names are those of the Prometheus client libraries with our prefix. Everything is read from `/proc`; on a system
//! without it only the uptime is there, and a figure that cannot be read is left out rather than reported as zero.

use std::fs;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::names;

/// Clock ticks per second in `/proc/self/stat`. `USER_HZ` has been 100 on every Linux since 2.4, whatever the kernel's
/// own rate is; asking `sysconf` for it would need unsafe code.
const TICKS_PER_SECOND: f64 = 100.0;

/// Uptime, memory, processor time and descriptors of this process.
#[derive(Debug)]
pub(super) struct ProcessFacts {
    started: Instant,
    started_at: SystemTime,
}

impl ProcessFacts {
    pub(super) fn started_now() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now() }
    }
}

impl Collector for ProcessFacts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let uptime = self.started.elapsed().as_secs_f64();
        gauge(&mut encoder, names::UPTIME_SECONDS, "Seconds since the start", uptime)?;
        let started_at = self.started_at.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64());
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let figures = [
            ("start_time_seconds", "Start of the process, in seconds since 1970", started_at),
            ("resident_memory_bytes", "Resident memory of the process", kilobytes(&status, "VmRSS:")),
            ("peak_resident_memory_bytes", "Most resident memory the process ever had", kilobytes(&status, "VmHWM:")),
            (
                "virtual_memory_bytes",
                "Virtual memory of the process, most of it address space without memory",
                kilobytes(&status, "VmSize:"),
            ),
            ("threads", "Threads of the process", field(&status, "Threads:")),
            ("open_fds", "Open file descriptors of the process", open_descriptors()),
            ("max_fds", "File descriptors that the process may open", field(&limits, "Max open files")),
        ];
        for (name, help, value) in figures {
            if let Some(value) = value {
                gauge(&mut encoder, &format!("{}{name}", names::PROCESS_PREFIX), help, value)?;
            }
        }
        if let Some(seconds) = cpu_seconds(&stat) {
            let (name, help) = (format!("{}cpu_seconds", names::PROCESS_PREFIX), "Processor time that the process has used");
            let counter = ConstCounter::new(seconds);
            counter.encode(encoder.encode_descriptor(&name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> Result<(), std::fmt::Error> {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

/// A figure of `/proc/self/status` in kB, which it is in whatever the page size is.
fn kilobytes(status: &str, name: &str) -> Option<f64> {
    field(status, name).map(|kilobytes| kilobytes * 1_024.0)
}

/// The first number after a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Time in user and kernel mode: the 14th and 15th field, counted past the name, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut times = after_name.split_whitespace().skip(11).map(str::parse::<f64>);
    let (user, kernel) = (times.next()?.ok()?, times.next()?.ok()?);
    Some((user + kernel) / TICKS_PER_SECOND)
}

fn open_descriptors() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn the_process_has_memory_processor_time_and_descriptors() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessFacts::started_now()));
        let mut page = String::new();
        text::encode(&mut page, &registry).unwrap();
        for name in ["resident_memory_bytes", "cpu_seconds_total", "open_fds", "max_fds", "threads", "start_time_seconds"] {
            assert!(page.contains(&format!("\njankins_process_{name} ")), "{name}: {page}");
        }
    }

    #[test]
    fn processor_time_is_found_behind_a_name_that_looks_like_fields() {
        let stat = "42 (a b) 1 2) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("nonsense"), None);
    }
}
