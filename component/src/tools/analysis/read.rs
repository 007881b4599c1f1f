//! Reads a build's log through [`crate::analysis`], as a stream.

use crate::analysis::{Analysis, Analyzer};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::log;
use crate::jenkins::path::{JobPath, Selector};

/// Of a longer log, only so much of its end is read: within the deadline also on a slow line.
const MAX_LOG_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a build's log from beginning to end, or the end of one that is very long.
///
/// # Errors
/// Not found when the build has no log any more; what keeps Jenkins from answering.
pub(crate) async fn analyse(call: &Call, job: &JobPath, number: u32) -> Result<Analysis, Error> {
    Ok(read(call, job, number).await?.finish())
}

/// The same, for who knows more before the findings are weighed.
///
/// # Errors
/// As [`analyse`].
pub(crate) async fn read(call: &Call, job: &JobPath, number: u32) -> Result<Analyzer, Error> {
    let mut stream = log::open(call, job, Selector::Number(number), 0).await?;
    let size = stream.extent.size;
    if size > MAX_LOG_BYTES {
        call.lacks(format!(
            "the log of {job} #{number} has {size} bytes; its last {MAX_LOG_BYTES} were analysed, line numbers count from there"
        ));
        stream = log::open(call, job, Selector::Number(number), size - MAX_LOG_BYTES).await?;
    }
    let mut scanner = stream.scanner();
    let mut analyzer = Analyzer::new();
    while let Some(chunk) = stream.chunk().await? {
        scanner.push(&chunk, |line| analyzer.feed(line.number, line.offset, &line.text()));
    }
    scanner.finish(|line| analyzer.feed(line.number, line.offset, &line.text()));
    Ok(analyzer)
}
