//! The toolset `config`: `create-job`, `update-job-config`, `copy-job`, `delete-job`.
//!
//! A configuration is passed on as it is given, with one check: what other tools show in place of a secret must not be
//! saved in its place. A folder that holds anything is never deleted here.

use super::Change;
use crate::bindings::jankins::plugin::types::StateChange;
use crate::call::Call;
use crate::cursor;
use crate::error::Error;
use crate::jenkins::jobs::{Kind, missing};
use crate::jenkins::lifecycle;
use crate::jenkins::path::JobPath;
use crate::json::{Value, record};
use crate::text::{human, names, redact};

/// A configuration of this size is a mistake.
const MAX_CONFIG_BYTES: usize = 2 * 1024 * 1024;
const ABSENT: &str = "absent";

/// `create-job`.
pub(crate) async fn create_job(call: &Call, job: String, config: String) -> Result<StateChange, Error> {
    let (job, folder, name) = new_job(&job)?;
    check(&config)?;
    free(call, &job).await?;
    match lifecycle::create(call, &folder, &name, &config).await {
        Err(error @ Error::NotFound { .. }) => return Err(missing(call, &folder, error).await),
        other => other.map_err(unreadable)?,
    }
    made(call, &job, None).await
}

/// `copy-job`.
pub(crate) async fn copy_job(call: &Call, source: String, job: String) -> Result<StateChange, Error> {
    let (source, _) = JobPath::parse(&source, None)?;
    let (job, folder, name) = new_job(&job)?;
    if state(call, &source).await?.is_none() {
        let what = format!("job {}", names::shown(&source.name()));
        return Err(missing(call, &source, Error::not_found(what, &[])).await);
    }
    free(call, &job).await?;
    match lifecycle::copy(call, &source, &folder, &name).await {
        Err(error @ Error::NotFound { .. }) => return Err(missing(call, &folder, error).await),
        other => other?,
    }
    made(call, &job, Some("a copy may have to be saved once before it builds: update_job_config with its own configuration does")).await
}

/// `update-job-config`.
pub(crate) async fn update_job_config(call: &Call, job: String, config: String) -> Result<StateChange, Error> {
    let (job, _) = JobPath::parse(&job, None)?;
    check(&config)?;
    let before = match configuration(call, &job).await {
        Ok(before) => before,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    lifecycle::configure(call, &job, &config).await.map_err(unreadable)?;
    let after = configuration(call, &job).await?;
    let target = format!("configuration of {}", names::shown(&job.name()));
    Ok(Change { target, before, after, notes: Vec::new(), next: Some(format!("get_job(job={:?})", job.name())) }.record(call))
}

/// `delete-job`.
pub(crate) async fn delete_job(call: &Call, job: String) -> Result<StateChange, Error> {
    let (job, _) = JobPath::parse(&job, None)?;
    let target = names::shown(&job.name());
    let Some(before) = state(call, &job).await? else {
        return Err(missing(call, &job, Error::not_found(format!("job {target}"), &[])).await);
    };
    if before.holds_jobs() {
        return Err(Error::Conflict(format!("{target} is a {} that holds jobs: delete those first", before.kind().as_str())));
    }
    let kind = before.kind().as_str().to_owned();
    lifecycle::delete(call, &job).await?;
    let after = state(call, &job).await?.map_or(ABSENT.to_owned(), |_| kind.clone());
    let notes = if after == ABSENT { Vec::new() } else { vec!["Jenkins took the request, but still shows the job".to_owned()] };
    Ok(Change { target, before: kind, after, notes, next: None }.record(call))
}

/// A job to be, its folder and its own name.
fn new_job(job: &str) -> Result<(JobPath, JobPath, String), Error> {
    let (job, _) = JobPath::parse(job, None)?;
    if job.part().is_some() {
        return Err(Error::invalid(format!("{job} would be a part of a job"), "Cells and modules come with the job they belong to."));
    }
    let name = job.segments().last().cloned().unwrap_or_default();
    let folder = job.parent().unwrap_or_else(|| JobPath::from_full_name(""));
    Ok((job, folder, name))
}

fn check(config: &str) -> Result<(), Error> {
    if !config.trim_start().starts_with('<') {
        return Err(Error::invalid(
            "config is no XML",
            "Give the text of a config.xml; get_job_config(format=\"xml\") shows that of a similar job.",
        ));
    }
    if config.len() > MAX_CONFIG_BYTES {
        return Err(Error::invalid(
            format!("config has {}", human::bytes(config.len() as u64)),
            format!("At most {}.", human::bytes(MAX_CONFIG_BYTES as u64)),
        ));
    }
    if config.contains(redact::MARK) {
        return Err(Error::invalid(
            format!("config holds {} in place of a secret, which saving would destroy", redact::MARK),
            "Put the secret itself or a credentials id there, or change this job in Jenkins.",
        ));
    }
    Ok(())
}

/// Jenkins answers 500 to XML that it cannot read, and says no more.
fn unreadable(error: Error) -> Error {
    match error {
        Error::Upstream { status: 500, what, .. } => Error::Upstream {
            status: 500,
            what,
            detail: Some("The usual cause is a configuration that is no well-formed XML, or of a plugin that is not installed; the controller's log tells.".into()),
        },
        other => other,
    }
}

async fn free(call: &Call, job: &JobPath) -> Result<(), Error> {
    match state(call, job).await? {
        Some(found) => Err(Error::Conflict(format!("{} exists already: a {} job", names::shown(&job.name()), found.kind().as_str()))),
        None => Ok(()),
    }
}

async fn made(call: &Call, job: &JobPath, note: Option<&str>) -> Result<StateChange, Error> {
    let after = state(call, job).await?.map_or(ABSENT.to_owned(), |found| format!("{} job", found.kind().as_str()));
    let target = names::shown(&job.name());
    let notes = note.into_iter().map(str::to_owned).collect();
    Ok(Change { target, before: ABSENT.to_owned(), after, notes, next: Some(format!("get_job(job={:?})", job.name())) }.record(call))
}

record! {
    struct Found {
        class: String = "_class",
        jobs: Option<Vec<Value>>,
    }
}

impl Found {
    fn kind(&self) -> Kind {
        Kind::of(&self.class, self.jobs.is_some())
    }

    /// The branches of a multibranch job are its own; anything else that holds something is a place.
    fn holds_jobs(&self) -> bool {
        self.kind() != Kind::Multibranch && self.jobs.as_ref().is_some_and(|jobs| !jobs.is_empty())
    }
}

/// What is there under that name.
async fn state(call: &Call, job: &JobPath) -> Result<Option<Found>, Error> {
    match call.tree("job", &job.url_path(), "jobs[name]{0,1}", &format!("job {job}")).await {
        Err(Error::NotFound { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// The configuration in a few words that change with it; its text is long and may hold secrets.
async fn configuration(call: &Call, job: &JobPath) -> Result<String, Error> {
    let text = call.text("job-config", &format!("{}/config.xml", job.url_path()), &format!("the configuration of {job}")).await?;
    Ok(format!("{}, mark {:08x}", human::bytes(text.len() as u64), cursor::mark(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, json, run};

    const XML: &str = "<project><disabled>false</disabled></project>";
    const FREESTYLE: &str = r#"{"_class":"hudson.model.FreeStyleProject"}"#;

    fn missing_page() -> Answer {
        Answer::Http(404, Vec::new(), b"Not found".to_vec())
    }

    fn refused(words: &str) -> Answer {
        Answer::Http(400, Vec::new(), format!("<html><h1>Error</h1><p>{words}</p></html>").into_bytes())
    }

    #[test]
    fn a_job_is_created_in_its_folder_and_read_again() {
        let script = Script::new().turns("GET /job/shop/job/new%20one/api/json", vec![missing_page(), json(FREESTYLE)]);
        let (call, script) = script.on("POST /job/shop/createItem?name=new%20one", Answer::Http(200, Vec::new(), Vec::new())).call();
        let answer = run(create_job(&call, "shop/new one".into(), XML.into())).unwrap();
        assert!(answer.text.starts_with("\"shop/new one\": freestyle job, was absent\n"), "{}", answer.text);
        let seen = script.seen.borrow();
        assert_eq!(seen[1].body, XML.as_bytes());
        assert!(seen[1].headers.iter().any(|(n, v)| n == "Content-Type" && v.starts_with("application/xml")));
    }

    #[test]
    fn a_name_that_is_taken_or_unsafe_is_said_in_jenkins_words() {
        let (call, script) = Script::new().json("/job/a/api/json", FREESTYLE).call();
        assert_eq!(run(create_job(&call, "a".into(), XML.into())).unwrap_err().code(), "conflict");
        assert_eq!(script.requests().len(), 1);
        let (call, _) = Script::new().on("POST", refused("‘&’ is an unsafe character")).call();
        let error = run(create_job(&call, "a&b".into(), XML.into())).unwrap_err();
        assert!(error.code() == "invalid-params" && error.to_string().contains("unsafe character"), "{error}");
        let (call, _) = Script::new().on("POST", refused("A job already exists with the name ‘a’")).call();
        assert_eq!(run(create_job(&call, "a".into(), XML.into())).unwrap_err().code(), "conflict");
    }

    #[test]
    fn what_stands_for_a_secret_is_never_saved() {
        let (call, script) = Script::new().call();
        let config = format!("<project><token>{}</token></project>", redact::MARK);
        assert_eq!(run(update_job_config(&call, "a".into(), config)).unwrap_err().code(), "invalid-params");
        assert_eq!(run(create_job(&call, "a".into(), "not xml".into())).unwrap_err().code(), "invalid-params");
        assert!(script.requests().is_empty());
    }

    #[test]
    fn xml_that_jenkins_cannot_read_is_named_as_the_usual_cause() {
        let (call, _) = Script::new().on("POST", Answer::Http(500, Vec::new(), b"Oops! A problem occurred".to_vec())).call();
        let record = run(create_job(&call, "a".into(), "<project>".into())).unwrap_err().into_tool_error(String::new());
        assert!(record.hint.unwrap().contains("well-formed"));
    }

    #[test]
    fn an_update_tells_by_a_mark_whether_anything_changed() {
        let config = |text: &str| Answer::Http(200, Vec::new(), text.as_bytes().to_vec());
        let script = Script::new().turns("GET /job/a/config.xml", vec![config("<a/>"), config("<b/>"), config("<b/>"), config("<b/>")]);
        let (call, _) = script.on("POST /job/a/config.xml", Answer::Http(200, Vec::new(), Vec::new())).call();
        let answer = run(update_job_config(&call, "a".into(), "<b/>".into())).unwrap();
        assert!(answer.changed && answer.text.starts_with("configuration of a: 4 B, mark "), "{}", answer.text);
        assert!(!run(update_job_config(&call, "a".into(), "<b/>".into())).unwrap().changed);
    }

    #[test]
    fn a_copy_is_named_from_beside_or_from_the_top() {
        for (source, path) in
            [("f/b", "/job/f/createItem?name=a&mode=copy&from=b"), ("g/b", "/job/f/createItem?name=a&mode=copy&from=%2Fg%2Fb")]
        {
            let script = Script::new()
                .json("/job/f/job/b/", FREESTYLE)
                .json("/job/g/job/b/", FREESTYLE)
                .turns("GET /job/f/job/a/", vec![missing_page(), json(FREESTYLE)]);
            let (call, script) =
                script.on("POST", Answer::Http(302, vec![("Location", "/job/f/job/a/configure".into())], Vec::new())).call();
            assert!(run(copy_job(&call, source.into(), "f/a".into())).unwrap().changed);
            assert!(script.requests().contains(&format!("POST {path}")), "{:?}", script.requests());
        }
    }

    #[test]
    fn a_job_is_deleted_and_a_folder_with_jobs_is_not() {
        let script = Script::new().turns("GET /job/a/", vec![json(FREESTYLE), missing_page()]);
        let (call, _) = script.on("POST /job/a/doDelete", Answer::Http(302, vec![("Location", "/".into())], Vec::new())).call();
        assert_eq!(run(delete_job(&call, "a".into())).unwrap().text, "a: absent, was freestyle\n");
        let (call, script) = Script::new().json("/job/shop/", r#"{"_class":"com.x.Folder","jobs":[{"name":"checkout"}]}"#).call();
        assert_eq!(run(delete_job(&call, "shop".into())).unwrap_err().code(), "conflict");
        assert_eq!(script.requests().len(), 1);
    }
}
