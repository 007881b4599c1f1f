//! Checks a Jenkinsfile before it is committed: `validate-jenkinsfile`.

use crate::bindings::jankins::plugin::types::{JenkinsfileCheck, JenkinsfileProblem};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::pipeline::{Problem, validate};
use crate::text::budget::{Answer, Section};
use crate::text::fence;

/// Characters of Jenkins' message, which may quote the file.
const MESSAGE_CHARS: usize = 300;

/// `validate-jenkinsfile`.
pub(crate) async fn validate_jenkinsfile(call: &Call, jenkinsfile: String) -> Result<JenkinsfileCheck, Error> {
    let problems = validate(call, &jenkinsfile).await?;
    let mut answer = Answer::new(call.max_tokens());
    answer.head(match problems.len() {
        0 => "valid Declarative pipeline; whether its steps exist is not checked".to_owned(),
        1 => "not valid: 1 problem".to_owned(),
        several => format!("not valid: {several} problems"),
    });
    answer.section(Section::new("problem").items(problems.iter().map(line)));
    let rendered = answer.render();
    let shown = rendered.shown.first().copied().unwrap_or(0);
    Ok(JenkinsfileCheck {
        meta: call.meta(&rendered.text),
        text: rendered.text,
        valid: problems.is_empty(),
        problems: problems.iter().take(shown).map(record).collect(),
    })
}

fn line(problem: &Problem) -> String {
    let place = match (problem.line, problem.column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        _ => String::new(),
    };
    format!("{place}{}", fence::inline(&problem.message, MESSAGE_CHARS))
}

fn record(problem: &Problem) -> JenkinsfileProblem {
    JenkinsfileProblem { line: problem.line, column: problem.column, message: problem.message.chars().take(MESSAGE_CHARS).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer as Reply, Script, run};

    fn check(answer: &str) -> JenkinsfileCheck {
        let (call, _) = Script::new().on("POST /pipeline-model-converter/", Reply::Http(200, Vec::new(), answer.into())).call();
        run(validate_jenkinsfile(&call, "pipeline {}".into())).unwrap()
    }

    #[test]
    fn a_problem_is_one_line_with_its_place() {
        let answer = check(
            r#"{"status":"ok","data":{"result":"failure","errors":[{"error":"Missing required section \"agent\" @ line 1, column 1."}]}}"#,
        );
        assert_eq!(answer.text, "not valid: 1 problem\nline 1, column 1: \"Missing required section 'agent'\"\n");
        assert!(!answer.valid);
    }

    #[test]
    fn a_valid_file_is_not_promised_to_run() {
        let answer = check(r#"{"status":"ok","data":{"result":"success"}}"#);
        assert!(answer.valid && answer.text.contains("whether its steps exist is not checked"));
    }
}
