//! The page of a refusal.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::frame::Frame;
use super::page::Page;
use crate::Settings;

#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message {
    pub(super) frame: Frame,
    pub(super) heading: String,
    pub(super) text: String,
    /// Something to pass on word by word.
    pub(super) detail: Option<String>,
    /// What finds this request in the log.
    pub(super) request_id: Option<String>,
}

/// A page for a request that was refused or failed: what happened (`title`) and what to do (`text`).
#[must_use]
pub fn error_page(
    settings: &Settings,
    status: StatusCode,
    title: &str,
    text: &str,
    request_id: Option<&str>,
) -> Response {
    let message = Message {
        frame: Frame::anonymous(settings, "Kibali"),
        heading: title.to_owned(),
        text: text.to_owned(),
        detail: None,
        request_id: request_id.map(str::to_owned),
    };
    Page::render(&message).map(|page| page.status(status)).into_response()
}
