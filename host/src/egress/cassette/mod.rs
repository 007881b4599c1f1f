//! Cassettes: a session with a controller in one file, to replay without it. Demos, tests and bug reports are cassettes.
//!
//! A recording holds no credentials (see [`redact`]), but everything else that the controller said, so the file is
//! created readable by its owner only. Each exchange is appended whole when it ends: a killed session leaves a valid
//! file, of which at most the last entry is incomplete. Bodies are kept in memory until then, the first 32 MiB of each.
//! If writing fails later (a full disk), that is logged once and the session goes on.
//!
//! A replay answers by method, path, query and request body. The same request gets the successive recordings of it, and
//! the last one from then on. What was not recorded is an error that names the request.

mod format;
mod record;
mod redact;
mod replay;

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Method;
use url::Url;

pub(crate) use format::Cassette;
pub(crate) use record::{Recorder, Tape};
pub(crate) use redact::Secrets;
pub(crate) use replay::{Replay, ReplayBody};

use super::EgressError;

/// A request as cassettes know it.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Path and query below the controller's URL: a cassette does not depend on where the controller was.
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

impl Cassette {
    /// The controller that a cassette was recorded from: the one to assume when a replay is given no other.
    pub(crate) fn controller(path: &Path) -> Result<Url, EgressError> {
        Ok(Self::read(path)?.controller)
    }
}

/// Why a cassette cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CassetteError {
    /// The file cannot be opened or read.
    #[error("cannot read cassette {path}")]
    Read {
        /// The cassette.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be created or written.
    #[error("cannot write cassette {path}")]
    Write {
        /// The cassette.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something else under that name, which recording would destroy.
    #[error("{path} exists and is not a cassette; recording would overwrite it")]
    Occupied {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file does not start like a cassette.
    #[error("{path} is not a cassette: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The file was written by a version that this one does not understand.
    #[error("cassette {path} has version {found}, this jankins reads version {}", format::VERSION)]
    Version {
        /// The cassette.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// An exchange in the file makes no sense.
    #[error("cassette {path}, exchange {number}: {reason}")]
    Corrupt {
        /// The cassette.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        /// What is wrong, with line and column where known.
        reason: String,
    },
}
