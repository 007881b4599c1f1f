//! The loops of the component over whole logs and answers. They are compiled for speed and not for size, as only a crate
//! can be.

mod pieces;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};

pub use self::pieces::piece_len;

/// How far two runs came together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// Bytes of each text after which both were on their way.
    pub bytes: usize,
    /// The next byte leads the first one to what is more than a step: a match, the end, or a state not known yet.
    pub first_stops: bool,
    /// The same of the second.
    pub second_stops: bool,
}

/// Goes on from two states, neither of them tagged, for as long as both texts last and the automaton knows its way.
///
/// Each step waits for the one before, and for nothing else, so two runs take hardly longer than one.
#[inline(never)]
#[must_use]
pub fn run(automaton: &DFA, known: &Cache, (mut first, mut second): (LazyStateID, LazyStateID), (left, right): (&[u8], &[u8])) -> Came {
    let both = left.iter().zip(right);
    let bytes = both.len();
    for (at, (this, that)) in both.enumerate() {
        first = automaton.next_state_untagged(known, first, *this);
        second = automaton.next_state_untagged(known, second, *that);
        if first.is_tagged() || second.is_tagged() {
            return Came { bytes: at, first_stops: first.is_tagged(), second_stops: second.is_tagged() };
        }
    }
    Came { bytes, first_stops: false, second_stops: false }
}

/// How often each of two bytes occurs. Eight bytes at a time, because a wasm build without SIMD has nothing wider.
#[inline(never)]
#[must_use]
pub fn count([one, other]: [u8; 2], text: &[u8]) -> [u64; 2] {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // The high bit of each byte that is zero, and no other bit.
    let zeros = |word: u64| (!(((word & LOW) + LOW) | word | LOW)).count_ones();
    let (words, rest) = text.as_chunks::<8>();
    let mut counts = [0, 0];
    for word in words {
        let word = u64::from_ne_bytes(*word);
        for (count, byte) in counts.iter_mut().zip([one, other]) {
            *count += u64::from(zeros(word ^ u64::from_ne_bytes([byte; 8])));
        }
    }
    for (count, byte) in counts.iter_mut().zip([one, other]) {
        *count += rest.iter().filter(|at| **at == byte).count() as u64;
    }
    counts
}

#[cfg(test)]
mod tests {
    use regex_automata::Input;

    use super::*;

    /// An automaton that knows its way through texts without a `b`.
    fn taught() -> (DFA, Cache, LazyStateID) {
        let automaton = DFA::new("b").unwrap();
        let mut cache = automaton.create_cache();
        automaton.try_search_fwd(&mut cache, &Input::new("aaaa")).unwrap();
        let start = automaton.start_state_forward(&mut cache, &Input::new("")).unwrap();
        (automaton, cache, start)
    }

    #[test]
    fn both_runs_end_where_the_shorter_text_does() {
        let (automaton, cache, start) = taught();
        let came = run(&automaton, &cache, (start, start), (b"aaa", b"aaaaa"));
        assert_eq!(came, Came { bytes: 3, first_stops: false, second_stops: false });
    }

    #[test]
    fn a_run_that_meets_what_is_not_known_ends_both_before_that_byte() {
        let (automaton, cache, start) = taught();
        let both = |left, right| run(&automaton, &cache, (start, start), (left, right));
        assert_eq!(both(b"aaba", b"aaaa"), Came { bytes: 2, first_stops: true, second_stops: false });
        assert_eq!(both(b"aaaa", b"abaa"), Came { bytes: 1, first_stops: false, second_stops: true });
        assert_eq!(both(b"baaa", b"baaa"), Came { bytes: 0, first_stops: true, second_stops: true });
    }

    #[test]
    fn bytes_are_counted_wherever_they_stand() {
        let text: Vec<u8> = (0..=255).cycle().take(1_003).chain(*b"\r\n\n\x8a\x0b").collect();
        for from in 0..20 {
            let text = &text[from..];
            let naive = |byte: u8| text.iter().filter(|at| **at == byte).count() as u64;
            assert_eq!(count([b'\n', b'\r'], text), [naive(b'\n'), naive(b'\r')]);
        }
    }
}
