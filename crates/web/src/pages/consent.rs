//! The question whether a client may act as the user, and the page that says why it cannot be asked.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::frame::Frame;
use super::page::Page;
use crate::Settings;

/// What the consent page shows. Authorize and Deny are sent as `user_oauth_approval` `true` and `false`,
/// as DHIS2 names it.
#[derive(Debug, Clone)]
pub struct ConsentView {
    /// What the client is called.
    pub client_name: String,
    /// Its `client_id`.
    pub client_id: String,
    /// First name and surname of the user.
    pub user_name: String,
    /// Login name of the user.
    pub username: String,
    /// What is asked, in plain words, one thing a line.
    pub asks: Vec<String>,
    /// The validated redirect URI: shown, and named in the page's `form-action`.
    pub destination: String,
    /// Where the answer is sent, below the context path: `/uaa/oauth/authorize`.
    pub action: &'static str,
    /// What the answer carries besides, as hidden fields.
    pub carried: Vec<(String, String)>,
    /// Token of the session against forged forms.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct Consent {
    pub(super) frame: Frame,
    pub(super) view: ConsentView,
}

/// The consent page.
#[must_use]
pub fn consent_page(settings: &Settings, view: ConsentView) -> Response {
    let frame = Frame::anonymous(settings, "Authorize").signed_in(&view.username, &view.csrf);
    let destination = view.destination.clone();
    Page::render(&Consent { frame, view }).map(|page| page.ending_at(&destination)).into_response()
}

/// The page that says why a client's request cannot be answered at its redirect URI (oauth2-legacy
/// reference 4.3). `summary` is the OAuth2 error and its description.
#[must_use]
pub fn oauth_error_page(settings: &Settings, status: StatusCode, summary: &str) -> Response {
    let message = super::error::Message {
        frame: Frame::anonymous(settings, "Authorize"),
        heading: "The application's request cannot be answered".to_owned(),
        text: "It was sent here with something missing or wrong. You cannot mend that here; tell those who \
               run the application what it says below."
            .to_owned(),
        detail: Some(summary.to_owned()),
        request_id: None,
    };
    Page::render(&message).map(|page| page.status(status)).into_response()
}
