use proptest::prelude::*;

use super::*;

fn scan(scanner: LineScanner, chunks: &[&[u8]]) -> (Vec<(u64, u64, u64, String)>, Totals) {
    let mut scanner = scanner;
    let mut seen = Vec::new();
    for chunk in chunks {
        scanner.push(chunk, |line| seen.push((line.number, line.offset, line.end, line.text().into_owned())));
    }
    let totals = scanner.finish(|line| seen.push((line.number, line.offset, line.end, line.text().into_owned())));
    (seen, totals)
}

fn line(number: u64, offset: u64, end: u64, text: &str) -> (u64, u64, u64, String) {
    (number, offset, end, text.to_owned())
}

#[test]
fn lines_have_numbers_and_offsets_of_the_raw_stream() {
    let (lines, totals) = scan(LineScanner::new(), &[b"a\n\x1b[31mbc\x1b[0m\n", b"d\n\nlast"]);
    let wanted = [line(1, 0, 2, "a"), line(2, 2, 14, "bc"), line(3, 14, 16, "d"), line(4, 16, 17, ""), line(5, 17, 21, "last")];
    assert_eq!(lines, wanted);
    assert_eq!(totals, Totals { lines: 5, bytes: 21, truncated_lines: 0 });
}

#[test]
fn crlf_counts_as_one_byte_in_the_log_file_and_as_two_as_received() {
    let chunks: [&[u8]; 3] = [b"ab\r", b"\ncd\r\n", b"e"];
    let (lines, _) = scan(LineScanner::new().counting(Offsets::LogFile), &chunks);
    assert_eq!(lines, [line(1, 0, 3, "ab"), line(2, 3, 6, "cd"), line(3, 6, 7, "e")]);
    let (lines, _) = scan(LineScanner::new(), &chunks);
    assert_eq!(lines, [line(1, 0, 4, "ab"), line(2, 4, 8, "cd"), line(3, 8, 9, "e")]);
}

#[test]
fn a_scan_from_the_middle_continues_the_count() {
    let (lines, _) = scan(LineScanner::new().starting_at(1000, 42), &[b"a\nb\n"]);
    assert_eq!(lines, [line(42, 1000, 1002, "a"), line(43, 1002, 1004, "b")]);
}

#[test]
fn a_line_without_end_does_not_grow_memory_and_says_what_is_missing() {
    let mut scanner = LineScanner::new().with_max_line(100);
    for _ in 0..10_000 {
        scanner.push(&[b'x'; 1000], |_| panic!("no line end yet"));
    }
    assert!(scanner.partial.capacity() <= 400, "{}", scanner.partial.capacity());
    let mut texts = Vec::new();
    scanner.push(b"\nnext\n", |line| texts.push((line.offset, line.text().into_owned())));
    assert_eq!(texts, [(0, format!("{} …[+9999900 bytes]", "x".repeat(100))), (10_000_001, "next".to_owned())]);
    assert_eq!(scanner.finish(|_| ()).truncated_lines, 1);
}

#[test]
fn an_overlong_line_in_one_chunk_is_cut_the_same_way() {
    let whole = [b"y".repeat(150), b"\n".to_vec()].concat();
    let (lines, totals) = scan(LineScanner::new().with_max_line(100), &[&whole]);
    assert_eq!(lines, [line(1, 0, 151, &format!("{} …[+50 bytes]", "y".repeat(100)))]);
    assert_eq!(totals.truncated_lines, 1);
}

#[test]
fn a_long_progress_bar_keeps_its_end_and_loses_nothing() {
    let bar: Vec<u8> = (0..=1000).flat_map(|n| format!("\r{n} of 1000").into_bytes()).chain(*b"\n").collect();
    for size in [1, 7, 64, 100_000] {
        let chunks: Vec<&[u8]> = bar.chunks(size).collect();
        let (lines, totals) = scan(LineScanner::new().with_max_line(100), &chunks);
        assert_eq!(lines, [line(1, 0, bar.len() as u64, "1000 of 1000")], "chunks of {size}");
        assert_eq!(totals.truncated_lines, 0);
    }
}

#[test]
fn a_cut_never_splits_a_character() {
    let (lines, _) = scan(LineScanner::new().with_max_line(4), &["aé€x\n".as_bytes()]);
    assert_eq!(lines, [line(1, 0, 8, "aé …[+4 bytes]")]);
}

#[test]
fn fuzz_the_reader_of_logs() {
    const PIECES: &[&[u8]] = &[
        b"\n",
        b"\r\n",
        b"\r",
        b"\x1b[31mERROR\x1b[0m ",
        b"\x1b[8mha:////4KFvKLzXL7Wvi\x1b[0m",
        b"\x1b]0;",
        b"\x07",
        b"\x08",
        b"\x9b",
        b"[Pipeline] sh\n",
        b"\xf0\x9f\xa6\x80",
        b"\xc3",
        b"\0\0\0",
        b"10%\r50%\r100%",
        b"plain text of some length\n",
        b"[2026-11-24T01:00:08.697Z] + make\n",
    ];
    crate::testing::fuzz::fuzz(PIECES, |input, dice| {
        let offsets = *dice.pick(&[Offsets::AsReceived, Offsets::LogFile]);
        let scanner = || LineScanner::new().with_max_line(64).counting(offsets);
        let (whole, totals) = scan(scanner(), &[input]);
        let mut chunks = Vec::new();
        let mut rest = input;
        while !rest.is_empty() {
            let (chunk, tail) = rest.split_at(1 + dice.below(rest.len()));
            chunks.push(chunk);
            rest = tail;
        }
        let (pieces, totals_of_pieces) = scan(scanner(), &chunks);
        let places =
            |lines: &[(u64, u64, u64, String)]| lines.iter().map(|(number, start, end, _)| (*number, *start, *end)).collect::<Vec<_>>();
        assert_eq!((places(&whole), totals.bytes), (places(&pieces), totals_of_pieces.bytes));
        for (_, _, _, text) in whole.iter().chain(&pieces) {
            assert!(text.chars().all(|c| c == '\t' || !c.is_control()) && text.len() < 400, "{text:?}");
        }
        let lines = whole.into_iter().map(|(number, offset, end, text)| TextLine { number, offset, end, text }).collect();
        let folded = super::super::fold::fold(lines);
        assert_eq!(folded.iter().map(|entry| entry.count).sum::<u64>(), totals.lines);
    });
}

proptest! {
    #[test]
    fn skipping_lines_counts_them_as_handing_them_out_does(
        lines in proptest::collection::vec("[a-z]{0,30}\r?\n", 0..20), max in 1_usize..40, after in "[a-z]{0,9}\n",
    ) {
        let lines = lines.concat();
        for offsets in [Offsets::AsReceived, Offsets::LogFile] {
            let scanner = || LineScanner::new().with_max_line(max).counting(offsets);
            let (mut skipping, mut pushing) = (scanner(), scanner());
            skipping.skip(lines.as_bytes());
            pushing.push(lines.as_bytes(), |_| {});
            prop_assert_eq!((skipping.offset(), skipping.totals), (pushing.offset(), pushing.totals));
            prop_assert_eq!(scan(skipping, &[after.as_bytes()]), scan(pushing, &[after.as_bytes()]));
        }
    }

    #[test]
    fn chunk_borders_change_neither_text_nor_offsets(raw in "[ab\\r\\n\u{e9}\\x1b\\[m]{0,200}", size in 1_usize..20) {
        for offsets in [Offsets::AsReceived, Offsets::LogFile] {
            let whole = scan(LineScanner::new().counting(offsets), &[raw.as_bytes()]);
            let chunks: Vec<&[u8]> = raw.as_bytes().chunks(size).collect();
            prop_assert_eq!(scan(LineScanner::new().counting(offsets), &chunks), whole);
        }
    }

    #[test]
    fn lines_tile_the_stream_without_gap_or_overlap(raw in proptest::collection::vec(any::<u8>(), 0..400), size in 1_usize..50) {
        let chunks: Vec<&[u8]> = raw.chunks(size).collect();
        let (lines, totals) = scan(LineScanner::new().with_max_line(16), &chunks);
        let mut at = 0;
        for (index, (number, offset, end, _)) in lines.iter().enumerate() {
            prop_assert_eq!(*number, index as u64 + 1);
            prop_assert_eq!(*offset, at);
            at = *end;
        }
        prop_assert_eq!(at, raw.len() as u64);
        prop_assert_eq!(totals.bytes, raw.len() as u64);
    }
}
