//! A running server, as its operator's command line talks to it.

use std::env;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use bytes::Bytes;
use serde_json::Value;
use url::Url;

use ::http::Method;
use ::http::Request;
use ::http::StatusCode;
use ::http::header::AUTHORIZATION;
use ::http::header::CONTENT_TYPE;

use crate::egress::own;

/// The variable that holds the operator token. There is no option for its value.
const TOKEN_VARIABLE: &str = "JANKINS_OPERATOR_TOKEN";
/// Longest wait: a server compiles a plugin and asks it to check itself.
const PATIENCE: Duration = Duration::from_secs(120);
/// Largest answer: a thousand tenants, with a kilobyte each.
const MAX_ANSWER_BYTES: usize = 8 << 20;

/// Where the server listens.
pub(super) struct Remote {
    server: Url,
}

/// What it answered.
pub(super) struct Answer {
    status: StatusCode,
    /// JSON.
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        self.status.is_success()
    }
}

impl Remote {
    pub(super) fn new(server: &str) -> Result<Self> {
        let server: Url = server.parse().with_context(|| format!("{server} is not an address like http://127.0.0.1:8080"))?;
        Ok(Self { server })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, Bytes::new()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(Method::POST, path, body.to_string().into()).await
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Answer> {
        let server = self.server.as_str().trim_end_matches('/');
        let mut request = Request::builder().method(method).uri(format!("{server}{path}")).header(CONTENT_TYPE, "application/json");
        if let Some(token) = env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()) {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.trim()));
        }
        let request = request.body(body).context("the request cannot be written")?;
        let exchange = async {
            let response = own::ask(request, None, MAX_ANSWER_BYTES).await?;
            let status = response.status();
            let body = serde_json::from_slice(response.body())
                .with_context(|| format!("{server} answers {status} and no JSON; is it a jankins server?"))?;
            Ok(Answer { status, body })
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .with_context(|| format!("{server} did not answer within {} s", PATIENCE.as_secs()))?
    }
}
