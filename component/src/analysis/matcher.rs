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

use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Input, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::rules::{self, Rule};

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
pub(super) fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).unicode(false).build()
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
        let found = self.entries.get(index).and_then(|entry| entry.pattern.get()?.captures(line.as_bytes()));
        let start = found.and_then(|found| found.name("message").or(found.get(0)).map(|group| group.start()));
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
    let found = pattern.captures(line.as_bytes())?;
    let named = pattern.capture_names().enumerate().filter_map(|(group, name)| {
        let text = String::from_utf8_lossy(found.get(group)?.as_bytes()).trim().to_owned();
        Some((name?.trim_end_matches(|c: char| c.is_ascii_digit()), text))
    });
    Some(named.collect())
}
