//! Cursors: where an answer stopped, for the call that continues it.
//!
//! A cursor is opaque to callers: a version, the tool it belongs to, a fingerprint of the arguments that chose the items,
//! and a few numbers. It holds no text of the controller and no secret, and it is checked, not trusted: one that is
//! malformed, of another tool or of other arguments is `invalid-params` that says which. The numbers mean what the
//! tool makes of them; a tool whose list changed under a cursor says so with [`stale`].

use crate::error::Error;

/// Changes when the meaning of a tool's numbers changes, so that old cursors are refused instead of misread.
const VERSION: &str = "c1";

/// Makes and reads the cursors of one tool under one set of arguments.
pub(crate) struct Cursors {
    tool: &'static str,
    head: String,
}

impl Cursors {
    /// For a tool, under the arguments that decide which items there are and in which order. `None` and an empty text
    /// are the same argument.
    pub(crate) fn new(tool: &'static str, arguments: &[Option<&str>]) -> Self {
        let mut hash = Fnv::default();
        for argument in arguments {
            hash.write(argument.unwrap_or_default().as_bytes());
            hash.write(&[0xff]); // no byte of UTF-8: "ab","c" is not "a","bc"
        }
        Self { tool, head: format!("{VERSION}.{:04x}.{:08x}", mark(tool), hash.0) }
    }

    /// The cursor that holds these numbers.
    pub(crate) fn make<const N: usize>(&self, numbers: [u32; N]) -> String {
        numbers.iter().fold(self.head.clone(), |cursor, number| format!("{cursor}.{number}"))
    }

    /// The numbers of a cursor that this very call may continue from; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Invalid`] saying what is wrong with it.
    pub(crate) fn read<const N: usize>(&self, cursor: Option<&str>) -> Result<Option<[u32; N]>, Error> {
        let Some(cursor) = cursor.map(str::trim).filter(|c| !c.is_empty()) else { return Ok(None) };
        let malformed = || wrong(format!("cursor {:?} is not one of {}'s", shorten(cursor), self.tool));
        let mut parts = cursor.split('.');
        if parts.next() != Some(VERSION) || parts.next() != self.head.split('.').nth(1) {
            return Err(malformed());
        }
        if parts.next() != self.head.split('.').nth(2) {
            return Err(wrong("cursor belongs to a call with other arguments"));
        }
        let numbers: Option<Vec<u32>> = parts.map(|p| p.parse().ok()).collect();
        numbers.and_then(|n| <[u32; N]>::try_from(n).ok()).map(Some).ok_or_else(malformed)
    }
}

/// The error for a cursor whose list is not what it was.
pub(crate) fn stale(why: &str) -> Error {
    Error::invalid(format!("cursor is stale: {why}"), "Start again without cursor.")
}

/// A name as a number of sixteen bits that a cursor can hold: tells whether a list still has it where it was, and is not
/// meant to resist anybody.
pub(crate) fn mark(text: &str) -> u32 {
    let mut hash = Fnv::default();
    hash.write(text.as_bytes());
    hash.0 >> 16 ^ hash.0 & 0xffff
}

fn wrong(message: impl Into<String>) -> Error {
    Error::invalid(message, "Pass next-cursor of the previous answer unchanged, with the same arguments; or start again without cursor.")
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// FNV-1a: the standard library promises no hash that another replica of this component would compute alike.
struct Fnv(u32);

impl Default for Fnv {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(result: Result<Option<[u32; 2]>, Error>) -> String {
        let record = result.unwrap_err().into_tool_error(String::new());
        assert_eq!(record.code, "invalid-params");
        record.message
    }

    #[test]
    fn a_cursor_leads_back_to_its_numbers() {
        let cursors = Cursors::new("list-jobs", &[Some("shop"), None]);
        let cursor = cursors.make([50, 7]);
        assert_eq!(cursors.read(Some(&cursor)), Ok(Some([50, 7])));
        assert_eq!(cursors.read::<2>(Some("  ")), Ok(None));
        assert_eq!(cursors.read::<2>(None), Ok(None));
    }

    #[test]
    fn a_cursor_of_other_arguments_is_told_from_one_of_another_tool() {
        let cursor = Cursors::new("list-jobs", &[Some("shop"), None]).make([50, 7]);
        let other_arguments = Cursors::new("list-jobs", &[None, Some("shop")]).read(Some(&cursor));
        assert!(message(other_arguments).contains("other arguments"));
        let other_tool = Cursors::new("list-builds", &[Some("shop"), None]).read(Some(&cursor));
        assert!(message(other_tool).contains("not one of list-builds's"));
    }

    #[test]
    fn a_cursor_with_too_few_or_strange_numbers_is_refused() {
        let cursors = Cursors::new("list-jobs", &[]);
        for tail in ["", ".1", ".1.2.3", ".1.-2", ".1.99999999999"] {
            assert!(message(cursors.read(Some(&format!("{}{tail}", cursors.head)))).contains("not one of"), "{tail}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_no_cursor_is_taken_for_one(text in "\\PC{1,40}") {
            prop_assume!(!text.trim().is_empty());
            let read: Result<Option<[u32; 2]>, Error> = Cursors::new("list-jobs", &[]).read(Some(&text));
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn fuzz_cursors() {
        let cursors = Cursors::new("list-jobs", &[Some("fleet")]);
        let own = cursors.make([1, 2, 3]);
        let pieces: Vec<&[u8]> = vec![own.as_bytes(), b"c1", b".", b"4294967295", b"4294967296", b"-1", b"\xff", b" ", b"0"];
        crate::testing::fuzz::fuzz(&pieces, |input, _| {
            let text = String::from_utf8_lossy(input);
            match cursors.read::<3>(Some(&text)) {
                // Only what it could have made itself is taken.
                Ok(Some(numbers)) => assert_eq!(cursors.read::<3>(Some(&cursors.make(numbers))).unwrap(), Some(numbers)),
                Ok(None) => assert!(text.trim().is_empty()),
                Err(error) => assert_eq!(error.code(), "invalid-params"),
            }
        });
    }
}
