//! From a destination to a connection on which it can be spoken with: straight, or by way of a proxy.

use std::error::Error as StdError;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tower::Service;

use super::dial::Resolver;
use super::fault::{Fault, ProxyFault};
use super::proxy::Proxy;

/// How connections are made.
#[derive(Clone)]
pub(crate) enum Route {
    /// To the controller itself.
    Direct(HttpConnector<Resolver>),
    /// To a proxy.
    Through(Arc<Proxy>, HttpsConnector<HttpConnector<Resolver>>),
}

impl Route {
    /// By way of this proxy; `tls` is for `https://` ones.
    pub(crate) fn through(proxy: Proxy, tcp: HttpConnector<Resolver>, tls: ClientConfig) -> Self {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        Self::Through(Arc::new(proxy), connector)
    }
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<Uri> for Route {
    type Response = Link;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Link, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Direct(tcp) => tcp.poll_ready(cx).map_err(BoxError::from),
            Self::Through(_, connector) => connector.poll_ready(cx),
        }
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => {
                let connecting = tcp.call(destination);
                Box::pin(async move { Ok(Link { stream: Box::new(connecting.await?), forwards: false }) })
            }
            Self::Through(proxy, connector) => {
                let (proxy, connecting) = (Arc::clone(proxy), connector.call(proxy.uri().clone()));
                Box::pin(async move {
                    let mut stream = TokioIo::new(connecting.await.map_err(|error| unreachable(&proxy, error))?);
                    let secure = destination.scheme() == Some(&Scheme::HTTPS);
                    if secure {
                        let (host, port) = (destination.host().unwrap_or_default(), destination.port_u16().unwrap_or(443));
                        proxy.tunnel(&mut stream, host, port).await?;
                    }
                    Ok(Link { stream: Box::new(stream.into_inner()), forwards: !secure })
                })
            }
        }
    }
}

/// Whoever reads "connection refused" must not look for the controller.
fn unreachable(proxy: &Proxy, error: BoxError) -> Fault {
    let cause = Fault::of(error.as_ref());
    tracing::warn!(proxy = proxy.address(), %cause, "the proxy cannot be reached");
    ProxyFault::Unreachable(cause.to_string()).into()
}

/// What a connection is, whatever lies below.
trait Stream: Read + Write + Send + Unpin {}
impl<T: Read + Write + Send + Unpin> Stream for T {}

/// A connection on which the destination, or a proxy that forwards to it, is listening.
pub(crate) struct Link {
    stream: Box<dyn Stream>,
    /// Whether requests must name their destination in full.
    forwards: bool,
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwards)
    }
}

impl Read for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
