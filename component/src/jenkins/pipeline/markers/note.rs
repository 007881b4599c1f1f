//! The hidden note before each `[Pipeline]` line of a log, which says what node of the flow graph the line stands for.
//!
//! Jenkins writes `ESC[8mha:` + base64 + `ESC[0m`. Inside are a signature (its length negative, then its bytes), a
//! length, and a gzipped Java object (`hudson.console.ConsoleNote`). Of the class `NewNodeConsoleNote`
//! (workflow-job 1540) its three texts are read: the enclosing block, the node itself, and the node that began the block
//! (itself for a beginning, absent for a plain step).
//!
//! A log is untrusted: every length is checked, what unpacks to more than [`MAX_OBJECT_BYTES`] is no note, and what is no
//! such note is `None`. The signature is not checked, it takes the controller's key; so a build can forge a note, and
//! spoil no more than the picture of its own stages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

const BEGIN: &[u8] = b"\x1b[8mha:";
const END: &[u8] = b"\x1b[0m";
const CLASS: &[u8] = b"org.jenkinsci.plugins.workflow.job.console.NewNodeConsoleNote";
/// Such a note unpacks to some 250 bytes.
const MAX_OBJECT_BYTES: usize = 4096;
/// Of gzip without options (RFC 1952).
const GZIP_HEADER_BYTES: usize = 10;

/// Where a line's node stands in the flow graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// The block it stands in; absent for the ends of blocks.
    pub(super) enclosing: Option<String>,
    pub(super) id: String,
    /// The beginning of its block; itself when it is one, absent for plain steps.
    pub(super) start: Option<String>,
}

/// The first note of this kind in a raw line.
pub(super) fn find(line: &[u8]) -> Option<Note> {
    let mut rest = line;
    while let Some(at) = memmem::find(rest, BEGIN) {
        rest = rest.get(at + BEGIN.len()..)?;
        let end = memmem::find(rest, END)?;
        if let Some(note) = rest.get(..end).and_then(decode) {
            return Some(note);
        }
        rest = rest.get(end..)?;
    }
    None
}

fn decode(text: &[u8]) -> Option<Note> {
    let bytes = STANDARD.decode(text).ok()?;
    let (signature, rest) = bytes.split_first_chunk::<4>()?;
    // Negative: a signature of so many bytes follows, then the length. Notes of old Jenkins begin with the length.
    let signature = i32::from_be_bytes(*signature);
    let packed =
        if signature < 0 { rest.get(usize::try_from(signature.checked_neg()?).ok()?..)?.split_first_chunk::<4>()?.1 } else { rest };
    let header = packed.get(..GZIP_HEADER_BYTES)?;
    if !header.starts_with(&[0x1f, 0x8b, 8, 0]) {
        return None;
    }
    let object = miniz_oxide::inflate::decompress_to_vec_with_limit(packed.get(GZIP_HEADER_BYTES..)?, MAX_OBJECT_BYTES).ok()?;
    memmem::find(&object, CLASS)?;
    fields(&object)
}

/// The values of an object whose fields are all texts, in the order of their names: they follow the description of its
/// class (Java Object Serialization, section 6).
fn fields(object: &[u8]) -> Option<Note> {
    // The end of the class description, and no class above it.
    let at = memmem::rfind(object, b"\x00\x00xp")?;
    let mut rest = object.get(at + 4..)?;
    let mut seen: Vec<String> = Vec::new();
    let mut next = || -> Option<Option<String>> {
        let (tag, tail) = rest.split_first()?;
        match tag {
            b'p' => {
                rest = tail;
                Some(None)
            }
            b't' => {
                let (length, tail) = tail.split_first_chunk::<2>()?;
                let length = usize::from(u16::from_be_bytes(*length));
                let text = String::from_utf8(tail.get(..length)?.to_vec()).ok()?;
                rest = tail.get(length..)?;
                seen.push(text.clone());
                Some(Some(text))
            }
            // A text that stood here before, by its handle; four handles went to classes and the object.
            b'q' => {
                let (handle, tail) = tail.split_first_chunk::<4>()?;
                rest = tail;
                let index = u32::from_be_bytes(*handle).checked_sub(0x7e_0004)?;
                Some(Some(seen.get(usize::try_from(index).ok()?)?.clone()))
            }
            _ => None,
        }
    };
    let (enclosing, id, start) = (next()?, next()??, next()?);
    Some(Note { enclosing, id, start })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAGE: &str = "\x1b[8mha:////4BwXzf/lxSAl6LdACwRlSkz/YE4IH9w/j4vjPK76ZOVxAAAApR+LCAAAAAAAAP9tjTEOwjAUQ3+KOrAycoh0ggUxsUZZOEFIQkgb/d8mKe3EibgadyBQiQlLlmxL1nu+oE4RjhQdby12HpP2vA+jK4lPFLtroIm3dOGaMFGwXNpJkrGnpUrKFhaxClYC1hZ1oOTRZdiIVt1VExS65pxj2Q4CKm8GeAAThZxVzN8yR9jeRpMIf5y/AJj7DGxXvP/86jek7ggRwAAAAA==\x1b[0m[Pipeline] { (Fan out)";
    const USER: &str = "Started by user \x1b[8mha:////4KFvKLzXL7WviMkqng7Q2fgAUYTjLyKPfKnfA5Ej/rDgAAAAlx+LCAAAAAAAAP9b85aBtbiIQTGjNKU4P08vOT+vOD8nVc83PyU1x6OyILUoJzMv2y+/JJUBAhiZGBgqihhk0NSjKDWzXb3RdlLBUSYGJk8GtpzUvPSSDB8G5tKinBIGIZ+sxLJE/ZzEvHT94JKizLx0a6BxUmjGOUNodHsLgAzWEgZu/dLi1CL9xJTczDwAj6GcLcAAAAA=\x1b[0madmin";

    #[test]
    fn a_block_knows_its_node_and_the_block_around_it() {
        let note = find(STAGE.as_bytes()).unwrap();
        assert_eq!(note, Note { enclosing: Some("5".into()), id: "6".into(), start: Some("6".into()) });
    }

    #[test]
    fn notes_of_other_kinds_are_passed_over() {
        assert_eq!(find(USER.as_bytes()), None);
        assert_eq!(find([USER, STAGE].concat().as_bytes()).unwrap().id, "6");
    }

    proptest! {
        #[test]
        fn no_damaged_note_does_harm(cut in 0_usize..300, flip in 0_usize..300, to: u8) {
            let mut bytes = STAGE.as_bytes().to_vec();
            let flip = flip % bytes.len();
            bytes[flip] = to;
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = find(&bytes);
        }
    }
}
