//! What to say when no rule knows the reason: facts, with low confidence, and no guess.

use super::Analysis;
use super::finding::{DownstreamBuild, Evidence};
use super::hypothesis::{Confidence, Hypothesis};
use super::rules::{Category, Role, Tool};

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
        };
        analysis.last_output.iter().rev().filter(said)
    };
    // A line that complains says more than the one after it.
    let output = outputs().find(|line| complains(&line.text)).or_else(|| outputs().next());
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
        // The code of timeout(1) is the reason itself.
        confidence: if code == Some(124) { Confidence::Medium } else { Confidence::Low },
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
fn complains(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "error",
        "fail",
        "cannot",
        "can't",
        "could not",
        "unable",
        "denied",
        "refused",
        "reject",
        "invalid",
        "missing",
        "not found",
        "exceed",
        "no such",
    ];
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word)) && !lower.contains("0 error") && !lower.contains("0 fail")
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
    command.text.trim_start_matches('+').trim()
}

/// What an exit code says by convention, or by that of the program: curl prints nothing with `-s`.
fn meaning(code: i64, command: &str) -> &'static str {
    if command.starts_with("curl ") {
        match code {
            3 => return " (curl: malformed URL)",
            6 => return " (curl: the host does not resolve)",
            7 => return " (curl: connection refused)",
            22 => return " (curl: an HTTP error)",
            28 => return " (curl: timeout)",
            35 | 60 => return " (curl: TLS)",
            _ => {}
        }
    }
    match code {
        124 => " (the convention of timeout(1))",
        126 => " (found but not executable)",
        127 => " (command not found)",
        130 => " (interrupted, SIGINT)",
        134 => " (abort, SIGABRT)",
        137 => " (killed, SIGKILL: often out of memory)",
        139 => " (segmentation fault, SIGSEGV)",
        143 => " (terminated, SIGTERM)",
        _ => "",
    }
}
