//! Connections: resolve once, judge every address, dial the judged ones, keep them for the next request.
//!
//! With a proxy, it is the proxy that is dialled, unjudged, and that leads on to the controller.
//!
//! The resolver sits inside the connector, so the addresses that were judged are the very ones that are dialled; a name
//! that answers differently a moment later (DNS rebinding) changes nothing. An address literal is not looked up: the
//! policy lets only the controller's own host through, so it is one that the operator wrote.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use tower::Service;

use super::address::Judge;
use super::fault::Fault;
use super::proxy::Proxy;
use super::route::{Link, Route};
use crate::lanes::Share;

/// Common servers and proxies close idle connections after 20 s (Tomcat) to 75 s (nginx). Being first to let go spares
/// requests that race with such a close.
const IDLE: Duration = Duration::from_secs(15);
/// Probes that find out that a peer vanished without a word, so that a dead connection is not pooled for long.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// A controller with fine-grained permissions answers a refusal with one header per group and implied permission;
/// hyper's default of 100 fields would make that a protocol error.
const MAX_RESPONSE_HEADERS: usize = 512;

/// Longest head of a response, and most bytes of a body that are read ahead. Jetty's own limit for heads is 8 KiB; the
/// headers that name every group of a user need the rest.
const MAX_HEAD_BYTES: usize = 128 * 1024;

/// How a name becomes addresses; a test brings its own.
pub(crate) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;
/// A tenant's connection pool.
pub(crate) type Pool = Client<Dialer, Full<Bytes>>;

/// The operating system's resolver.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) }))
}

/// A proxy to go through, with the settings of TLS with the proxy itself.
pub(crate) struct Detour {
    pub(crate) proxy: Proxy,
    pub(crate) tls: ClientConfig,
}

/// A pool that dials as this module says, and drives its connections as a part of the share. Opens nothing yet.
pub(crate) fn pool(share: Share, lookup: Lookup, judge: Judge, tls: ClientConfig, detour: Option<Detour>, timeout: Duration) -> Pool {
    let judge = detour.is_none().then_some(judge);
    let mut tcp = HttpConnector::new_with_resolver(Resolver { lookup, judge, timeout: timeout / 2 });
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    // Divided among the addresses, so that one that never answers does not use up the time of the others.
    tcp.set_connect_timeout(Some(timeout));
    let route = match detour {
        None => Route::Direct(tcp),
        Some(Detour { proxy, tls }) => Route::through(proxy, tcp, tls),
    };
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(route);
    Client::builder(share)
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .http1_max_headers(MAX_RESPONSE_HEADERS)
        .http1_max_buf_size(MAX_HEAD_BYTES)
        .build(Dialer { connector, timeout })
}

/// Opens one connection, within one deadline for lookup, TCP, proxy and TLS.
#[derive(Clone)]
pub(crate) struct Dialer {
    connector: HttpsConnector<Route>,
    timeout: Duration,
}

impl Service<Uri> for Dialer {
    type Response = MaybeHttpsStream<Link>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let dialled = tokio::time::timeout(self.timeout, self.connector.call(destination));
        Box::pin(async move { dialled.await.unwrap_or_else(|_| Err(Fault::ConnectTimeout.into())) })
    }
}

/// Looks a name up and passes on only what may be dialled.
#[derive(Clone)]
pub(crate) struct Resolver {
    lookup: Lookup,
    /// Nobody judges the address of a proxy: the operator named it.
    judge: Option<Judge>,
    timeout: Duration,
}

impl Resolver {
    async fn resolve(self, name: String) -> Result<std::vec::IntoIter<SocketAddr>, Fault> {
        let found = tokio::time::timeout(self.timeout, (self.lookup)(name))
            .await
            .map_err(|_| Fault::NameTimeout)?
            .map_err(|error| Fault::NameNotFound(error.to_string()))?;
        if found.is_empty() {
            return Err(Fault::NameNotFound("the name has no address".to_owned()));
        }
        let (dialled, refused): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| self.judge.is_none_or(|judge| judge.allows(found.ip())));
        for address in refused {
            tracing::warn!(address = %address.ip(), "the controller's name resolves to an address that may not be dialled");
        }
        if dialled.is_empty() { Err(Fault::AddressRefused) } else { Ok(dialled.into_iter()) }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Fault;
    type Future = BoxFuture<'static, Result<Self::Response, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().resolve(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(answer: &'static [&'static str]) -> Resolver {
        let lookup: Lookup =
            Arc::new(move |_| Box::pin(async move { Ok(answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()) }));
        Resolver { lookup, judge: Some(Judge::for_host("ci.example.com")), timeout: Duration::from_millis(50) }
    }

    #[tokio::test]
    async fn refused_addresses_are_left_out_and_the_others_dialled() {
        let found = resolver(&["169.254.169.254", "10.0.0.7", "::1"]).resolve("ci.example.com".to_owned()).await;
        assert_eq!(found.unwrap().collect::<Vec<_>>(), ["10.0.0.7:0".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_with_only_refused_addresses_is_not_dialled() {
        let found = resolver(&["127.0.0.1", "::ffff:169.254.169.254"]).resolve("ci.example.com".to_owned()).await;
        assert_eq!(found.unwrap_err(), Fault::AddressRefused);
    }

    #[tokio::test]
    async fn a_resolver_that_hangs_is_a_name_timeout() {
        let lookup: Lookup = Arc::new(|_| Box::pin(std::future::pending()));
        let resolver = Resolver { lookup, judge: Some(Judge::for_host("x")), timeout: Duration::from_millis(10) };
        assert_eq!(resolver.resolve("x".to_owned()).await.unwrap_err(), Fault::NameTimeout);
    }
}
