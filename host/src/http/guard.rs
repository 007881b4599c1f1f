//! Which `Host` and `Origin` a request may carry.
//!
//! The threat is a web page. A browser on the same machine can be made to send requests here: cross-site (then
//! `Origin` names the page) or by DNS rebinding (then `Host` is a name that the attacker owns). So:
//!
//! | header | accepted | everything else |
//! |---|---|---|
//! | `Host` | loopback names, the bound address, names that the operator added | 403 |
//! | `Host` on operational routes | also any literal address: rebinding needs a name, and probes use addresses | 403 |
//! | `Origin` | none, loopback with any port, origins that the operator added | 403 |

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use url::Host;
use url::Url;

/// Loopback as people write it.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The accepted names and origins.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    pub(super) fn new(bound: IpAddr, hosts: &[String], origins: &[String]) -> Self {
        let mut accepted: Vec<String> = LOOPBACK.map(str::to_owned).to_vec();
        if !bound.is_unspecified() {
            accepted.push(bound.to_string());
        }
        accepted.extend(hosts.iter().map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()));
        let loopback = ["localhost", "127.0.0.1", "[::1]"];
        let mut allowed: Vec<String> = loopback.iter().flat_map(|host| [format!("http://{host}:*"), format!("https://{host}:*")]).collect();
        allowed.extend(origins.iter().map(|origin| origin.trim().to_owned()).filter(|origin| !origin.is_empty()));
        Self { hosts: accepted, origins: allowed }
    }

    /// For the protocol route, which checks by itself.
    pub(super) fn hosts(&self) -> Vec<String> {
        self.hosts.clone()
    }

    /// For the protocol route, which checks by itself.
    pub(super) fn origins(&self) -> Vec<String> {
        self.origins.clone()
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let host = text(header::HOST).is_some_and(|host| self.admits_host(host));
        host && text(header::ORIGIN).is_none_or(|origin| self.admits_origin(origin))
    }

    fn admits_host(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else {
            return false;
        };
        let name = authority.host().to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok() || self.hosts.iter().any(|known| known == bare || *known == host)
    }

    fn admits_origin(&self, origin: &str) -> bool {
        let Ok(url) = Url::parse(origin) else {
            return false;
        };
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let scheme_and_host = url.host_str().map(|host| format!("{}://{host}", url.scheme())).unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let spellings = [format!("{scheme_and_host}:*"), format!("{scheme_and_host}:{port}"), scheme_and_host];
        loopback || self.origins.iter().any(|known| spellings.iter().any(|spelling| spelling.eq_ignore_ascii_case(known)))
    }
}

/// Refuses requests that a foreign web page may have caused.
pub(super) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    if guard.admits(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this Host or Origin is not allowed; see --allowed-host and --allowed-origin\n").into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(IpAddr::from([127, 0, 0, 1]), &["ci.example.com".to_owned()], &["https://app.example.com".to_owned()])
    }

    fn admits(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        guard().admits(&headers)
    }

    #[test]
    fn a_name_that_an_attacker_rebound_is_refused() {
        assert!(!admits("evil.example:8080", None));
        assert!(!admits("localhost.evil.example:8080", None));
        assert!(!guard().admits(&HeaderMap::new()));
    }

    #[test]
    fn loopback_addresses_and_added_names_are_accepted_with_any_port() {
        for host in ["localhost:8080", "127.0.0.1", "[::1]:8080", "10.1.2.3:8080", "ci.example.com", "CI.example.com:443"] {
            assert!(admits(host, None), "{host}");
        }
    }

    #[test]
    fn a_foreign_page_is_refused_even_under_a_good_host() {
        assert!(!admits("localhost:8080", Some("https://evil.example")));
        assert!(!admits("localhost:8080", Some("null")));
        assert!(!admits("localhost:8080", Some("https://app.example.com.evil.example")));
    }

    #[test]
    fn local_pages_and_added_origins_are_accepted() {
        for origin in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:1", "https://app.example.com"] {
            assert!(admits("localhost:8080", Some(origin)), "{origin}");
        }
    }
}
