//! Fetching an issuer's keys.
//!
//! One request to an address that the operator wrote, over TLS with verified certificates unless the address itself says
//! `http` and leads to this machine. No redirect is followed, and a body beyond [`MAX_BYTES`] is refused.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use http_body_util::Empty;
use http_body_util::Limited;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use url::Host;
use url::Url;

use super::jwt::KeySet;
use crate::egress::anonymous_config;

/// Longest wait; a caller waits for this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Some dozens of keys with their certificates.
const MAX_BYTES: usize = 512 * 1024;

/// The keys at that address.
pub(super) async fn fetch(url: &Url, ca_file: Option<&Path>) -> anyhow::Result<KeySet> {
    tokio::time::timeout(PATIENCE, get(url, ca_file)).await.context("no answer in time")?
}

async fn get(url: &Url, ca_file: Option<&Path>) -> anyhow::Result<KeySet> {
    anyhow::ensure!(url.scheme() == "https" || is_loopback(url), "keys are fetched by https, or from this machine");
    let tls = anonymous_config(url.scheme() == "https", ca_file)?;
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let request = Request::get(url.as_str()).header("accept", "application/json").body(Empty::new())?;
    let response = client.request(request).await?;
    anyhow::ensure!(response.status().is_success(), "the answer is {}", response.status());
    let body = Limited::new(response.into_body(), MAX_BYTES).collect().await.map_err(|error| anyhow::anyhow!("{error}"))?;
    serde_json::from_slice(&body.to_bytes()).context("the answer is no set of keys")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
