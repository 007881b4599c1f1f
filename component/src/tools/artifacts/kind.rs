//! What a file is, by its first bytes: a name like `report.txt` promises nothing.

/// Bytes that are looked at. The mark of a tar archive stands at 257.
pub(super) const SNIFFED: usize = 1024;

/// Marks at the beginning of files, and what they mean to a person.
const MARKS: [(&[u8], &str); 28] = [
    (b"\x1f\x8b", "gzip archive"),
    (b"PK\x03\x04", "zip archive (zip, jar, apk, docx …)"),
    (b"PK\x05\x06", "empty zip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\x00", "xz archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"\x04\x22\x4d\x18", "lz4 archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "rar archive"),
    (b"!<arch>\n", "ar archive (deb, static library)"),
    (b"\xed\xab\xee\xdb", "rpm package"),
    (b"%PDF-", "PDF document"),
    (b"\x89PNG\r\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"\x7fELF", "ELF program or library"),
    (b"MZ", "Windows program or library"),
    (b"\xfe\xed\xfa", "Mach-O program"),
    (b"\xcf\xfa\xed\xfe", "Mach-O program"),
    (b"\xca\xfe\xba\xbe", "Java class or Mach-O program"),
    (b"\0asm", "WebAssembly module"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\xac\xed\x00\x05", "serialised Java objects"),
    (b"JAVA PROFILE ", "Java heap dump"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (b"OggS", "Ogg media"),
];

/// What a file is that cannot be shown as text; `None` for text. `at_start` says that these are its first bytes: in the middle
/// of a file no mark means anything.
pub(super) fn binary(head: &[u8], at_start: bool) -> Option<&'static str> {
    if at_start {
        if let Some((_, name)) = MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
            // Two letters make no program: a text may begin with MZ too.
            return (*name != "Windows program or library" || head.contains(&0)).then_some(*name);
        }
        if head.get(257..262) == Some(b"ustar") {
            return Some("tar archive");
        }
        if head.get(4..8) == Some(b"ftyp") {
            return Some("MP4 video");
        }
    }
    if head.contains(&0) {
        return Some("binary data");
    }
    let text = String::from_utf8_lossy(head);
    // Latin-1 has a foreign byte here and there, and a terminal's escapes are control characters.
    let odd = text
        .chars()
        .filter(|c| *c == char::REPLACEMENT_CHARACTER || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b' | '\x08')))
        .count();
    (odd * 5 > text.chars().count()).then_some("binary data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_named_by_their_bytes() {
        assert_eq!(binary(b"\x1f\x8b\x08\x00rest", true), Some("gzip archive"));
        assert!(binary(b"PK\x03\x04\x14", true).unwrap().starts_with("zip archive"));
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\x0000");
        assert_eq!(binary(&tar, true), Some("tar archive"));
        assert_eq!(binary(b"MZ\x90\0\x03", true), Some("Windows program or library"));
    }

    #[test]
    fn text_of_any_language_and_with_colours_is_text() {
        for text in ["", "plain\r\n", "Zürich 漢字", "\x1b[31mred\x1b[0m", "MZ is also a word", "PK is a key"] {
            assert_eq!(binary(text.as_bytes(), true), None, "{text:?}");
        }
        assert_eq!(binary(b"Gr\xfc\xdfe aus Z\xfcrich, im November zweitausendsechsundzwanzig", true), None);
    }

    #[test]
    fn the_middle_of_a_file_is_judged_by_what_it_holds() {
        assert_eq!(binary(b"BZh looks like bzip2", false), None);
        assert_eq!(binary(b"\x00\x01\x02", false), Some("binary data"));
        assert_eq!(binary(&[0xff, 0xd8, 0xe0, 0x90, 0x81], false), Some("binary data"));
    }
}
