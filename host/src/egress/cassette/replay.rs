//! Answering from a cassette.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::vec;

use bytes::Bytes;
use futures::stream;
use http::{Method, Response};
use http_body::Frame;
use http_body_util::StreamBody;

use super::super::fault::Fault;
use super::format::{Cassette, Outcome};
use super::redact::{Redactor, Secrets};
use super::{Ask, CassetteError};

/// A recorded body, then the fault that it ended with.
pub(crate) type ReplayBody = StreamBody<stream::Iter<vec::IntoIter<Result<Frame<Bytes>, Fault>>>>;

/// The recordings of a cassette, by request.
pub(crate) struct Replay {
    redactor: Redactor,
    tracks: HashMap<(Method, String, Bytes), Track>,
}

/// What the same request was answered, in order.
#[derive(Default)]
struct Track {
    takes: Vec<Outcome>,
    played: AtomicUsize,
}

impl Replay {
    /// Reads the whole cassette and checks it, so that a corrupt one is no surprise later.
    pub(crate) fn open(path: &Path, secrets: Secrets<'_>) -> Result<Self, CassetteError> {
        let mut tracks: HashMap<_, Track> = HashMap::new();
        for (index, recorded) in Cassette::read(path)?.exchanges.into_iter().enumerate() {
            let take = recorded.parse().map_err(|reason| CassetteError::Corrupt { path: path.to_owned(), number: index + 1, reason })?;
            let key = (take.method.clone(), recorded.path, take.request.clone());
            tracks.entry(key).or_default().takes.push(take);
        }
        Ok(Self { redactor: Redactor::new(secrets), tracks })
    }

    /// The next recording of this request.
    pub(crate) fn answer(&self, ask: &Ask) -> Result<Response<ReplayBody>, Fault> {
        let body = Bytes::from(self.redactor.bytes(&ask.body).into_owned());
        let key = (ask.method.clone(), self.redactor.text(&ask.path), body);
        let take = self.tracks.get(&key).and_then(Track::next);
        let take = take.ok_or_else(|| Fault::NotRecorded(format!("{} {}", key.0, key.1)))?;
        let Some(status) = take.status else {
            return Err(take.fault.clone().unwrap_or(Fault::Protocol));
        };
        let body = (!take.body.is_empty()).then(|| Ok(Frame::data(take.body.clone())));
        let frames: Vec<_> = body.into_iter().chain(take.fault.clone().map(Err)).collect();
        let mut response = Response::new(StreamBody::new(stream::iter(frames)));
        *response.status_mut() = status;
        response.headers_mut().extend(take.headers.iter().map(|(name, value)| (Some(name.clone()), value.clone())));
        Ok(response)
    }
}

impl Track {
    fn next(&self) -> Option<&Outcome> {
        let turn = self.played.fetch_add(1, Ordering::Relaxed).min(self.takes.len().saturating_sub(1));
        self.takes.get(turn)
    }
}
