//! The first pass over a line: which rules could it concern at all?
//!
//! All needles of all rules form one set that is matched in a single pass, so a line without any
//! of them (almost every line of a long log) costs one scan whatever the number of rules.
//! A rule's own pattern is compiled when its needle is first seen: a guest that analyses a Maven
//! log never pays for the patterns of pytest. A pattern that does not compile never matches; a
//! test compiles all of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

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
    needles: RegexSet,
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
        let needles = RegexSetBuilder::new(carriers.keys().map(|needle| regex::escape(needle)))
            .unicode(false)
            .case_insensitive(true)
            .build()
            .unwrap_or_else(|_| RegexSet::empty());
        Self { needles, carriers: carriers.into_values().collect(), entries }
    }

    /// Puts the indices of the rules that a line may concern into `candidates`, in table order.
    pub(super) fn candidates(&self, line: &str, candidates: &mut Vec<usize>) {
        candidates.clear();
        // Most lines have no needle; asking only that needs no allocation.
        if !self.needles.is_match(line.as_bytes()) {
            return;
        }
        for needle in self.needles.matches(line.as_bytes()) {
            candidates.extend(self.carriers.get(needle).into_iter().flatten());
        }
        candidates.sort_unstable();
        candidates.dedup();
    }

    /// The rule at `index`.
    pub(super) fn rule(&self, index: usize) -> Option<&'static Rule> {
        self.entries.get(index).map(|entry| entry.rule)
    }

    /// The captures, if the rule's own pattern matches and its veto does not.
    pub(super) fn captures(&'static self, index: usize, line: &str) -> Option<Captures> {
        let entry = self.entries.get(index)?;
        let captures = capture(entry.pattern.get()?, line)?;
        let vetoed = entry.unless.get().is_some_and(|unless| unless.is_match(line.as_bytes()));
        (!vetoed).then_some(captures)
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
