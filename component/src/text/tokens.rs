//! Counts the tokens of a text without a network and without a full vocabulary, and never too few.
//!
//! Byte-pair encoding applies its merges in the order of their rank. So a tokenizer that knows only the first merges
//! does the same first steps and then stops: its count is an upper bound of the real one. `o200k_head.bin` holds the
//! first 3,000 entries of `o200k_base` (each one byte of length and its bytes). A piece that is an entry as a whole is
//! one token, so `o200k_pieces.txt` adds 4,000 later entries that build logs, Jenkins' JSON and technical prose use
//! most, one a line. Deflated, both take 22 KB of the component. That gives 1.05 to 1.35 times the real count on such
//! texts; 12,000 merges give 1.05 to 1.25 for twice the size, fewer entries lose quickly. How a text is split
//! into pieces stands in the crate `jankins-loops`.
//!
//! It cannot fail: bytes are tokens too. The tests compare with the real tokenizer.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;
use std::sync::LazyLock;

use jankins_loops::piece_len;

/// What the build script made of the two files.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vocabulary.deflate"));

/// More than it unpacks to.
const MAX_VOCABULARY_BYTES: usize = 256 * 1024;

/// How many of the entries take part in merges.
const HEAD_ENTRIES: usize = 3_000;

/// Longer pieces (a ruler of `=`, a run of blanks, base64 letters) are merged in parts of this size: the effort of a
/// merge grows with the square of the length.
const MAX_PIECE_BYTES: usize = 128;

/// What entries beyond the head have for a rank: they are one token as a whole, but take part in no merge.
const WHOLE_ONLY: u16 = u16::MAX;

type Ranks = HashMap<&'static [u8], u16, BuildHasherDefault<PieceHasher>>;

/// Were it unreadable, every byte would count as a token.
static VOCABULARY: LazyLock<Vec<u8>> =
    LazyLock::new(|| miniz_oxide::inflate::decompress_to_vec_with_limit(PACKED, MAX_VOCABULARY_BYTES).unwrap_or_default());

static RANKS: LazyLock<Ranks> = LazyLock::new(|| {
    let (head, pieces) = vocabulary();
    // The head last: what is in both takes part in merges.
    pieces.map(|piece| (piece, WHOLE_ONLY)).chain(head.zip(0..)).collect()
});

/// An upper bound of the tokens that `text` costs.
#[must_use]
pub fn estimate(text: &str) -> u32 {
    let mut merger = Merger::default();
    let mut tokens = 0_u32;
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(piece_len(rest));
        rest = tail;
        for (at, part) in piece.as_bytes().chunks(MAX_PIECE_BYTES).enumerate() {
            // Merges across the border between two parts may leave one token more behind.
            tokens = tokens.saturating_add(merger.count(part) + u32::from(at > 0));
        }
    }
    tokens
}

/// Whether `text` costs at most `max` tokens; short texts need no counting, since a token has at least one byte.
#[must_use]
pub fn fits(text: &str, max: u32) -> bool {
    text.len() <= max as usize || estimate(text) <= max
}

/// The entries that take part in merges, and those that are one token as a whole.
fn vocabulary() -> (impl Iterator<Item = &'static [u8]>, impl Iterator<Item = &'static [u8]>) {
    let mut head = Vec::with_capacity(HEAD_ENTRIES);
    let mut rest: &'static [u8] = &VOCABULARY;
    while head.len() < HEAD_ENTRIES
        && let Some((len, tail)) = rest.split_first()
        && let Some((entry, tail)) = tail.split_at_checked(usize::from(*len))
    {
        head.push(entry);
        rest = tail;
    }
    (head.into_iter(), rest.split(|byte| *byte == b'\n').filter(|piece| !piece.is_empty()))
}

/// Merges the bytes of a piece; holds the buffers between pieces.
#[derive(Debug, Default)]
struct Merger {
    /// Where the parts begin, then the end of the piece.
    borders: Vec<usize>,
    /// The rank of each part joined with the next one.
    joined: Vec<u16>,
}

const NO_MERGE: u16 = WHOLE_ONLY;

impl Merger {
    fn count(&mut self, piece: &[u8]) -> u32 {
        // All numbers of up to three digits are entries.
        let number = piece.len() <= 3 && piece.iter().all(u8::is_ascii_digit);
        if piece.len() <= 1 || number || RANKS.contains_key(piece) {
            return u32::from(!piece.is_empty());
        }
        self.borders.clear();
        self.borders.extend(0..=piece.len());
        self.joined.clear();
        self.joined.extend(piece.windows(2).map(rank));
        while let Some((at, best)) = self.joined.iter().copied().enumerate().min_by_key(|(_, rank)| *rank) {
            if best == NO_MERGE {
                break;
            }
            self.borders.remove(at + 1);
            self.joined.remove(at);
            for changed in [at.checked_sub(1), Some(at)].into_iter().flatten() {
                let joined = self.join(piece, changed);
                if let Some(slot) = self.joined.get_mut(changed) {
                    *slot = joined;
                }
            }
        }
        self.joined.len() as u32 + 1
    }

    /// The rank of part `at` and the one after it as one token.
    fn join(&self, piece: &[u8], at: usize) -> u16 {
        match (self.borders.get(at), self.borders.get(at + 2)) {
            (Some(start), Some(end)) => piece.get(*start..*end).map_or(NO_MERGE, rank),
            _ => NO_MERGE,
        }
    }
}

fn rank(bytes: &[u8]) -> u16 {
    RANKS.get(bytes).copied().unwrap_or(NO_MERGE)
}

/// FNV-1a, eight bytes at a time: the keys are short and fixed at compile time, so nobody can choose them to collide.
#[derive(Debug, Default)]
struct PieceHasher(u64);

impl Hasher for PieceHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.0 ^= number as u64;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiktoken_rs::o200k_base_singleton;

    use super::*;

    fn real(text: &str) -> u32 {
        o200k_base_singleton().encode_ordinary(text).len() as u32
    }

    const CHECKOUT: &str = "Obtained Jenkinsfile from c57750b79f85a8248155cf4e9db908d1f6cd1ef9\n[Pipeline] Start of Pipeline\n[Pipeline] { (Checkout)\n > git rev-parse --resolve-git-dir /var/lib/jenkins/caches/git-e391b2bd27b36165b1cf10182b2b1fed/.git # timeout=10\nSetting origin to https://git.example.com/shop/checkout.git\n[2026-11-24T01:00:08.697Z] + make package\n[2026-11-24T01:00:08.697Z] tar czf dist/checkout.tar.gz shop\n[2026-11-24T01:00:08.704Z] Archiving artifacts\nE       AssertionError: assert Decimal('11.89') == Decimal('11.90')\ntests/test_pricing.py:41: AssertionError\n";
    const LOAD: &str = "2026-11-24 01:03:02.086 INFO  [vu-45] GET /cart/items -> 200 in 177 ms\n2026-11-24 01:03:02.097 INFO  [vu-46] GET /orders -> 200 in 85 ms\n2026-11-24 01:03:02.108 ERROR [vu-47] POST /pay -> 503 pool exhausted\n";
    const RUST: &str = "error[E0308]: mismatched types\n  --> src/parser.rs:42:18\n   |\n42 |     let n: u32 = text.len();\n   |            ---   ^^^^^^^^^^ expected `u32`, found `usize`\n   |            |\n   |            expected due to this\n\nerror: could not compile `rust-core` (lib) due to 2 previous errors\n";
    const ANSWER: &str = "shop/checkout main #21 UNSTABLE · 2 tests fail since this build · started 3h ago by lin, took 2m 10s\nfailing: test_tax_rounding, test_total_with_discount (REGRESSION)\nsuspect: f6063eea Ada Example \"Simplify the rounding of prices\" (shop/pricing.py)\n| AssertionError: assert Decimal('11.89') == Decimal('11.90')\n… 37 of 412 tests shown\nnext: get_failed_tests job=shop/checkout ref=main build=21 format=full\n";
    const JSON: &str = r#"{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowRun","number":21,"result":"UNSTABLE","timestamp":1795482000000,"url":"http://jenkins.example.com/job/shop/job/checkout/job/main/21/"}"#;
    const PROSE: &str = "A tenant is one Jenkins controller with one identity, its limits and its policy. Each tenant has one long-lived instance in its own store, owned by one task; calls arrive over a channel and run concurrently in it.";

    #[test]
    fn the_embedded_head_is_the_beginning_of_the_real_vocabulary() {
        let own: Vec<&[u8]> = vocabulary().0.collect();
        assert_eq!(own.len(), 3_000);
        for (rank, entry) in (0_u32..).zip(own) {
            assert_eq!(o200k_base_singleton().decode_bytes(&[rank]).unwrap(), entry, "rank {rank}");
        }
    }

    #[test]
    fn every_extra_piece_and_every_short_number_is_one_real_token() {
        let pieces: Vec<String> = vocabulary().1.map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect();
        assert_eq!(pieces.len(), 4_000);
        let numbers = (0..1000).flat_map(|n| [n.to_string(), format!("{n:02}"), format!("{n:03}")]);
        for piece in pieces.into_iter().chain(numbers) {
            assert_eq!((real(&piece), estimate(&piece)), (1, 1), "{piece:?}");
        }
    }

    #[test]
    fn the_vocabulary_costs_the_component_little() {
        assert!(PACKED.len() < 24_000, "{}", PACKED.len());
    }

    #[test]
    fn typical_answers_are_overestimated_by_a_third_at_most() {
        for (name, text) in [("checkout", CHECKOUT), ("load", LOAD), ("rust", RUST), ("answer", ANSWER), ("json", JSON), ("prose", PROSE)] {
            let (own, real) = (estimate(text), real(text));
            let ratio = f64::from(own) / f64::from(real);
            println!("{name}: {own} for {real}, ratio {ratio:.3}");
            assert!((1.0..1.36).contains(&ratio), "{name}: {own} for {real}");
        }
    }

    #[test]
    fn odd_texts_are_never_underestimated() {
        let long = ["=".repeat(300), " ".repeat(300), "a".repeat(300), "\n".repeat(300), "0".repeat(301), "\u{1f980}".repeat(50)].concat();
        let odd = [
            "",
            " ",
            "\n",
            "  \n\n  x",
            "don't WE'LL they'Re",
            "中文ABC def，你好",
            "Zürich Ops » nightly résumé ✓ build",
            "e\u{301}a\u{300}",
            "ǅ ǅa ªb Ⅷ½ 12345",
            "(((foo)))/\n/bar",
            "a\r\n\r\nb\t\tc  d",
            "नमस्ते दुनिया",
            "สวัสดี",
            "\u{200d}\u{feff}",
            "🏳️‍🌈",
            &long,
        ];
        for text in odd {
            assert!(estimate(text) >= real(text), "{text:?}: {} < {}", estimate(text), real(text));
        }
    }

    #[test]
    fn fitting_agrees_with_the_estimate() {
        assert!(fits("abc", 3) && fits(PROSE, estimate(PROSE)) && !fits(PROSE, estimate(PROSE) - 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_ascii_text_is_underestimated(text in "[ -~\\n\\t]{0,120}") {
            prop_assert!(estimate(&text) >= real(&text), "{} < {}", estimate(&text), real(&text));
        }

        #[test]
        fn no_text_of_any_script_is_underestimated(text in "\\PC{0,60}") {
            prop_assert!(estimate(&text) >= real(&text), "{} < {}", estimate(&text), real(&text));
        }

        #[test]
        fn no_log_like_text_is_underestimated(text in "(([a-f0-9]{7,40}|/[a-z]{2,9}(/[a-z_.]{2,12}){1,4}|[A-Z][a-z]{2,9}([A-Z][a-z]{2,9}){0,3}|[a-zA-Z0-9+/]{20,60}={0,2}|[0-9]{1,13}|[a-z]{1,12}|ERROR|INFO|->|::|\\[|\\]|: |, )( |\n|\t)?){0,30}") {
            prop_assert!(estimate(&text) >= real(&text), "{} < {}", estimate(&text), real(&text));
        }
    }
}
