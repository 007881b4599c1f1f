//! Rules out many lines of a log at once: those that have no match of an expression and need no cleaning.
//!
//! Matches are rare, and to look at each line by itself costs more than ten times what an automaton needs for its bytes.
//! So one automaton runs over whole blocks and stops where a match ends, or at a byte that [`clean_line`] would not leave
//! as it is: colours, rewrites, anything beyond ASCII. Only the line that it stopped in has to be looked at.
//!
//! It may stop in a line for nothing (`\s` matches a line end), but never goes past a line that matches: what occurs in a
//! line occurs in each text that has that line, once `^` and `$` mean lines. Expressions that know the edges of the text
//! (`\A`, `\z`) have no sieve, and nor have those whose program is too large: then each line is looked at.
//!
//! [`clean_line`]: super::clean::clean_line

use memchr::memrchr;
use regex_automata::hybrid::dfa;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchError, MatchErrorKind, MatchKind};
use regex_syntax::hir::{Hir, Look};

use super::regex::Settings;

/// What cleaning may change, in bytes: all but printable ASCII, tabs, and line ends (LF or CRLF).
const NOT_PLAIN: &str = r"(?-u:[^\x20-\x7e\t\r\n]|\r[^\n])";

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

    /// Where the first of these whole lines begins, from the one at `from` on, that is not ruled out; the end when all are.
    pub(super) fn first_left(&mut self, lines: &[u8], from: usize) -> usize {
        let input = Input::new(lines).range(from..).earliest(true);
        let stop = match self.automaton.try_search_fwd(&mut self.cache, &input) {
            Ok(None) => return lines.len(),
            Ok(Some(found)) => found.offset(),
            Err(error) => gave_up_at(&error).unwrap_or(from),
        };
        // Nothing ends before this place, so no line before the one that has it does.
        let before = lines.get(from..stop.saturating_sub(1)).unwrap_or_default();
        memrchr(b'\n', before).map_or(from, |at| from + at + 1)
    }
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
    use super::*;

    fn sieve(source: &str) -> Option<Sieve> {
        Sieve::new(source, &Settings::default())
    }

    fn first_left(source: &str, lines: &str) -> usize {
        sieve(source).unwrap().first_left(lines.as_bytes(), 0)
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
}
