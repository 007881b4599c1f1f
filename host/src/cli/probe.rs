//! The network between us and the controller, layer by layer: name, connection, encryption.
//!
//! Tool calls go through the egress, which reports one error for all of this. A person who has to fix it wants to
//! know which layer it is, so each is tried on its own. Nothing is sent beyond the TLS handshake.

use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::net::lookup_host;

use super::check::failed;
use super::check::passed;
use crate::config::Config;
use crate::plugin::CheckStep;

/// Longest wait for each layer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The layers that could be tried; the last one may have failed.
pub(super) async fn network(config: &Config) -> Vec<CheckStep> {
    let mut steps = Vec::new();
    let host = config.controller.host_str().unwrap_or_default().to_owned();
    let port = config.controller.port_or_known_default().unwrap_or_default();
    let addresses = match within(resolve(&host, port)).await {
        Ok(addresses) => addresses,
        Err(error) => {
            steps.push(failed("dns", &error, "is the name in JENKINS_URL spelt right, and does this machine know it?"));
            return steps;
        }
    };
    let shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    steps.push(passed("dns", format!("{host} is {}", shown.join(", "))));
    let started = Instant::now();
    match within(connect(&addresses)).await {
        Ok(stream) => {
            let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
            steps.push(passed("tcp", format!("{peer} answers after {} ms", started.elapsed().as_millis())));
        }
        Err(error) => {
            let hint = "is Jenkins running there, and is a firewall in between? The port is part of JENKINS_URL";
            steps.push(failed("tcp", &error, hint));
        }
    }
    steps
}

async fn resolve(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = lookup_host((bare, port)).await?.collect();
    if addresses.is_empty() { Err(std::io::Error::other("the name has no address")) } else { Ok(addresses) }
}

async fn connect(addresses: &[SocketAddr]) -> std::io::Result<TcpStream> {
    TcpStream::connect(addresses).await
}

async fn within<T>(step: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    match tokio::time::timeout(PATIENCE, step).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::other(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refused_connection_is_an_error() {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(within(connect(&[free])).await.is_err());
    }

    #[tokio::test]
    async fn a_literal_address_needs_no_lookup() {
        assert_eq!(resolve("[::1]", 80).await.unwrap(), [SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 80))]);
    }
}
