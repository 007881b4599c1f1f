//! A small HTTP client, one connection per request, that shows everything.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use jankins_tests::simulator::{Simulator, User};
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[allow(dead_code, reason = "not every test file reads JSON")]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Talks to one simulator.
pub(crate) struct Client {
    address: String,
}

impl Client {
    pub(crate) fn new(jenkins: &Simulator) -> Self {
        Self { address: jenkins.url().trim_start_matches("http://").trim_end_matches('/').to_owned() }
    }

    pub(crate) async fn get(&self, user: User, path: &str) -> Answer {
        self.call(user, Method::GET, path).await.unwrap()
    }

    /// A request with the user's token.
    pub(crate) async fn call(&self, user: User, method: Method, path: &str) -> anyhow::Result<Answer> {
        self.send(Some((user, user.token())), method, path, &[], String::new()).await
    }

    /// Any request. The anonymous user sends no credentials.
    pub(crate) async fn send(
        &self,
        login: Option<(User, &str)>,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> anyhow::Result<Answer> {
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("Host", "jenkins.test");
        if let Some((user, secret)) = login.filter(|(user, _)| *user != User::Anonymous) {
            let secret = BASE64_STANDARD.encode(format!("{}:{secret}", user.name()));
            request = request.header("Authorization", format!("Basic {secret}"));
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
        }
        let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        driver.abort();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

/// Fields as a form.
#[allow(dead_code, reason = "not every test file sends forms")]
pub(crate) fn form(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
