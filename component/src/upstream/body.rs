//! A body on its way to whoever asked: from memory, or from the controller within the call's deadline.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::cache::Stored;
use super::line::{Line, within};
use super::transport::Body;
use crate::call::{Call, Counters};
use crate::error::Error;

/// Where the bytes come from.
pub(super) enum Source {
    /// A whole answer, once.
    Kept(Option<Rc<Stored>>),
    /// What was held of a longer one, and the rest.
    Stream { begun: VecDeque<Vec<u8>>, rest: Box<dyn Body> },
}

/// A body that counts its bytes to the call and ends with the call's deadline.
pub(crate) struct Metered {
    source: Source,
    line: Rc<Line>,
    counters: Rc<Counters>,
    deadline: Duration,
    path: String,
}

impl Metered {
    pub(super) fn new(source: Source, line: &Rc<Line>, call: &Call, path: &str) -> Self {
        Self { source, line: Rc::clone(line), counters: Rc::clone(call.counters()), deadline: call.deadline(), path: path.to_owned() }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// A body that breaks off, or the call's deadline.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let (begun, rest) = match &mut self.source {
            Source::Kept(stored) => {
                let whole = stored.take().map(|stored| Rc::try_unwrap(stored).map_or_else(|kept| kept.body.clone(), |own| own.body));
                return Ok(whole.filter(|body| !body.is_empty()));
            }
            Source::Stream { begun, rest } => (begun, rest),
        };
        if let Some(piece) = begun.pop_front() {
            return Ok(Some(piece));
        }
        let left = self.deadline.saturating_sub(self.line.clock().elapsed());
        match within(self.line.clock(), left, rest.chunk()).await {
            Some(Ok(piece)) => {
                self.line.heard(&self.counters, piece.as_ref().map_or(0, Vec::len));
                Ok(piece)
            }
            Some(Err(error)) => Err(self.line.body_error(&error, &self.path)),
            None => Err(Error::Timeout(format!("the answer to {} did not end in time", self.path))),
        }
    }
}
