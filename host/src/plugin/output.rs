//! What a guest writes to stdout and stderr: into the log at debug level, and nowhere else.
//!
//! stdout of the host carries the MCP protocol in stdio mode, and a terminal obeys escape sequences, so neither
//! stream is ever passed through. Text is cut into lines of at most [`MAX_LINE_BYTES`], control characters are
//! escaped, and at most [`MAX_LINES`] lines are logged per second; what is dropped is counted, and costs the host
//! little more than looking for its line ends.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A panic message with its location fits several times.
const MAX_LINE_BYTES: usize = 2048;
/// Lines per [`WINDOW`], for each stream of an instance.
const MAX_LINES: u32 = 100;
const WINDOW: Duration = Duration::from_secs(1);
/// How much a guest may write at once; any number would do, as nothing is kept.
const WRITE_BYTES: usize = 64 * 1024;

/// One stream of one instance.
#[derive(Clone)]
pub(super) struct GuestOutput {
    name: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    line: Vec<u8>,
    /// The line before, as the guest wrote it.
    last: Vec<u8>,
    window: Option<Instant>,
    logged: u32,
    dropped: u64,
}

impl GuestOutput {
    pub(super) fn new(name: &'static str) -> GuestOutput {
        GuestOutput { name, state: Arc::default() }
    }

    /// The last line that was written, made harmless: usually the panic message of a guest that trapped.
    pub(super) fn last_line(&self) -> String {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.end_line(&mut state);
        harmless(&String::from_utf8_lossy(&std::mem::take(&mut state.last)))
    }

    fn accept(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = MAX_LINE_BYTES.saturating_sub(state.line.len());
            state.line.extend(text.iter().take(room));
            if ends {
                self.end_line(&mut state);
            }
        }
    }

    fn end_line(&self, state: &mut State) {
        if state.line.is_empty() {
            return;
        }
        let now = Instant::now();
        if state.window.is_none_or(|start| now.duration_since(start) >= WINDOW) {
            if state.dropped > 0 {
                tracing::debug!(stream = self.name, lines = state.dropped, "guest output dropped");
            }
            (state.window, state.logged, state.dropped) = (Some(now), 0, 0);
        }
        if state.logged < MAX_LINES {
            state.logged += 1;
            tracing::debug!(stream = self.name, "guest: {}", harmless(&String::from_utf8_lossy(&state.line)));
        } else {
            state.dropped += 1;
        }
        // The two buffers change places, so that a flood of lines allocates nothing.
        let State { line, last, .. } = state;
        std::mem::swap(line, last);
        line.clear();
    }
}

/// Escapes what a terminal or a log reader could obey: C0 and C1 controls, and bidirectional overrides.
pub(super) fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let obeyed = (c.is_control() && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if obeyed { safe.extend(c.escape_unicode()) } else { safe.push(c) }
    }
    safe
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // The default adapter writes from another task, which loses the last words of a guest that traps.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.accept(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.accept(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_reach_no_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{9b}c\u{202e}d\te"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}d\te");
    }

    #[test]
    fn the_last_words_are_kept_also_without_a_line_end() {
        let output = GuestOutput::new("stderr");
        output.accept(b"first\nsec");
        output.accept(b"ond");
        assert_eq!(output.last_line(), "second");
    }

    #[test]
    fn a_line_without_end_does_not_grow_without_end() {
        let output = GuestOutput::new("stdout");
        for _ in 0..1000 {
            output.accept(&[b'x'; 1000]);
        }
        assert_eq!(output.last_line().len(), MAX_LINE_BYTES);
    }

    #[test]
    fn a_flood_of_lines_is_dropped_and_counted() {
        let output = GuestOutput::new("stdout");
        for _ in 0..10 {
            output.accept("x\n".repeat(100).as_bytes());
        }
        let state = output.state.lock().unwrap();
        assert!(state.logged <= MAX_LINES && state.dropped > 0, "{} {}", state.logged, state.dropped);
    }
}
