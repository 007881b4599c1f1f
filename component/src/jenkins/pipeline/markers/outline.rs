//! The blocks and steps of a pipeline, as the `[Pipeline]` lines of its log show them.
//!
//! Lines are fed as they arrive; what is kept is bounded by [`MAX_NODES`] however long the log is. Each line carries a
//! hidden note with the ids of its node and of the block around it, so lines of parallel branches never mix. A log
//! without notes (copied by hand, or by a log store that drops them) is read by [`super::plain`]. Where notes are, lines
//! without one are what the build itself printed, and are no markers.

use std::collections::HashMap;

use memchr::memmem;

use super::super::model::Status;
use super::note::{self, Note};
use super::plain::Plain;
use crate::text::clean::split_timestamp;
use crate::text::lines::Line;

/// Nodes kept; the largest pipelines have some thousands.
const MAX_NODES: usize = 20_000;
/// Blocks within blocks; Jenkins' own limit on the nesting of Groovy is not far above.
const MAX_DEPTH: u32 = 100;
/// Blocks among which a line of text looks for its own: what it is about has just begun or ended.
const RECENT: usize = 500;
/// Characters of an error message.
const MESSAGE_CHARS: usize = 500;
const MARKER: &[u8] = b"[Pipeline] ";

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Stage,
    Branch,
    /// `node`, `timeout`, the outside of a stage, ...
    Other,
}

/// A block of the flow graph.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) id: String,
    /// Index of the block around it.
    pub(super) parent: Option<usize>,
    pub(super) role: Role,
    /// The step it belongs to, or the name of the stage or branch that it is.
    pub(super) name: String,
    pub(super) closed: bool,
    pub(super) skipped: bool,
    /// The log says `Failed in branch`.
    pub(super) failed: bool,
    /// Steps directly in it.
    atoms: usize,
    depth: u32,
}

/// A step without a body.
#[derive(Debug)]
pub(super) struct Atom {
    pub(super) id: String,
    pub(super) name: String,
    /// Index of the block it stands in.
    pub(super) block: Option<usize>,
}

/// What a log shows of a pipeline.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(super) blocks: Vec<Block>,
    pub(super) atoms: Vec<Atom>,
    by_id: HashMap<String, usize>,
    /// Whether markers carry notes; known from the first one on.
    noted: Option<bool>,
    plain: Plain,
    ended: bool,
    /// The build's result, once its log has ended.
    pub(super) result: Option<Status>,
    /// What the pipeline ended with, when it ended by an error.
    error: Option<String>,
    /// An exception ended the pipeline, with or without a message here.
    pub(super) threw: bool,
    /// Who or what interrupted it.
    interruption: Option<String>,
    /// Nodes that were not kept.
    pub(super) dropped: bool,
}

impl Outline {
    /// Reads one line.
    pub(super) fn line(&mut self, line: &Line<'_>) {
        if let Some(at) = memmem::find(line.raw, MARKER) {
            let text = line.text();
            let (_, text) = split_timestamp(&text);
            if let Some(marker) = text.strip_prefix("[Pipeline] ") {
                let note = line.raw.get(..at).and_then(note::find);
                if self.noted.is_none() || note.is_some() == (self.noted == Some(true)) {
                    self.marker(marker.trim_end(), note);
                    return;
                }
            }
        }
        if self.ended || worth_a_look(line.raw) {
            let text = line.text();
            self.text(split_timestamp(&text).1.trim());
        }
    }

    /// The blocks around a block, the nearest first, itself included.
    pub(super) fn around(&self, block: Option<usize>) -> impl Iterator<Item = (usize, &Block)> {
        std::iter::successors(block, |index| self.blocks.get(*index)?.parent).filter_map(|index| Some((index, self.blocks.get(index)?)))
    }

    /// The stage or branch that a block is or stands in.
    pub(super) fn stage_of(&self, block: Option<usize>) -> Option<usize> {
        self.around(block).find(|(_, b)| b.role != Role::Other).map(|(index, _)| index)
    }

    /// The message of the exception that ended the pipeline.
    pub(super) fn ending(&self) -> Option<String> {
        self.error.clone().or_else(|| self.interruption.clone().filter(|_| self.threw))
    }

    /// A block by its id.
    pub(super) fn block(&self, id: &str) -> Option<(usize, &Block)> {
        let index = *self.by_id.get(id)?;
        Some((index, self.blocks.get(index)?))
    }

    /// Whether all of these nodes have shown up.
    pub(in super::super) fn has_all<'a>(&self, mut ids: impl Iterator<Item = &'a str>) -> bool {
        ids.all(|id| self.by_id.contains_key(id))
    }

    fn marker(&mut self, marker: &str, note: Option<Note>) {
        match marker {
            "Start of Pipeline" => {
                self.noted = Some(note.is_some());
                return;
            }
            "End of Pipeline" => {
                self.ended = true;
                return;
            }
            _ => {}
        }
        self.noted.get_or_insert(note.is_some());
        let notes = match note {
            Some(note) => vec![note],
            None => self.guess(marker),
        };
        for note in notes {
            let parent = note.enclosing.as_ref().and_then(|id| self.by_id.get(id)).copied();
            match &note.start {
                Some(start) if *start == note.id => self.open(note.id, parent, marker),
                Some(start) => {
                    if let Some(block) = self.by_id.get(start).and_then(|index| self.blocks.get_mut(*index)) {
                        block.closed = true;
                    }
                }
                None => self.atom(note.id, parent, marker),
            }
        }
    }

    /// For a log without notes. A step that turns out to have a body was no plain step.
    fn guess(&mut self, marker: &str) -> Vec<Note> {
        if marker == "{"
            && let Some(atom) = self.atoms.pop()
            && let Some(block) = atom.block.and_then(|index| self.blocks.get_mut(index))
        {
            block.atoms -= 1;
        }
        self.plain.notes(marker)
    }

    fn open(&mut self, id: String, parent: Option<usize>, marker: &str) {
        let depth = parent.and_then(|index| self.blocks.get(index)).map_or(0, |block| block.depth + 1);
        if self.is_full() || depth > MAX_DEPTH {
            self.dropped = true;
            return;
        }
        let label = marker.strip_prefix("{ (").and_then(|rest| rest.strip_suffix(')'));
        let (role, name) = match label {
            Some(label) => label.strip_prefix("Branch: ").map_or((Role::Stage, label), |name| (Role::Branch, name)),
            None => (Role::Other, marker),
        };
        self.by_id.insert(id.clone(), self.blocks.len());
        let name = name.to_owned();
        self.blocks.push(Block { id, parent, role, name, closed: false, skipped: false, failed: false, atoms: 0, depth });
    }

    fn atom(&mut self, id: String, block: Option<usize>, marker: &str) {
        if self.is_full() {
            return;
        }
        if let Some(block) = block.and_then(|index| self.blocks.get_mut(index)) {
            block.atoms += 1;
        }
        self.atoms.push(Atom { id, name: marker.to_owned(), block });
    }

    fn is_full(&mut self) -> bool {
        self.dropped |= self.blocks.len() + self.atoms.len() >= MAX_NODES;
        self.dropped
    }

    /// A line in which Jenkins itself says something about a stage or the end. A build may print such a line as well:
    /// it counts only where Jenkins would print it.
    fn text(&mut self, text: &str) {
        if let Some(rest) = text.strip_prefix("Stage \"") {
            let Some((name, _)) = rest.split_once("\" skipped due to ") else { return };
            let fresh = |block: &&mut Block| block.role == Role::Stage && !block.closed && block.atoms == 0 && block.name == name;
            if let Some(block) = self.blocks.iter_mut().rev().take(RECENT).find(fresh) {
                block.skipped = true;
            }
        } else if let Some(name) = text.strip_prefix("Failed in branch ") {
            let noted = self.noted == Some(true);
            let over = |block: &&mut Block| block.role == Role::Branch && (block.closed || !noted) && !block.failed && block.name == name;
            if let Some(block) = self.blocks.iter_mut().rev().take(RECENT).find(over) {
                block.failed = true;
            }
        } else if !self.ended {
            if is_interruption(text) {
                self.interruption = Some(bounded(text));
            }
        } else if let Some(result) = text.strip_prefix("Finished: ") {
            self.result = Status::parse(result);
        } else if text.contains("ErrorAction$ErrorId") {
            self.threw = true;
        } else if self.error.is_none() && is_message(text) {
            self.threw = true;
            self.error = Some(bounded(text.strip_prefix("ERROR: ").unwrap_or(text)));
        }
    }
}

/// Cheap, because it sees every line of a log.
fn worth_a_look(raw: &[u8]) -> bool {
    [&b"skipped due to "[..], b"Failed in branch ", b"Aborted by ", b"Timeout has been exceeded"]
        .iter()
        .any(|words| memmem::find(raw, words).is_some())
}

fn is_interruption(text: &str) -> bool {
    text.starts_with("Aborted by ") || text.starts_with("Timeout has been exceeded")
}

/// After the end of a pipeline comes its error, if any. Plugins that report the result elsewhere write there too, with
/// their name in brackets or about GitHub.
fn is_message(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('[') && !text.starts_with("GitHub ") && !text.starts_with("at ")
}

fn bounded(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::lines::LineScanner;

    fn outline(log: &str) -> Outline {
        let (mut outline, mut scanner) = (Outline::default(), LineScanner::new());
        scanner.push(log.as_bytes(), |line| outline.line(&line));
        scanner.finish(|line| outline.line(&line));
        outline
    }

    #[test]
    fn an_endless_log_leaves_a_bounded_outline() {
        let stage = "[Pipeline] stage\n[Pipeline] { (a)\n[Pipeline] sh\n".repeat(20_000);
        let outline = outline(&format!("[Pipeline] Start of Pipeline\n{stage}"));
        assert!(outline.dropped && outline.blocks.len() + outline.atoms.len() <= MAX_NODES);
        assert!(outline.blocks.iter().all(|block| block.depth <= MAX_DEPTH));
    }

    #[test]
    fn a_marker_that_the_build_prints_itself_is_no_marker() {
        const START: &str = "\x1b[8mha:////4Oa7a1RAHlg1ki0ugmnMAtt/Qa/t2p+rFJkGlDFXwjORAAAAoh+LCAAAAAAAAP9tjTEOwjAQBM8BClpKHuFItIiK1krDC0x8GCfWnbEdkooX8TX+gCESFVvtrLSa5wtWKcKBo5UdUu8otU4GP9jS5Mixv3geZcdn2TIl9igbHBs2eJyx4YwwR1SwULBGaj0nRzbDRnX6rmuvydanHMu2V1A5c4MHCFXMWcf8hSnC9jqYxPTz/BXAFEIGsfuclm8zQVqFvQAAAA==\x1b[0m[Pipeline] Start of Pipeline\n";
        let outline = outline(&format!("{START}[Pipeline] stage\n[Pipeline] {{ (Fake)\n[Pipeline] End of Pipeline\nFinished: SUCCESS\n"));
        assert!(outline.blocks.is_empty() && outline.result.is_none());
    }

    #[test]
    fn the_end_of_a_pipeline_tells_its_error_and_not_what_plugins_report() {
        let end = |lines: &str| outline(&format!("[Pipeline] Start of Pipeline\n[Pipeline] End of Pipeline\n{lines}Finished: FAILURE\n"));
        assert_eq!(end("[Checks API] sent\nERROR: exit code 2\n").ending().as_deref(), Some("exit code 2"));
        assert_eq!(end("GitHub has been notified of this commit's build result\n").ending(), None);
        let quiet = "Aborted by ada\n[Pipeline] End of Pipeline\norg.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 1\nFinished: ABORTED\n";
        assert_eq!(outline(&format!("[Pipeline] Start of Pipeline\n{quiet}")).ending().as_deref(), Some("Aborted by ada"));
    }
}
