//! MCP over standard input and output, for one client that started this process.
//!
//! Nothing but the protocol goes to standard output. The end of input, SIGTERM and SIGINT all mean the same: finish
//! the calls in flight, within the time that one call may take, and end with success.

use std::io;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio_util::sync::CancellationToken;

use super::Server;
use crate::lifecycle::Lifecycle;
use crate::lifecycle::stop_signal;

/// Time between reading the last request and counting it as in flight.
const HANDOVER: Duration = Duration::from_millis(20);

/// Serving ended for another reason than its client's or the operator's wish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StdioError {
    /// The client did not speak the protocol.
    #[error("the client did not open an MCP session")]
    Handshake(#[source] Box<ServerInitializeError>),
    /// The serving task broke.
    #[error("serving ended unexpectedly")]
    Task(#[from] tokio::task::JoinError),
    /// No signal handler.
    #[error("signals cannot be received")]
    Signal(#[from] io::Error),
}

/// Serves the client on this process's standard streams until it leaves.
///
/// # Errors
/// When the client does not speak the protocol, or the process cannot receive signals.
pub(crate) async fn serve(server: Server) -> Result<(), StdioError> {
    let (input, output) = rmcp::transport::io::stdio_pipes();
    serve_streams(server, input, output, stop_signal()).await
}

/// The same over any pair of streams, ended by `stop` as by a signal.
pub(super) async fn serve_streams(
    server: Server,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    stop: impl Future<Output = io::Result<&'static str>>,
) -> Result<(), StdioError> {
    let tenant = Arc::clone(server.tenant());
    let (lifecycle, deadline) = (tenant.lifecycle(), tenant.timeout());
    let input = input.chain(UntilIdle::new(Arc::clone(lifecycle), deadline));
    let cancel = CancellationToken::new();
    let mut stop = pin!(stop);

    let session = tokio::select! {
        session = server.serve_with_ct((input, output), cancel.clone()) => session,
        signal = &mut stop => return signal.map(|_| ()).map_err(StdioError::from),
    };
    let session = match session {
        Ok(session) => session,
        // A client that leaves without a word has nothing to be told.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(StdioError::Handshake(Box::new(error))),
    };
    let mut waiting = pin!(session.waiting());
    tokio::select! {
        ended = &mut waiting => drop(ended?),
        signal = &mut stop => {
            let signal = signal?;
            tracing::info!(signal, "stopping");
            lifecycle.drain(deadline).await;
            cancel.cancel();
            drop(waiting.await?);
        }
    }
    tenant.program().runner.drain(Duration::ZERO).await;
    Ok(())
}

/// Reads as empty, but only once no call is in flight. At the end of input the library gives calls five seconds, and
/// `printf … | jankins` ends its input long before a slow answer is there; so that end is held back.
struct UntilIdle(Option<BoxFuture<'static, ()>>);

impl UntilIdle {
    fn new(lifecycle: Arc<Lifecycle>, deadline: Duration) -> Self {
        let idle = async move {
            tokio::time::sleep(HANDOVER).await;
            drop(tokio::time::timeout(deadline, lifecycle.idle()).await);
        };
        Self(Some(idle.boxed()))
    }
}

impl AsyncRead for UntilIdle {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(idle) = &mut self.0 {
            std::task::ready!(idle.as_mut().poll(context));
            self.0 = None;
        }
        Poll::Ready(Ok(()))
    }
}
