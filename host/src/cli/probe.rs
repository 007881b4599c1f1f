//! The network between us and the controller, layer by layer: name, connection, encryption.
//!
//! Tool calls go through the egress, which reports one error for all of this. A person who has to fix it wants to
//! know which layer it is, so each is tried on its own. Nothing is sent beyond the TLS handshake. With a proxy, name and
//! connection are the proxy's, and the way on from there is a layer of its own.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use ::http::uri::Scheme;
use rustls_pki_types::ServerName;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::lookup_host;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::check::failed;
use super::check::passed;
use crate::config::TenantConfig;
use crate::egress::Judge;
use crate::egress::Proxy;
use crate::egress::anonymous_config;
use crate::egress::client_config;
use crate::plugin::CheckStep;
use crate::tenant::egress_settings;

/// Longest wait for each layer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The layers that could be tried; the last one may have failed.
pub(super) async fn network(config: &TenantConfig) -> Vec<CheckStep> {
    let mut steps = Vec::new();
    // The first failure ends it: the layers above would only repeat it in other words.
    climb(config, &mut steps).await;
    steps
}

/// A connection, whatever it goes through.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

async fn climb(config: &TenantConfig, steps: &mut Vec<CheckStep>) -> Option<()> {
    let host = config.controller.host_str().unwrap_or_default();
    let wire = match &config.proxy {
        None => straight(config, host, steps).await?,
        Some(proxy) => by_way_of(proxy, config, host, steps).await?,
    };
    if is_secure(config) {
        let hint = "does the certificate name this host, and is its authority trusted? --ca-file adds one";
        let session = step(steps, "tls", hint, handshake(config, host, wire)).await?;
        let version = session.get_ref().1.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
        steps.push(passed("tls", format!("{version}, the certificate is valid for {host}")));
    }
    Some(())
}

fn is_secure(config: &TenantConfig) -> bool {
    config.controller.scheme() == "https"
}

fn port(config: &TenantConfig) -> u16 {
    config.controller.port_or_known_default().unwrap_or_default()
}

async fn straight(config: &TenantConfig, host: &str, steps: &mut Vec<CheckStep>) -> Option<Box<dyn Wire>> {
    let hint = "is the name in JENKINS_URL spelt right, and does this machine know it?";
    let addresses = step(steps, "dns", hint, resolve(host, port(config))).await?;
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    steps.push(passed("dns", format!("{host} is {}", shown.join(", "))));

    let started = Instant::now();
    let hint = "is Jenkins running there, and is a firewall in between? The port is part of JENKINS_URL";
    let stream = step(steps, "tcp", hint, TcpStream::connect(&*addresses)).await?;
    let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
    steps.push(passed("tcp", format!("{peer} answers after {} ms", started.elapsed().as_millis())));
    Some(Box::new(stream))
}

async fn by_way_of(proxy: &Proxy, config: &TenantConfig, host: &str, steps: &mut Vec<CheckStep>) -> Option<Box<dyn Wire>> {
    let started = Instant::now();
    let hint = "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names it; NO_PROXY names the hosts that are reached without";
    let mut wire = step(steps, "proxy", hint, connect(proxy, config)).await?;
    steps.push(passed("proxy", format!("{} answers after {} ms", proxy.address(), started.elapsed().as_millis())));
    if is_secure(config) {
        let hint = "does the proxy let this machine connect there, and does its address need a user and password?";
        let tunnel = async { proxy.tunnel(&mut wire, host, port(config)).await.map_err(io::Error::other) };
        step(steps, "tunnel", hint, tunnel).await?;
        steps.push(passed("tunnel", format!("it leads to {host}:{}", port(config))));
    }
    Some(wire)
}

/// The address of a proxy is the operator's word, so nobody judges it.
async fn connect(proxy: &Proxy, config: &TenantConfig) -> io::Result<Box<dyn Wire>> {
    let host = proxy.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let stream = TcpStream::connect((host.as_str(), proxy.port())).await?;
    if !proxy.is_secure() {
        return Ok(Box::new(stream));
    }
    let settings = anonymous_config(true, config.ca_file.as_deref()).map_err(io::Error::other)?;
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(Arc::new(settings)).connect(name, stream).await?))
}

/// Tries one layer; a failure becomes a step.
async fn step<T>(steps: &mut Vec<CheckStep>, name: &str, hint: &str, attempt: impl Future<Output = io::Result<T>>) -> Option<T> {
    let result = match tokio::time::timeout(PATIENCE, attempt).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::other(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    result.map_err(|error| steps.push(failed(name, &error, hint))).ok()
}

/// The addresses that the egress would dial.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let judge = Judge::for_host(host);
    let found: Vec<SocketAddr> = lookup_host((bare, port)).await?.collect();
    let literal = bare.parse::<IpAddr>().is_ok();
    let dialled: Vec<SocketAddr> = found.iter().copied().filter(|address| literal || judge.allows(address.ip())).collect();
    if dialled.is_empty() {
        let shown: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
        let why = format!("the name resolves to [{}], none of which may be dialled", shown.join(", "));
        return Err(io::Error::other(why));
    }
    Ok(dialled)
}

/// With the very settings that tool calls use.
async fn handshake<W: Wire>(config: &TenantConfig, host: &str, stream: W) -> io::Result<TlsStream<W>> {
    let settings = client_config(&Scheme::HTTPS, &egress_settings(config)).map_err(io::Error::other)?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(settings)).connect(name, stream).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refused_connection_is_a_failed_step_with_a_hint() {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut steps = Vec::new();
        assert!(step(&mut steps, "tcp", "is it running?", TcpStream::connect(free)).await.is_none());
        assert_eq!(steps[0].hint.as_deref(), Some("is it running?"));
        assert!(!steps[0].ok);
    }

    #[tokio::test]
    async fn a_literal_address_needs_no_lookup() {
        assert_eq!(resolve("[::1]", 80).await.unwrap(), [SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 80))]);
    }
}
