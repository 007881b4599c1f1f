//! Has the controller check a Jenkinsfile, which it does without running it.
//!
//! A POST that changes nothing. Jenkins checks the syntax and sections of Declarative; it knows neither whether a step
//! exists nor a scripted pipeline (pipeline-model-definition 2.2277). Its message about the latter repeats the whole
//! file, and is replaced.

use crate::call::Call;
use crate::error::Error;
use crate::jenkins::{client, encode};
use crate::json::{Value, record};
use crate::upstream::Ask;
use crate::upstream::transport::Method;

const PATH: &str = "/pipeline-model-converter/validateJenkinsfile";
/// Servlet containers take forms of some 200 KB.
const MAX_BYTES: usize = 150_000;
/// An answer lists problems, not files.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Something that is wrong with a Jenkinsfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    /// Jenkins' words, which may quote the file.
    pub(crate) message: String,
}

record! {
    struct Envelope {
        data: Data => required,
    }

    struct Data {
        result: String => required,
        errors: Vec<Value>,
    }
}

/// Checks a Jenkinsfile: no problems, or those that Jenkins sees.
///
/// # Errors
/// An empty or huge file; a controller without the plugin.
pub(crate) async fn validate(call: &Call, jenkinsfile: &str) -> Result<Vec<Problem>, Error> {
    if jenkinsfile.trim().is_empty() {
        return Err(Error::invalid("jenkinsfile is empty", "Give the text of a Jenkinsfile, not its path."));
    }
    if jenkinsfile.len() > MAX_BYTES {
        return Err(Error::invalid(
            format!("jenkinsfile has {} bytes", jenkinsfile.len()),
            format!("Jenkins takes forms of at most some {MAX_BYTES} bytes."),
        ));
    }
    let ask = Ask {
        method: Method::Post,
        headers: vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())],
        body: format!("jenkinsfile={}", encode::segment(jenkinsfile)).into_bytes(),
        ..Ask::get("validate-jenkinsfile", PATH)
    };
    let mut reply = match call.ask(ask, "the Jenkinsfile check").await {
        Err(Error::NotFound { .. }) => {
            return Err(Error::NotSupported(
                "this controller lacks the plugin pipeline-model-definition, which checks Jenkinsfiles".into(),
            ));
        }
        other => other?,
    };
    let body = client::body(&mut reply, MAX_ANSWER_BYTES, PATH).await?;
    let answer: Envelope = client::parse(&body, PATH)?;
    let mut messages = Vec::new();
    for error in &answer.data.errors {
        texts(error.get("error").unwrap_or(error), &mut messages);
    }
    if answer.data.result != "success" && messages.is_empty() {
        messages.push("Jenkins refused the file without saying why".to_owned());
    }
    Ok(messages.into_iter().map(problem).collect())
}

/// A problem is a text, or a list of them.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.to_string()),
        Value::Array(several) => several.iter().for_each(|one| texts(one, out)),
        _ => {}
    }
}

/// `Missing required section "agent" @ line 1, column 1.`
fn problem(text: String) -> Problem {
    if text.contains("did not contain the 'pipeline' step") {
        let message = "it has no `pipeline` block: Jenkins checks Declarative pipelines only, not scripted ones".to_owned();
        return Problem { line: None, column: None, message };
    }
    let place = text.rsplit_once(" @ line ").and_then(|(message, place)| {
        let (line, column) = place.trim_end_matches('.').split_once(", column ")?;
        Some(Problem { line: Some(line.parse().ok()?), column: Some(column.parse().ok()?), message: message.to_owned() })
    });
    place.unwrap_or(Problem { line: None, column: None, message: text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    fn check(answer: &str) -> Vec<Problem> {
        let (call, script) = Script::new().on(&format!("POST {PATH}"), Answer::Http(200, Vec::new(), answer.into())).call();
        let problems = run(validate(&call, "pipeline { a & b }")).unwrap();
        assert_eq!(script.seen.borrow()[0].body, b"jenkinsfile=pipeline%20%7B%20a%20%26%20b%20%7D");
        problems
    }

    #[test]
    fn the_place_is_taken_out_of_the_text() {
        let problems =
            check(r#"{"status":"ok","data":{"result":"failure","errors":[{"error":"expecting '}', found '' @ line 2, column 46."}]}}"#);
        assert_eq!(problems, [Problem { line: Some(2), column: Some(46), message: "expecting '}', found ''".into() }]);
        assert!(check(r#"{"status":"ok","data":{"result":"success"}}"#).is_empty());
    }

    #[test]
    fn a_scripted_pipeline_is_named_as_the_reason_and_not_repeated() {
        let problems = check(
            r#"{"status":"ok","data":{"result":"failure","errors":[{"error":"Jenkinsfile content 'node { SECRET }' did not contain the 'pipeline' step"}]}}"#,
        );
        assert!(!problems[0].message.contains("SECRET") && problems[0].message.contains("scripted"));
    }

    #[test]
    fn a_refusal_without_words_is_no_approval() {
        assert_eq!(check(r#"{"status":"ok","data":{"result":"failure","errors":[]}}"#).len(), 1);
    }

    #[test]
    fn an_empty_file_never_reaches_jenkins_and_a_missing_plugin_is_named() {
        let (call, script) = Script::new().call();
        assert_eq!(run(validate(&call, " \n")).unwrap_err().code(), "invalid-params");
        assert!(script.requests().is_empty());
        assert_eq!(run(validate(&call, "pipeline {}")).unwrap_err().code(), "not-supported");
    }
}
