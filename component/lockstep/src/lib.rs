//! Runs of one automaton over two texts at once: the only loop of the component that is compiled for speed and not for
//! size, which is why it is a crate.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};

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
}
