//! The log: set up once; one line a request, without query strings and bodies, which may hold secrets.

use std::time::Duration;

use axum::response::Response;
use http::Method;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use super::lines::LINES;
use crate::config::LogFormat;

/// Starts writing the log to standard error.
pub(crate) fn start(format: LogFormat, level: tracing::Level) {
    LINES.start();
    let level = LevelFilter::from_level(level);
    let lines = fmt().with_max_level(level).with_writer(&LINES);
    // A log that was set up already stays as it is.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(false).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_target(false).try_init(),
    };
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
