//! The log: set up once; one line a request, without query strings and bodies, which may hold secrets.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::response::Response;
use http::Method;
use kibali_model::Timestamp;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::lines::LINES;
use crate::config::LogFormat;

/// Starts writing the log to standard error.
pub(crate) fn start(format: LogFormat, level: tracing::Level) {
    LINES.start();
    let level = LevelFilter::from_level(level);
    let lines = fmt().with_max_level(level).with_timer(LineTime).with_writer(&LINES);
    // A log that was set up already stays as it is.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(false).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_target(false).try_init(),
    };
}

/// The time at the head of a line. All of it but the fraction of the second is worked out once a second.
struct LineTime;

thread_local! {
    /// A second, and how it is written.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

impl FormatTime for LineTime {
    fn format_time(&self, line: &mut Writer<'_>) -> std::fmt::Result {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SECOND.with_borrow_mut(|(second, text)| {
            if *second != since.as_secs() || text.is_empty() {
                *second = since.as_secs();
                *text = to_the_second(*second);
            }
            write!(line, "{text}.{:06}Z", since.subsec_micros())
        })
    }
}

/// `2026-11-25T23:08:35`, in UTC.
fn to_the_second(since_1970: u64) -> String {
    let millis = i64::try_from(since_1970).unwrap_or(i64::MAX).saturating_mul(1000);
    let mut text = Timestamp::from_millis(millis).to_dhis2();
    text.truncate(text.find('.').unwrap_or(text.len()));
    text
}

/// Writes what waits to be written: before the process ends.
pub(crate) fn flush() {
    LINES.flush();
}

/// Writes the line of a request.
pub(super) fn answered(method: &Method, path: &str, answer: &Response, took: Duration) {
    let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("-");
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request = id, %method, path, status = answer.status().as_u16(), micros, "answered");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_its_time_to_the_microsecond() {
        assert_eq!(to_the_second(1_795_648_115), "2026-11-25T23:08:35");
        let mut line = String::new();
        assert!(LineTime.format_time(&mut Writer::new(&mut line)).is_ok());
        let (second, fraction) = line.split_once('.').unwrap_or_default();
        assert_eq!((second.len(), fraction.len(), fraction.ends_with('Z')), (19, 7, true), "{line}");
    }
}
