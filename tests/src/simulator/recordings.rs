//! The recorded controller: every exchange of `fixtures/controller/index.json`.
//!
//! The index is read once per process, bodies when they are asked for. A body
//! of which only the beginning was kept (`cut`) is filled up with blanks to its
//! recorded length, so that a 90 kB error page still weighs 90 kB. A missing or
//! unreadable fixture is an error when the simulator starts.

use super::{auth::User, paths::Target};
use anyhow::{Context, Result};
use bytes::Bytes;
use serde::Deserialize;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// Where the recordings are.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/controller")
}

/// One recorded exchange.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Recording {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) path: String,
    #[serde(rename = "as")]
    user: String,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: HashMap<String, String>,
    body: Option<String>,
    /// Only the beginning of the body was kept.
    #[serde(default)]
    pub(crate) cut: bool,
    length: Option<usize>,
}

impl Recording {
    /// The bytes of the body that were kept.
    pub(crate) fn kept(&self) -> Result<Vec<u8>> {
        let Some(file) = &self.body else {
            return Ok(Vec::new());
        };
        std::fs::read(fixtures().join(file)).with_context(|| format!("cannot read {file}"))
    }

    /// The body at its full length.
    pub(crate) fn body(&self) -> Result<Bytes> {
        let mut bytes = self.kept()?;
        if let Some(length) = self.length.filter(|length| *length > bytes.len()) {
            bytes.resize(length, b' ');
        }
        Ok(bytes.into())
    }

    /// Whose request this was.
    pub(crate) fn user(&self) -> Option<User> {
        User::ALL.into_iter().find(|user| user.recorded_as() == self.user)
    }
}

/// All recorded exchanges, found by who asked for what.
pub(crate) struct Recordings {
    all: Vec<Recording>,
    /// By the path as sent, and by its key where no other recording has it.
    by_request: HashMap<(User, String, String), usize>,
}

impl Recordings {
    /// Reads the index.
    pub(crate) fn load() -> Result<Self> {
        let file = fixtures().join("index.json");
        let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let all: Vec<Recording> = serde_json::from_slice(&text).context("index.json is not as expected")?;
        let mut by_request = HashMap::new();
        for (at, one) in all.iter().enumerate() {
            let Some(user) = one.user() else { continue };
            by_request.insert((user, one.method.clone(), one.path.clone()), at);
            by_request.entry((user, one.method.clone(), Target::parse(&one.path).key())).or_insert(at);
        }
        Ok(Self { all, by_request })
    }

    /// The answer that this user got to exactly this request.
    pub(crate) fn find(&self, user: User, method: &str, target: &Target) -> Option<&Recording> {
        let at = self.by_request.get(&(user, method.to_owned(), target.key()))?;
        self.all.get(*at)
    }

    /// The answer that this user got to a request spelled exactly like this.
    pub(crate) fn find_spelled(&self, user: User, method: &str, path: &str) -> Option<&Recording> {
        let at = self.by_request.get(&(user, method.to_owned(), path.to_owned()))?;
        self.all.get(*at)
    }

    /// Every recorded exchange.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Recording> {
        self.all.iter()
    }
}
