//! A proxy between this host and the controller, as `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name it.
//!
//! | controller | what the proxy is asked | who sees the requests |
//! |---|---|---|
//! | `https` | a tunnel (`CONNECT`), in which TLS with the controller is spoken | the controller alone |
//! | `http` | each request, in absolute form | the proxy too: it forwards them |
//!
//! Default: none. A controller on this very machine is never sought behind a proxy that the environment names.
//!
//! The proxy's address is the operator's word: it is dialled wherever it is, loopback included, because a sidecar is a
//! usual place for one. The controller's name is not looked up here then; which origin may be reached at all is still
//! the policy's decision, before any proxy is asked. SOCKS is not spoken and says so when the egress is built.

use std::fmt;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use url::{Host, Url};

use super::EgressError;
use super::fault::{Fault, ProxyFault};

/// Longest answer to `CONNECT` that is read; a proxy that refuses adds a page, which nobody needs.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// One proxy. Its `Debug` shows where it is, not who we are to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    uri: Uri,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy that the environment names for this controller, if any.
    pub(crate) fn from_environment(controller: &Url) -> Result<Option<Self>, EgressError> {
        if is_local(controller) {
            return Ok(None);
        }
        Self::matching(&Matcher::from_env(), controller)
    }

    /// The proxy at this address: `http://user:password@proxy.example.com:3128`.
    pub(crate) fn parse(address: &str, controller: &Url) -> Result<Self, EgressError> {
        let matcher = Matcher::builder().all(address).build();
        Self::matching(&matcher, controller)?.ok_or(EgressError::Proxy { reason: "is not a URL like http://proxy.example.com:3128" })
    }

    fn matching(matcher: &Matcher, controller: &Url) -> Result<Option<Self>, EgressError> {
        let destination: Uri =
            controller.as_str().parse().map_err(|_| EgressError::Controller { reason: "names a host that HTTP cannot express" })?;
        matcher.intercept(&destination).map(Self::of).transpose()
    }

    fn of(intercept: Intercept) -> Result<Self, EgressError> {
        match intercept.uri().scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(EgressError::Proxy { reason: "must start with http:// or https://; SOCKS is not supported" }),
        }
        let authorization = intercept.basic_auth().cloned().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Ok(Self { uri: intercept.uri().clone(), authorization })
    }

    /// Where it listens.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Host and port, as people write them.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.uri.host().unwrap_or_default(), self.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Whether TLS is spoken with the proxy itself.
    pub(crate) fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// What a request in absolute form must carry beside the controller's own credentials.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Makes a fresh connection to the proxy one to that host and port.
    pub(crate) async fn tunnel(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin), host: &str, port: u16) -> Result<(), Fault> {
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(value) = &self.authorization {
            request.extend([b"Proxy-Authorization: ", value.as_bytes(), b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        stream.write_all(&request).await.map_err(|error| Fault::of(&error))?;
        match status(&read_head(stream).await?) {
            Some(200..=299) => Ok(()),
            Some(407) => Err(ProxyFault::Authentication.into()),
            Some(status) => Err(ProxyFault::Refused(status).into()),
            None => Err(ProxyFault::Protocol.into()),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.address())
    }
}

/// One byte at a time: what follows the head belongs to the tunnel.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, Fault> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_ANSWER_BYTES {
            return Err(ProxyFault::Protocol.into());
        }
        head.push(stream.read_u8().await.map_err(|_| ProxyFault::Protocol)?);
    }
    Ok(head)
}

/// The status of `HTTP/1.1 200 Connection established`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next().filter(|status| status.len() == 3)?.parse().ok()
}

fn is_local(controller: &Url) -> bool {
    match controller.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    fn controller() -> Url {
        "https://ci.example.com/".parse().unwrap()
    }

    /// What the proxy was told, and what became of it.
    async fn ask(proxy: &str, answer: &'static [u8]) -> (String, Result<(), Fault>) {
        let (mut here, mut there) = duplex(64 * 1024);
        there.write_all(answer).await.unwrap();
        let proxy = Proxy::parse(proxy, &controller()).unwrap();
        let result = proxy.tunnel(&mut here, "ci.example.com", 443).await;
        drop(here);
        let mut told = String::new();
        there.read_to_string(&mut told).await.unwrap();
        (told, result)
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_by_name_and_port_with_the_proxys_credentials() {
        let (told, result) = ask("http://us%65r:pa%3ass@proxy.example.com:3128", b"HTTP/1.1 200 Connection established\r\n\r\n").await;
        assert_eq!(
            told,
            "CONNECT ci.example.com:443 HTTP/1.1\r\nHost: ci.example.com:443\r\nProxy-Authorization: Basic dXNlcjpwYTpzcw==\r\n\r\n"
        );
        assert_eq!(result, Ok(()));
    }

    #[tokio::test]
    async fn what_the_controller_says_first_is_left_in_the_tunnel() {
        let (mut here, mut there) = duplex(1024);
        there.write_all(b"HTTP/1.0 200 OK\r\nVia: 1.1 proxy\r\n\r\nhello").await.unwrap();
        drop(there.shutdown().await);
        let proxy = Proxy::parse("http://proxy.example.com", &controller()).unwrap();
        proxy.tunnel(&mut here, "ci.example.com", 443).await.unwrap();
        let mut rest = String::new();
        here.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "hello");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_says_why() {
        let of = async |answer| ask("http://proxy.example.com", answer).await.1.unwrap_err();
        assert_eq!(of(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await, ProxyFault::Authentication.into());
        assert_eq!(of(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever").await, ProxyFault::Refused(403).into());
        assert_eq!(of(b"SSH-2.0-OpenSSH_9.6\r\n\r\n").await, ProxyFault::Protocol.into());
        assert_eq!(of(b"HTTP/1.1 2000 OK\r\n\r\n").await, ProxyFault::Protocol.into());
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_read_without_end() {
        let endless: &'static [u8] = Box::leak(vec![b'x'; 40_000].into_boxed_slice());
        assert_eq!(ask("http://proxy.example.com", endless).await.1, Err(ProxyFault::Protocol.into()));
    }

    #[test]
    fn credentials_of_the_proxy_stay_out_of_debug_output() {
        let proxy = Proxy::parse("http://user:s3cret@proxy.example.com:3128", &controller()).unwrap();
        assert_eq!(format!("{proxy:?}"), "Proxy(proxy.example.com:3128)");
        assert!(!format!("{:?} {}", proxy.authorization(), proxy.uri()).contains("s3cret"));
    }

    #[test]
    fn an_address_that_is_no_proxy_says_what_is_wrong() {
        let of = |address| Proxy::parse(address, &controller()).unwrap_err().to_string();
        assert!(of("socks5://proxy.example.com:1080").contains("SOCKS"));
        assert!(of("").contains("http://proxy.example.com:3128"));
        assert!(of("http://").contains("http://proxy.example.com:3128"));
    }

    #[test]
    fn no_proxy_names_hosts_domains_and_networks() {
        let matcher = Matcher::builder().https("http://proxy.example.com:3128").no("internal.example, .corp.example, 10.0.0.0/8").build();
        let proxied = |controller: &str| Proxy::matching(&matcher, &controller.parse().unwrap()).unwrap().is_some();
        assert!(proxied("https://ci.example.com/"));
        assert!(!proxied("http://ci.example.com/"), "only https goes there");
        for direct in ["https://internal.example/", "https://ci.corp.example:8443/", "https://10.1.2.3/"] {
            assert!(!proxied(direct), "{direct}");
        }
    }

    #[test]
    fn a_controller_on_this_machine_is_not_sought_behind_a_proxy() {
        for url in ["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/", "http://jenkins.localhost/"] {
            assert!(is_local(&url.parse().unwrap()), "{url}");
        }
        assert!(!is_local(&controller()));
    }
}
