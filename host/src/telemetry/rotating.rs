//! A log file that keeps its name and its size.
//!
//! `jankins.log` is always the newest; when it would grow beyond its bound it becomes `jankins.log.1`, that `.2` and so
//! on, and the oldest goes. (The well-known appender crate rotates by the clock, under names that carry the date: an
//! error storm fills the disk before midnight, and `tail -F jankins.log` finds nothing.) A file that somebody else
//! moved away or deleted, as logrotate does, is noticed within [`LOOK_EVERY`] and made again.
//!
//! Logging must never be what stops the service: when the disk is full or the file cannot be made, lines are dropped,
//! and the next line that can be written is preceded by one that says how many.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

/// How long lines may go to a file that was moved away.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait before a file that could not be made is tried again.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// Where to log, and how much to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFile {
    /// The newest file.
    pub path: PathBuf,
    /// A file is closed before it grows beyond this.
    pub max_bytes: u64,
    /// So many older files are kept.
    pub keep: u32,
}

/// A writer of whole lines to a [`LogFile`].
#[derive(Debug)]
pub(super) struct Rotating {
    file: LogFile,
    open: Option<Open>,
    tried: Option<Instant>,
    dropped: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
    looked: Instant,
}

impl Rotating {
    /// Opens the file, so that a wrong path is an error at the start and not a silence later.
    ///
    /// # Errors
    /// When the file cannot be made or appended to.
    pub(super) fn open(file: LogFile) -> io::Result<Self> {
        let open = Some(Open::append(&file.path)?);
        Ok(Self { file, open, tried: None, dropped: 0 })
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        let size = line.len() as u64;
        let (path, max_bytes) = (&self.file.path, self.file.max_bytes);
        if let Some(open) = &mut self.open
            && open.looked.elapsed() >= LOOK_EVERY
        {
            open.looked = Instant::now();
            if !open.is_current(path) {
                self.open = None;
            }
        }
        // A line that is larger than a whole file still gets one: never an empty file, never a line in two.
        if self.open.as_ref().is_some_and(|open| open.bytes > 0 && open.bytes.saturating_add(size) > max_bytes) {
            self.open = None;
            self.shift();
        }
        if self.open.is_none() {
            if self.tried.is_some_and(|tried| tried.elapsed() < TRY_EVERY) {
                return Err(io::Error::other("the log file could not be opened a moment ago"));
            }
            self.tried = Some(Instant::now());
            self.open = Some(Open::append(&self.file.path)?);
            self.tried = None;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        if self.dropped > 0 {
            let note = format!("WARN {} log lines could not be written\n", self.dropped);
            open.file.write_all(note.as_bytes())?;
            open.bytes = open.bytes.saturating_add(note.len() as u64);
            self.dropped = 0;
        }
        open.file.write_all(line)?;
        open.bytes = open.bytes.saturating_add(size);
        Ok(())
    }

    /// Gives every file the number of the next older one. A rename that fails costs old lines, not new ones.
    fn shift(&self) {
        if self.file.keep == 0 {
            drop(fs::remove_file(&self.file.path));
            return;
        }
        for number in (1..self.file.keep).rev() {
            drop(fs::rename(numbered(&self.file.path, number), numbered(&self.file.path, number + 1)));
        }
        drop(fs::rename(&self.file.path, numbered(&self.file.path, 1)));
    }
}

impl Open {
    fn append(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            // Names of jobs and users: for the operator's group, not for everybody.
            options.mode(0o640);
        }
        let file = options.open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes, looked: Instant::now() })
    }

    /// Whether the path still names the file that is open.
    fn is_current(&self, path: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            match (fs::metadata(path), self.file.metadata()) {
                (Ok(named), Ok(open)) => named.ino() == open.ino() && named.dev() == open.dev(),
                _ => false,
            }
        }
        #[cfg(not(unix))]
        {
            path.exists()
        }
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

impl Write for Rotating {
    /// The subscriber writes an event with one call, so each buffer is a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.write_line(line).is_err() {
            self.dropped = self.dropped.saturating_add(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(directory: &Path, max_bytes: u64, keep: u32) -> (Rotating, PathBuf) {
        let path = directory.join("jankins.log");
        (Rotating::open(LogFile { path: path.clone(), max_bytes, keep }).unwrap(), path)
    }

    fn write(log: &mut Rotating, text: &str) {
        log.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn the_newest_lines_are_under_the_plain_name_and_old_ones_go() {
        let directory = tempfile::tempdir().unwrap();
        let (mut log, path) = log(directory.path(), 10, 2);
        for line in ["first 1\n", "first 2\n", "first 3\n", "first 4\n"] {
            write(&mut log, line);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first 4\n");
        assert_eq!(fs::read_to_string(numbered(&path, 1)).unwrap(), "first 3\n");
        assert_eq!(fs::read_to_string(numbered(&path, 2)).unwrap(), "first 2\n");
        assert!(!numbered(&path, 3).exists());
    }

    #[test]
    fn a_line_is_never_cut_in_two() {
        let directory = tempfile::tempdir().unwrap();
        let (mut log, path) = log(directory.path(), 4, 1);
        write(&mut log, "far too long\n");
        write(&mut log, "x\n");
        assert_eq!(fs::read_to_string(numbered(&path, 1)).unwrap(), "far too long\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "x\n");
    }

    #[test]
    fn what_an_earlier_run_wrote_counts_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("jankins.log"), "earlier\n").unwrap();
        let (mut log, path) = log(directory.path(), 10, 1);
        write(&mut log, "later\n");
        assert_eq!(fs::read_to_string(numbered(&path, 1)).unwrap(), "earlier\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "later\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_logrotate_moved_away_is_made_again() {
        let directory = tempfile::tempdir().unwrap();
        let (mut log, path) = log(directory.path(), 1_000, 1);
        write(&mut log, "before\n");
        fs::rename(&path, directory.path().join("moved")).unwrap();
        std::thread::sleep(LOOK_EVERY);
        write(&mut log, "after\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
    }

    #[test]
    fn lines_that_could_not_be_written_are_counted_and_never_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("logs");
        fs::create_dir(&inner).unwrap();
        let (mut log, path) = log(&inner, 5, 0);
        write(&mut log, "one\n");
        fs::remove_dir_all(&inner).unwrap();
        write(&mut log, "two\n");
        write(&mut log, "three\n");
        fs::create_dir(&inner).unwrap();
        std::thread::sleep(TRY_EVERY);
        write(&mut log, "four\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "WARN 2 log lines could not be written\nfour\n");
    }

    #[test]
    fn a_path_that_cannot_be_written_to_is_an_error_at_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("no/such/directory/jankins.log");
        assert!(Rotating::open(LogFile { path, max_bytes: 1, keep: 1 }).is_err());
    }
}
