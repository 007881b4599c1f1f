//! `jankins health`: does the server on this machine answer? For container images, which have no curl.
//!
//! Asks `/_health` (or with `--ready` `/_ready`) where `--bind` says that the server listens, over a connection of its
//! own; an unspecified address such as 0.0.0.0 is reached over loopback. Exit code 0 on 200, else 1.

use std::io::Write as _;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::FAILED;
use super::Invocation;

/// Longer than a readiness check may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// More than either endpoint ever answers.
const MAX_ANSWER_BYTES: u64 = 64 * 1_024;

/// Options of `health`.
#[derive(Args, Debug)]
pub(super) struct HealthOptions {
    /// Ask whether Jenkins can be used, too
    #[arg(long)]
    ready: bool,
}

pub(super) async fn run(invocation: Invocation, options: &HealthOptions) -> anyhow::Result<ExitCode> {
    let bind = invocation.settings?.bind().context("the setting `bind` is no address")?;
    let address = reachable(bind);
    let path = if options.ready { "/_ready" } else { "/_health" };
    let answer = tokio::time::timeout(PATIENCE, ask(address, path)).await.context("no answer in time")?;
    let answer = answer.with_context(|| format!("http://{address}{path} does not answer"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    writeln!(std::io::stdout(), "{}", body.trim())?;
    let ok = head.split_whitespace().nth(1) == Some("200");
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// One request on one connection: HTTP/1.0, so that the answer ends with it.
async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// An address to connect to for one that is listened on.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_over_loopback() {
        for (bound, asked) in [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.1.2.3:80", "10.1.2.3:80")] {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), asked);
        }
    }
}
