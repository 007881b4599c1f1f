//! Writing a cassette while the session runs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Method, Response, StatusCode};
use serde::Serialize;
use url::Url;

use super::super::fault::Fault;
use super::format::{Cassette, Content, Header, Recorded, VERSION};
use super::redact::{Redactor, Secrets};
use super::{Ask, CassetteError};

/// A session that reads more than this in one body is recorded up to here, and replays as cut off.
const MAX_RECORDED_BODY: usize = 32 * 1024 * 1024;

/// An open cassette. Writes are short and rare enough to do in place; recording is no mode for production.
pub(crate) struct Recorder {
    path: PathBuf,
    redactor: Redactor,
    /// None after a write failed.
    file: Mutex<Option<File>>,
}

impl Recorder {
    /// Starts a new cassette; an older one of that name is replaced, any other file is left alone.
    pub(crate) fn create(path: &Path, controller: &Url, secrets: Secrets<'_>) -> Result<Self, CassetteError> {
        let failed = |source| CassetteError::Write { path: path.to_owned(), source };
        let in_the_way = match std::fs::metadata(path) {
            Ok(found) => found.len() > 0 && Cassette::read(path).is_err(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(error)),
        };
        if in_the_way {
            return Err(CassetteError::Occupied { path: path.to_owned() });
        }
        let header = Header {
            cassette: VERSION,
            controller: controller.to_string(),
            recorded_by: concat!("jankins ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let mut file = create_private(path).map_err(failed)?;
        append(&mut file, &header).map_err(failed)?;
        Ok(Self { path: path.to_owned(), redactor: Redactor::new(secrets), file: Mutex::new(Some(file)) })
    }

    /// Records that a request got no response.
    pub(crate) fn fault(&self, ask: Ask, fault: &Fault) {
        let mut recorded = self.begin(ask);
        recorded.fault = Some(fault.label().to_owned());
        self.write(&recorded);
    }

    fn begin(&self, ask: Ask) -> Recorded {
        Recorded {
            method: ask.method.to_string(),
            path: self.redactor.text(&ask.path),
            request: Content::of(&self.redactor.bytes(&ask.body)),
            status: None,
            headers: vec![],
            body: Content::default(),
            fault: None,
        }
    }

    fn write(&self, recorded: &Recorded) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = file.as_mut() else { return };
        if let Err(error) = append(open, recorded) {
            tracing::error!(path = %self.path.display(), %error, "recording ends here: the cassette cannot be written");
            *file = None;
        }
    }
}

/// One response while it is being read.
pub(crate) struct Tape {
    recorder: Arc<Recorder>,
    recorded: Recorded,
    heard: Vec<u8>,
    full: bool,
    /// It came packed although that was not asked for: what cannot be redacted is not written down.
    packed: bool,
    announced: Option<u64>,
}

impl Tape {
    pub(crate) fn start<B>(recorder: &Arc<Recorder>, ask: Ask, response: &Response<B>) -> Self {
        let bodiless = ask.method == Method::HEAD || matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let length = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let packed = response.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        let mut recorded = recorder.begin(ask);
        recorded.status = Some(response.status().as_u16());
        recorded.headers = recorder.redactor.headers(response.headers(), bodiless);
        let announced = if bodiless { Some(0) } else { length };
        Self { recorder: Arc::clone(recorder), recorded, heard: vec![], full: false, packed, announced }
    }

    /// Takes note of the next part of the body.
    pub(crate) fn hear(&mut self, data: &[u8]) {
        if self.packed {
            return;
        }
        let room = MAX_RECORDED_BODY.saturating_sub(self.heard.len());
        self.full |= data.len() > room;
        self.heard.extend(data.iter().take(room));
    }

    /// Whether `received` bytes are the whole body, as far as its length was announced.
    pub(crate) fn is_whole(&self, received: u64) -> bool {
        self.announced == Some(received)
    }

    /// Writes the exchange down.
    pub(crate) fn end(mut self, fault: Option<&Fault>, read_to_end: bool) {
        self.recorded.body = Content::of(&self.recorder.redactor.bytes(&self.heard));
        self.recorded.fault = Fault::note(fault, read_to_end && !self.full && !self.packed).map(str::to_owned);
        self.recorder.write(&self.recorded);
    }
}

/// In one write, so that a killed session breaks at most the last entry.
fn append(file: &mut File, entry: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(entry)?;
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.flush()
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
