//! What every request to Jenkins passes: [`Upstream::send`] for what reads, [`Upstream::exchange`] for what acts.
//!
//! | what holds for all requests | where |
//! |---|---|
//! | answers are kept while they hold, identical reads go out once | [`cache`], [`shelf`] |
//! | a failed read is repeated when that may help, a write never | [`retry`], [`line`] |
//! | a controller that fails is left alone for a while | [`breaker`] |
//! | no request outlives its call, and each has less time than that | [`line`], `call` |
//! | bodies are unpacked as they come, checked for their length, and never held whole beyond a megabyte | [`gzip`], [`body`] |
//! | an instance takes so many calls a minute and no more | [`bucket`] |
//!
//! Whatever shall hold for all requests belongs here, and nowhere above or below.

mod body;
mod breaker;
pub(crate) mod bucket;
mod cache;
mod gzip;
mod line;
pub(crate) mod retry;
mod shelf;
mod stats;
#[cfg(test)]
mod tests;
pub(crate) mod transport;

use std::rc::Rc;

pub(crate) use body::Metered;
pub(crate) use cache::Keep;

use self::cache::{Cache, Key};
use self::line::{Line, Outgoing, plain, within};
use self::shelf::{Landed, Shelf, Stream};
use crate::call::Call;
use crate::error::Error;
use crate::settings::Settings;
use transport::{Clock, Headers, Method, Transport};

/// The way to one controller.
pub(crate) struct Upstream {
    line: Rc<Line>,
    shelf: Rc<Shelf>,
}

/// What a request asks, relative to the controller.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Label of the kind of request, for whoever measures on the way: lower case and hyphens.
    pub(crate) endpoint: &'static str,
    /// Encoded, beginning with a slash.
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How long the answer may be served again.
    pub(crate) keep: Keep,
}

impl<'a> Ask<'a> {
    /// A plain read.
    pub(crate) fn get(endpoint: &'static str, path: &'a str) -> Self {
        Self { method: Method::Get, endpoint, path, headers: Vec::new(), body: Vec::new(), keep: Keep::default() }
    }

    /// The same without its body.
    pub(crate) fn head(endpoint: &'static str, path: &'a str) -> Self {
        Self { method: Method::Head, ..Self::get(endpoint, path) }
    }
}

/// An answer's head, and its body to be read.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Rc<Headers>,
    pub(crate) body: Metered,
    /// It is kept as one of a build that has ended: no need to say so again.
    pub(crate) lasts: bool,
}

/// A request without an answer.
pub(crate) struct Lost {
    pub(crate) error: Error,
    /// Jenkins may have received it and done what it says.
    pub(crate) may_have_arrived: bool,
}

impl Upstream {
    /// The way to the controller that the settings name.
    pub(crate) fn new(settings: &Settings, transport: Box<dyn Transport>, clock: Rc<dyn Clock>) -> Self {
        let line = Line::new(transport, clock, settings.url.clone(), settings.authorization.clone(), settings.timeout);
        let cache = Cache::new(settings.cache_entries, cache::MAX_BYTES, settings.cache_ttl);
        Self { line: Rc::new(line), shelf: Rc::new(Shelf::new(cache)) }
    }

    /// The clock that everything above uses.
    pub(crate) fn clock(&self) -> &Rc<dyn Clock> {
        self.line.clock()
    }

    /// Reads, from what is kept or from the controller; or posts what changes nothing.
    ///
    /// # Errors
    /// What went wrong below HTTP, or the call's deadline. Any HTTP status is a reply.
    pub(crate) async fn send(&self, call: &Call, ask: Ask<'_>) -> Result<Reply, Error> {
        if ask.method == Method::Post {
            return self.exchange(call, ask).await.map_err(|lost| lost.error);
        }
        let Ask { method, endpoint, path, headers, body, mut keep } = ask;
        let mut key = Key { method, path: path.to_owned() };
        if !headers.is_empty() {
            // Such as a range: another answer, and of no use to others.
            key.path.push_str(&format!("\n{headers:?}"));
            keep = Keep::default();
        }
        if !keep.brief.is_zero()
            && let Some((stored, lasts)) = self.shelf.look(&key, self.clock().elapsed(), call.is_watching(), call.counters())
        {
            return Ok(Reply { status: stored.status, headers: Rc::clone(&stored.headers), body: Metered::kept(stored), lasts });
        }
        let out = Outgoing { method, endpoint, path: path.to_owned(), headers, body, id: call.id().to_owned() };
        loop {
            let flight = self.shelf.board(&self.line, key.clone(), out.clone(), keep.clone(), call.counters(), call.request_deadline());
            let landed = within(self.clock(), call.remaining(), Box::pin(flight)).await;
            match landed {
                None => return Err(call.deadline_error(plain(path))),
                Some(Landed::Failed(error)) => return Err(error),
                Some(Landed::Whole(stored)) => {
                    return Ok(Reply {
                        status: stored.status,
                        headers: Rc::clone(&stored.headers),
                        body: Metered::kept(stored),
                        lasts: false,
                    });
                }
                Some(Landed::Streaming(stream)) => {
                    let Some(Stream { status, headers, begun, rest }) = stream.take() else { continue };
                    let body = Metered::coming(begun, rest, &self.line, call, path);
                    return Ok(Reply { status, headers: Rc::new(headers), body, lasts: false });
                }
            }
        }
    }

    /// Sends a request that acts: whoever sent it must know whether it can have arrived.
    ///
    /// # Errors
    /// As [`Upstream::send`].
    pub(crate) async fn exchange(&self, call: &Call, ask: Ask<'_>) -> Result<Reply, Lost> {
        let Ask { method, endpoint, path, headers, body, .. } = ask;
        let out = Outgoing { method, endpoint, path: path.to_owned(), headers, body, id: call.id().to_owned() };
        match self.line.act(&out, call.counters(), call.deadline()).await {
            Ok(response) => {
                let body = Metered::coming(Vec::new(), response.body, &self.line, call, path);
                Ok(Reply { status: response.status, headers: Rc::new(response.headers), body, lasts: false })
            }
            Err((error, may_have_arrived)) => Err(Lost { error, may_have_arrived }),
        }
    }

    /// Something is being written below this object, or was: nothing of before may be served after.
    pub(crate) fn wrote(&self, object: Option<&str>) {
        self.shelf.wrote(object);
    }

    /// This answer says that the build it is of has ended.
    pub(crate) fn ended(&self, method: Method, path: &str) {
        self.shelf.cache.borrow_mut().end(&Key { method, path: path.to_owned() }, self.clock().elapsed());
    }

    /// This answer is of no use, and shall not be served again.
    pub(crate) fn spoiled(&self, path: &str) {
        self.shelf.cache.borrow_mut().remove(&Key { method: Method::Get, path: path.to_owned() });
    }

    /// Forgets what is kept of an object, or everything; answers how many entries went.
    pub(crate) fn clear(&self, object: Option<&str>) -> usize {
        self.shelf.clear(object)
    }
}
