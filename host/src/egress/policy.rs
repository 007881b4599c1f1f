//! What a plugin may ask for at all, decided from method and URL before anything else happens.
//!
//! Default: every usual method, on the controller's scheme, host, port and base path. The base path counts because the
//! token is meant for the controller, not for another application on the same host. A denial names no reason to the
//! plugin (`wasi:http` has no place for one); the log and the observer get it.

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri};
use url::{Origin, Url};

use super::EgressError;
use super::patterns::Patterns;

/// Why a request was not even tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    /// Not the tenant's scheme, host and port.
    #[error("not the controller's origin")]
    Origin,
    /// Outside the base path, or trying to get there.
    #[error("not below the controller's URL")]
    Path,
    /// A method that has no business here, such as CONNECT.
    #[error("method not allowed")]
    Method,
    /// Closed by the operator.
    #[error("the operator denies this path")]
    Closed,
    /// Might change something, for a tenant that must not.
    #[error("this tenant is read-only")]
    ReadOnly,
}

impl Denial {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Origin => "denied-origin",
            Self::Path => "denied-path",
            Self::Method => "denied-method",
            Self::Closed => "denied-by-operator",
            Self::ReadOnly => "denied-read-only",
        }
    }
}

/// An allowed destination.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme and authority are the controller's own spelling, so that two URL parsers cannot disagree about where it
    /// goes.
    pub(crate) uri: Uri,
    /// Path and query below the controller's URL, with a leading slash.
    pub(crate) below: String,
}

/// The tenant's side of the decision.
#[derive(Debug)]
pub(crate) struct Policy {
    origin: Origin,
    scheme: Scheme,
    authority: Authority,
    base: String,
    read_only: bool,
    read_only_posts: Vec<String>,
    denied_paths: Patterns,
}

impl Policy {
    pub(crate) fn new(controller: &Url, read_only: bool, read_only_posts: Vec<String>) -> Result<Self, EgressError> {
        let fault = |reason| EgressError::Controller { reason };
        let scheme = match controller.scheme() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(fault("must start with http:// or https://")),
        };
        if !controller.username().is_empty() || controller.password().is_some() {
            return Err(fault("must not contain credentials: give user and token in their own settings"));
        }
        if controller.query().is_some() || controller.fragment().is_some() {
            return Err(fault("must end with its path: no query, no fragment"));
        }
        let host = controller.host_str().ok_or_else(|| fault("names no host"))?;
        let authority = controller.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            origin: controller.origin(),
            scheme,
            authority: authority.parse().map_err(|_| fault("names a host that HTTP cannot express"))?,
            base: controller.path().trim_end_matches('/').to_owned(),
            read_only,
            read_only_posts,
            denied_paths: Patterns::default(),
        })
    }

    /// The same with paths that nobody may request.
    pub(crate) fn closing(self, denied_paths: Patterns) -> Self {
        Self { denied_paths, ..self }
    }

    pub(crate) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The path below the controller's URL, always with a leading slash.
    fn below_base<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.base.as_str())?;
        match rest {
            "" => Some("/"),
            _ => rest.starts_with('/').then_some(rest),
        }
    }

    /// Whether and where to send a request.
    pub(crate) fn judge(&self, method: &Method, uri: &Uri) -> Result<Target, Denial> {
        if !self.is_own_origin(uri) {
            return Err(Denial::Origin);
        }
        let below = self.below_base(uri.path()).filter(|path| !climbs(path)).ok_or(Denial::Path)?;
        if self.denied_paths.match_path(below) {
            return Err(Denial::Closed);
        }
        self.judge_method(method, below)?;
        let below = uri.query().map_or_else(|| below.to_owned(), |query| format!("{below}?{query}"));
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|_| Denial::Path)?;
        Ok(Target { uri, below })
    }

    fn is_own_origin(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return false;
        };
        !authority.as_str().contains('@') && Url::parse(&format!("{scheme}://{authority}/")).is_ok_and(|url| url.origin() == self.origin)
    }

    fn judge_method(&self, method: &Method, below: &str) -> Result<(), Denial> {
        match *method {
            Method::GET | Method::HEAD => Ok(()),
            Method::POST if self.read_only => {
                let wanted = below.strip_prefix('/').unwrap_or(below);
                let listed = self.read_only_posts.iter().any(|path| path.strip_prefix('/').unwrap_or(path) == wanted);
                if listed { Ok(()) } else { Err(Denial::ReadOnly) }
            }
            Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::OPTIONS => {
                if self.read_only {
                    Err(Denial::ReadOnly)
                } else {
                    Ok(())
                }
            }
            _ => Err(Denial::Method),
        }
    }
}

/// Whether a server might read a path segment as `.` or `..`: percent-encoded, behind an encoded slash or a backslash,
/// or followed by a path parameter (`..;x`). One level of decoding: what is encoded twice names a file, and branch
/// names rely on it.
fn climbs(path: &str) -> bool {
    let decoded = percent_decode(path);
    decoded.split(|b| matches!(b, b'/' | b'\\')).any(|segment| {
        let name = segment.split(|b| *b == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    })
}

pub(super) fn percent_decode(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&first, tail)) = rest.split_first() {
        let hex = match (first, tail) {
            (b'%', [high, low, ..]) => {
                (*high as char).to_digit(16).zip((*low as char).to_digit(16)).and_then(|(h, l)| u8::try_from(h * 16 + l).ok())
            }
            _ => None,
        };
        decoded.push(hex.unwrap_or(first));
        rest = match hex {
            Some(_) => tail.get(2..).unwrap_or_default(),
            None => tail,
        };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(controller: &str) -> Policy {
        Policy::new(&controller.parse().unwrap(), false, vec![]).unwrap()
    }

    fn read_only(posts: &[&str]) -> Policy {
        let posts = posts.iter().map(|post| (*post).to_owned()).collect();
        Policy::new(&"https://ci.example.com/jenkins/".parse().unwrap(), true, posts).unwrap()
    }

    fn get(policy: &Policy, uri: &str) -> Result<String, Denial> {
        policy.judge(&Method::GET, &uri.parse().unwrap()).map(|target| target.uri.to_string())
    }

    #[test]
    fn the_own_origin_passes_in_every_spelling_and_leaves_in_ours() {
        let policy = policy("https://CI.example.com/jenkins");
        let wanted = Ok("https://ci.example.com/jenkins/api/json?tree=a".to_owned());
        assert_eq!(get(&policy, "https://ci.example.com/jenkins/api/json?tree=a"), wanted);
        assert_eq!(get(&policy, "https://CI.EXAMPLE.com:443/jenkins/api/json?tree=a"), wanted);
    }

    #[test]
    fn another_scheme_host_port_or_user_is_another_origin() {
        let policy = policy("https://ci.example.com");
        for uri in [
            "http://ci.example.com/",
            "https://ci.example.com:8443/",
            "https://example.com/",
            "https://ci.example.com.evil.test/",
            "https://ci.example.com@evil.test/",
            "https://evil.test@ci.example.com/",
            "https://ci.example.com./",
            "/relative",
        ] {
            assert_eq!(get(&policy, uri), Err(Denial::Origin), "{uri}");
        }
    }

    #[test]
    fn an_application_beside_the_controller_is_out_of_reach() {
        let policy = policy("https://ci.example.com/jenkins/");
        assert!(get(&policy, "https://ci.example.com/jenkins").is_ok());
        for path in ["/", "/other/", "/jenkinsX", "/JENKINS/"] {
            assert_eq!(get(&policy, &format!("https://ci.example.com{path}")), Err(Denial::Path), "{path}");
        }
    }

    #[test]
    fn no_spelling_of_dot_dot_leaves_the_base_path() {
        let policy = policy("https://ci.example.com/jenkins");
        for path in [
            "/jenkins/../other",
            "/jenkins/%2e%2E/other",
            "/jenkins/.%2e/other",
            "/jenkins/..%2fother",
            "/jenkins/x%5c..%5cother",
            "/jenkins/..;x=1/other",
            "/jenkins/./x",
            "/jenkins/job/..",
        ] {
            assert_eq!(get(&policy, &format!("https://ci.example.com{path}")), Err(Denial::Path), "{path}");
        }
    }

    #[test]
    fn names_with_dots_slashes_and_percent_signs_still_pass() {
        let policy = policy("https://ci.example.com/jenkins");
        for path in [
            "/jenkins/job/a..b/v1.2",
            "/jenkins/job/feature%252Flogin/",
            "/jenkins/job/100%25/",
            "/jenkins/job/.x/...",
            "/jenkins/x?q=../..",
        ] {
            assert!(get(&policy, &format!("https://ci.example.com{path}")).is_ok(), "{path}");
        }
    }

    #[test]
    fn a_read_only_tenant_reads_and_posts_only_what_is_listed() {
        let policy = read_only(&["/check/validate"]);
        let ask =
            |method: Method, path: &str| policy.judge(&method, &format!("https://ci.example.com/jenkins{path}").parse().unwrap()).map(drop);
        assert_eq!(ask(Method::GET, "/job/x/build"), Ok(()));
        assert_eq!(ask(Method::HEAD, "/"), Ok(()));
        assert_eq!(ask(Method::POST, "/check/validate"), Ok(()));
        assert_eq!(ask(Method::POST, "/check/validate?x=1"), Ok(()));
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::POST] {
            assert_eq!(ask(method, "/job/x/build"), Err(Denial::ReadOnly));
        }
        assert_eq!(ask(Method::PUT, "/check/validate"), Err(Denial::ReadOnly));
    }

    #[test]
    fn a_listed_path_at_the_end_of_another_action_does_not_open_that_action() {
        let policy = read_only(&["/check/validate"]);
        for path in ["/job/x/doDelete/check/validate", "/job/x/doDelete;/check/validate", "//check/validate", "/check/validate/"] {
            let uri = format!("https://ci.example.com/jenkins{path}").parse().unwrap();
            assert_eq!(policy.judge(&Method::POST, &uri), Err(Denial::ReadOnly), "{path}");
        }
    }

    #[test]
    fn methods_that_are_not_requests_for_a_resource_are_denied() {
        let policy = policy("https://ci.example.com");
        for method in [Method::CONNECT, Method::TRACE, Method::from_bytes(b"BREW").unwrap()] {
            assert_eq!(policy.judge(&method, &"https://ci.example.com/".parse().unwrap()), Err(Denial::Method));
        }
    }

    #[test]
    fn a_controller_url_that_cannot_be_one_says_what_is_wrong() {
        for (url, word) in [
            ("ftp://ci.example.com/", "http://"),
            ("https://me:secret@ci.example.com/", "credentials"),
            ("https://ci.example.com/?x=1", "query"),
        ] {
            let error = Policy::new(&url.parse().unwrap(), false, vec![]).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
