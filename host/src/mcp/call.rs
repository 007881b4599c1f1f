//! Waiting for a call: word of progress while it lasts, and an end when its caller gives up.

use std::time::Duration;

use rmcp::ErrorData as McpError;
use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::model::ProgressToken;
use rmcp::service::RequestContext;
use serde_json::Map;
use serde_json::Value;
use tokio::time::Instant;
use tokio::time::MissedTickBehavior;
use tokio::time::interval_at;

use crate::plugin::Outcome;
use crate::plugin::Tool;
use crate::tenant::Caller;

/// How often a client that asked for it hears of progress. Most calls are over before the first word, which matters:
/// over HTTP, that word turns a plain response into an event stream.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

/// Runs the tool until it ends or nobody wants to know any more.
pub(super) async fn run(
    caller: &Caller,
    tool: &Tool,
    arguments: Map<String, Value>,
    context: &RequestContext<RoleServer>,
) -> Result<Outcome, McpError> {
    let call = caller.call(tool, arguments);
    let progress = async {
        match context.meta.get_progress_token() {
            Some(token) => report(token, tool, context).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        outcome = call => Ok(outcome),
        // The library sends no response to a cancelled request, so this error reaches nobody.
        () = context.ct.cancelled() => Err(McpError::internal_error("cancelled", None)),
        () = progress => Err(McpError::internal_error("progress ended before its call", None)),
    }
}

/// Tells the client every so often how long the call has been running; never returns.
async fn report(token: ProgressToken, tool: &Tool, context: &RequestContext<RoleServer>) {
    let started = Instant::now();
    let mut ticks = interval_at(started + PROGRESS_EVERY, PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let seconds = started.elapsed().as_secs();
        let word = ProgressNotificationParam::new(token.clone(), started.elapsed().as_secs_f64())
            .with_message(format!("{} has been running for {seconds} s", tool.mcp_name));
        // A client that went away is noticed by the transport, which cancels the call.
        drop(context.peer.notify_progress(word).await);
    }
}
