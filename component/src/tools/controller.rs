//! Who we are and how the controller is: `whoami`, `get-status`.

use futures_util::future::join;

use crate::bindings::jankins::plugin::types::{Identity, Permission};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::path::JobPath;
use crate::json::{Value, record};
use crate::text::names;
use crate::upstream::Ask;

record! {
    /// `/whoAmI/api/json`. For nobody it says `authenticated: true` and `anonymous: true`.
    pub(crate) struct WhoAmI {
        pub(crate) name: String => required,
        pub(crate) anonymous: bool => required,
        authorities: Vec<String>,
    }
}

/// Asks who the controller takes us for.
pub(crate) async fn who(call: &Call) -> Result<WhoAmI, Error> {
    call.tree("whoami", "/whoAmI", "name,anonymous,authorities", "whoAmI").await
}

/// `whoami`.
pub(crate) async fn whoami(call: &Call, job: Option<String>) -> Result<Identity, Error> {
    let job = job.map(|j| JobPath::parse(&j, None)).transpose()?.map(|(path, _)| path);
    let rights = async {
        match &job {
            Some(job) => rights(call, job).await,
            None => Ok(Vec::new()),
        }
    };
    let (who, permissions) = join(who(call), rights).await;
    let (who, job_permissions) = (who?, permissions?);
    let mut lines = Vec::new();
    if who.anonymous {
        lines.push("ANONYMOUS: Jenkins sees no login. Set JENKINS_USER and JENKINS_API_TOKEN.".to_owned());
    } else {
        lines.push(format!("user {}", names::shown(&who.name)));
    }
    if !who.authorities.is_empty() {
        lines.push(format!("authorities: {}", who.authorities.iter().map(|a| names::shown(a)).collect::<Vec<_>>().join(", ")));
    }
    if let Some(job) = &job {
        lines.push(format!("on {job}:"));
        lines.extend(job_permissions.iter().map(|p| {
            let answer = p.granted.map_or("not told by Jenkins without trying", |g| if g { "yes" } else { "no" });
            format!("  {}: {answer}", p.name)
        }));
    }
    let text = lines.join("\n");
    Ok(Identity {
        meta: call.meta(&text),
        text,
        authenticated: !who.anonymous,
        name: who.name,
        authorities: who.authorities,
        job_permissions,
    })
}

/// What reading tells: a job that answers may be read, a configuration that answers may be seen. Rights to act show only
/// by acting, and that is not for a question.
async fn rights(call: &Call, job: &JobPath) -> Result<Vec<Permission>, Error> {
    let object = job.url_path();
    let config = format!("{object}/config.xml");
    let what = format!("job {job}");
    let read = call.tree::<Value>("job", &object, "name", &what);
    let configure = call.ask(Ask::head("job-config", &config), &what);
    let (read, configure) = join(read, configure).await;
    let granted = |result: Result<(), Error>| match result {
        Ok(()) => Ok(Some(true)),
        Err(Error::Forbidden { .. } | Error::NotFound { .. } | Error::Anonymous) => Ok(Some(false)),
        Err(error) => Err(error),
    };
    let permission = |name: &str, granted| Permission { name: name.to_owned(), granted };
    Ok(vec![
        permission("Job/Read", granted(read.map(drop))?),
        permission("Job/Configure or Job/ExtendedRead", granted(configure.map(drop))?),
        permission("Job/Build", None),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    #[test]
    fn anonymous_is_said_loudly_though_jenkins_calls_it_authenticated() {
        let (call, _) = Script::new()
            .json("/whoAmI/api/json", r#"{"anonymous":true,"authenticated":true,"authorities":["anonymous"],"name":"anonymous"}"#)
            .call();
        let answer = run(whoami(&call, None)).unwrap();
        assert!(!answer.authenticated);
        assert!(answer.text.starts_with("ANONYMOUS"));
    }

    #[test]
    fn rights_on_a_job_are_only_those_that_reading_shows() {
        let (call, script) = Script::new()
            .json("/whoAmI/", r#"{"anonymous":false,"authorities":[],"name":"reader"}"#)
            .json("/job/x/api/json", r#"{"name":"x"}"#)
            .on("HEAD /job/x/config.xml", Answer::Http(403, vec![("X-Required-Permission", "hudson.model.Item.Configure".into())], vec![]))
            .call();
        let answer = run(whoami(&call, Some("x".into()))).unwrap();
        let granted: Vec<_> = answer.job_permissions.iter().map(|p| p.granted).collect();
        assert_eq!(granted, [Some(true), Some(false), None]);
        assert_eq!(script.requests().len(), 3);
    }

    #[test]
    fn a_controller_that_hangs_meets_the_deadline() {
        let (call, _) = Script::new().on("GET /whoAmI/", Answer::Hangs).call();
        assert_eq!(run(whoami(&call, None)).unwrap_err().code(), "timeout");
    }
}
