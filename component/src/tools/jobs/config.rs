//! `get-job-config`: how a job is configured, as its pipeline or as the XML behind it, without secrets.

use crate::answer;
use crate::bindings::jankins::plugin::types::{ConfigFormat, JobConfig};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::config::{self, Config, Definition};
use crate::jenkins::path::JobPath;
use crate::text::budget::{self, Answer, Section};
use crate::text::{fence, names};

use super::scm::{record as repository, repository_line};

/// `get-job-config`.
pub(crate) async fn get_job_config(
    call: &Call,
    job: String,
    branch: Option<String>,
    format: Option<ConfigFormat>,
) -> Result<JobConfig, Error> {
    let (job, _) = JobPath::parse(&job, branch.as_deref())?;
    let found = config::config(call, &job, &answer::redactor(call)).await?;
    let xml = format == Some(ConfigFormat::Xml);
    let text = render(call, &job, &found, xml);
    // What is too long for the text is so for the record; a cut one says so where it ends.
    let fitting = |text: &str| budget::trim(text, call.max_tokens());
    let (definition, script) = match &found.definition {
        Definition::Script { script, .. } => ("inline", Some(fitting(script))),
        Definition::FromScm { .. } => ("scm", None),
        Definition::Branch { .. } => ("branch", None),
        Definition::Steps(steps) => ("steps", commands(steps).as_deref().map(fitting)),
        Definition::Other => ("other", None),
    };
    let (script_path, lightweight, sandbox) = match found.definition {
        Definition::FromScm { path, lightweight } => (Some(path), Some(lightweight), None),
        Definition::Branch { path } => (Some(path), None, None),
        Definition::Script { sandbox, .. } => (None, None, Some(sandbox)),
        Definition::Steps(_) | Definition::Other => (None, None, None),
    };
    Ok(JobConfig {
        job: job.name(),
        definition: definition.to_owned(),
        script,
        script_path,
        lightweight,
        sandbox,
        repositories: found.repositories.iter().map(repository).collect(),
        xml: xml.then(|| fitting(&found.xml)),
        meta: call.meta(&text),
        text,
    })
}

fn commands(steps: &[(String, Option<String>)]) -> Option<String> {
    let commands: Vec<&str> = steps.iter().filter_map(|(_, command)| command.as_deref()).collect();
    (!commands.is_empty()).then(|| commands.join("\n\n"))
}

fn render(call: &Call, job: &JobPath, config: &Config, xml: bool) -> String {
    let mut text = Answer::new(call.max_tokens());
    let name = names::shown(&job.name());
    if xml {
        text.head(format!("config.xml of {name}, without secrets:"));
        text.section(lines(&config.xml.replace("><", ">\n<")));
        return answer::render(call, &text).text;
    }
    match &config.definition {
        Definition::Script { script, sandbox } => {
            let sandbox = if *sandbox { "in the sandbox" } else { "outside of the sandbox" };
            text.head(format!("{name}: pipeline script in the job, run {sandbox}:"));
            text.section(lines(script));
        }
        Definition::FromScm { path, lightweight } => {
            let checkout = if *lightweight { "lightweight" } else { "full" };
            text.head(format!("{name}: pipeline script {} from the repository, by {checkout} checkout", names::shown(path)));
        }
        Definition::Branch { path } => {
            text.head(format!("{name}: pipeline script {} of the branch", names::shown(path)));
        }
        Definition::Steps(steps) if steps.is_empty() => {
            text.head(format!("{name}: not a pipeline, and without build steps"));
        }
        Definition::Steps(steps) => {
            text.head(format!("{name}: not a pipeline; its build steps:"));
            for (class, command) in steps {
                text.section(lines(command.as_deref().unwrap_or_default()).title(names::shown(class)).minimum(3));
                if command.is_none() {
                    text.head(names::shown(class));
                }
            }
        }
        Definition::Other => {
            text.head(format!("{name}: neither a pipeline nor a job with steps; format=xml shows its configuration"));
        }
    }
    for repository in &config.repositories {
        text.head(repository_line(call, repository));
    }
    answer::render(call, &text).text
}

/// Foreign lines, each behind its fence, to be dropped one by one from the end.
fn lines(text: &str) -> Section {
    Section::new("line").items(text.lines().map(|line| fence::block([line]).trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;
    use crate::testing::simulated::{simulated, simulated_as};
    use jankins_tests::simulator::User;

    fn ask(job: &str, format: Option<ConfigFormat>) -> JobConfig {
        let (call, sent) = simulated(None);
        let answer = run(get_job_config(&call, job.into(), None, format)).unwrap();
        assert_eq!(sent.borrow().len(), 1);
        answer
    }

    #[test]
    fn a_pipeline_in_the_job_shows_its_script() {
        let config = ask("release", None);
        assert_eq!((config.definition.as_str(), config.sandbox), ("inline", Some(true)));
        assert!(
            config.text.starts_with("release: pipeline script in the job, run in the sandbox:\n| node { stage('Prepare')"),
            "{}",
            config.text
        );
        assert!(config.script.is_some_and(|s| s.contains("input id: 'ShipIt'")));
    }

    #[test]
    fn a_pipeline_from_a_repository_names_path_and_repository() {
        let config = ask("rust-core", None);
        assert_eq!((config.script_path.as_deref(), config.lightweight), (Some("Jenkinsfile"), Some(false)));
        assert_eq!(
            config.text,
            "rust-core: pipeline script Jenkinsfile from the repository, by full checkout\ngit https://git.example.com/core/rust-core.git, branches */main (configured)\n"
        );
    }

    #[test]
    fn a_freestyle_job_shows_its_steps_and_a_branch_its_script_path() {
        let config = ask("legacy-nightly", None);
        assert!(config.text.contains("\nShell\n| #!/bin/bash -xe\n| make clean\n"), "{}", config.text);
        let branch = ask("shop/checkout/main", None);
        assert!(branch.text.starts_with("shop/checkout/main: pipeline script Jenkinsfile of the branch\ngit https://git.example.com/shop/checkout.git, branches main"), "{}", branch.text);
    }

    #[test]
    fn the_xml_holds_no_secret() {
        let config = ask("deploy", Some(ConfigFormat::Xml));
        let xml = config.xml.unwrap();
        assert!(!xml.contains("change-me") && !config.text.contains("change-me"));
        assert!(xml.contains("<name>UNLOCK_CODE</name>") && xml.contains("<defaultValue>[redacted]</defaultValue>"), "{xml}");
        assert!(xml.contains("<defaultValue>1.8.0</defaultValue>"));
    }

    #[test]
    fn an_account_without_the_right_learns_which_it_is() {
        let (call, _) = simulated_as(User::Reader, None);
        let error = run(get_job_config(&call, "deploy".into(), None, None)).unwrap_err().into_tool_error(String::new());
        assert_eq!(error.code, "forbidden");
        assert!(error.message.contains("hudson.model.Item."), "{}", error.message);
    }
}
