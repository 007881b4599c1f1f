//! What to say when no rule knows the reason: facts, with low confidence, and no guess.

use super::Analysis;
use super::finding::{DownstreamBuild, Evidence};
use super::hypothesis::{Confidence, Hypothesis};
use super::rules::{Category, Role, Tool, exit_code};
use super::score::is_soft;

/// Last lines of output that are evidence.
const LAST_LINES: usize = 4;

/// What can be said when no rule knows the reason: which command ended how, after which output.
pub(super) fn fallback(analysis: &Analysis) -> Option<Hypothesis> {
    if let Some(failed) = analysis.downstream.iter().find(|build| is_red(build)) {
        return Some(of_downstream(failed));
    }
    let symptom = analysis.findings.iter().rfind(|finding| finding.rule.role == Role::Symptom);
    let code = analysis.exit_codes.last().map(|exit| exit.code);
    let command = analysis.last_command.as_ref();
    let outputs = || {
        let said = |line: &&Evidence| {
            symptom.is_none_or(|symptom| line.line < symptom.line)
                && !line.text.starts_with("ERROR: script")
                && !line.text.starts_with("Commit message: ")
                // What the git plugin runs, before the first step.
                && !line.text.starts_with(" > git")
        };
        analysis.last_output.iter().rev().filter(said)
    };
    // A line that complains says more than the one after it.
    let output = outputs()
        .find(|line| says(&line.text, &COMPLAINTS))
        .or_else(|| outputs().find(|line| says(&line.text, &HINTS)))
        .or_else(|| outputs().find(|line| !ends_well(&line.text)))
        .or_else(|| outputs().next());
    let said = output.map_or_else(String::new, |line| format!("; last output: {}", line.text.trim()));
    let title = match (command, code) {
        (Some(command), Some(code)) => {
            format!("`{}` ended the step with exit code {code}{}{said}", trace(command), meaning(code, trace(command)))
        }
        (Some(command), None) if symptom.is_some() => format!("`{}` failed{said}", trace(command)),
        (_, Some(code)) => format!("a step ended with exit code {code}{}{said}", meaning(code, "")),
        _ => format!("{}{said}", symptom?.cause),
    };
    let mut evidence: Vec<Evidence> = command.into_iter().chain(outputs().take(LAST_LINES)).chain(output).cloned().collect();
    evidence.extend(symptom.iter().flat_map(|symptom| symptom.evidence.iter().cloned()));
    crate::sorted::sort_by_key(&mut evidence, |line| line.line);
    evidence.dedup();
    Some(Hypothesis {
        title,
        // The code of timeout(1) or of a crash is the reason itself.
        confidence: if code.is_some_and(|code| code == 124 || exit_code::is_crash(code)) { Confidence::Medium } else { Confidence::Low },
        category: if code == Some(124) { Category::Timeout } else { Category::Script },
        tool: Tool::Shell,
        rule: "exit-code",
        stage: analysis.failing_stage.clone(),
        evidence,
        count: 1,
        repeated: 1,
        advice: "Read the output of this command; if it prints nothing, run it with more verbosity.".to_owned(),
        score: 30,
        verdict: false,
        doubted: false,
        detail: 0,
    })
}

/// Words with which programs that no rule knows say that they could not.
const COMPLAINTS: [&str; 27] = [
    "error",
    "fail",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable",
    "denied",
    "refused",
    "reject",
    "invalid",
    "missing",
    "not found",
    "exceed",
    "no such",
    "forbidden",
    "not allowed",
    "mismatch",
    "expired",
    "timed out",
    "timeout",
    "gave up",
    // In other languages: Fehler, fehlgeschlagen; erreur; erro.
    "fehl",
    "erreur",
    "échec",
    "Échec",
    "erro:",
];

/// Words with which they say so more quietly.
const HINTS: [&str; 18] = [
    " not ",
    "n't ",
    " no ",
    "must ",
    "already",
    "unexpected",
    "unknown",
    "wrong",
    "differ",
    "conflict",
    "abort",
    "violat",
    " stale",
    " requires ",
    " more than ",
    " less than ",
    " over the ",
    " nicht ",
];

/// Whether the line has one of the words, and does not play down what it says.
fn says(text: &str, words: &[&str]) -> bool {
    let lower = text.to_ascii_lowercase();
    let counts_none = ["0 error", "0 fail", "no error", "errors: 0", "failed: 0"].iter().any(|none| lower.contains(none));
    words.iter().any(|word| lower.contains(word)) && !counts_none && !ends_well(text) && !is_soft(text)
}

/// `licence server ok`.
fn ends_well(text: &str) -> bool {
    let end = text.trim_end_matches(['.', '!', ' ', ']']).to_ascii_lowercase();
    ["ok", "passed", "done", "pass"].iter().any(|well| end.strip_suffix(well).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric)))
}

fn is_red(build: &DownstreamBuild) -> bool {
    matches!(build.result.as_deref(), Some("FAILURE" | "UNSTABLE" | "ABORTED"))
}

fn of_downstream(build: &DownstreamBuild) -> Hypothesis {
    let number = build.number.map_or_else(String::new, |number| format!(" #{number}"));
    let result = build.result.as_deref().unwrap_or("FAILURE");
    Hypothesis {
        title: format!("downstream build {}{number} ended with {result}", build.job),
        confidence: Confidence::Medium,
        category: Category::Downstream,
        tool: Tool::Jenkins,
        rule: "jenkins-downstream",
        stage: None,
        evidence: vec![build.evidence.clone()],
        count: 1,
        repeated: 1,
        advice: format!("Triage {}{number}: the cause is in its log.", build.job),
        score: 39,
        verdict: false,
        doubted: false,
        detail: 0,
    }
}

/// The command as it was typed.
fn trace(command: &Evidence) -> &str {
    let text = command.text.trim_start_matches('+').trim();
    let prompt = text.get(1..3) == Some(":\\");
    // `cmd.exe` prints the directory before it.
    text.split_once('>').filter(|_| prompt).map_or(text, |(_, typed)| typed.trim())
}

/// ` (curl: timeout)`: what the exit code of a command says.
fn meaning(code: i64, command: &str) -> String {
    match exit_code::meaning(code, command) {
        None => String::new(),
        Some(("", says)) => format!(" ({says})"),
        Some((program, says)) => format!(" ({program}: {says})"),
    }
}
