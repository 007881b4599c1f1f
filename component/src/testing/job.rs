//! A freestyle job of a scripted controller, with builds that a test describes: for tools that look at a job's past.

use super::{Answer, Script, json};

/// The job `x` and its builds.
#[derive(Default)]
pub(crate) struct Job {
    builds: Vec<(u32, String)>,
    logs: Vec<(u32, String)>,
}

impl Job {
    /// The next build: its result, its revision (empty for none), its log. Its one commit is its revision, and touches
    /// `src/<revision>.c`.
    pub(crate) fn build(mut self, result: &str, revision: &str, log: &str) -> Self {
        let number = u32::try_from(self.builds.len()).expect("few builds") + 1;
        let state = match result {
            "RUNNING" => r#""building":true,"result":null"#.to_owned(),
            result => format!(r#""building":false,"result":"{result}","duration":2000"#),
        };
        let source = match revision {
            "" => String::new(),
            revision => format!(
                r#","actions":[{{"lastBuiltRevision":{{"SHA1":"{revision}"}}}}],
                "changeSet":{{"items":[{{"commitId":"{revision}","msg":"change {revision}","author":{{"fullName":"Ada"}},"affectedPaths":["src/{revision}.c"]}}]}}"#
            ),
        };
        self.builds.push((
            number,
            format!(r#"{{"_class":"hudson.model.FreeStyleBuild","number":{number},"timestamp":1795521500000,{state}{source}}}"#),
        ));
        if !log.is_empty() {
            self.logs.push((number, log.to_owned()));
        }
        self
    }

    /// The controller that has it. A build without a log answers 404 for it.
    pub(crate) fn script(self) -> Script {
        let list: Vec<&str> = self.builds.iter().rev().map(|(_, build)| build.as_str()).collect();
        let all = format!(r#"{{"_class":"hudson.model.FreeStyleProject","allBuilds":[{}]}}"#, list.join(","));
        let script = self.logs.iter().fold(Script::new(), |script, (number, log)| {
            let log = log.trim_end().replace('\n', "\r\n") + "\r\n";
            let size = log.len() - log.matches('\r').count();
            let answer = Answer::Http(200, vec![("X-Text-Size", size.to_string())], log.into_bytes());
            script.on(&format!("GET /job/x/{number}/logText"), answer)
        });
        let script = self.builds.iter().fold(script, |script, (number, build)| script.json(&format!("/job/x/{number}/api/json"), build));
        let last = self.builds.last().map(|(_, build)| build.clone()).unwrap_or_default();
        script.on("GET /job/x/lastBuild/api/json", json(&last)).json("/job/x/api/json", &all)
    }
}
