//! An output of the log for which no call ever waits.
//!
//! Some clients start a server and never read its standard error, and a pipe takes 64 KiB: from then on each call would
//! wait for ever for its line to be written; a disk that hangs would do the same to a file. So a thread of its own writes,
//! at most [`MOST_LINES`] wait for it, and what is beyond is lost. The log says how much that was, once there is room. At the
//! end of the process the lines that wait are written, for [`LAST`] at most; a process that is killed loses them.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use std::time::Instant;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait; about a megabyte.
const MOST_LINES: usize = 4_096;
/// How long the end of the process waits for them.
const LAST: Duration = Duration::from_secs(1);
/// How often it looks for room in a full queue.
const LOOK: Duration = Duration::from_millis(10);

enum Entry {
    Line(Vec<u8>),
    /// All lines before have been written.
    Reached(SyncSender<()>),
}

/// Takes lines; each call of [`Write::write`] is one.
#[derive(Clone)]
pub(super) struct Unhurried {
    queue: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
}

/// Waits for the last lines when it is dropped.
#[must_use = "lines that wait are lost without it"]
pub(crate) struct Unwritten(SyncSender<Entry>);

impl Unhurried {
    /// Starts the thread that writes; `name` says in the log where to.
    ///
    /// # Errors
    /// When the operating system gives no more threads.
    pub(super) fn start(name: &'static str, output: impl Write + Send + 'static) -> std::io::Result<(Self, Unwritten)> {
        let (queue, entries) = sync_channel(MOST_LINES);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        std::thread::Builder::new().name("log".into()).spawn(move || write_all(name, &entries, output, &counted))?;
        Ok((Self { queue: queue.clone(), lost }, Unwritten(queue)))
    }
}

fn write_all(name: &str, entries: &Receiver<Entry>, mut output: impl Write, lost: &AtomicU64) {
    loop {
        let entry = entries.try_recv().or_else(|_| {
            let lost = lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                // Comes back here as a line.
                tracing::warn!(lost, output = name, "lines of the log were lost: its output did not take them");
            }
            entries.recv()
        });
        match entry {
            // A closed output is nobody's loss.
            Ok(Entry::Line(line)) => drop(output.write_all(&line)),
            Ok(Entry::Reached(tell)) => drop(tell.send(())),
            Err(_) => return,
        }
    }
}

impl Write for Unhurried {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if self.queue.try_send(Entry::Line(line.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Unhurried {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        let deadline = Instant::now() + LAST;
        let (tell, told) = sync_channel(1);
        let mut entry = Entry::Reached(tell);
        while let Err(TrySendError::Full(back)) = self.0.try_send(entry) {
            if Instant::now() >= deadline {
                return;
            }
            entry = back;
            std::thread::sleep(LOOK);
        }
        told.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A pipe that takes nothing as long as somebody holds it.
    #[derive(Clone, Default)]
    struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_lines_are_written_in_order_before_the_end() {
        let pipe = Pipe::default();
        let (mut log, unwritten) = Unhurried::start("pipe", pipe.clone()).unwrap();
        for number in 0..1_000 {
            log.write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        drop(unwritten);
        let written = String::from_utf8(pipe.0.lock().unwrap().clone()).unwrap();
        assert!(written.lines().map(|line| line.parse::<usize>().unwrap()).eq(0..1_000));
    }

    #[test]
    fn a_reader_who_does_not_read_holds_nobody_up_and_what_is_lost_is_counted() {
        let pipe = Pipe::default();
        let held = pipe.0.lock().unwrap();
        let (mut log, unwritten) = Unhurried::start("pipe", pipe.clone()).unwrap();
        for _ in 0..MOST_LINES * 2 {
            log.write_all(b"line\n").unwrap();
        }
        // One is in the writer's hands.
        let lost = log.lost.load(Ordering::Relaxed);
        assert!((MOST_LINES as u64 - 1..=MOST_LINES as u64).contains(&lost), "{lost}");
        drop(held);
        drop(unwritten);
        assert!(pipe.0.lock().unwrap().len() >= MOST_LINES * 5);
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let pipe = Pipe::default();
        let _held = pipe.0.lock().unwrap();
        let (mut log, unwritten) = Unhurried::start("pipe", pipe.clone()).unwrap();
        log.write_all(b"line\n").unwrap();
        let begun = Instant::now();
        drop(unwritten);
        assert!(begun.elapsed() < LAST * 5, "{:?}", begun.elapsed());
    }
}
