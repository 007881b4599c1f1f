//! The built programs, run as a user runs them.
//!
//! [`Host`] says how `jankins` is started; [`Stdio`] and [`Http`] are a running one. Nothing of the caller's own
//! environment reaches it: no `JENKINS_*` or `JANKINS_*` variable, and a compile cache of its own below `target/`.
//! What is missing or older than its sources is built first (see [`artifacts`]), so plain `cargo test` works.

pub mod artifacts;
mod http;
#[cfg(target_os = "linux")]
mod memory;
mod stdio;

use std::ffi::OsString;
use std::process::Output;
use std::process::Stdio as Pipe;

use anyhow::Context as _;
use anyhow::Result;
use tokio::process::Command;

pub use artifacts::Artifact;
pub use http::Connection;
pub use http::Http;
pub use http::HttpAnswer;
pub use http::get;
pub use http::mcp;
pub use http::send;
#[cfg(target_os = "linux")]
pub use memory::guest_memory;
pub use stdio::Ended;
pub use stdio::Stdio;

use crate::simulator::User;

/// How to start `jankins`.
#[derive(Clone, Debug)]
pub struct Host {
    artifact: Artifact,
    env: Vec<(OsString, OsString)>,
    args: Vec<OsString>,
}

impl Host {
    /// The built program with one of the components, knowing no controller yet.
    ///
    /// # Errors
    /// When something had to be built and that failed.
    pub fn new(artifact: Artifact) -> Result<Self> {
        artifacts::ensure_built()?;
        Ok(Self { artifact, env: Vec::new(), args: Vec::new() })
    }

    /// Lets it talk to a controller, as a user; the anonymous one gets no credentials.
    #[must_use]
    pub fn against(self, url: &str, user: User) -> Self {
        let host = self.env("JENKINS_URL", url);
        match user {
            User::Anonymous => host,
            user => host.env("JENKINS_USER", user.name()).env("JENKINS_API_TOKEN", user.token()),
        }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.args.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(self, arguments: impl IntoIterator<Item = T>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// The command line, ready to be spawned; killed when its handle is dropped.
    #[must_use]
    pub fn command(&self) -> Command {
        let target = artifacts::root().join("target");
        let mut command = Command::new(artifacts::program("jankins"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("JANKINS_PLUGIN", self.artifact.path())
            .env("JANKINS_CACHE_DIR", target.join("test-cache"))
            // Tests ask more than people do. Those of the limit set one.
            .env("JANKINS_RATE_LIMIT_REQUESTS_PER_MINUTE", "0")
            .envs(self.env.iter().cloned())
            .args(&self.args)
            .stdin(Pipe::null())
            .stdout(Pipe::piped())
            .stderr(Pipe::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end, as from a shell.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn run(&self) -> Result<Output> {
        self.command().output().await.context("jankins cannot be run")
    }

    /// Starts it as an MCP client does, and waits for nothing.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn_stdio(&self) -> Result<Stdio> {
        Stdio::spawn(self.command())
    }

    /// Starts it as an MCP client does, and opens a session of 2025-11-25.
    ///
    /// # Errors
    /// When it cannot be started or refuses the session.
    pub async fn stdio(&self) -> Result<Stdio> {
        let session = self.spawn_stdio()?;
        session.initialize("2025-11-25").await?;
        Ok(session)
    }

    /// Starts it as a server on a free port, and waits until it listens.
    ///
    /// # Errors
    /// When it ends instead.
    pub async fn http(&self) -> Result<Http> {
        let host = self.clone().args(["--transport", "http", "--bind", "127.0.0.1:0", "--log-json"]);
        Http::spawn(host.command()).await
    }
}
