//! Rules out many lines of a log at once: those that have no match of an expression and need no cleaning.
//!
//! Matches are rare, and to look at each line by itself costs more than ten times what an automaton needs for its bytes.
//! So one automaton runs over whole blocks and stops where a match ends, or at a byte that [`clean_line`] would not leave
//! as it is: colours, rewrites, anything beyond ASCII. Only the line that it stopped in has to be looked at. It runs over
//! both halves of a block in step, which takes little longer than one (see the crate `jankins-loops`).
//!
//! It may stop in a line for nothing (`\s` matches a line end), but never goes past a line that matches: what occurs in a
//! line occurs in each text that has that line, once `^` and `$` mean lines. Expressions that know the edges of the text
//! (`\A`, `\z`) have no sieve, and nor have those whose program is too large: then each line is looked at.
//!
//! [`clean_line`]: super::clean::clean_line

use std::mem;
use std::ops::Range;

use jankins_loops::{Came, run};
use memchr::{memchr, memrchr};
use regex_automata::hybrid::{LazyStateID, dfa};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchError, MatchErrorKind, MatchKind};
use regex_syntax::hir::{Hir, Look};

use super::regex::Settings;

/// What cleaning may change, in bytes: all but printable ASCII, tabs, and line ends (LF or CRLF).
const NOT_PLAIN: &str = r"(?-u:[^\x20-\x7e\t\r\n]|\r[^\n])";

/// A block smaller than this is not worth two halves.
const WORTH_HALVES: usize = 512;

/// An automaton with what it has learnt so far.
#[derive(Debug)]
pub(super) struct Sieve {
    automaton: dfa::DFA,
    cache: dfa::Cache,
}

impl Sieve {
    /// For an expression that is read as `settings` say; `None` when lines cannot be ruled out together.
    pub(super) fn new(source: &str, settings: &Settings) -> Option<Self> {
        let wanted = syntax::parse_with(source, &settings.syntax().multi_line(true).crlf(true)).ok()?;
        let looks = wanted.properties().look_set();
        if looks.contains(Look::Start) || looks.contains(Look::End) {
            return None;
        }
        let not_plain = syntax::parse_with(NOT_PLAIN, &syntax::Config::new().utf8(false)).ok()?;
        let program = thompson::Config::new().utf8(false).nfa_size_limit(Some(settings.program_bytes)).which_captures(WhichCaptures::None);
        let program = thompson::Compiler::new().configure(program).build_from_hir(&Hir::alternation(vec![wanted, not_plain])).ok()?;
        let config = settings.automaton().match_kind(MatchKind::All);
        let automaton = dfa::Builder::new().configure(config).build_from_nfa(program).ok()?;
        let cache = automaton.create_cache();
        Some(Self { automaton, cache })
    }

    /// Begins with these lines, all of them whole.
    pub(super) fn block<'a>(&'a mut self, lines: &'a [u8]) -> Block<'a> {
        Block { sieve: self, lines, half: 0, ahead: 0, found_ahead: false }
    }

    /// Where the first of the lines in a part of a block begins that is not ruled out.
    fn first_left(&mut self, lines: &[u8], part: Range<usize>) -> Option<usize> {
        let input = Input::new(lines).range(part.clone()).earliest(true);
        let stop = match self.automaton.try_search_fwd(&mut self.cache, &input) {
            Ok(None) => return None,
            Ok(Some(found)) => found.offset(),
            Err(error) => gave_up_at(&error).unwrap_or(part.start),
        };
        // Nothing ends before this place, so no line before the one that has it does.
        Some(line_start(lines, part.start, stop.saturating_sub(1)))
    }

    /// Runs over two parts of a block at once, for as long as neither has anything to look at.
    fn in_step(&mut self, lines: &[u8], first: Range<usize>, second: Range<usize>) -> Came {
        let Some(states) = self.starts(lines, first.start, second.start) else {
            return Came { first_stops: true, ..Came::default() };
        };
        let part = |part: &Range<usize>| lines.get(part.clone()).unwrap_or_default();
        let came = run(&self.automaton, &self.cache, states, (part(&first), part(&second)));
        // Whether the automaton pays is judged by how far it gets with what it learnt.
        self.cache.search_start(first.start);
        self.cache.search_finish(first.start + came.bytes);
        came
    }

    /// The states in which two lines begin, `None` when that is not plain.
    fn starts(&mut self, lines: &[u8], first: usize, second: usize) -> Option<(LazyStateID, LazyStateID)> {
        let known = self.cache.clear_count();
        let mut start = |at: usize| self.automaton.start_state_forward(&mut self.cache, &Input::new(lines).range(at..)).ok();
        let (one, other) = (start(first)?, start(second)?);
        // What is forgotten takes the states with it.
        let valid = self.cache.clear_count() == known && !one.is_tagged() && !other.is_tagged();
        valid.then_some((one, other))
    }
}

/// Lines on their way through a [`Sieve`], both halves of them at once.
#[derive(Debug)]
pub(super) struct Block<'a> {
    sieve: &'a mut Sieve,
    lines: &'a [u8],
    /// Where the second half begins.
    half: usize,
    /// All lines of the second half that begin before this place are ruled out.
    ahead: usize,
    /// The one that begins there is not.
    found_ahead: bool,
}

impl Block<'_> {
    /// Where the first line begins, from the one at `from` on, that is not ruled out; the end when all are. To be asked in
    /// the order of the lines.
    pub(super) fn first_left(&mut self, mut from: usize) -> usize {
        let end = self.lines.len();
        loop {
            if from >= self.half {
                from = from.max(self.ahead);
                if mem::take(&mut self.found_ahead) {
                    return from;
                }
                self.half = line_start(self.lines, from, from.midpoint(end));
                self.ahead = self.half;
                if end - from < WORTH_HALVES || self.half == from {
                    return self.sieve.first_left(self.lines, from..end).unwrap_or(end);
                }
            }
            if self.found_ahead || self.ahead == end {
                match self.sieve.first_left(self.lines, from..self.half) {
                    Some(left) => return left,
                    None => from = self.half,
                }
                continue;
            }
            let came = self.sieve.in_step(self.lines, from..self.half, self.ahead..end);
            self.ahead = line_start(self.lines, self.ahead, self.ahead + came.bytes);
            if came.second_stops {
                self.found_ahead = !self.rules_out_line(self.ahead);
                if !self.found_ahead {
                    self.ahead = line_end(self.lines, self.ahead);
                }
            }
            from = line_start(self.lines, from, from + came.bytes);
            if came.first_stops {
                if !self.rules_out_line(from) {
                    return from;
                }
                from = line_end(self.lines, from);
            }
        }
    }

    fn rules_out_line(&mut self, at: usize) -> bool {
        let line = at..line_end(self.lines, at);
        self.sieve.first_left(self.lines, line).is_none()
    }
}

/// Where the line begins that has the byte at a place, or ends before it; not before `from`, where one begins.
fn line_start(lines: &[u8], from: usize, place: usize) -> usize {
    memrchr(b'\n', lines.get(from..place).unwrap_or_default()).map_or(from, |at| from + at + 1)
}

/// Where the line after the one at a place begins.
fn line_end(lines: &[u8], place: usize) -> usize {
    memchr(b'\n', lines.get(place..).unwrap_or_default()).map_or(lines.len(), |at| place + at + 1)
}

/// Where an automaton could not go on: at a byte beyond ASCII that `\b` depends on, or because it learnt too much.
fn gave_up_at(error: &MatchError) -> Option<usize> {
    match error.kind() {
        MatchErrorKind::Quit { offset, .. } | MatchErrorKind::GaveUp { offset } => Some(*offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::clean::is_plain;

    fn sieve(source: &str) -> Option<Sieve> {
        Sieve::new(source, &Settings::default())
    }

    fn first_left(source: &str, lines: &str) -> usize {
        sieve(source).unwrap().block(lines.as_bytes()).first_left(0)
    }

    #[test]
    fn it_stops_at_the_line_that_matches() {
        assert_eq!(first_left("boom", "one\ntwo\nkaboom\nfour\n"), 8);
        assert_eq!(first_left("two$", "one\r\ntwo\r\n"), 5);
        assert_eq!(first_left("^two", "one two\ntwo\n"), 8);
        assert_eq!(first_left("boom", "one\ntwo\n"), 8);
    }

    #[test]
    fn it_stops_at_a_line_that_needs_cleaning() {
        for strange in ["\x1b[1mx", "10%\r20%", "é", "\x00", "x\r\r"] {
            assert_eq!(first_left("boom", &format!("one\n\ttwo\r\n{strange}\nboom\n")), 10, "{strange:?}");
        }
    }

    #[test]
    fn a_border_of_words_beyond_ascii_is_where_it_stops() {
        assert_eq!(first_left(r"\bboom", "one\ntwo\ngroße\nboom\n"), 8);
    }

    #[test]
    fn what_knows_the_edges_of_the_text_has_none() {
        assert!(sieve(r"\Aone").is_none() && sieve(r"two\z").is_none() && sieve("(?-m)^one").is_none());
        assert!(Sieve::new(r"\w{100}", &Settings { program_bytes: 1_000, ..Settings::default() }).is_none());
    }

    /// The beginnings of all lines that are not ruled out.
    fn left(source: &str, lines: &[u8]) -> Vec<usize> {
        let mut sieve = sieve(source).unwrap();
        let mut block = sieve.block(lines);
        let mut left = Vec::new();
        let mut at = block.first_left(0);
        while at < lines.len() {
            left.push(at);
            at = block.first_left(line_end(lines, at));
        }
        left
    }

    proptest! {
        #[test]
        fn fuzz_no_line_is_ruled_out_that_matches_and_few_are_left_for_nothing(
            source in r"(?:[abc.]|\\b|\\w|\[a-c\]|\(a\|b\)|b\*|\^|\$){1,6}",
            lines in proptest::collection::vec("[ -~]{0,30}|[abc ]{0,12}\r?|ab\u{1b}c|ä", 0..120),
        ) {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            let wanted = regex::bytes::Regex::new(&source).unwrap();
            let left = left(&source, text.as_bytes());
            let (mut at, mut due) = (0, 0);
            for line in &lines {
                let bare = line.trim_end_matches('\r');
                if wanted.is_match(bare.as_bytes()) || !is_plain(bare.as_bytes()) {
                    prop_assert!(left.contains(&at), "{:?}", line);
                }
                due += usize::from(wanted.is_match(bare.as_bytes()) || !is_plain(bare.as_bytes()) || !bare.is_ascii());
                at += line.len() + 1;
            }
            // What begins with a line may stop at the end of the one before, and so may what fits the nothing after the last.
            prop_assert!(left.len() <= due * 2 + 1);
        }
    }

    #[test]
    fn an_automaton_that_forgets_misses_nothing() {
        let noise = |number: u32| (number.wrapping_mul(2_654_435_761) ^ number.wrapping_mul(number)).wrapping_mul(2_246_822_519) >> 30;
        let letter = |number: u32| if number.is_multiple_of(100) { b'\n' } else { b"abc "[noise(number) as usize] };
        let lines = String::from_utf8((1..=20_000).map(letter).collect()).unwrap() + "acccccccccccccccx\n";
        let settings = Settings { automaton_bytes: 20_000, ..Settings::default() };
        let mut small = Sieve::new("a[a-c ]{15}x", &settings).unwrap();
        let mut block = small.block(lines.as_bytes());
        let mut at = block.first_left(0);
        let last = lines.len() - 18;
        // It may give up within a line, which then is looked at.
        while at < last {
            at = block.first_left(line_end(lines.as_bytes(), at));
        }
        assert_eq!(at, last);
        assert!(small.cache.clear_count() > 0);
    }
}
