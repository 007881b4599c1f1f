//! Regular expressions, over the two engines that this component needs.
//!
//! The crate `regex` chooses among seven, each with its own code; here a lazily built automaton finds, and a slower machine
//! steps in where the automaton gives up (`\b` beside characters beyond ASCII, a cache that does not pay) and finds the
//! groups of what was found. Both are linear in the text. Literals at an expression's beginning are skipped to.
//!
//! Searches are over bytes; places are of whole characters wherever the expression and the text are.

use std::iter;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use regex_automata::hybrid::{dfa, regex as hybrid};
use regex_automata::nfa::thompson::{self, WhichCaptures, pikevm};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::{primitives::PatternID, syntax};
use regex_automata::{Anchored, Input, MatchKind};

/// How an expression is read, and how much it may take.
pub struct Settings {
    /// `\w`, `\d`, `\b`, `.` and classes know all of Unicode; without, bytes.
    pub unicode: bool,
    /// As if it began with `(?i)`.
    pub ignore_case: bool,
    /// Of the compiled program.
    pub program_bytes: usize,
    /// Of the automaton, in each direction.
    pub automaton_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { unicode: true, ignore_case: false, program_bytes: 10 * 1024 * 1024, automaton_bytes: 2 * 1024 * 1024 }
    }
}

impl Settings {
    /// How the source is read.
    pub(super) fn syntax(&self) -> syntax::Config {
        syntax::Config::new().utf8(false).unicode(self.unicode).case_insensitive(self.ignore_case)
    }

    /// How automata are built and when they give up.
    pub(super) fn automaton(&self) -> dfa::Config {
        dfa::Config::new()
            .unicode_word_boundary(true)
            .cache_capacity(self.automaton_bytes)
            // Builds less than a state for ten bytes, or gives up.
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10))
    }
}

/// Why there is no such expression.
#[derive(Debug)]
pub enum Refused {
    /// It is none.
    Syntax(Box<regex_syntax::Error>),
    /// Its program would be larger than allowed.
    TooLarge,
}

/// A compiled expression.
#[derive(Debug)]
pub struct Regex {
    /// `None` where even an empty automaton takes more than it may.
    automaton: Option<hybrid::Regex>,
    machine: pikevm::PikeVM,
    /// What the engines work in, from search to search.
    scratch: Mutex<Scratch>,
}

#[derive(Debug)]
struct Scratch {
    automaton: Option<hybrid::Cache>,
    machine: pikevm::Cache,
}

/// Where the groups of a match are; the first one is the whole match.
#[derive(Debug)]
pub struct Groups(Vec<Option<NonMaxUsize>>);

impl Groups {
    /// The place of a group that took part.
    pub fn get(&self, group: usize) -> Option<Range<usize>> {
        let place = |slot: usize| self.0.get(slot).copied().flatten().map(NonMaxUsize::get);
        Some(place(group * 2)?..place(group * 2 + 1)?)
    }

    /// The places of the groups inside the match that took part, in the order of the expression.
    pub fn inner(&self) -> impl Iterator<Item = Range<usize>> {
        (1..self.0.len() / 2).filter_map(|group| self.get(group))
    }
}

impl Regex {
    /// Compiles an expression as [`Settings::default`] says.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn new(source: &str) -> Result<Self, Refused> {
        Self::with(source, &Settings::default())
    }

    /// Compiles an expression.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn with(source: &str, settings: &Settings) -> Result<Self, Refused> {
        let hir = syntax::parse_with(source, &settings.syntax()).map_err(|error| Refused::Syntax(Box::new(error)))?;
        let program = |config: thompson::Config| {
            let config = config.utf8(false).nfa_size_limit(Some(settings.program_bytes));
            thompson::Compiler::new().configure(config).build_from_hir(&hir).map_err(|_| Refused::TooLarge)
        };
        let forward = program(thompson::Config::new())?;
        let reverse = program(thompson::Config::new().reverse(true).which_captures(WhichCaptures::None))?;
        let start = Prefilter::from_hir_prefix(MatchKind::LeftmostFirst, &hir);

        let config = settings.automaton();
        let automaton = |config: dfa::Config, program| dfa::Builder::new().configure(config).build_from_nfa(program).ok();
        let first = automaton(config.clone().prefilter(start.clone()).specialize_start_states(start.is_some()), forward.clone());
        let last = automaton(config.match_kind(MatchKind::All), reverse);
        let automaton = first.zip(last).map(|(first, last)| hybrid::Builder::new().build_from_dfas(first, last));

        let machine = pikevm::Builder::new()
            .configure(pikevm::Config::new().prefilter(start))
            .build_from_nfa(forward)
            .map_err(|_| Refused::TooLarge)?;
        let scratch = Scratch { automaton: automaton.as_ref().map(hybrid::Regex::create_cache), machine: machine.create_cache() };
        Ok(Self { automaton, machine, scratch: Mutex::new(scratch) })
    }

    /// Whether it occurs in the text.
    pub fn is_match(&self, text: &[u8]) -> bool {
        let scratch = &mut *self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let input = Input::new(text).earliest(true);
        if let (Some(automaton), Some(cache)) = (&self.automaton, &mut scratch.automaton)
            && let Ok(found) = automaton.forward().try_search_fwd(cache.forward_mut(), &input)
        {
            return found.is_some();
        }
        self.machine.search_slots(&mut scratch.machine, &input, &mut []).is_some()
    }

    /// The first place where it occurs.
    pub fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        self.find_at(text, 0)
    }

    /// The first place at or after `from`; what stands before counts for `\b` and its kin.
    pub fn find_at(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        if from > text.len() {
            return None;
        }
        let scratch = &mut *self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let input = Input::new(text).range(from..);
        if let (Some(automaton), Some(cache)) = (&self.automaton, &mut scratch.automaton)
            && let Ok(found) = automaton.try_search(cache, &input)
        {
            return found.map(|found| found.range());
        }
        let mut slots = [None, None];
        self.machine.search_slots(&mut scratch.machine, &input, &mut slots)?;
        Groups(slots.to_vec()).get(0)
    }

    /// All places, none of which overlap.
    pub fn find_iter<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
        let mut from = 0;
        iter::from_fn(move || {
            let found = self.find_at(text, from)?;
            from = after(&found);
            Some(found)
        })
    }

    /// The groups of the first place at or after `from`.
    pub fn groups_at(&self, text: &[u8], from: usize) -> Option<Groups> {
        let found = self.find_at(text, from)?;
        let scratch = &mut *self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let input = Input::new(text).range(found).anchored(Anchored::Yes);
        let mut slots = vec![None; self.machine.get_nfa().group_info().slot_len()];
        self.machine.search_slots(&mut scratch.machine, &input, &mut slots)?;
        Some(Groups(slots))
    }

    /// The groups of all places, none of which overlap.
    pub fn groups_iter<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Groups> + 't {
        let mut from = 0;
        iter::from_fn(move || {
            let groups = self.groups_at(text, from)?;
            from = after(&groups.get(0)?);
            Some(groups)
        })
    }

    /// The names of the groups, the whole match first, which has none.
    pub fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.machine.get_nfa().group_info().pattern_names(PatternID::ZERO)
    }

    /// The text with what `by` makes of each match in its place.
    pub fn replaced(&self, text: &str, by: &dyn Fn(&str) -> String) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = 0;
        for found in self.find_iter(text.as_bytes()) {
            out.push_str(text.get(rest..found.start).unwrap_or_default());
            out.push_str(&by(text.get(found.clone()).unwrap_or_default()));
            rest = found.end;
        }
        out.push_str(text.get(rest..).unwrap_or_default());
        out
    }
}

/// Where to look for what follows a match, which may be empty.
fn after(found: &Range<usize>) -> usize {
    found.end.max(found.start + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the crate `regex` finds, with the same settings.
    fn expected(source: &str, text: &str) -> Vec<Vec<Option<Range<usize>>>> {
        let regex = regex::bytes::Regex::new(source).unwrap();
        let found = regex.captures_iter(text.as_bytes());
        found.map(|groups| groups.iter().map(|group| group.map(|group| group.range())).collect()).collect()
    }

    fn found(source: &str, text: &str) -> Vec<Vec<Option<Range<usize>>>> {
        let regex = Regex::new(source).unwrap();
        let count = regex.names().count();
        regex.groups_iter(text.as_bytes()).map(|groups| (0..count).map(|group| groups.get(group)).collect()).collect()
    }

    proptest! {
        #[test]
        fn fuzz_it_finds_what_the_crate_regex_finds(
            source in r"(?:[abä.]|\\b|\\w|\\d|\[a-c\]|\(a\|b\)|\(\?:ab\)|a\{1,3\}|ä\+|b\*\?|\||\^|\$){1,8}",
            text in "[abcäß1 -]{0,30}",
        ) {
            // Behind an empty match the two go on differently; the first one is the same.
            let (matches, others) = (found(&source, &text), expected(&source, &text));
            prop_assert_eq!(matches.first(), others.first());
            prop_assert_eq!(Regex::new(&source).unwrap().is_match(text.as_bytes()), !matches.is_empty());
        }
    }

    #[test]
    fn a_word_ends_before_characters_beyond_ascii_only_where_unicode_says_so() {
        for (source, text) in
            [(r"\bfail\b", "ä fail ß"), (r"\bfail\b", "äfail"), (r"(?-u:\b)fail", "äfail"), (r"(\w+)=(\w*)", "größe=ä b=")]
        {
            assert_eq!(found(source, text), expected(source, text), "{source} in {text}");
        }
    }

    #[test]
    fn matches_are_replaced_and_the_rest_stays() {
        let digits = Regex::new("[0-9]+").unwrap();
        assert_eq!(digits.replaced("a12ä3", &|found| format!("<{found}>")), "a<12>ä<3>");
    }

    #[test]
    fn a_program_beyond_its_limit_is_refused() {
        let settings = Settings { program_bytes: 1000, ..Settings::default() };
        assert!(matches!(Regex::with(r"\w{50}", &settings), Err(Refused::TooLarge)));
        assert!(matches!(Regex::new("("), Err(Refused::Syntax(_))));
    }
}
