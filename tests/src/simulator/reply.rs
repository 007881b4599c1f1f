//! Answers and their bodies, the broken ones included.

use super::{biglog::Lines, recordings::Recording};
use anyhow::Result;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue},
};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use std::{
    convert::Infallible,
    io::{self, Write},
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
    time::Duration,
};

/// Up to here a body goes out with its length, beyond in chunks, as Tomcat does.
const BUFFERED: usize = 8192;

/// Jenkins' own way with control characters: `\u000a`, never `\n`.
struct Stapler;

impl Formatter for Stapler {
    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let control = match escape {
            CharEscape::Quote => return writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => return writer.write_all(b"\\\\"),
            CharEscape::Solidus => return writer.write_all(b"/"),
            CharEscape::Backspace => 0x08,
            CharEscape::FormFeed => 0x0c,
            CharEscape::LineFeed => 0x0a,
            CharEscape::CarriageReturn => 0x0d,
            CharEscape::Tab => 0x09,
            CharEscape::AsciiControl(byte) => byte,
        };
        write!(writer, "\\u{control:04x}")
    }
}

/// An answer on its way out.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: SimBody,
}

/// What follows the headers.
pub(crate) enum SimBody {
    /// These bytes.
    Whole(Bytes),
    /// A generated log.
    Generated(Lines),
    /// These bytes, of a longer body that was announced; then the connection breaks.
    Truncated(Bytes),
    /// These bytes, then silence.
    Stalled(Bytes),
    /// These bytes, and another length announced.
    Announced { length: usize, bytes: Bytes },
    /// One byte a second.
    Trickling(Trickle),
    /// These bytes, which are gzip.
    Packed(Bytes),
}

/// A body that takes its time.
pub(crate) struct Trickle {
    bytes: Bytes,
    pause: Pin<Box<tokio::time::Sleep>>,
}

impl Trickle {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes, pause: Box::pin(tokio::time::sleep(Duration::ZERO)) }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        if self.bytes.is_empty() {
            return Poll::Ready(Bytes::new());
        }
        std::task::ready!(self.pause.as_mut().poll(context));
        self.pause.as_mut().reset(tokio::time::Instant::now() + Duration::from_secs(1));
        Poll::Ready(self.bytes.split_to(1))
    }
}

/// As gzip: without a name or a checksum, which nobody here reads.
pub(crate) fn gzip(plain: &[u8]) -> Bytes {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(miniz_oxide::deflate::compress_to_vec(plain, 6));
    out.extend([0; 4]);
    out.extend((plain.len() as u32).to_le_bytes());
    out.into()
}

/// 256 MiB of blanks, packed.
pub(crate) fn bomb() -> Bytes {
    static BOMB: LazyLock<Bytes> = LazyLock::new(|| gzip(&vec![b' '; 256 << 20]));
    BOMB.clone()
}

impl Reply {
    /// An answer without body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: SimBody::Whole(Bytes::new()) }
    }

    /// An answer of some type.
    pub(crate) fn of(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::empty(status).with("Content-Type", content_type).body(SimBody::Whole(body.into()))
    }

    /// A JSON answer of Jenkins' remote API.
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        let mut body = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut body, Stapler);
        match value.serialize(&mut serializer) {
            Ok(()) => Self::of(200, "application/json;charset=UTF-8", body).with("X-Jenkins", super::VERSION),
            Err(error) => Self::of(500, "text/plain", format!("jenkins-sim: {error}")),
        }
    }

    /// A recorded answer.
    pub(crate) fn recorded(recording: &Recording) -> Result<Self> {
        let mut reply = Self::empty(recording.status).body(SimBody::Whole(recording.body()?));
        for (name, value) in &recording.headers {
            reply = reply.with(name, value);
        }
        Ok(reply)
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces the body.
    pub(crate) fn body(mut self, body: SimBody) -> Self {
        self.body = body;
        self
    }

    /// The body, if it is all at hand.
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.body {
            SimBody::Whole(bytes)
            | SimBody::Truncated(bytes)
            | SimBody::Stalled(bytes)
            | SimBody::Announced { bytes, .. }
            | SimBody::Packed(bytes) => bytes.clone(),
            SimBody::Trickling(trickle) => trickle.bytes.clone(),
            SimBody::Generated(_) => Bytes::new(),
        }
    }

    /// The answer for the wire, without its body for a HEAD. Headers that cannot be sent are left out.
    pub(crate) fn into_response(self, head: bool) -> Response<SimBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let length = match response.body() {
            SimBody::Whole(bytes) if bytes.len() <= BUFFERED => Some(bytes.len()),
            SimBody::Truncated(bytes) => Some(bytes.len() * 2 + 1),
            SimBody::Announced { length, .. } => Some(*length),
            _ => None,
        };
        let packed = matches!(response.body(), SimBody::Packed(_));
        let headers = response.headers_mut();
        headers.insert("X-Content-Type-Options", HeaderValue::from_static("nosniff"));
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.append(name, value);
            }
        }
        if let Some(length) = length.filter(|_| self.status != 204) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        if packed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if head {
            *response.body_mut() = SimBody::Whole(Bytes::new());
        }
        response
    }
}

impl Body for SimBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut *self {
            Self::Whole(bytes) | Self::Truncated(bytes) | Self::Announced { bytes, .. } | Self::Packed(bytes) => std::mem::take(bytes),
            Self::Trickling(trickle) => std::task::ready!(trickle.poll(context)),
            Self::Generated(lines) => lines.next().unwrap_or_default(),
            // Nothing wakes this task again: silence is the point.
            Self::Stalled(bytes) if bytes.is_empty() => return Poll::Pending,
            Self::Stalled(bytes) => std::mem::take(bytes),
        };
        Poll::Ready((!next.is_empty()).then(|| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
