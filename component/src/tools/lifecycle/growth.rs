//! A log that grows: the whole lines behind an offset.

use crate::call::Call;
use crate::cursor;
use crate::error::Error;
use crate::jenkins::log::{self, Extent};
use crate::jenkins::path::{JobPath, Selector};
use crate::text::excerpt::{Excerpt, Head, Limits};

/// What came since.
pub(super) struct Growth {
    pub(super) excerpt: Excerpt,
    pub(super) extent: Extent,
}

/// Reads on. A line without an end is left for the next time while the build writes.
///
/// # Errors
/// A stale cursor, when the log is shorter than it was.
pub(super) async fn read_on(call: &Call, job: &JobPath, number: u32, start: u64, limits: Limits) -> Result<Growth, Error> {
    read(call, job, number, start, limits, false).await
}

/// Reads the end of a log: about so many bytes of it.
///
/// # Errors
/// As any request.
pub(super) async fn read_end(call: &Call, job: &JobPath, number: u32, since: u64, limits: Limits) -> Result<Growth, Error> {
    let extent = log::extent(call, job, Selector::Number(number)).await?;
    if since > extent.size {
        return Err(cursor::stale("the log is shorter than it was"));
    }
    let start = extent.size.saturating_sub(limits.bytes as u64).max(since);
    // What begins in the middle of a line is not a line.
    read(call, job, number, start, Limits { bytes: usize::MAX, ..limits }, start > since).await
}

async fn read(call: &Call, job: &JobPath, number: u32, start: u64, limits: Limits, mut skip: bool) -> Result<Growth, Error> {
    let mut stream = match log::open(call, job, Selector::Number(number), start).await {
        Err(Error::Invalid { .. }) => return Err(cursor::stale("the log is shorter than it was")),
        other => other?,
    };
    let extent = stream.extent;
    let mut head = Head::new(limits);
    let mut scanner = stream.scanner();
    while let Some(chunk) = stream.chunk().await? {
        scanner.push(&chunk, |line| {
            if !std::mem::take(&mut skip) {
                head.observe(&line);
            }
        });
        if head.is_full() {
            break;
        }
    }
    if !extent.growing && !head.is_full() {
        scanner.finish(|line| head.observe(&line));
    }
    let mut excerpt = head.finish();
    if excerpt.lines.is_empty() {
        (excerpt.start, excerpt.end) = (start, start);
    }
    Ok(Growth { excerpt, extent })
}
