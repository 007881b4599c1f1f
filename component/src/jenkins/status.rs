//! From an HTTP answer that is no success to an [`Error`].
//!
//! Jenkins' error pages come from Jenkins, from its servlet container or from a proxy, in three different markups: so
//! this looks at status, headers and a few words, never at structure (Jenkins 2.528, Tomcat and Jetty).

use std::time::Duration;

use crate::error::Error;
use crate::text::fence;
use crate::upstream::retry;
use crate::upstream::transport::Headers;

/// Bytes of an error page that are looked at. A themed 404 is 90 KB, and the words that matter come early.
pub(super) const PAGE_BYTES: usize = 16 * 1024;
/// Characters of Jenkins' own words that are passed on.
const DETAIL_CHARS: usize = 200;

/// The error for a status that is no success.
pub(super) fn error(status: u16, headers: &Headers, page: &str, what: &str, path: &str) -> Error {
    let retry_after = retry::retry_after(headers);
    match status {
        300..=399 => redirected(headers.get("Location").unwrap_or_default(), path),
        401 => Error::Unauthorized,
        403 => forbidden(headers, page, what),
        404 => Error::NotFound { what: what.to_owned(), next: Vec::new() },
        409 => Error::Conflict(words(page).map_or_else(
            || format!("{what} is in a state that does not allow this"),
            |words| format!("Jenkins says {}", fence::inline(&words, DETAIL_CHARS)),
        )),
        429 => Error::RateLimited { retry_after },
        502..=504 => unavailable(status, page, retry_after),
        _ => Error::Upstream { status, what: path.split('?').next().unwrap_or(path).to_owned(), detail: words(page) },
    }
}

/// The error for a success that is a page where JSON was asked for.
pub(super) fn not_json(page: &str, path: &str) -> Error {
    let lower = page.to_ascii_lowercase();
    let asset = path.split('?').next().unwrap_or(path);
    if lower.contains("<html") || lower.contains("<!doctype") {
        let login = lower.contains("login") || lower.contains("sign in") || lower.contains("password");
        return Error::BadResponse {
            message: format!("{asset} answered with a web page instead of JSON{}", if login { ": it looks like a login page" } else { "" }),
            hint: "A single sign-on or a proxy stands before Jenkins, or JENKINS_URL is not Jenkins' root URL.".into(),
        };
    }
    Error::BadResponse {
        message: format!("{asset} answered with something that is not JSON"),
        hint: "JENKINS_URL may not be Jenkins' root URL, or a proxy changes answers.".into(),
    }
}

fn forbidden(headers: &Headers, page: &str, what: &str) -> Error {
    let user = headers.get("X-You-Are-Authenticated-As").map(str::to_owned);
    let permission = headers.get("X-Required-Permission").map(str::to_owned);
    let anonymous = user.as_deref() == Some("anonymous") || page.contains("Authentication required");
    if anonymous {
        return Error::Anonymous;
    }
    if permission.is_none() && page.contains("No valid crumb") {
        return Error::Conflict("Jenkins refused the request for want of a valid crumb".into());
    }
    Error::Forbidden { user, permission, what: what.to_owned() }
}

/// The page that Jenkins shows until it is up.
pub(super) fn is_starting(page: &str) -> bool {
    page.contains("Starting Jenkins") || page.contains("getting ready to work")
}

fn unavailable(status: u16, page: &str, retry_after: Option<Duration>) -> Error {
    let (message, hint) = if is_starting(page) {
        ("Jenkins is starting up (503)".to_owned(), "It answers when it is ready, which takes a minute or a few.")
    } else {
        (format!("Jenkins is not available (HTTP {status})"), "A proxy before it answered, or it is overloaded or restarting.")
    };
    Error::Unavailable { message, hint: hint.into(), retry_after: retry_after.or(Some(Duration::from_secs(15))), status: Some(status) }
}

fn redirected(location: &str, path: &str) -> Error {
    // Only the target's origin: the rest may hold a state or a token of a login.
    let origin =
        location.split_once("://").map(|(scheme, rest)| format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default()));
    let target = origin.unwrap_or_else(|| "another path".into());
    Error::BadResponse {
        message: format!("{} redirects to {target}; redirects are not followed", path.split('?').next().unwrap_or(path)),
        hint: "Set JENKINS_URL to the address that Jenkins itself uses (scheme and host); a redirect to a login means single sign-on in front of it.".into(),
    }
}

/// The few words in which a page says what is wrong, without markup; `None` when there are none worth passing on.
fn words(page: &str) -> Option<String> {
    let text = strip_markup(page);
    let known = [
        "Oops! A problem occurred",
        "is not parameterized",
        "is not buildable",
        "Nothing is submitted",
        "already exists",
        "unsafe character",
        "You need to be",
        "No valid crumb",
    ];
    let sentence = text.split(['\n']).map(str::trim).find(|line| known.iter().any(|k| line.contains(k)))?;
    Some(sentence.chars().filter(|c| !c.is_control()).take(DETAIL_CHARS).collect())
}

fn strip_markup(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or_default());
        out.push('\n');
        let tag = rest.get(open..).unwrap_or_default();
        // What scripts and styles hold is not text.
        let end = ["script", "style"]
            .iter()
            .find(|name| tag.get(1..).is_some_and(|t| t.to_ascii_lowercase().starts_with(*name)))
            .map_or_else(|| tag.find('>').map(|i| i + 1), |name| tag.find(&format!("</{name}")).map(|i| i + 2));
        rest = end.and_then(|i| tag.get(i..)).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn a_missing_permission_is_read_from_the_header() {
        let h = headers(&[("X-You-Are-Authenticated-As", "reader"), ("X-Required-Permission", "hudson.model.Item.Build")]);
        let error = error(403, &h, "<html>Access Denied</html>", "job x", "/job/x/build");
        assert!(matches!(error, Error::Forbidden { user: Some(u), permission: Some(p), .. } if u == "reader" && p.ends_with("Item.Build")));
    }

    #[test]
    fn an_anonymous_403_is_a_missing_login() {
        let page = "<html><body>\nAuthentication required\n<!-- --></body></html>";
        assert_eq!(error(403, &headers(&[("X-Jenkins", "2.528.2")]), page, "job x", "/job/x"), Error::Anonymous);
    }

    #[test]
    fn a_starting_controller_is_not_a_missing_job() {
        let page = "<html><head><title>Starting Jenkins</title></head></html>";
        let Error::Unavailable { message, retry_after, .. } = error(503, &Headers::default(), page, "job x", "/job/x") else {
            panic!("not unavailable");
        };
        assert!(message.contains("starting up"));
        assert!(retry_after.is_some());
    }

    #[test]
    fn a_redirect_is_reported_without_its_query() {
        let h = headers(&[("Location", "https://sso.example.com/login?state=SECRET")]);
        let text = error(302, &h, "", "job x", "/api/json?tree=x").to_string();
        assert!(text.contains("https://sso.example.com") && !text.contains("SECRET"), "{text}");
    }

    #[test]
    fn jenkins_own_words_are_found_in_any_markup() {
        let tomcat = "<!doctype html><html><body><h1>HTTP Status 409</h1><p><b>Message</b> fs-disabled is not buildable</p></body></html>";
        assert_eq!(
            error(409, &Headers::default(), tomcat, "job", "/x"),
            Error::Conflict("Jenkins says \"fs-disabled is not buildable\"".into())
        );
        let oops = "<script>var a = '<b>';</script><h2>Oops! A problem occurred while processing the request.</h2>";
        assert!(
            matches!(error(500, &Headers::default(), oops, "job", "/x"), Error::Upstream { detail: Some(d), .. } if d.starts_with("Oops"))
        );
    }
}
