//! The first pass over a line: which rules could it concern at all?
//!
//! All needles of all rules form one automaton that is run over a line once, so a line without any
//! of them (almost every line of a long log) costs one scan whatever the number of rules. It is an
//! Aho-Corasick automaton and not a `RegexSet`, which takes a hundred times longer to build; and of
//! its kinds the one that is named, because the type that chooses between them brings them all.
//! A rule's own pattern is compiled when its needle is first seen: a guest that analyses a Maven
//! log never pays for the patterns of pytest. A pattern that does not compile never matches; a
//! test compiles all of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::rules::{self, Rule};
use crate::text::regex::{Refused, Regex, Settings};
use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Input, MatchKind};

/// Named captures of one match. A pattern that can name a thing in two ways numbers the further
/// groups (`module`, `module2`), since the regex syntax forbids a name twice; here both are `module`.
pub(super) type Captures = Vec<(&'static str, String)>;

/// A pattern that is compiled on first use.
struct Lazy {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Lazy {
    fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    fn get(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| match self.source {
                "" => None,
                source => compile(source).ok(),
            })
            .as_ref()
    }
}

/// Compiles a rule's pattern the way all of them are compiled.
pub(super) fn compile(source: &str) -> Result<Regex, Refused> {
    Regex::with(source, &Settings { unicode: false, ..Settings::default() })
}

struct Entry {
    rule: &'static Rule,
    pattern: Lazy,
    unless: Lazy,
    before: Lazy,
    after: Lazy,
}

/// The rules, ready to be asked about lines.
pub(super) struct Matcher {
    needles: Option<contiguous::NFA>,
    /// Needle → the rules that carry it.
    carriers: Vec<Vec<usize>>,
    entries: Vec<Entry>,
}

impl Matcher {
    /// The one matcher of the process.
    pub(super) fn shared() -> &'static Matcher {
        static SHARED: OnceLock<Matcher> = OnceLock::new();
        SHARED.get_or_init(Matcher::new)
    }

    fn new() -> Self {
        let mut carriers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut entries = Vec::new();
        for (index, rule) in rules::all().enumerate() {
            for needle in rule.needles {
                carriers.entry(needle.to_ascii_lowercase()).or_default().push(index);
            }
            entries.push(Entry {
                rule,
                pattern: Lazy::new(rule.pattern),
                unless: Lazy::new(rule.unless),
                before: Lazy::new(rule.before.map_or("", |lookup| lookup.pattern)),
                after: Lazy::new(rule.after.map_or("", |lookup| lookup.pattern)),
            });
        }
        let needles = contiguous::Builder::new().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(carriers.keys()).ok();
        Self { needles, carriers: carriers.into_values().collect(), entries }
    }

    /// Puts the indices of the rules that a line may concern into `candidates`, in table order.
    pub(super) fn candidates(&self, line: &str, candidates: &mut Vec<usize>) {
        candidates.clear();
        let Some(needles) = &self.needles else { return };
        let (input, mut state) = (Input::new(line), OverlappingState::start());
        // Fails only for kinds of searches that this automaton was not built for.
        while needles.try_find_overlapping(&input, &mut state).is_ok() {
            let Some(found) = state.get_match() else { break };
            candidates.extend(self.carriers.get(found.pattern().as_usize()).into_iter().flatten());
        }
        candidates.sort_unstable();
        candidates.dedup();
    }

    /// The rule at `index`.
    pub(super) fn rule(&self, index: usize) -> Option<&'static Rule> {
        self.entries.get(index).map(|entry| entry.rule)
    }

    /// Where in the line stands what the rule is about.
    pub(super) fn position(&self, index: usize, line: &str) -> usize {
        let found = self.entries.get(index).and_then(|entry| entry.pattern.get()?.groups_at(line.as_bytes(), 0).zip(entry.pattern.get()));
        let start = found.and_then(|(groups, pattern)| {
            let message = pattern.names().position(|name| name == Some("message"));
            message.and_then(|group| groups.get(group)).or(groups.get(0)).map(|place| place.start)
        });
        line.floor_char_boundary(start.unwrap_or(0))
    }

    /// The captures, if the rule's own pattern matches and its veto does not.
    pub(super) fn captures(&'static self, index: usize, line: &str) -> Option<Captures> {
        let entry = self.entries.get(index)?;
        let captures = capture(entry.pattern.get()?, line)?;
        (!self.vetoes(index, line)).then_some(captures)
    }

    /// Whether the rule does not want to have said this.
    pub(super) fn vetoes(&self, index: usize, text: &str) -> bool {
        let unless = self.entries.get(index).and_then(|entry| entry.unless.get());
        unless.is_some_and(|unless| unless.is_match(text.as_bytes()))
    }

    /// What the rule's pattern for preceding lines finds in `line`.
    pub(super) fn before(&'static self, index: usize, line: &str) -> Option<Captures> {
        capture(self.entries.get(index)?.before.get()?, line)
    }

    /// What the rule's pattern for following lines finds in `line`.
    pub(super) fn after(&'static self, index: usize, line: &str) -> Option<Captures> {
        capture(self.entries.get(index)?.after.get()?, line)
    }
}

fn capture(pattern: &'static Regex, line: &str) -> Option<Captures> {
    let found = pattern.groups_at(line.as_bytes(), 0)?;
    let named = pattern.names().enumerate().filter_map(|(group, name)| {
        let text = String::from_utf8_lossy(line.as_bytes().get(found.get(group)?)?).trim().to_owned();
        Some((name?.trim_end_matches(|c: char| c.is_ascii_digit()), text))
    });
    Some(named.collect())
}
