//! One stage's lines out of a whole log.
//!
//! The log is read as a stream and at most [`MAX_BYTES`] of it are kept. Lines of steps do not say where they belong, so
//! those of branches that run at the same time are among them; the answer says so.

use super::outline::{Outline, Role};
use crate::call::Call;
use crate::error::Error;
use crate::text::lines::{Line, LineScanner};
use crate::upstream::Ask;

/// Kept of a stage's log: what the other sources give at most.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A stage's lines.
#[derive(Default)]
pub(in super::super) struct Slice {
    pub(in super::super) text: String,
    /// There was more.
    pub(in super::super) cut: bool,
    /// Lines of other branches are among them.
    pub(in super::super) mixed: bool,
    /// Blocks there were when that was last looked at.
    blocks: usize,
}

/// The lines between the beginning and the end of a block.
pub(in super::super) async fn slice(call: &Call, build: &str, id: &str, what: &str) -> Result<Slice, Error> {
    let path = format!("{build}/logText/progressiveText?start=0");
    let mut reply = call.ask(Ask::get("log", &path), what).await?;
    let (mut outline, mut scanner, mut slice) = (Outline::default(), LineScanner::new(), Slice::default());
    while let Some(chunk) = reply.body.chunk().await? {
        scanner.push(&chunk, |line| take(&mut slice, &mut outline, id, &line));
        if slice.cut || outline.is_closed(id) {
            break;
        }
    }
    scanner.finish(|line| take(&mut slice, &mut outline, id, &line));
    Ok(slice)
}

fn take(slice: &mut Slice, outline: &mut Outline, id: &str, line: &Line<'_>) {
    let was_open = outline.is_open(id);
    outline.line(line);
    if !was_open || !outline.is_open(id) || slice.cut {
        return;
    }
    let text = line.text();
    if slice.text.len() + text.len() >= MAX_BYTES {
        slice.cut = true;
        return;
    }
    if slice.blocks != outline.blocks.len() {
        slice.blocks = outline.blocks.len();
        slice.mixed |= outline.has_neighbours(id);
    }
    slice.text.push_str(&text);
    slice.text.push('\n');
}

impl Outline {
    fn is_open(&self, id: &str) -> bool {
        self.block(id).is_some_and(|(_, block)| !block.closed)
    }

    fn is_closed(&self, id: &str) -> bool {
        self.block(id).is_some_and(|(_, block)| block.closed)
    }

    /// Whether a branch is open that is neither around this block nor in it.
    fn has_neighbours(&self, id: &str) -> bool {
        let Some((this, _)) = self.block(id) else { return false };
        let apart = |index: usize| {
            let (inside, around) = (self.around(Some(index)).any(|(i, _)| i == this), self.around(Some(this)).any(|(i, _)| i == index));
            !inside && !around
        };
        self.blocks.iter().enumerate().any(|(index, block)| block.role == Role::Branch && !block.closed && apart(index))
    }
}
