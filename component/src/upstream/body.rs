//! A body on its way to whoever asked: from memory, or from the controller within the call's deadline.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::cache::Stored;
use super::line::{Line, within};
use super::transport::Body;
use crate::call::{Call, Counters};
use crate::error::Error;

/// A body that counts its bytes to the call and ends with the call's deadline.
pub(crate) struct Metered(Source);

/// Where the bytes come from.
enum Source {
    /// A whole answer, once.
    Kept(Option<Rc<Stored>>),
    Coming(Coming),
}

/// A longer answer: what was held of it, and the rest.
struct Coming {
    begun: VecDeque<Vec<u8>>,
    rest: Box<dyn Body>,
    line: Rc<Line>,
    counters: Rc<Counters>,
    deadline: Duration,
    path: String,
}

impl Metered {
    /// From memory.
    pub(super) fn kept(stored: Rc<Stored>) -> Self {
        Self(Source::Kept(Some(stored)))
    }

    /// From the controller.
    pub(super) fn coming(begun: Vec<Vec<u8>>, rest: Box<dyn Body>, line: &Rc<Line>, call: &Call, path: &str) -> Self {
        let (line, counters) = (Rc::clone(line), Rc::clone(call.counters()));
        Self(Source::Coming(Coming { begun: begun.into(), rest, line, counters, deadline: call.deadline(), path: path.to_owned() }))
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// A body that breaks off, or the call's deadline.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match &mut self.0 {
            Source::Kept(stored) => {
                let whole = stored.take().map(|stored| Rc::try_unwrap(stored).map_or_else(|kept| kept.body.clone(), |own| own.body));
                Ok(whole.filter(|body| !body.is_empty()))
            }
            Source::Coming(coming) => coming.chunk().await,
        }
    }
}

impl Coming {
    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if let Some(piece) = self.begun.pop_front() {
            return Ok(Some(piece));
        }
        let left = self.deadline.saturating_sub(self.line.clock().elapsed());
        match within(self.line.clock(), left, self.rest.chunk()).await {
            Some(Ok(piece)) => {
                self.line.heard(&self.counters, piece.as_ref().map_or(0, Vec::len));
                Ok(piece)
            }
            Some(Err(error)) => Err(self.line.body_error(&error, &self.path)),
            None => Err(Error::Timeout(format!("the answer to {} did not end in time", self.path))),
        }
    }
}
