//! Requests that act: POSTs, with the crumb that a password needs and an API token does not.
//!
//! A crumb belongs to the session it was issued in, so its cookie goes along; both grow stale with the session (30 minutes
//! as a rule). The first refusal, "No valid crumb", is answered by fetching a new one and trying once more: a refused
//! request did nothing. Nothing else is ever sent twice: a request that broke off, ran out of time or met a gateway's
//! error may have acted, which the error says, with the call that tells.
//!
//! Jenkins answers a form with a redirect to the page that a browser would show; it counts as success unless it leads to
//! a login.

use std::cell::RefCell;

use super::{client, encode, kept, status};
use crate::call::Call;
use crate::error::Error;
use crate::json::record;
use crate::upstream::transport::{Headers, Method};
use crate::upstream::{Ask, Reply};

const ISSUER: &str = "/crumbIssuer/api/json";
/// The issuer's answer has some hundred bytes.
const MAX_ISSUE_BYTES: usize = 64 * 1024;

/// The crumb in use, if one was ever needed.
#[derive(Default)]
pub(crate) struct Crumbs(RefCell<Option<Crumb>>);

#[derive(Clone)]
struct Crumb {
    field: String,
    value: String,
    /// Of the session that it is good for.
    cookies: String,
}

/// What a request that acts carries.
pub(crate) enum Content {
    /// A form; without a content type Jenkins fails on some jobs (500 on file parameters), so even an empty one has it.
    Form(Vec<(String, String)>),
    /// A job's configuration.
    Xml(String),
}

impl Content {
    /// A form without fields.
    pub(crate) fn empty() -> Self {
        Self::Form(Vec::new())
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Xml(_) => "application/xml; charset=utf-8",
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Form(fields) => {
                let pairs: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{}={}", encode::segment(name), encode::segment(value))).collect();
                pairs.join("&").into_bytes()
            }
            Self::Xml(text) => text.clone().into_bytes(),
        }
    }
}

/// A request that acts.
pub(crate) struct Act<'a> {
    pub(crate) endpoint: &'static str,
    /// Encoded, with its query.
    pub(crate) path: &'a str,
    pub(crate) content: Content,
    /// Names the action in errors: `the start of deploy`.
    pub(crate) what: &'a str,
    /// The call that tells whether it took effect.
    pub(crate) check: &'a str,
}

impl Call {
    /// Acts, once. The answer is where Jenkins points to, if anywhere.
    ///
    /// # Errors
    /// What Jenkins refuses; [`Error::Unclear`] when it may have acted and nobody knows.
    pub(crate) async fn act(&self, act: &Act<'_>) -> Result<Option<String>, Error> {
        self.app().settings().jobs.admits(false, act.path, act.what)?;
        match self.post(act).await? {
            Posted::Done(location) => Ok(location),
            Posted::WantsCrumb => {
                self.app().crumbs().fetch(self).await?;
                match self.post(act).await? {
                    Posted::Done(location) => Ok(location),
                    Posted::WantsCrumb => Err(Error::Conflict(
                        "Jenkins refuses even a fresh crumb: a proxy before it may drop cookies; an API token instead of the password needs no crumb".into(),
                    )),
                }
            }
        }
    }

    async fn post(&self, act: &Act<'_>) -> Result<Posted, Error> {
        let unclear = |cause| Error::Unclear { what: act.what.to_owned(), cause: Box::new(cause), check: act.check.to_owned() };
        let mut headers = vec![("Content-Type".to_owned(), act.content.kind().to_owned())];
        headers.extend(self.app().crumbs().headers());
        let ask = Ask { method: Method::Post, headers, body: act.content.bytes(), ..Ask::get(act.endpoint, act.path) };
        // Before, so that nothing that is on its way is kept; after, so that nothing that was asked meanwhile is.
        let upstream = self.app().upstream();
        self.watch();
        upstream.wrote(kept::job(act.path));
        let exchanged = upstream.exchange(self, ask).await;
        upstream.wrote(kept::job(act.path));
        let mut reply = match exchanged {
            Ok(reply) => reply,
            Err(lost) if lost.may_have_arrived => return Err(unclear(lost.error)),
            Err(lost) => return Err(lost.error),
        };
        let location = reply.headers.get("Location").map(str::to_owned);
        match reply.status {
            200..=299 => Ok(Posted::Done(location)),
            301..=303 if location.as_deref().is_some_and(leads_back) => Ok(Posted::Done(location)),
            code => {
                let page = client::page(&mut reply).await;
                if code == 403 && page.contains("No valid crumb") {
                    return Ok(Posted::WantsCrumb);
                }
                let error = status::error(code, &reply.headers, &page, act.what, act.path);
                // A gateway gives up on requests that Jenkins goes on with; a Jenkins that starts has done nothing.
                let gave_up = matches!(code, 502..=504) && !status::is_starting(&page);
                Err(if gave_up { unclear(error) } else { error })
            }
        }
    }
}

enum Posted {
    Done(Option<String>),
    WantsCrumb,
}

/// Where a form that was taken sends the browser: a page of Jenkins, not a login of its own or of somebody else.
fn leads_back(location: &str) -> bool {
    let path = location.split_once("://").map_or(location, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let lower = path.to_ascii_lowercase();
    // Logins carry their state in the query; what Jenkins redirects to after an action has none.
    !lower.contains('?') && !lower.contains("login") && !lower.contains("securityrealm")
}

impl Crumbs {
    /// Forgets the crumb that did not do and gets another.
    async fn fetch(&self, call: &Call) -> Result<(), Error> {
        self.0.replace(None);
        let mut reply = match call.ask(Ask::get("crumb", ISSUER), "the crumb issuer").await {
            Err(Error::NotFound { .. }) => return Err(Error::NotSupported("Jenkins wants a crumb and issues none".into())),
            other => other?,
        };
        let crumb = read(&mut reply).await?;
        self.0.replace(Some(crumb));
        Ok(())
    }

    fn headers(&self) -> Vec<(String, String)> {
        let Some(crumb) = self.0.borrow().clone() else { return Vec::new() };
        let mut headers = vec![(crumb.field, crumb.value)];
        if !crumb.cookies.is_empty() {
            headers.push(("Cookie".into(), crumb.cookies));
        }
        headers
    }
}

async fn read(reply: &mut Reply) -> Result<Crumb, Error> {
    record! {
        struct Issued {
            crumb: String => required,
            crumb_request_field: String => required,
        }
    }
    let body = client::body(reply, MAX_ISSUE_BYTES, ISSUER).await?;
    let issued: Issued = client::parse(&body, ISSUER)?;
    Ok(Crumb { field: issued.crumb_request_field, value: issued.crumb, cookies: cookies(&reply.headers) })
}

/// `name=value; name=value` of what the answer sets.
fn cookies(headers: &Headers) -> String {
    let pairs: Vec<&str> =
        headers.all("Set-Cookie").filter_map(|c| c.split(';').next()).map(str::trim).filter(|c| c.contains('=')).collect();
    pairs.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};
    use crate::upstream::transport::TransportError;

    const REFUSAL: &str = "<html><p><b>Message</b> No valid crumb was included in the request</p></html>";
    const ISSUED: &str = r#"{"_class":"hudson.security.csrf.DefaultCrumbIssuer","crumb":"c1","crumbRequestField":"Jenkins-Crumb"}"#;

    fn issuer(script: Script) -> Script {
        let headers =
            vec![("Set-Cookie", "JSESSIONID.7=abc; Path=/; HttpOnly".to_owned()), ("Content-Type", "application/json".to_owned())];
        script.on("GET /crumbIssuer/api/json", Answer::Http(200, headers, ISSUED.into()))
    }

    fn act(call: &Call) -> Result<Option<String>, Error> {
        let act = Act {
            endpoint: "disable",
            path: "/job/x/disable",
            content: Content::empty(),
            what: "the change of x",
            check: "get_job(job=\"x\")",
        };
        run(call.act(&act))
    }

    fn refusal() -> Answer {
        Answer::Http(403, Vec::new(), REFUSAL.into())
    }

    fn done() -> Answer {
        Answer::Http(302, vec![("Location", "/job/x/".into())], Vec::new())
    }

    fn code(error: Error) -> String {
        error.into_tool_error(String::new()).code
    }

    #[test]
    fn a_stale_crumb_is_refreshed_once_with_its_session_and_then_kept() {
        let script = issuer(Script::new()).turns("POST /job/x/disable", vec![refusal(), done(), done(), refusal(), done()]);
        let (call, script) = script.call();
        for _ in 0..3 {
            assert_eq!(act(&call), Ok(Some("/job/x/".into())));
        }
        let wanted = [
            "POST /job/x/disable",
            "GET /crumbIssuer/api/json",
            "POST /job/x/disable",
            "POST /job/x/disable",
            "POST /job/x/disable",
            "GET /crumbIssuer/api/json",
            "POST /job/x/disable",
        ];
        assert_eq!(script.requests(), wanted);
        let seen = script.seen.borrow();
        let header = |at: usize, name: &str| seen[at].headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        assert_eq!(header(0, "Jenkins-Crumb"), None);
        assert_eq!((header(2, "Jenkins-Crumb"), header(2, "Cookie")), (Some("c1".into()), Some("JSESSIONID.7=abc".into())));
        assert_eq!(header(3, "Jenkins-Crumb"), Some("c1".into()));
    }

    #[test]
    fn a_crumb_that_never_does_is_tried_once_only() {
        let (call, script) = issuer(Script::new()).on("POST /job/x/disable", refusal()).call();
        assert_eq!(code(act(&call).unwrap_err()), "conflict");
        assert_eq!(script.requests().len(), 3);
    }

    #[test]
    fn what_may_have_acted_is_not_repeated_and_says_how_to_look() {
        let ambiguous = [
            Answer::Hangs,
            Answer::Fails(TransportError::Broken("reset".into())),
            Answer::Fails(TransportError::Timeout("waiting for the response".into())),
            Answer::Http(504, Vec::new(), b"Gateway Time-out".to_vec()),
        ];
        for answer in ambiguous {
            let (call, script) = Script::new().on("POST /job/x/disable", answer).call();
            let record = act(&call).unwrap_err().into_tool_error(String::new());
            assert!(record.message.ends_with("it is not known whether the change of x took effect"), "{}", record.message);
            assert_eq!(record.next_actions, ["get_job(job=\"x\")"]);
            assert_eq!(record.retry_after_ms, None);
            assert_eq!(script.requests().len(), 1);
        }
    }

    #[test]
    fn what_never_left_is_a_plain_failure() {
        let (call, _) = Script::new().on("POST", Answer::Fails(TransportError::Refused("nobody".into()))).call();
        assert!(matches!(act(&call), Err(Error::Unavailable { .. })));
        let starting = b"<title>Starting Jenkins</title>".to_vec();
        let (call, _) = Script::new().on("POST", Answer::Http(503, Vec::new(), starting)).call();
        assert!(matches!(act(&call), Err(Error::Unavailable { .. })));
    }

    #[test]
    fn a_redirect_to_a_login_is_no_success() {
        for location in ["https://sso.example.com/auth?state=1", "/login?from=%2Fjob", "/securityRealm/commenceLogin"] {
            let (call, _) = Script::new().on("POST", Answer::Http(302, vec![("Location", location.into())], Vec::new())).call();
            assert_eq!(code(act(&call).unwrap_err()), "bad-response", "{location}");
        }
        assert!(leads_back("/job/a/1/replay/../..") && leads_back("http://jenkins.example.com/"));
    }

    #[test]
    fn every_form_has_its_content_type_and_encodes_its_fields() {
        let (call, script) = Script::new().on("POST", Answer::Http(200, Vec::new(), Vec::new())).call();
        let content = Content::Form(vec![("A b".into(), "x&y=é\n".into()), ("C".into(), String::new())]);
        run(call.act(&Act { endpoint: "build", path: "/job/x/b", content, what: "it", check: "look" })).unwrap();
        let seen = script.seen.borrow();
        assert_eq!(seen[0].body, b"A%20b=x%26y%3D%C3%A9%0A&C=");
        assert!(seen[0].headers.contains(&("Content-Type".into(), "application/x-www-form-urlencoded".into())));
    }
}
