//! A client of one `jankins` over its standard streams, that speaks plain JSON-RPC and keeps everything it sees.
//!
//! Answers are waited for at most [`PATIENCE`]; requests may be sent side by side.

use std::collections::HashMap;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::bail;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::process::Child;
use tokio::process::ChildStdin;
use tokio::process::ChildStdout;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longest wait for an answer: above every deadline that a test sets.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `jankins`.
pub struct Stdio {
    child: Child,
    input: tokio::sync::Mutex<ChildStdin>,
    shared: Arc<Shared>,
    readers: [JoinHandle<()>; 2],
    next_id: AtomicU64,
}

/// What the readers see.
#[derive(Default)]
struct Shared {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    stdout: Mutex<String>,
    stderr: Mutex<String>,
}

/// A `jankins` that has ended, with all it ever wrote.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// The protocol.
    pub stdout: String,
    /// The log.
    pub stderr: String,
}

impl Stdio {
    pub(super) fn spawn(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().context("jankins cannot be started")?;
        let input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let errors = child.stderr.take().context("no standard error")?;
        let shared = Arc::new(Shared::default());
        let readers = [
            tokio::spawn(answers(output, Arc::clone(&shared))),
            tokio::spawn({
                let shared = Arc::clone(&shared);
                async move { keep(errors, &shared.stderr).await }
            }),
        ];
        Ok(Self { child, input: tokio::sync::Mutex::new(input), shared, readers, next_id: AtomicU64::new(1) })
    }

    /// Opens a session of a revision; answers the result.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn initialize(&self, version: &str) -> Result<Value> {
        let client = json!({"name": "e2e", "version": "1"});
        let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        let result = self.request("initialize", params).await?;
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await?;
        Ok(result)
    }

    /// The result of a request.
    ///
    /// # Errors
    /// When the answer is an error, or does not come.
    pub async fn request(&self, method: &str, params: Value) -> Result<Value> {
        let mut answer = self.exchange(method, params).await?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => bail!("{method}: {answer}"),
        }
    }

    /// The whole answer to a request, error or not.
    ///
    /// # Errors
    /// When none comes.
    pub async fn exchange(&self, method: &str, params: Value) -> Result<Value> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        lock(&self.shared.waiting).insert(id, sender);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await?;
        let answer = tokio::time::timeout(PATIENCE, receiver).await.with_context(|| format!("{method}: no answer"))?;
        answer.with_context(|| format!("jankins ended before it answered {method}"))
    }

    /// The result of a tool call.
    ///
    /// # Errors
    /// When the protocol fails; a tool that fails is a result.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value> {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Sends one message.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub async fn send(&self, message: &Value) -> Result<()> {
        let mut input = self.input.lock().await;
        input.write_all(format!("{message}\n").as_bytes()).await?;
        Ok(input.flush().await?)
    }

    /// Waits until the protocol has brought a message like this one.
    ///
    /// # Errors
    /// When [`PATIENCE`] is over.
    pub async fn heard(&self, like: impl Fn(&Value) -> bool) -> Result<Value> {
        let listening = async {
            loop {
                let found = lock(&self.shared.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).find(&like);
                match found {
                    Some(message) => return message,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, listening).await.context("no such message")
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Closes its input, as a client that leaves, and waits for its end.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn close(self) -> Result<Ended> {
        let Self { mut child, input, shared, readers, .. } = self;
        drop(input);
        let status = tokio::time::timeout(PATIENCE, child.wait()).await.context("jankins does not end")??;
        for reader in readers {
            reader.await?;
        }
        let (stdout, stderr) = (lock(&shared.stdout).clone(), lock(&shared.stderr).clone());
        Ok(Ended { status, stdout, stderr })
    }
}

async fn answers(output: ChildStdout, shared: Arc<Shared>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut kept = lock(&shared.stdout);
        kept.push_str(&line);
        kept.push('\n');
        drop(kept);
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let id = message.get("id").and_then(Value::as_u64);
        let waiting = id.and_then(|id| lock(&shared.waiting).remove(&id));
        if let Some(waiting) = waiting {
            // Nobody waits any more when the test gave up.
            drop(waiting.send(message));
        }
    }
    // Whoever still waits learns that nothing will come.
    lock(&shared.waiting).clear();
}

/// Keeps everything that is read.
pub(super) async fn keep(mut from: impl AsyncRead + Unpin, into: &Mutex<String>) {
    let mut chunk = vec![0; 8192];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        lock(into).push_str(&String::from_utf8_lossy(chunk.get(..count).unwrap_or_default()));
    }
}

/// A panic elsewhere must not hide what was kept.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
