//! Console logs, read in pieces and never whole into memory.
//!
//! `logText/progressiveText?start=N` is the one resource that starts anywhere. Its rules (Jenkins 2.528): `X-Text-Size`
//! is the size of the log file, which is the next offset; the body has CRLF for each LF of the file, so offsets are
//! never body lengths; `X-More-Data` is there only while the build writes; a start beyond the end gives the whole log
//! again; a HEAD tells the size without the text.
//!
//! A log that a Windows agent wrote has CRLF in the file as well, and nothing in the body tells which line ends Jenkins
//! made. They count as one byte each, so that an offset may lie too early and never too late: what is read on from it
//! repeats a little and skips nothing.
//!
//! Proxies may refuse a HEAD (then the head of a GET tells the size, and its body is left) or drop the size (then a log
//! is read from its beginning, and its size is what was read).

use super::builds;
use super::path::{JobPath, Selector};
use crate::call::Call;
use crate::error::Error;
use crate::text::lines::{LineScanner, Offsets};
use crate::upstream::transport::{Headers, Method};
use crate::upstream::{Ask, Metered};

/// How long a log is, and whether it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes of the log file; zero when nobody tells.
    pub(crate) size: u64,
    /// The build still writes.
    pub(crate) growing: bool,
}

const UNKNOWN: Extent = Extent { size: 0, growing: false };

/// A log that is being read from some offset on.
pub(crate) struct LogStream {
    body: Metered,
    pub(crate) start: u64,
    pub(crate) extent: Extent,
}

/// Asks how long a log is, without reading it.
///
/// # Errors
/// Not found when there is no such build.
pub(crate) async fn extent(call: &Call, job: &JobPath, which: Selector) -> Result<Extent, Error> {
    let path = path(job, which, 0);
    let what = what(job, which);
    let reply = match call.ask(Ask::head("log", &path), &what).await {
        Err(Error::Upstream { status: 400 | 405 | 501, .. }) => call.ask(Ask::get("log", &path), &what).await,
        reply => reply,
    };
    let reply = reply?;
    let extent = read_extent(&reply.headers);
    if !reply.lasts && extent.is_some_and(|extent| !extent.growing) {
        call.app().upstream().ended(Method::Head, &path);
    }
    Ok(extent.unwrap_or(UNKNOWN))
}

/// Opens a log at an offset.
///
/// # Errors
/// Not found when there is no such build; invalid when the offset lies past the end, where Jenkins would begin again.
pub(crate) async fn open(call: &Call, job: &JobPath, which: Selector, start: u64) -> Result<LogStream, Error> {
    let path = path(job, which, start);
    let reply = call.ask(Ask::get("log", &path), &what(job, which)).await?;
    let extent = match read_extent(&reply.headers) {
        Some(extent) => extent,
        None if start == 0 => UNKNOWN,
        // Is this the rest, or the whole log again? Only the size would tell.
        None => {
            return Err(Error::BadResponse {
                message: format!("the log of {job} came without its size (X-Text-Size)"),
                hint: "A proxy drops headers that it does not know. The log can be read and searched from its beginning only.".into(),
            });
        }
    };
    if !reply.lasts && !extent.growing && extent != UNKNOWN {
        call.app().upstream().ended(Method::Get, &path);
    }
    if start > extent.size {
        return Err(Error::invalid(
            format!("start {start} lies past the end of the log, which has {} bytes", extent.size),
            "Use an offset that an earlier answer gave.",
        ));
    }
    Ok(LogStream { body: reply.body, start, extent })
}

impl LogStream {
    /// A scanner whose offsets are those of the log file.
    pub(crate) fn scanner(&self) -> LineScanner {
        LineScanner::new().starting_at(self.start, 1).counting(Offsets::LogFile)
    }

    /// The next bytes, as received.
    ///
    /// # Errors
    /// A log that breaks off.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.body.chunk().await
    }
}

fn path(job: &JobPath, which: Selector, start: u64) -> String {
    format!("{}/logText/progressiveText?start={start}", builds::object(job, which))
}

fn what(job: &JobPath, which: Selector) -> String {
    format!("{which} of {job}")
}

fn read_extent(headers: &Headers) -> Option<Extent> {
    let size = headers.get("X-Text-Size")?.trim().parse().ok()?;
    Some(Extent { size, growing: headers.get("X-More-Data").is_some_and(|v| v.trim().eq_ignore_ascii_case("true")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    fn script(size: &str) -> Script {
        Script::new().on(
            "GET /job/x/1/logText/progressiveText?start=",
            Answer::Http(200, vec![("X-Text-Size", size.into())], b"one\r\ntwo\r\n".to_vec()),
        )
    }

    #[test]
    fn offsets_count_the_file_and_not_the_body() {
        let (call, _) = script("8").call();
        let (job, _) = JobPath::parse("x", None).unwrap();
        let lines = run(async {
            let mut stream = open(&call, &job, Selector::Number(1), 0).await.unwrap();
            let mut scanner = stream.scanner();
            let mut lines = Vec::new();
            while let Some(chunk) = stream.chunk().await.unwrap() {
                scanner.push(&chunk, |line| lines.push((line.offset, line.end, line.text().into_owned())));
            }
            lines
        });
        assert_eq!(lines, [(0, 4, "one".to_owned()), (4, 8, "two".to_owned())]);
    }

    #[test]
    fn a_proxy_that_refuses_head_costs_one_request_more() {
        let script = script("8").on("HEAD ", Answer::Http(405, vec![("Allow", "GET".into())], Vec::new()));
        let (call, seen) = script.call();
        let (job, _) = JobPath::parse("x", None).unwrap();
        let known = run(extent(&call, &job, Selector::Number(1))).unwrap();
        assert_eq!(known, Extent { size: 8, growing: false });
        assert_eq!(seen.requests().len(), 2);
    }

    #[test]
    fn a_log_without_its_size_can_be_read_from_the_beginning_only() {
        let body = Answer::Http(200, vec![], b"one\r\n".to_vec());
        let (call, _) = Script::new().on("GET /job/x/1/logText", body).call();
        let (job, _) = JobPath::parse("x", None).unwrap();
        assert_eq!(run(open(&call, &job, Selector::Number(1), 0)).unwrap().extent, UNKNOWN);
        assert_eq!(run(open(&call, &job, Selector::Number(1), 5)).err().unwrap().code(), "bad-response");
    }

    #[test]
    fn a_start_past_the_end_is_refused_instead_of_repeating_the_log() {
        let (call, _) = script("8").call();
        let (job, _) = JobPath::parse("x", None).unwrap();
        let error = run(open(&call, &job, Selector::Number(1), 99)).err().unwrap();
        assert_eq!(error.code(), "invalid-params");
    }
}
