//! Who we are to a controller, and where the secret of it comes from.
//!
//! | source | read | for |
//! |---|---|---|
//! | variable | once | the environment of a process does not change |
//! | file | again after its lifetime, or when the controller refuses it | rotation, systemd credentials |
//! | program | again shortly before it expires, or after its lifetime | vaults, short-lived tokens |
//!
//! A program is started without a shell, gets [`PATIENCE`], and prints either the token alone or a JSON object with
//! `token`, perhaps `user`, and perhaps `expires_in` (seconds). What it writes to standard error goes nowhere: it might
//! hold the secret. While a new token cannot be had, the last one serves on until the controller refuses it.

use std::env;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::EgressError;
use super::fault::Fault;
use super::headers::Credentials;

/// Longest that a program may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a running program is looked after.
const LOOK: Duration = Duration::from_millis(10);
/// More than any token; what a program or a file holds beyond it is not one.
const MAX_SECRET_BYTES: u64 = 64 * 1024;
/// A token is replaced so long before it expires, so that no request leaves with one that expires on its way.
const AHEAD: Duration = Duration::from_secs(10);
/// A controller that refuses a token makes it be read again, but not more often than this.
const REREAD: Duration = Duration::from_secs(5);

/// Where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// In a variable of our environment.
    Variable(String),
    /// In a file.
    File(PathBuf),
    /// With a program: its path and arguments.
    Command(Vec<String>),
    /// Here, for tests.
    #[cfg(test)]
    Fixed(String),
}

/// A user, and where the token is. Holds no secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    user: Option<String>,
    source: TokenSource,
    lifetime: Duration,
}

/// A header whose value is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretHeader {
    /// Its name.
    pub(super) name: HeaderName,
    /// Its value, marked so that logs do not show it.
    pub(super) value: HeaderValue,
}

/// A token that was read just now.
struct Fresh {
    credentials: Credentials,
    /// How long it may be used.
    valid: Duration,
}

/// What a program prints when it has more to say than the token.
#[derive(Deserialize)]
struct Printed {
    token: String,
    user: Option<String>,
    expires_in: Option<u64>,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${name}"),
            Self::File(path) => write!(f, "{}", path.display()),
            // Its arguments may be nobody's business.
            Self::Command(words) => write!(f, "{} …", words.first().map_or("", String::as_str)),
            #[cfg(test)]
            Self::Fixed(_) => f.write_str("[redacted]"),
        }
    }
}

impl TokenSource {
    /// The secret.
    ///
    /// # Errors
    /// Why there is none, as the end of a sentence, without anything of it.
    fn read(&self) -> Result<String, String> {
        let text = match self {
            Self::Variable(name) => env::var(name).map_err(|_| format!("names the variable {name}, which is not set"))?,
            Self::File(path) => {
                let named = |error| format!("names {}, which cannot be read: {error}", path.display());
                let mut text = String::new();
                fs::File::open(path).and_then(|file| file.take(MAX_SECRET_BYTES).read_to_string(&mut text)).map_err(named)?;
                text
            }
            Self::Command(words) => run(words)?,
            #[cfg(test)]
            Self::Fixed(text) => text.clone(),
        };
        match text.trim() {
            "" => Err(match self {
                Self::File(path) => format!("names {}, which is empty", path.display()),
                _ => "leads to an empty value".to_owned(),
            }),
            text => Ok(text.to_owned()),
        }
    }
}

impl Identity {
    /// An identity; nothing is read yet.
    ///
    /// # Errors
    /// When the user cannot be sent.
    pub(crate) fn new(user: Option<String>, source: TokenSource, lifetime: Duration) -> Result<Self, EgressError> {
        if user.as_ref().is_some_and(|user| user.contains(':')) {
            return Err(EgressError::UserName);
        }
        Ok(Self { user, source, lifetime })
    }

    /// One that never changes.
    #[cfg(test)]
    pub(crate) fn fixed(user: &str, token: &str) -> Self {
        Self { user: Some(user.to_owned()), source: TokenSource::Fixed(token.to_owned()), lifetime: Duration::MAX }
    }

    /// The user, if it is known before the token is.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether there is a token now. A program is not run for that: it may ask somebody.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.source {
            TokenSource::Command(_) => Ok(()),
            _ => self.source.read().map(drop),
        }
    }

    /// User and token as they are now.
    pub(super) fn credentials(&self) -> Result<Credentials, String> {
        self.fresh().map(|fresh| fresh.credentials)
    }

    fn fresh(&self) -> Result<Fresh, String> {
        let text = self.source.read()?;
        let printed = match self.source {
            TokenSource::Command(_) if text.starts_with('{') => {
                serde_json::from_str(&text).map_err(|_| "prints an object without `token`".to_owned())?
            }
            _ => Printed { token: text, user: None, expires_in: None },
        };
        let user = printed.user.or_else(|| self.user.clone()).ok_or("prints a token without `user`, and jenkins_user is not set")?;
        let valid = match (&self.source, printed.expires_in) {
            (_, Some(seconds)) => Duration::from_secs(seconds).saturating_sub(AHEAD),
            (TokenSource::Variable(_), None) => Duration::MAX,
            (_, None) => self.lifetime,
        };
        let credentials = Credentials::new(user, printed.token).map_err(|error| error.to_string())?;
        Ok(Fresh { credentials, valid })
    }
}

fn run(words: &[String]) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("names no program")?;
    let failed = |what: String| format!("names {program}, which {what}");
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let output = child.stdout.take().ok_or_else(|| failed("has no output".to_owned()))?;
    // Read beside the wait: a program whose output is not taken would never end.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.take(MAX_SECRET_BYTES).read_to_string(&mut text).map(|_| text)
    });
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                child.kill().ok();
                child.wait().ok();
                return Err(failed(format!("took longer than {} s", PATIENCE.as_secs())));
            }
        }
    };
    if !status.success() {
        return Err(failed(format!("failed: {status}")));
    }
    match reader.join() {
        Ok(Ok(text)) => Ok(text),
        _ => Err(failed("printed something else than text".to_owned())),
    }
}

impl SecretHeader {
    /// The header with what its source holds now.
    ///
    /// # Errors
    /// When there is no value, or none that a header can have.
    pub(crate) fn new(name: &str, source: &TokenSource) -> Result<Self, String> {
        let name = name.parse().map_err(|_| "belongs to no header".to_owned())?;
        let mut value = HeaderValue::try_from(source.read()?).map_err(|_| "holds what no header can have".to_owned())?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [redacted]", self.name)
    }
}

/// The identity in use: its `Authorization` header, renewed when it is time.
pub(super) struct Login {
    identity: Identity,
    state: Mutex<Option<Held>>,
}

/// A header and how long it holds.
struct Held {
    header: HeaderValue,
    read: Instant,
    valid: Duration,
}

impl Login {
    pub(super) fn new(identity: Identity) -> Self {
        Self { identity, state: Mutex::default() }
    }

    /// The header to send now. One request reads, the others wait for it.
    pub(super) async fn header(&self) -> Result<HeaderValue, Fault> {
        let mut state = self.state.lock().await;
        if let Some(held) = state.as_ref().filter(|held| held.read.elapsed() < held.valid) {
            return Ok(held.header.clone());
        }
        let identity = self.identity.clone();
        let read = tokio::task::spawn_blocking(move || identity.fresh()).await;
        let fresh = read.unwrap_or_else(|_| Err("could not be read".to_owned()));
        let header = fresh.and_then(|fresh| Ok((fresh.credentials.header().ok_or("holds what no header can have")?, fresh.valid)));
        match (header, state.as_mut()) {
            (Ok((header, valid)), _) => {
                *state = Some(Held { header: header.clone(), read: Instant::now(), valid });
                Ok(header)
            }
            (Err(reason), Some(held)) => {
                tracing::error!(source = ?self.identity.source, "the token cannot be renewed, the last one is used on: its source {reason}");
                // Not with every request: the source may be slow to fail.
                (held.read, held.valid) = (Instant::now(), REREAD);
                Ok(held.header.clone())
            }
            (Err(reason), None) => {
                tracing::error!(source = ?self.identity.source, "there is no token: its source {reason}");
                Err(Fault::NoToken)
            }
        }
    }

    /// The controller refused the header that was sent: perhaps the token was changed.
    pub(super) async fn refused(&self, sent: &HeaderValue) {
        if matches!(self.identity.source, TokenSource::Variable(_)) {
            return;
        }
        let mut state = self.state.lock().await;
        if let Some(held) = state.as_mut().filter(|held| held.header == *sent && held.read.elapsed() >= REREAD) {
            held.valid = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn command(script: &str) -> Identity {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Identity::new(Some("ada".to_owned()), TokenSource::Command(words), Duration::from_secs(60)).unwrap()
    }

    fn pair(identity: &Identity) -> String {
        String::from_utf8(BASE64_STANDARD.decode(identity.credentials().unwrap().encoded()).unwrap()).unwrap()
    }

    #[test]
    fn a_program_prints_the_token_alone_or_with_its_user_and_end() {
        assert_eq!(pair(&command("echo t0k3n")), "ada:t0k3n");
        let identity = command(r#"echo '{"token": "t1", "user": "bob", "expires_in": 70}'"#);
        assert_eq!(pair(&identity), "bob:t1");
        assert_eq!(identity.fresh().unwrap().valid, Duration::from_secs(60), "ten seconds before its end");
    }

    #[test]
    fn a_program_that_fails_is_an_error_without_what_it_printed() {
        for script in ["echo s3cret; exit 1", "echo '{\"s3cret\": 1}'", "echo s3cret >&2"] {
            let error = command(script).credentials().unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_is_read_again_after_its_lifetime_and_its_loss_is_survived() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let identity = Identity::new(Some("ada".to_owned()), TokenSource::File(path.clone()), Duration::from_millis(20)).unwrap();
        let login = Login::new(identity);
        assert_eq!(login.header().await.unwrap_err(), Fault::NoToken);
        fs::write(&path, "one\n").unwrap();
        let first = login.header().await.unwrap();
        fs::write(&path, "two").unwrap();
        assert_eq!(login.header().await.unwrap(), first, "its lifetime is not over");
        tokio::time::sleep(Duration::from_millis(30)).await;
        let second = login.header().await.unwrap();
        assert_ne!(second, first);
        fs::remove_file(&path).unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(login.header().await.unwrap(), second);
    }

    #[test]
    fn no_debug_output_shows_a_secret_or_an_argument() {
        let header = SecretHeader::new("X-Door", &TokenSource::Fixed("s3cret".to_owned())).unwrap();
        let shown = format!("{header:?} {:?} {:?}", header.value, command("s3cret"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
