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

/// What each refusal is called on a page, by status.
fn heading(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "Sign in first",
        403 => "This is not allowed",
        404 => "This page does not exist",
        405 => "This address does not work that way",
        408 => "The request took too long",
        409 => "This cannot be done now",
        413 => "Too much was sent",
        429 => "Too many attempts",
        503 => "The server is busy",
        500..=599 => "Something went wrong",
        _ => "The request cannot be read",
    }
}

/// A page for a request that was refused or failed: `text` says what happened.
#[must_use]
pub fn error_page(settings: &Settings, status: StatusCode, text: &str, request_id: &str) -> Response {
    let message = Message {
        frame: Frame::anonymous(settings, "Error"),
        heading: heading(status).to_owned(),
        text: if text.ends_with('.') { text.to_owned() } else { format!("{text}.") },
        detail: None,
        request_id: Some(request_id.to_owned()),
    };
    Page::render(&message).map(|page| page.status(status)).into_response()
}
