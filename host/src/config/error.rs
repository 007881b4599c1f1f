//! What can be wrong with a configuration, in words that say what to change.

use std::path::PathBuf;

use crate::egress::EgressError;

/// A setting is missing or cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// Nobody said which controller.
    #[error("no Jenkins to talk to: set JENKINS_URL or pass --jenkins-url, e.g. https://jenkins.example.com/")]
    NoController,
    /// The address cannot be used.
    #[error("JENKINS_URL {reason}")]
    Controller {
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// Half of a credential.
    #[error("{have} is set but {lack} is not: Jenkins needs both, or neither for anonymous access")]
    HalfCredential {
        /// The half that is there.
        have: &'static str,
        /// The half that is missing.
        lack: &'static str,
    },
    /// The credentials cannot be sent as they are.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// A named file cannot be read.
    #[error("{what} {} cannot be read", path.display())]
    Unreadable {
        /// What the file is for.
        what: &'static str,
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token file holds nothing.
    #[error("token file {} is empty", path.display())]
    EmptyToken {
        /// Its path.
        path: PathBuf,
    },
    /// No component.
    #[error(
        "no plugin found; looked for {}. Name it with --plugin or JANKINS_PLUGIN",
        looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoPlugin {
        /// Every place that was looked at.
        looked: Vec<PathBuf>,
    },
    /// The cassette to replay does not say which controller it is of.
    #[error("cassette {} cannot be replayed", path.display())]
    Cassette {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
