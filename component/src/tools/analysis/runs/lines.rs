//! Which lines only one of two logs has.
//!
//! Both logs are streamed, one after the other. Of the first one a hash of each line's shape is kept (see [`super::shape`]),
//! so that neither the order of parallel branches nor a line that is repeated matters; of the second one the first line
//! that the other has not, and the first of these that reports an error. Memory is bounded by the number of different
//! lines; of a longer log the rest is not compared, which is told.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::shape::{is_about_the_build, shape};
use crate::analysis::{Analysis, Analyzer};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::log;
use crate::jenkins::path::{JobPath, Selector};
use crate::text::lines::Line;
use crate::text::severity::{Severity, severity};

/// Different lines remembered of a log: 5 MB.
const MAX_SHAPES: usize = 300_000;
/// Of a longer log the rest is not read.
const MAX_LOG_BYTES: u64 = 64 * 1024 * 1024;
/// Characters of a line that are compared and kept.
const MAX_CHARS: usize = 1_000;

/// A line that the other log has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unlike {
    pub(super) line: u64,
    pub(super) offset: u64,
    pub(super) text: String,
    /// The line before it.
    pub(super) after: Option<String>,
}

/// What one pass over a log gives.
#[derive(Default)]
pub(super) struct Pass {
    pub(super) analysis: Analysis,
    shapes: HashSet<u64>,
    /// Not everything was read or remembered.
    pub(super) cut: bool,
    pub(super) first: Option<Unlike>,
    pub(super) first_error: Option<Unlike>,
}

/// Reads a log; with `other`, also what it has more than that.
pub(super) async fn pass(call: &Call, job: &JobPath, number: u32, other: Option<&Pass>) -> Result<Pass, Error> {
    let mut stream = log::open(call, job, Selector::Number(number), 0).await?;
    let mut scanner = stream.scanner();
    let mut reader = Reader { other, pass: Pass::default(), analyzer: Analyzer::new(), shape: String::new(), before: None };
    let mut bytes = 0_u64;
    while let Some(chunk) = stream.chunk().await? {
        bytes += chunk.len() as u64;
        scanner.push(&chunk, |line| reader.read(&line));
        if bytes > MAX_LOG_BYTES {
            reader.pass.cut = true;
            break;
        }
    }
    scanner.finish(|line| reader.read(&line));
    if reader.pass.cut {
        call.lacks(format!("log of #{number}: only its first {} lines were compared", reader.pass.shapes.len()));
    }
    Ok(Pass { analysis: reader.analyzer.finish(), ..reader.pass })
}

struct Reader<'a> {
    other: Option<&'a Pass>,
    pass: Pass,
    analyzer: Analyzer,
    shape: String,
    before: Option<String>,
}

impl Reader<'_> {
    fn read(&mut self, line: &Line<'_>) {
        let text = line.text();
        self.analyzer.feed(line.number, line.offset, &text);
        if is_about_the_build(&text) {
            return;
        }
        let clipped = clip(&text);
        shape(clipped, &mut self.shape);
        let mut hasher = DefaultHasher::new();
        self.shape.hash(&mut hasher);
        let hash = hasher.finish();
        if self.pass.shapes.len() < MAX_SHAPES {
            self.pass.shapes.insert(hash);
        } else {
            self.pass.cut = true;
        }
        // What was not remembered of the other log proves nothing.
        let searching = self.pass.first_error.is_none() || self.pass.first.is_none();
        if let Some(other) = self.other.filter(|other| searching && !(other.cut && line.number > other.analysis.lines)) {
            if !other.shapes.contains(&hash) {
                self.unlike(line, clipped);
            }
            self.before = Some(clipped.to_owned());
        }
    }

    fn unlike(&mut self, line: &Line<'_>, text: &str) {
        let error = severity(text) == Severity::Error;
        if self.pass.first.is_some() && !error {
            return;
        }
        let found = Unlike { line: line.number, offset: line.offset, text: text.to_owned(), after: self.before.clone() };
        if error && self.pass.first_error.is_none() {
            self.pass.first_error = Some(found.clone());
        }
        self.pass.first.get_or_insert(found);
    }
}

fn clip(text: &str) -> &str {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}
