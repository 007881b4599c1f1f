//! Long logs in the style of real tools, none of which a rule was written for: the cause stands in the middle, with baits
//! before and after it. What is asserted is the first hypothesis and the line that it rests on.

mod baits;
mod deploy;
mod fifth;
mod fourth;
mod infra;
mod jenkins;
mod jvm;
mod native;
mod python;
mod second;
mod third;
mod web;

use super::{Analysis, analyze, best};
use crate::analysis::rules::Category;

/// A log that is being written.
#[derive(Default)]
pub(super) struct Log {
    text: String,
    /// What stands before each line of a step.
    prefix: String,
    clock: Option<u64>,
}

impl Log {
    /// The head of a Declarative pipeline's log.
    pub(super) fn pipeline() -> Self {
        let log = Self::default();
        log.line("Started by an SCM change")
            .lines(
                "Obtained Jenkinsfile from 4f1c2a9b8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a
[Pipeline] Start of Pipeline
[Pipeline] node
Running on linux-7 in /var/jenkins/workspace/acme/orders
[Pipeline] {",
            )
            .stage("Declarative: Checkout SCM")
            .lines(
                "[Pipeline] checkout
The recommended git tool is: NONE
using credential git-bot
 > git rev-parse --resolve-git-dir /var/jenkins/workspace/acme/orders/.git # timeout=10
Fetching changes from the remote Git repository
 > git fetch --tags --force --progress -- https://git.example.com/acme/orders.git +refs/heads/*:refs/remotes/origin/* # timeout=10
Checking out Revision 4f1c2a9b8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a (origin/main)
Commit message: \"Fix error handling: do not fail on fatal errors\"",
            )
            .end()
    }

    /// The head of a freestyle job's log.
    pub(super) fn freestyle() -> Self {
        Self::default().lines(
            "Started by timer
Running as SYSTEM
Building remotely on win-2 (windows vs2022) in workspace C:\\jenkins\\workspace\\orders",
        )
    }

    /// From here on each line of a step begins with a timestamp of the Timestamper plugin.
    pub(super) fn timestamps(mut self) -> Self {
        self.clock = Some(0);
        self
    }

    pub(super) fn line(mut self, line: &str) -> Self {
        let jenkins = line.starts_with("[Pipeline]");
        if let Some(clock) = self.clock.as_mut() {
            *clock += 37;
            let (s, ms) = (*clock / 1000, *clock % 1000);
            self.text.push_str(&format!("[2026-11-24T01:{:02}:{:02}.{ms:03}Z] ", s / 60 % 60, s % 60));
        }
        if !jenkins {
            self.text.push_str(&self.prefix);
        }
        self.text.push_str(line);
        self.text.push('\n');
        self
    }

    pub(super) fn lines(self, lines: &str) -> Self {
        lines.lines().fold(self, |log, line| log.line(line))
    }

    /// `count` lines with their number in place of `{}`.
    pub(super) fn noise(self, count: usize, template: &str) -> Self {
        (0..count).fold(self, |log, n| log.line(&template.replace("{}", &n.to_string())))
    }

    pub(super) fn stage(self, name: &str) -> Self {
        self.line("[Pipeline] stage").line(&format!("[Pipeline] {{ ({name})"))
    }

    pub(super) fn end(self) -> Self {
        self.line("[Pipeline] }").line("[Pipeline] // stage")
    }

    pub(super) fn sh(self, command: &str) -> Self {
        self.line("[Pipeline] sh").line(&format!("+ {command}"))
    }

    /// Stages that Declarative skips after a failure, and the end.
    pub(super) fn failed(self, skipped: &[&str], epilogue: &str) -> Self {
        let log = skipped
            .iter()
            .fold(self, |log, name| log.stage(name).line(&format!("Stage \"{name}\" skipped due to earlier failure(s)")).end());
        log.post().finish(epilogue, "FAILURE")
    }

    /// What `post` does in most Jenkinsfiles: reports that are missing, and mail.
    pub(super) fn post(self) -> Self {
        self.stage("Declarative: Post Actions")
            .lines(
                "[Pipeline] junit
Recording test results
No test report files were found. Configuration error?
Error when executing always post condition:
hudson.AbortException: No test report files were found. Configuration error?
[Pipeline] archiveArtifacts
Archiving artifacts
No artifacts found that match the file pattern \"build/reports/**\". Configuration error?
[Pipeline] cleanWs
[WS-CLEANUP] Deleting project workspace...
[WS-CLEANUP] done",
            )
            .end()
    }

    pub(super) fn finish(self, epilogue: &str, result: &str) -> Self {
        let log = self.lines("[Pipeline] }\n[Pipeline] // node\n[Pipeline] End of Pipeline");
        let log = if epilogue.is_empty() { log } else { log.lines(epilogue) };
        log.line(&format!("Finished: {result}"))
    }

    /// The first hypothesis is of this category, its title has these words, and one of its lines of evidence is this one.
    #[track_caller]
    pub(super) fn explains(&self, category: Category, words: &[&str], evidence: &str) -> Analysis {
        let analysis = analyze(&self.text);
        assert!(!analysis.hypotheses.is_empty(), "no hypothesis; findings: {:#?}", analysis.findings);
        let first = best(&analysis);
        let all: Vec<_> = analysis.hypotheses.iter().map(|h| (h.score, h.rule, h.confidence, &h.title)).collect();
        assert_eq!(first.category, category, "{all:#?}");
        for word in words {
            assert!(first.title.contains(word), "{word:?} not in {:?}; {all:#?}", first.title);
        }
        let found = first.evidence.iter().find(|e| e.text.contains(evidence));
        let found = found.unwrap_or_else(|| panic!("{evidence:?} not in {:#?}", first.evidence));
        let line = self.text.lines().nth(usize::try_from(found.line).unwrap() - 1).unwrap();
        assert!(line.contains(evidence), "line {} is {line:?}", found.line);
        let at = usize::try_from(found.offset).unwrap();
        assert!(self.text[at..].starts_with(line), "offset {at}");
        analysis
    }
}
