//! What can be wrong with a configuration, in words that say what to change.

use std::path::PathBuf;

use super::key::Origin;
use crate::egress::EgressError;

/// A setting is missing or cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// Nobody said which controller.
    #[error("no Jenkins to talk to: set JENKINS_URL or pass --jenkins-url, e.g. https://jenkins.example.com/")]
    NoController,
    /// A tenant with a table of its own has no controller.
    #[error("tenant `{tenant}` has no `jenkins_url`")]
    TenantWithoutController {
        /// Its name.
        tenant: String,
    },
    /// A value does not fit.
    #[error("{}", placed(.origin, .key, .reason))]
    Value {
        /// The key, as the file spells it.
        key: &'static str,
        /// Who gave the value.
        origin: Origin,
        /// What is wrong, as the end of a sentence that begins with the key.
        reason: String,
    },
    /// The file has problems.
    #[error("{}", problems.iter().map(|problem| format!("{}:{}: {}", path.display(), problem.line, problem.what)).collect::<Vec<_>>().join("\n"))]
    File {
        /// Its path.
        path: PathBuf,
        /// At least one.
        problems: Vec<Problem>,
    },
    /// Half of a credential.
    #[error("{have} is set but {lack} is not: Jenkins needs both, or neither for anonymous access")]
    HalfCredential {
        /// The half that is there.
        have: String,
        /// The half that is missing.
        lack: String,
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
    /// Something that is valid by itself does not fit together.
    #[error("{0}")]
    Contradiction(String),
}

/// What is wrong at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Counted from 1.
    pub(crate) line: usize,
    /// In words.
    pub(crate) what: String,
}

/// An option or a variable names the key already; a place in the file does not.
fn placed(origin: &Origin, key: &str, reason: &str) -> String {
    match origin {
        Origin::Flag(_) | Origin::Variable(_) => format!("{origin} {reason}"),
        Origin::File { .. } => format!("{origin}: `{key}` {reason}"),
        Origin::Default => format!("`{key}` {reason}"),
    }
}
