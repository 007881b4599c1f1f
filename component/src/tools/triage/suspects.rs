//! Which of the commits that came in with the first bad build fits what fails.
//!
//! A commit fits by what it touched: a path that the evidence names, or a file whose name the failing tests carry. Words
//! of its message count little; a commit of documents alone counts against. Points, not proofs: the reason is told.

use crate::jenkins::builds::{Build, Commit};
use crate::text::names;

/// A commit, and how well it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suspicion {
    /// The build it came in with.
    pub(crate) build: u32,
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) message: String,
    pub(crate) paths: Vec<String>,
    /// The higher the likelier; at most 0 when nothing points to it.
    pub(crate) points: i32,
    pub(crate) reason: String,
}

/// File stems that name nothing.
const COMMON: [&str; 12] = ["main", "index", "test", "tests", "utils", "util", "init", "__init__", "mod", "lib", "config", "common"];

/// Ranks commits by how well they fit `evidence`, all text that tells of the failure.
pub(crate) fn rank(builds: &[Build], evidence: &str) -> Vec<Suspicion> {
    let evidence = evidence.to_lowercase();
    let commits = builds.iter().flat_map(|build| build.commits().into_iter().map(|commit| (build.number, commit)));
    let mut out: Vec<Suspicion> = Vec::new();
    for (build, commit) in commits {
        // Several builds of a multibranch job may list one commit: it came in with the oldest of them.
        match out.iter_mut().find(|known| known.id == commit.id()) {
            Some(known) => known.build = known.build.min(build),
            None => out.push(judge(build, commit, &evidence)),
        }
    }
    // One commit alone is the suspect, whatever it touched, unless it only touched documents.
    if let [only] = out.as_mut_slice()
        && only.points == 0
    {
        only.points = 1;
        only.reason = "the only commit that came in".into();
    }
    crate::sorted::sort_by_key(&mut out, |s| -s.points);
    out
}

fn judge(build: u32, commit: &Commit, evidence: &str) -> Suspicion {
    let best = commit.affected_paths.iter().map(|path| path_points(path, evidence)).max_by_key(|(points, _)| *points);
    let documents = !commit.affected_paths.is_empty() && commit.affected_paths.iter().all(|p| is_document(p));
    let words = message_points(&commit.msg, evidence);
    let (points, reason) = match best {
        Some((points, reason)) if points > 0 => (points + words, reason),
        _ if documents => (-50, "touches documents only".to_owned()),
        _ if words > 0 => (words, "its message speaks of what fails".to_owned()),
        _ => (0, "nothing in the evidence names what it touches".to_owned()),
    };
    Suspicion {
        build,
        id: commit.id().to_owned(),
        author: commit.author().to_owned(),
        message: commit.msg.clone(),
        paths: commit.affected_paths.clone(),
        points,
        reason,
    }
}

fn path_points(path: &str, evidence: &str) -> (i32, String) {
    let lower = path.to_lowercase();
    let file = lower.rsplit('/').next().unwrap_or(&lower);
    let stem = file.split('.').next().unwrap_or(file);
    if has_word(evidence, &lower) && lower.contains('/') {
        (100, format!("touches {}, which the failure names", names::shown(path)))
    } else if file.contains('.') && has_word(evidence, file) && !is_document(path) {
        (80, format!("touches {}; the failure names {}", names::shown(path), names::shown(file)))
    } else if stem.len() >= 4 && !COMMON.contains(&stem) && has_part(evidence, stem) && !is_document(path) {
        (50, format!("touches {}, whose name the failure carries", names::shown(path)))
    } else {
        (0, String::new())
    }
}

fn message_points(message: &str, evidence: &str) -> i32 {
    let words = message.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() >= 5).map(str::to_lowercase);
    let hits = words.filter(|w| has_part(evidence, w)).count();
    i32::try_from(hits.min(3)).unwrap_or(3) * 10
}

fn is_document(path: &str) -> bool {
    let lower = path.to_lowercase();
    let ending = [".md", ".rst", ".txt", ".adoc"].iter().any(|e| lower.ends_with(e));
    (ending && !lower.ends_with("requirements.txt") && !lower.ends_with("cmakelists.txt"))
        || lower.starts_with("docs/")
        || lower == "license"
}

/// The text occurs, and is not part of a longer name.
fn has_word(evidence: &str, text: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    evidence.match_indices(text).any(|(at, found)| {
        let before = evidence.get(..at).and_then(|s| s.chars().next_back());
        let after = evidence.get(at + found.len()..).and_then(|s| s.chars().next());
        !before.is_some_and(inner) && !after.is_some_and(inner)
    })
}

/// The text occurs as a part of a name that underscores, dots or capitals divide: `pricing` in `test_pricing.py`.
fn has_part(evidence: &str, text: &str) -> bool {
    evidence.match_indices(text).any(|(at, found)| {
        let before = evidence.get(..at).and_then(|s| s.chars().next_back());
        let after = evidence.get(at + found.len()..).and_then(|s| s.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(id: &str, message: &str, paths: &[&str]) -> serde_json::Value {
        serde_json::json!({"commitId": id, "msg": message, "affectedPaths": paths})
    }

    fn ranked(commits: &[serde_json::Value], evidence: &str) -> Vec<Suspicion> {
        let build = serde_json::json!({"number": 3, "changeSets": [{"items": commits}]});
        rank(&[crate::testing::read(&build.to_string())], evidence)
    }

    #[test]
    fn the_commit_that_touches_what_the_tests_name_is_the_suspect() {
        let commits = [
            commit("edf3", "List the supported countries", &["README.md"]),
            commit("c577", "Raise the budget of the gateway to 460 ms", &["shop/gateway.py"]),
            commit("f606", "Simplify the rounding of prices", &["shop/pricing.py"]),
        ];
        let ranked = ranked(&commits, "tests.unit.test_pricing.TestPricing test_tax_rounding assert 1 == 2");
        assert_eq!(ranked.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["f606", "c577", "edf3"]);
        assert!(ranked[0].points > 50 && ranked[1].points == 0 && ranked[2].points < 0);
    }

    #[test]
    fn a_path_in_the_evidence_beats_a_word_in_a_message() {
        let commits = [commit("a", "rounding rounding", &["x/other.rs"]), commit("b", "tidy", &["src/ledger.rs"])];
        assert_eq!(ranked(&commits, "error[E0308]: rounding --> src/ledger.rs:9:5")[0].id, "b");
    }

    #[test]
    fn part_of_a_longer_name_is_no_match() {
        assert!(!has_word("src/ledger.rs.bak", "edger.rs"));
        assert!(!has_part("repricing", "pricing"));
        assert!(has_part("test_pricing", "pricing"));
    }

    #[test]
    fn a_single_commit_of_documents_is_not_made_a_suspect() {
        assert!(ranked(&[commit("a", "Write more", &["README.md"])], "boom")[0].points < 0);
        assert_eq!(ranked(&[commit("a", "Do more", &["src/x.rs"])], "boom")[0].points, 1);
    }
}
