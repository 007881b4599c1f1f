//! The headers of a request as it leaves: what the plugin may not decide is removed, what the host knows is added.
//!
//! With credentials, `Authorization` is ours alone. `Cookie` passes: it can only repeat what this same controller set.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use super::EgressError;
use super::identity::SecretHeader;
use super::observe::ENDPOINT;

/// Framing, routing and host-to-host negotiation belong to the connection, which is not the plugin's.
const STRIPPED: [HeaderName; 14] = [
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    TE,
    TRAILER,
    UPGRADE,
    EXPECT,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
    ENDPOINT,
];
/// What only a proxy in front of the controller may say: whom it has authenticated, and where the request came from.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-", "x-real-ip", "x-original-"];
/// Some servers take the true method from such a header; the policy has judged the one in the request line.
const METHOD_OVERRIDES: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];

fn is_stripped(name: &HeaderName) -> bool {
    STRIPPED.contains(name) || METHOD_OVERRIDES.contains(&name.as_str()) || FORWARDED.iter().any(|start| name.as_str().starts_with(start))
}

/// A user and a token. Has no `Display`, and its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    user: String,
    token: String,
}

impl Credentials {
    /// Credentials for HTTP Basic authentication.
    pub(crate) fn new(user: impl Into<String>, token: impl Into<String>) -> Result<Self, EgressError> {
        let user = user.into();
        if user.contains(':') {
            return Err(EgressError::UserName);
        }
        Ok(Self { user, token: token.into() })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// What follows `Basic` in the header.
    pub(crate) fn encoded(&self) -> String {
        BASE64_STANDARD.encode(format!("{}:{}", self.user, self.token))
    }

    /// The header's value, marked so that neither logs nor header compression see it.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Basic {}", self.encoded())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

/// What the host says in the plugin's place: who we are to the controller, to a proxy that reads each request, and to one
/// in front of the controller.
#[derive(Default)]
pub(crate) struct Additions {
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) proxy_authorization: Option<HeaderValue>,
    pub(crate) front: Option<SecretHeader>,
}

/// Whether an operator may choose a header of that name: not one of the connection, and none that Jenkins would take
/// for who we are.
pub(crate) fn may_set(name: &HeaderName) -> bool {
    // What a proxy would say of a request is the operator's to say, being that proxy's owner.
    !STRIPPED.contains(name) && !matches!(*name, AUTHORIZATION | COOKIE | USER_AGENT)
}

/// Turns the plugin's headers into those of the request that leaves.
pub(crate) fn prepare(headers: &mut HeaderMap, additions: &Additions) {
    let stripped: Vec<HeaderName> = headers.keys().filter(|name| is_stripped(name)).cloned().collect();
    for name in stripped {
        headers.remove(name);
    }
    let Additions { authorization, proxy_authorization, front } = additions;
    for (name, value) in [(AUTHORIZATION, authorization), (PROXY_AUTHORIZATION, proxy_authorization)] {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
    if let Some(front) = front {
        headers.insert(front.name.clone(), front.value.clone());
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("jankins/", env!("CARGO_PKG_VERSION"))));
}

/// Asks for the answer unpacked: what is recorded must be readable, to be redacted.
pub(crate) fn ask_plain(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_credentials_replace_what_the_plugin_set_and_stay_out_of_debug_output() {
        let credentials = Credentials::new("alice", "s3cret").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer forged"));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Basic forged"));
        prepare(&mut headers, &Additions { authorization: credentials.header(), ..Additions::default() });
        let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
        assert_eq!(values, ["Basic YWxpY2U6czNjcmV0"]);
        let shown = format!("{headers:?} {credentials:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("YWxpY2U6czNjcmV0") && !shown.contains("alice"), "{shown}");
    }

    #[test]
    fn without_credentials_the_plugin_authenticates_itself() {
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Basic own"))]);
        prepare(&mut headers, &Additions::default());
        assert_eq!(headers.get(AUTHORIZATION).unwrap(), "Basic own");
    }

    #[test]
    fn a_plugin_vouches_for_nobody_and_hides_no_method() {
        let mut headers = HeaderMap::new();
        for name in [
            "forwarded",
            "x-forwarded-user",
            "x-forwarded-for",
            "x-real-ip",
            "x-original-url",
            "x-http-method-override",
            "proxy-authorization",
            "proxy-connection",
            "keep-alive",
            "upgrade",
            "te",
            "host",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("forged"));
        }
        headers.insert("x-request-id", HeaderValue::from_static("c-1"));
        headers.insert("jenkins-crumb", HeaderValue::from_static("c"));
        prepare(&mut headers, &Additions::default());
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["jenkins-crumb", "user-agent", "x-request-id"]);
    }

    #[test]
    fn a_user_name_with_a_colon_would_move_part_of_it_into_the_password() {
        assert!(matches!(Credentials::new("a:b", "t"), Err(EgressError::UserName)));
    }
}
