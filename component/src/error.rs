//! Everything that can go wrong, and the one mapping from it to the error that a caller sees.
//!
//! A message names the thing it went wrong with; the hint says what to check; the next actions are calls to make. No
//! text of an error page is passed on: pages are themed, long and not ours to trust. The exceptions are the few
//! words in which Jenkins names a missing permission or refuses a form, bounded and stripped of markup.

use std::time::Duration;

use crate::bindings::jankins::plugin::types::ToolError;
use crate::text::fence;
use crate::text::redact::Redactor;

/// Characters of Jenkins' own words in a hint.
const WORDS: usize = 300;

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Error {
    /// The instance is not set up.
    #[error("{0}")]
    Setup(String),
    /// The caller's arguments; `hint` names the right ones.
    #[error("{message}")]
    Invalid {
        /// What is wrong with which argument.
        message: String,
        /// What would be right.
        hint: Option<String>,
    },
    /// Jenkins does not take the credentials.
    #[error("Jenkins rejected the credentials (401)")]
    Unauthorized,
    /// Jenkins wants a login, and the request had none.
    #[error("Jenkins wants a login: the request went out without credentials")]
    Anonymous,
    /// The account lacks a right.
    #[error("{}", forbidden_text(.user, .permission, .what))]
    Forbidden {
        /// Who Jenkins thinks we are.
        user: Option<String>,
        /// As Jenkins names it: `hudson.model.Item.Build`.
        permission: Option<String>,
        /// What was asked for.
        what: String,
    },
    /// No such thing, or not visible to this account.
    #[error("{what} does not exist, or this account may not see it")]
    NotFound {
        /// Such as `job shop/checkout` or `build 99 of shop/checkout`.
        what: String,
        /// What to try instead.
        next: Vec<String>,
    },
    /// The thing is in a state that does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// Somebody on the way limits us.
    #[error("Jenkins, or a proxy before it, limits requests (429)")]
    RateLimited {
        /// From `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Our own limit, which protects the controller.
    #[error("the rate limit of {per_minute} calls a minute is used up")]
    Limited {
        /// What the operator set.
        per_minute: u32,
        /// By then there is room for one call.
        retry_after: Duration,
    },
    /// The controller failed so often that it is left alone for a while.
    #[error("requests to Jenkins are paused after repeated failures, the last: {cause}")]
    CircuitOpen {
        /// What the last failure was.
        cause: String,
        /// Until the next request is let through, to see whether it works again.
        retry_after: Duration,
    },
    /// No answer in time.
    #[error("{0}")]
    Timeout(String),
    /// Cannot be reached, or is starting.
    #[error("{message}")]
    Unavailable {
        /// What was tried.
        message: String,
        /// What to check.
        hint: String,
        /// From `Retry-After`, or a guess that fits the cause.
        retry_after: Option<Duration>,
        /// 503 and its kin.
        status: Option<u16>,
    },
    /// Jenkins failed.
    #[error("Jenkins failed with HTTP {status} on {what}")]
    Upstream {
        /// 4xx or 5xx.
        status: u16,
        /// Path that was asked.
        what: String,
        /// Jenkins' own words, bounded.
        detail: Option<String>,
    },
    /// The answer is not what Jenkins answers.
    #[error("{message}")]
    BadResponse {
        /// What is wrong with it.
        message: String,
        /// What that usually means.
        hint: String,
    },
    /// The answer is larger than what is read of it.
    #[error("the answer to {what} is larger than {limit}")]
    TooLarge {
        /// Path that was asked.
        what: String,
        /// In words: `32 MiB`.
        limit: String,
    },
    /// This controller or job has no such thing.
    #[error("{0}")]
    NotSupported(String),
    /// A request that acts may have arrived, and its answer did not come, or does not tell. It is never repeated.
    #[error("{cause}; it is not known whether {what} took effect")]
    Unclear {
        /// Such as `the start of deploy`.
        what: String,
        /// What went wrong.
        cause: Box<Error>,
        /// The call that tells how things stand.
        check: String,
    },
    /// The sandbox refused the request.
    #[error("the request was not allowed out: {0}")]
    Denied(String),
}

impl Error {
    /// An argument that is wrong.
    pub(crate) fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), hint: Some(hint.into()) }
    }

    /// Something that is not there.
    pub(crate) fn not_found(what: impl Into<String>, next: &[&str]) -> Self {
        Self::NotFound { what: what.into(), next: next.iter().map(|s| (*s).to_owned()).collect() }
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid-params",
            Self::Unauthorized | Self::Anonymous => "unauthorized",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not-found",
            Self::Conflict(_) => "conflict",
            Self::RateLimited { .. } | Self::Limited { .. } => "rate-limited",
            Self::CircuitOpen { .. } => "circuit-open",
            Self::Timeout(_) => "timeout",
            Self::Unavailable { .. } => "unavailable",
            Self::Upstream { .. } => "upstream-error",
            Self::BadResponse { .. } => "bad-response",
            Self::TooLarge { .. } => "too-large",
            Self::NotSupported(_) => "not-supported",
            Self::Unclear { cause, .. } => cause.code(),
            Self::Denied(_) => "read-only",
            Self::Setup(_) => "internal",
        }
    }

    /// Whether a part of an answer may go missing for this reason while the rest is still worth having.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::NotSupported(_) | Self::Forbidden { .. })
    }

    /// Whether it says something of this one request only, so that the rest of an answer may be whole. A request ends
    /// before its call does, so that one that hangs leaves time for the rest.
    pub(crate) fn is_partial(&self) -> bool {
        matches!(self, Self::Upstream { .. } | Self::BadResponse { .. } | Self::TooLarge { .. } | Self::Timeout(_))
    }

    /// What to check; never empty.
    fn hint(&self) -> String {
        let text = match self {
            Self::Setup(_) => "Set JENKINS_URL, JENKINS_USER and JENKINS_API_TOKEN in the environment.",
            Self::Invalid { hint: Some(hint), .. } => return hint.clone(),
            Self::Invalid { hint: None, .. } => "The tool's schema names its parameters and their values.",
            Self::Unauthorized => {
                "Check JENKINS_USER and JENKINS_API_TOKEN: the user's id and an API token of that user, not a password that expired. With SSO the id may be an opaque one; the user's own page in Jenkins shows it."
            }
            Self::Anonymous => "Set JENKINS_USER and JENKINS_API_TOKEN. A Bearer header is ignored by Jenkins itself.",
            Self::Forbidden { permission: Some(_), .. } => {
                "Ask an administrator of Jenkins for that permission, or use an account that has it."
            }
            Self::Forbidden { .. } => "The account is known but lacks a right for this.",
            Self::NotFound { what, .. } if what.starts_with("job ") => {
                "Names are full names: folder/sub/name. Jenkins also answers 404 for what an account may not see."
            }
            Self::NotFound { .. } => "Jenkins also answers 404 for what an account may not see.",
            Self::Conflict(_) => "It is in a state that does not allow this; look at the state first.",
            Self::RateLimited { .. } => "Wait, then ask for less at once.",
            Self::Limited { .. } => {
                "The limit protects the controller. Wait, or ask for what was asked before: answers from the cache cost a tenth. The operator sets it with rate_limit_requests_per_minute."
            }
            Self::CircuitOpen { .. } => {
                "Jenkins gets no request until then, so repeating the call earlier changes nothing. The operator's `jankins check` tells which layer fails."
            }
            Self::Timeout(_) => "The controller may be slow or hanging; the operator can raise the timeout.",
            Self::Unavailable { hint, .. } | Self::BadResponse { hint, .. } if !hint.is_empty() => return hint.clone(),
            Self::Unavailable { .. } | Self::BadResponse { .. } => {
                "A proxy may change answers, or this Jenkins differs from those that are known."
            }
            Self::TooLarge { .. } => "Ask for less: fewer items, or a narrower part.",
            Self::Upstream { detail: Some(detail), .. } => return format!("Jenkins says {}", fence::inline(detail, WORDS)),
            Self::Upstream { .. } => "The controller's own log tells more; it names the failure by an id.",
            Self::NotSupported(_) => "It may need a plugin that this controller lacks; get_status() lists what it has.",
            Self::Unclear { check, .. } => return format!("It was not sent again, lest it act twice. Look first: {check}"),
            Self::Denied(_) => "The operator allows requests to this controller only, and perhaps only reading ones.",
        };
        text.to_owned()
    }

    /// What to do next; never empty.
    fn next_actions(&self) -> Vec<String> {
        let text = match self {
            Self::NotFound { next, .. } if !next.is_empty() => return next.clone(),
            Self::NotFound { .. } => "list_jobs()",
            Self::Unclear { check, .. } => check,
            Self::Forbidden { .. } => "whoami()",
            Self::Setup(_) | Self::Unauthorized | Self::Anonymous => {
                "tell the operator: the credentials or the address of Jenkins have to be set right, then `jankins check` shows whether they are"
            }
            Self::Invalid { .. } => "repeat the call with the argument set right",
            Self::RateLimited { .. } | Self::Limited { .. } | Self::CircuitOpen { .. } => {
                "repeat the call after the time in retry_after_ms"
            }
            Self::TooLarge { .. } => "repeat the call with a smaller limit, range or time window",
            Self::Denied(_) => "do without it, or tell the operator that this request is not allowed out",
            Self::Conflict(_)
            | Self::NotSupported(_)
            | Self::Timeout(_)
            | Self::Unavailable { .. }
            | Self::Upstream { .. }
            | Self::BadResponse { .. } => "get_status()",
        };
        vec![text.to_owned()]
    }

    /// When trying again makes sense; `None` when it does not.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => Some(retry_after.unwrap_or(Duration::from_secs(30))),
            Self::Limited { retry_after, .. } | Self::CircuitOpen { retry_after, .. } => Some(*retry_after),
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Timeout(_) => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized => Some(401),
            Self::Anonymous | Self::Forbidden { .. } => Some(403),
            Self::NotFound { .. } => Some(404),
            Self::RateLimited { .. } => Some(429),
            Self::Unavailable { status, .. } => *status,
            Self::Upstream { status, .. } => Some(*status),
            Self::Unclear { cause, .. } => cause.status(),
            _ => None,
        }
    }

    /// The record that leaves the component.
    pub(crate) fn into_tool_error(self, correlation_id: String) -> ToolError {
        ToolError {
            code: self.code().to_owned(),
            message: clean(&self.to_string()),
            hint: Some(clean(&self.hint())),
            next_actions: self.next_actions().iter().map(|action| clean(action)).collect(),
            retry_after_ms: self.retry_after().map(|wait| u32::try_from(wait.as_millis()).unwrap_or(u32::MAX)),
            upstream_status: self.status().map(u32::from),
            correlation_id,
        }
    }
}

/// Names and Jenkins' own words stand in messages: each stays one line, without secrets.
fn clean(message: &str) -> String {
    Redactor::new().redact(&fence::one_line(message)).into_owned()
}

/// `hudson.model.Item.Build` is what the header says; `Job/Build` is what the permission matrix shows.
pub(crate) fn permission_title(id: &str) -> String {
    let (group, name) = id.rsplit_once('.').unwrap_or(("", id));
    let group = match group.rsplit('.').next().unwrap_or_default() {
        "Hudson" | "Jenkins" => "Overall",
        "Item" => "Job",
        "Computer" => "Agent",
        other => other,
    };
    if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") }
}

fn forbidden_text(user: &Option<String>, permission: &Option<String>, what: &str) -> String {
    let who = user.as_deref().map_or_else(|| "this account".to_owned(), |u| format!("user {u}"));
    match permission {
        Some(id) => format!("{who} lacks the permission {} ({id}) for {what}", permission_title(id)),
        None => format!("{who} may not do this: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_named_as_the_matrix_names_it() {
        let error = Error::Forbidden {
            user: Some("reader".into()),
            permission: Some("hudson.model.Item.Build".into()),
            what: "POST job/x/build".into(),
        };
        let record = error.into_tool_error("id".into());
        assert_eq!(record.code, "forbidden");
        assert_eq!(record.message, "user reader lacks the permission Job/Build (hudson.model.Item.Build) for POST job/x/build");
        assert_eq!(record.upstream_status, Some(403));
        assert_eq!(permission_title("hudson.model.Hudson.Administer"), "Overall/Administer");
    }

    /// One of each variant, in the barest form.
    fn all() -> Vec<Error> {
        let text = || "x".to_owned();
        vec![
            Error::Setup(text()),
            Error::Invalid { message: text(), hint: None },
            Error::Unauthorized,
            Error::Anonymous,
            Error::Forbidden { user: None, permission: None, what: text() },
            Error::NotFound { what: text(), next: Vec::new() },
            Error::Conflict(text()),
            Error::RateLimited { retry_after: None },
            Error::Limited { per_minute: 60, retry_after: Duration::from_millis(900) },
            Error::CircuitOpen { cause: text(), retry_after: Duration::from_secs(5) },
            Error::Timeout(text()),
            Error::Unavailable { message: text(), hint: String::new(), retry_after: None, status: None },
            Error::Upstream { status: 500, what: text(), detail: None },
            Error::BadResponse { message: text(), hint: String::new() },
            Error::TooLarge { what: text(), limit: text() },
            Error::NotSupported(text()),
            Error::Unclear { what: text(), cause: Box::new(Error::Timeout(text())), check: text() },
            Error::Denied(text()),
        ]
    }

    #[test]
    fn every_error_says_what_to_check_and_what_to_do_next() {
        let mut kinds: Vec<_> = all().iter().map(std::mem::discriminant).collect();
        for error in all() {
            let record = error.into_tool_error("id".into());
            assert!(record.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "{record:?}");
            assert!(record.next_actions.iter().any(|action| !action.is_empty()), "{record:?}");
            assert!(!record.code.is_empty() && !record.message.is_empty(), "{record:?}");
        }
        let listed = kinds.len();
        kinds.dedup();
        // As many as the enum has: who adds a variant adds it above, and this number.
        assert_eq!((listed, kinds.len()), (18, 18));
    }

    #[test]
    fn only_what_may_pass_by_itself_says_when_to_come_back() {
        assert_eq!(Error::Timeout("slow".into()).into_tool_error(String::new()).retry_after_ms, Some(5_000));
        assert_eq!(Error::Unauthorized.into_tool_error(String::new()).retry_after_ms, None);
        for error in all() {
            let limit = matches!(error, Error::RateLimited { .. } | Error::Limited { .. } | Error::CircuitOpen { .. });
            assert!(!limit || error.retry_after().is_some(), "{error:?}");
        }
    }
}
