//! The host's own requests, to somebody who is no controller: an issuer of keys, another server of our kind, a collector.
//!
//! The operator wrote the address. TLS is verified against the platform's roots and, where one is named, a CA file; no
//! redirect is followed, and an answer beyond the size that the caller names is refused. Who asks sets the time limit.

use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::tls::anonymous_config;

/// Sends it over a connection of its own, and reads the whole answer.
///
/// # Errors
/// When there is no answer, or too much of one.
pub(crate) async fn ask(request: Request<Bytes>, ca_file: Option<&Path>, most_bytes: usize) -> anyhow::Result<Response<Bytes>> {
    let (secure, authority) = (request.uri().scheme_str() == Some("https"), request.uri().authority().cloned());
    let server = authority.as_ref().context("the address names no server")?.host();
    let tls = anonymous_config(secure, ca_file)?;
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let response = client.request(request.map(Full::new)).await.with_context(|| format!("{server} does not answer"))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, most_bytes).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!("{server} broke off its answer: {error}"))?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}
