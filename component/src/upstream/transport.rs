//! The two things the guest needs from outside: a way to send a request, and a clock.
//!
//! Everything above these traits is plain async Rust, tested natively with a scripted transport and a clock that the
//! test turns. Futures are not `Send`: an instance is single-threaded.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A boxed future on the instance's only thread.
pub(crate) type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The methods that Jenkins needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    /// Reads.
    Get,
    /// Reads headers, such as a log's size.
    Head,
    /// Acts; or reads, for a few validations.
    Post,
}

impl Method {
    /// As it goes over the wire, for what tests expect.
    #[cfg(test)]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
        }
    }
}

/// One request, complete: absolute URL, headers, body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Absolute, already encoded.
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A response whose body has not been read yet.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Box<dyn Body>,
}

/// Response headers; names compare without case, as HTTP wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl Headers {
    /// The first value under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// All values under a name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// A response body that arrives in pieces.
pub(crate) trait Body {
    /// The next bytes; `None` at the end. An error means that the body is not whole.
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>>;
}

/// What went wrong below HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TransportError {
    /// Nobody listens at that address.
    Refused(String),
    /// The name does not resolve.
    Dns(String),
    /// The certificate or the handshake.
    Tls(String),
    /// Connecting, or waiting for bytes.
    Timeout(String),
    /// The sandbox does not let the request out.
    Denied(String),
    /// There is no way to that address.
    Unreachable(String),
    /// The connection ended before the answer did.
    Broken(String),
    /// The runtime does not pass on an answer of that size; of more than so many bytes, where it says so.
    TooLarge(Option<u64>),
    /// Anything else, in the words of whoever reports it.
    Other(String),
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "connection refused: {why}"),
            Self::Dns(why) => write!(f, "name not resolved: {why}"),
            Self::Tls(why) => write!(f, "TLS: {why}"),
            Self::Timeout(why) => write!(f, "timed out: {why}"),
            Self::Denied(why) => write!(f, "not allowed out: {why}"),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
            Self::Broken(why) => write!(f, "connection broken: {why}"),
            Self::TooLarge(_) => f.write_str("larger than the runtime passes on"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// Sends requests.
pub(crate) trait Transport {
    /// Sends one request and answers with its head; the body follows in pieces.
    fn send(&self, request: Request) -> Local<'_, Result<Response, TransportError>>;
}

/// Tells time and waits.
pub(crate) trait Clock {
    /// Since some fixed moment; never goes back.
    fn elapsed(&self) -> Duration;
    /// Milliseconds since 1970, UTC.
    fn unix_ms(&self) -> u64;
    /// Resolves after a while.
    fn sleep(&self, duration: Duration) -> Local<'static, ()>;
}
