//! Everything that can go wrong, and the one mapping from it to the error that a caller sees.
//!
//! A message names the thing it went wrong with; the hint says what to check; the next actions are calls to make. No
//! text of an error page is passed on: pages are themed, long and not ours to trust. The exceptions are the few
//! words in which Jenkins names a missing permission or refuses a form, bounded and stripped of markup.

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
        retry_after: Option<u32>,
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
        retry_after: Option<u32>,
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
            Self::RateLimited { .. } => "rate-limited",
            Self::Timeout(_) => "timeout",
            Self::Unavailable { .. } => "unavailable",
            Self::Upstream { .. } => "upstream-error",
            Self::BadResponse { .. } => "bad-response",
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

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Setup(_) => "Set JENKINS_URL, JENKINS_USER and JENKINS_API_TOKEN in the environment.",
            Self::Invalid { hint, .. } => return hint.clone(),
            Self::Unauthorized => {
                "Check JENKINS_USER and JENKINS_API_TOKEN: the user's id and an API token of that user, not a password that expired. With SSO the id may be an opaque one; the user's own page in Jenkins shows it."
            }
            Self::Anonymous => "Set JENKINS_USER and JENKINS_API_TOKEN. A Bearer header is ignored by Jenkins itself.",
            Self::Forbidden { permission: Some(_), .. } => {
                "Ask an administrator of Jenkins for that permission, or use an account that has it."
            }
            Self::Forbidden { .. } => "The account is known but lacks a right for this.",
            Self::NotFound { .. } => "Names are full names: folder/sub/name. Jenkins also answers 404 for what an account may not see.",
            Self::Conflict(_) => return None,
            Self::RateLimited { .. } => "Wait, then ask for less at once.",
            Self::Timeout(_) => "The controller may be slow or hanging; the operator can raise the timeout.",
            Self::Unavailable { hint, .. } | Self::BadResponse { hint, .. } => return Some(hint.clone()),
            Self::Upstream { detail, .. } => {
                let own = || "The controller's own log tells more; it names the failure by an id.".into();
                return Some(detail.as_deref().map_or_else(own, |words| format!("Jenkins says {}", fence::inline(words, WORDS))));
            }
            Self::NotSupported(_) => return None,
            Self::Unclear { check, .. } => return Some(format!("It was not sent again, lest it act twice. Look first: {check}")),
            Self::Denied(_) => "The operator allows requests to this controller only, and perhaps only reading ones.",
        };
        Some(text.to_owned())
    }

    fn next_actions(&self) -> Vec<String> {
        let one = |s: &str| vec![s.to_owned()];
        match self {
            Self::NotFound { next, .. } => next.clone(),
            Self::Unclear { check, .. } => one(check),
            Self::Forbidden { .. } => one("whoami()"),
            Self::Timeout(_) | Self::Unavailable { .. } | Self::Upstream { .. } | Self::BadResponse { .. } => one("get_status()"),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::RateLimited { retry_after } => Some(retry_after.unwrap_or(30)),
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Timeout(_) => Some(5),
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
            hint: self.hint().as_deref().map(clean),
            next_actions: self.next_actions().iter().map(|action| clean(action)).collect(),
            retry_after_seconds: self.retry_after(),
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

    #[test]
    fn only_what_may_pass_by_itself_says_when_to_come_back() {
        assert!(Error::Timeout("slow".into()).into_tool_error(String::new()).retry_after_seconds.is_some());
        assert!(Error::Unauthorized.into_tool_error(String::new()).retry_after_seconds.is_none());
    }
}
