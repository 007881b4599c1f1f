//! The Jenkinsfile linter: the recorded verdicts, and the one rule that is plain.

use super::{Shared, recordings::fixtures, reply::Reply, write::Post};
use anyhow::{Context, Result};
use serde_json::{Value, json};

impl Shared {
    /// The verdict on a Jenkinsfile that was recorded or has no `pipeline` at all; `None` for others.
    pub(crate) fn validated(&self, post: &Post) -> Result<Option<Reply>> {
        let script = post.param("jenkinsfile").unwrap_or_default();
        let path = post.target.path();
        let flows: Value =
            serde_json::from_slice(&std::fs::read(fixtures().join("flows.json"))?).context("flows.json is not as expected")?;
        let exchanges = flows.as_object().into_iter().flat_map(|flows| flows.values()).filter_map(Value::as_array).flatten();
        for exchange in exchanges {
            let text = |pointer: &str| exchange.pointer(pointer).and_then(Value::as_str);
            if text("/path") == Some(&path) && text("/form/jenkinsfile") == Some(&script) {
                let kind = text("/headers/Content-Type").unwrap_or_default();
                return Ok(Some(Reply::of(200, kind, text("/body").unwrap_or_default().to_owned())));
            }
        }
        if script.contains("pipeline") {
            return Ok(None);
        }
        let error = format!("Jenkinsfile content '{script}' did not contain the 'pipeline' step");
        Ok(Some(if path.ends_with("validateJenkinsfile") {
            let answer = json!({"status": "ok", "data": {"result": "failure", "errors": [{"error": error}]}});
            Reply::of(200, "application/json;charset=UTF-8", answer.to_string())
        } else {
            Reply::of(200, "text/plain;charset=UTF-8", format!("{error}\n"))
        }))
    }
}
