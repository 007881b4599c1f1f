//! Fetching an issuer's keys.
//!
//! One request to an address that the operator wrote, over TLS with verified certificates unless the address itself says
//! `http` and leads to this machine. No redirect is followed, and neither a body beyond [`MAX_BYTES`] nor one without a key
//! is taken.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use http::header::ACCEPT;
use url::Host;
use url::Url;

use super::jwt::KeySet;
use crate::egress::own;

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
    let request = Request::get(url.as_str()).header(ACCEPT, "application/json").body(Bytes::new())?;
    let response = own::ask(request, ca_file, MAX_BYTES).await?;
    anyhow::ensure!(response.status().is_success(), "the answer is {}", response.status());
    let set: KeySet = serde_json::from_slice(response.body()).context("the answer is no set of keys")?;
    anyhow::ensure!(!set.keys.is_empty(), "the answer holds no key");
    Ok(set)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
