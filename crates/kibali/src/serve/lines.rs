//! Lines of the log on their way to standard error.
//!
//! A line for each request, written by the thread that answers, costs a call of the system and makes the
//! threads wait for each other. So lines are gathered, and a thread of its own writes what has come together
//! in a hundredth of a second. Warnings and errors are written at once, with what waits before them.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines come together.
const GATHER: Duration = Duration::from_millis(10);
/// Bytes that may wait; whoever adds the next line writes them.
const MOST: usize = 256 * 1024;

/// The lines of this process.
pub(super) static LINES: Lines =
    Lines { waiting: Mutex::new(Vec::new()), sink: Mutex::new(()), writer: OnceLock::new() };

/// Lines that wait.
pub(super) struct Lines {
    waiting: Mutex<Vec<u8>>,
    /// Held while lines are written, so that they stay in order.
    sink: Mutex<()>,
    writer: OnceLock<Thread>,
}

impl Lines {
    /// Starts the thread that writes. Without it every line is written at once.
    pub(super) fn start(&'static self) {
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(|| {
            loop {
                if self.waiting().is_empty() {
                    std::thread::park();
                }
                std::thread::sleep(GATHER);
                self.flush();
            }
        });
        if let Ok(thread) = thread {
            let _ = self.writer.set(thread.thread().clone());
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&self) {
        let _sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut *self.waiting());
        // Where a log cannot be written, there is nobody to tell.
        let _ = io::stderr().write_all(&lines);
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8], at_once: bool) {
        let before = {
            let mut waiting = self.waiting();
            let before = waiting.len();
            waiting.extend_from_slice(line);
            before
        };
        match self.writer.get() {
            Some(writer) if !at_once && before + line.len() < MOST => {
                // Somebody who found lines waiting need not wake the thread again.
                if before == 0 {
                    writer.unpark();
                }
            }
            _ => self.flush(),
        }
    }
}

/// One line.
pub(super) struct Line {
    lines: &'static Lines,
    at_once: bool,
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.add(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for &'static Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { lines: self, at_once: true }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        Line { lines: self, at_once: *about.level() <= Level::WARN }
    }
}
