//! Logs too large to be recorded: `big-log` (16 MB) and `huge-log` (1 GB).
//!
//! Every line has the same length, so any offset can be reached without
//! generating what lies before it. The text follows from the line number alone.
//! One line in the middle is like no other.

use super::reply::SimBody;
use bytes::{BufMut, Bytes, BytesMut};
use std::sync::LazyLock;

/// The job with the large log, and how many lines it has.
pub const BIG_LOG: (&str, u64) = ("big-log", 200_000);
/// The job with the very large log, and how many lines it has.
pub const HUGE_LOG: (&str, u64) = ("huge-log", 12_500_000);
/// Text of the one rare line, in the middle of the log.
pub const RARE_LINE: &str = "FATAL ledger: sum of postings differs from balance by 42 cents";

/// Length of a line with its end.
const LINE: u64 = 80;
/// Size of the pieces a log is sent in.
const CHUNK: usize = 64 * 1024;

static KEPT: LazyLock<Bytes> = LazyLock::new(|| keep(false));
static KEPT_CRLF: LazyLock<Bytes> = LazyLock::new(|| keep(true));

fn keep(crlf: bool) -> Bytes {
    let log = BigLog { lines: BIG_LOG.1 };
    let mut kept = BytesMut::with_capacity((log.size() + log.lines) as usize);
    log.lines_from(0, crlf).for_each(|chunk| kept.put(chunk));
    kept.freeze()
}

/// A generated log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BigLog {
    lines: u64,
}

impl BigLog {
    /// The log of a build of this job, if it is one of the generated ones.
    pub(crate) fn of(job: &str) -> Option<Self> {
        [BIG_LOG, HUGE_LOG].into_iter().find(|(name, _)| *name == job).map(|(_, lines)| Self { lines })
    }

    /// Size of the raw log.
    pub(crate) fn size(self) -> u64 {
        self.lines * LINE
    }

    /// The log from a raw offset on.
    ///
    /// The large one is made once and kept, so that it costs a benchmark next to
    /// nothing; the very large one is made on the way out.
    pub(crate) fn from(self, start: u64, crlf: bool) -> SimBody {
        if self.lines != BIG_LOG.1 {
            return SimBody::Generated(self.lines_from(start, crlf));
        }
        let (kept, start) = if crlf { (&*KEPT_CRLF, start + start / LINE) } else { (&*KEPT, start) };
        SimBody::Whole(kept.slice((start as usize).min(kept.len())..))
    }

    fn lines_from(self, start: u64, crlf: bool) -> Lines {
        Lines { log: self, at: start, crlf }
    }

    fn line(self, number: u64) -> String {
        let text = if number == 0 {
            "Started by user admin".to_owned()
        } else if number + 1 == self.lines {
            "Finished: FAILURE".to_owned()
        } else if number == self.lines / 2 {
            RARE_LINE.to_owned()
        } else {
            let (worker, millis) = (number % 64, number.wrapping_mul(7919) % 997);
            let verb = ["GET /cart", "GET /orders", "POST /pay", "GET /login"];
            let verb = verb.get((number % 4) as usize).copied().unwrap_or_default();
            format!("{number:>9} INFO  [worker-{worker:02}] {verb} -> 200 in {millis} ms, error rate 0.0%")
        };
        format!("{text:<width$}\n", width = LINE as usize - 1)
    }
}

/// What remains to be sent of a generated log.
pub(crate) struct Lines {
    log: BigLog,
    at: u64,
    crlf: bool,
}

impl Iterator for Lines {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut chunk = BytesMut::with_capacity(CHUNK + 2 * LINE as usize);
        while chunk.len() < CHUNK && self.at < self.log.size() {
            let line = self.log.line(self.at / LINE);
            let rest = line.get((self.at % LINE) as usize..).unwrap_or_default();
            self.at += rest.len() as u64;
            if self.crlf {
                chunk.put_slice(rest.trim_end_matches('\n').as_bytes());
                chunk.put_slice(b"\r\n");
            } else {
                chunk.put_slice(rest.as_bytes());
            }
        }
        (!chunk.is_empty()).then(|| chunk.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(body: SimBody) -> Vec<u8> {
        match body {
            SimBody::Whole(bytes) => bytes.to_vec(),
            SimBody::Generated(lines) => lines.take(4).flat_map(|chunk| chunk.to_vec()).collect(),
            _ => panic!("not a log"),
        }
    }

    #[test]
    fn the_big_log_is_16_mb_with_one_rare_line_in_the_middle() {
        let log = BigLog::of(BIG_LOG.0).unwrap();
        let text = String::from_utf8(collect(log.from(0, false))).unwrap();
        assert_eq!(text.len() as u64, log.size());
        assert_eq!(text.lines().count(), 200_000);
        assert_eq!(text.matches(RARE_LINE).count(), 1);
        let crlf = collect(log.from(0, true)).len();
        assert!((15_000_000..16_800_000).contains(&text.len()) && crlf < 16_800_000, "{crlf}");
    }

    #[test]
    fn any_offset_continues_the_same_text() {
        let log = BigLog::of(BIG_LOG.0).unwrap();
        let whole = collect(log.from(0, false));
        assert_eq!(collect(log.from(1_234_567, false)), whole[1_234_567..]);
    }

    #[test]
    fn a_log_made_on_the_way_out_reads_like_a_kept_one() {
        let log = BigLog::of(HUGE_LOG.0).unwrap();
        for crlf in [false, true] {
            let (whole, later) = (collect(log.from(0, crlf)), collect(log.from(1000, crlf)));
            let from = if crlf { 1000 + 1000 / 80 } else { 1000 };
            assert_eq!(later[..9000], whole[from..from + 9000]);
        }
    }
}
