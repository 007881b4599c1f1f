//! What a plugin can see: the linear memory of the instances in a running `jankins`.
//!
//! The engine reserves 4 GiB of addresses for each linear memory and makes only its beginning accessible. So in the
//! kernel's list an instance is some readable and writable mappings, one behind the other, with gigabytes of nothing
//! behind the last.

use std::fs;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::bail;

/// Nothing else in the process reserves that much behind its own memory.
const RESERVED: u64 = 3 << 30;

/// The memory of all instances of a process of ours, one after the other.
///
/// # Errors
/// When the process is gone or not ours, or has no instance.
pub fn guest_memory(process: u32) -> Result<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let maps: Vec<Mapping> = maps.lines().map(Mapping::parse).collect::<Result<_>>()?;
    let memory = File::open(format!("/proc/{process}/mem")).context("its memory cannot be read")?;
    let mut found = Vec::new();
    let mut open: Vec<&Mapping> = Vec::new();
    for mapping in &maps {
        if open.last().is_some_and(|before| before.end != mapping.start) {
            open.clear();
        }
        if mapping.is_open {
            open.push(mapping);
            continue;
        }
        if mapping.end - mapping.start > RESERVED {
            for part in &open {
                let mut bytes = vec![0; usize::try_from(part.end - part.start)?];
                memory.read_exact_at(&mut bytes, part.start)?;
                found.extend(bytes);
            }
        }
        open.clear();
    }
    if found.is_empty() {
        bail!("no instance has any memory");
    }
    Ok(found)
}

struct Mapping {
    start: u64,
    end: u64,
    is_open: bool,
}

impl Mapping {
    /// `7f0000000000-7f0000010000 rw-p …`
    fn parse(line: &str) -> Result<Self> {
        let mut words = line.split(' ');
        let (start, end) = words.next().and_then(|range| range.split_once('-')).context("no mapping")?;
        let is_open = words.next().is_some_and(|permissions| permissions.starts_with("rw"));
        Ok(Self { start: u64::from_str_radix(start, 16)?, end: u64::from_str_radix(end, 16)?, is_open })
    }
}
