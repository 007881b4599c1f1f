//! What Jenkins says of a waiting item, understood.
//!
//! Jenkins gives its reason as a sentence (`CauseOfBlockage`), in English since every request asks for it. The sentences
//! are those of Jenkins 2.387 to 2.528 and of the plugins that hold builds back most: throttle-concurrents, lockable
//! resources, build-blocker. Names stand in typographic quotes, which older versions write as plain ones. A sentence
//! that is not known is [`Reason::Other`], and no sentence at all is [`Reason::Untold`]: neither is guessed at here.

use crate::jenkins::queue::State;
use crate::jenkins::queue_list::Waiting;

/// Why an item waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It was asked for a moment ago.
    QuietPeriod,
    /// Another build of the same job, by its number where that is told.
    Running(Option<u32>),
    /// A build of a job above or below it.
    Related(String),
    ShuttingDown,
    /// No node has the label.
    NoNode(String),
    /// All nodes with the label are offline, or the one that is wanted.
    Offline(String),
    /// The node that it ran on, or wants, is no longer there.
    Gone(String),
    /// Nodes could take it, and are busy; of any label when none is named.
    Busy(Option<String>),
    /// A node takes only others, or nobody.
    NotAllowed,
    Throttled,
    /// A lock, or something else that a plugin guards.
    Resource,
    /// An executor has been found.
    Starting,
    /// In words that are not known here.
    Other,
    Untold,
}

impl Reason {
    /// What the item says of itself.
    pub(super) fn of(item: &Waiting) -> Self {
        if item.state() == State::Starting {
            return Self::Starting;
        }
        match item.why.as_deref().map(str::trim) {
            None | Some("") => Self::Untold,
            Some(why) => Self::read(why),
        }
    }

    fn read(why: &str) -> Self {
        let why: String = why.chars().map(|c| if matches!(c, '‘' | '’' | '‚' | '‛' | '“' | '”' | '"') { '\'' } else { c }).collect();
        let has = |words: &str| why.contains(words);
        // Several nodes that each say no are joined by semicolons: the first tells the label.
        if let Some((_, label)) = why.split_once("have label '").or_else(|| why.split_once("nodes with the label '")) {
            return Self::NoNode(until_quote(label));
        }
        if let Some((_, label)) = why.split_once("All nodes of label '") {
            return Self::Offline(until_quote(label));
        }
        if has("next available executor") {
            return Self::Busy(why.split_once("executor on '").map(|(_, name)| until_quote(name)));
        }
        if has("already in progress") {
            let number = why.split_once('#').map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
            return Self::Running(number.and_then(|n| n.parse().ok()));
        }
        for words in ["Upstream project ", "Downstream project ", "Blocking job "] {
            if let Some((_, rest)) = why.split_once(words) {
                let name = rest.split(" is ").next().unwrap_or(rest);
                return Self::Related(name.trim_matches('\'').to_owned());
            }
        }
        match () {
            () if has("quiet period") => Self::QuietPeriod,
            () if has("about to shut down") => Self::ShuttingDown,
            () if has("Already running ") || has("matching parameters is already running") || has("throttle") => Self::Throttled,
            () if has("Waiting for resource") || has(" lock") || has("resources [") => Self::Resource,
            () if has("is reserved for") || has("lacks permission") || has("not accepting tasks") => Self::NotAllowed,
            () if has("been removed from configuration") => quoted(&why).map_or(Self::Other, Self::Gone),
            () if has("Finished waiting") => Self::Starting,
            () if why.ends_with("is offline") => quoted(&why).map_or(Self::Other, Self::Offline),
            () => Self::Other,
        }
    }

    /// In a word, for records.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::QuietPeriod => "quiet-period",
            Self::Running(_) => "build-running",
            Self::Related(_) => "related-build",
            Self::ShuttingDown => "shutting-down",
            Self::NoNode(_) => "no-such-label",
            Self::Offline(_) => "offline",
            Self::Gone(_) => "node-gone",
            Self::Busy(_) => "executors-busy",
            Self::NotAllowed => "not-allowed",
            Self::Throttled => "throttled",
            Self::Resource => "resource",
            Self::Starting => "starting",
            Self::Other => "other",
            Self::Untold => "unknown",
        }
    }
}

/// The first name in quotes.
fn quoted(text: &str) -> Option<String> {
    text.split_once('\'').map(|(_, rest)| until_quote(rest))
}

/// A name up to its closing quote. An apostrophe inside a name does not end it: the quote stands before no letter.
fn until_quote(text: &str) -> String {
    let end = text.match_indices('\'').map(|(at, _)| at).find(|at| {
        let after = text.get(at + 1..).and_then(|rest| rest.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_of_jenkins_and_the_usual_plugins_is_understood() {
        let label = || "gpu".to_owned();
        for (why, reason) in [
            ("In the quiet period. Expires in 4.9 sec", Reason::QuietPeriod),
            ("Build #12 is already in progress (ETA: 3 min 2 sec)", Reason::Running(Some(12))),
            ("A build is already in progress", Reason::Running(None)),
            ("Upstream project lib » core is already building.", Reason::Related("lib » core".into())),
            ("Downstream project deploy is already building.", Reason::Related("deploy".into())),
            ("Blocking job nightly is running.", Reason::Related("nightly".into())),
            ("Jenkins is about to shut down", Reason::ShuttingDown),
            ("There are no nodes with the label ‘gpu’", Reason::NoNode(label())),
            ("‘Jenkins’ doesn’t have label ‘gpu’; ‘linux-1’ doesn’t have label ‘gpu’", Reason::NoNode(label())),
            ("There are no nodes with the label 'gpu'", Reason::NoNode(label())),
            ("‘old-7’ has been removed from configuration", Reason::Gone("old-7".into())),
            ("All nodes of label ‘gpu’ are offline", Reason::Offline(label())),
            ("‘linux-3’ is offline", Reason::Offline("linux-3".into())),
            ("Waiting for next available executor", Reason::Busy(None)),
            ("Waiting for next available executor on ‘linux && docker’", Reason::Busy(Some("linux && docker".into()))),
            ("‘linux-1’ is reserved for jobs with matching label expression", Reason::NotAllowed),
            ("‘anonymous’ lacks permission to run on ‘linux-1’", Reason::NotAllowed),
            ("‘linux-1’ is not accepting tasks", Reason::NotAllowed),
            ("Already running 2 builds across all nodes", Reason::Throttled),
            ("A build with matching parameters is already running", Reason::Throttled),
            ("Waiting for resources [printer, scanner]", Reason::Resource),
            ("Finished waiting", Reason::Starting),
            ("Lin’s favourite plugin says no", Reason::Other),
        ] {
            assert_eq!(Reason::read(why), reason, "{why}");
        }
    }

    #[test]
    fn a_label_with_an_apostrophe_is_read_whole() {
        assert_eq!(Reason::read("There are no nodes with the label ‘lin’s box’"), Reason::NoNode("lin's box".into()));
    }

    #[test]
    fn a_null_why_is_untold_and_no_crash() {
        let item: Waiting = crate::testing::read(r#"{"id":1,"why":null}"#);
        assert_eq!(Reason::of(&item), Reason::Untold);
        let pending: Waiting = crate::testing::read(r#"{"id":1,"why":null,"pending":true}"#);
        assert_eq!(Reason::of(&pending), Reason::Starting);
    }
}
