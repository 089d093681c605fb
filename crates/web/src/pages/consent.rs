//! The question whether a client may act as the user, and the page that says why it cannot be asked.

use askama::Template;
use axum::response::{IntoResponse, Response};
use kibali_model::{Dialect, Scope, Scopes};
use kibali_oauth::Answer;

use super::frame::Frame;
use super::page::Page;
use crate::{Refusal, Settings};

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
    /// What is asked.
    pub asks: Vec<Ask>,
    /// The validated redirect URI: shown, and named in the page's `form-action`.
    pub destination: String,
    /// Where the answer is sent, below the context path: `/uaa/oauth/authorize`.
    pub action: &'static str,
    /// What the answer carries besides, as hidden fields.
    pub carried: Vec<(String, String)>,
    /// Token of the session against forged forms.
    pub csrf: String,
}

impl ConsentView {
    /// Can the user leave something out?
    fn chooses(&self) -> bool {
        self.asks.iter().any(|ask| ask.box_name.is_some())
    }
}

/// One thing that is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// In plain words.
    pub text: String,
    /// Its name on the wire.
    pub scope: String,
    /// The name of the box that leaves it out; none where there is no choice.
    pub box_name: Option<&'static str>,
}

/// What scopes mean, in plain words, each with a box of this name where there is a choice. `openid` is nothing
/// to choose: without it there is no sign-in.
#[must_use]
pub fn asks_of(scopes: &Scopes, box_name: Option<&'static str>) -> Vec<Ask> {
    let words = |scope: &Scope| match scope {
        Scope::All | Scope::Username => "Read and change everything that you may read and change".to_owned(),
        Scope::ApiRead => "Read everything that you may read".to_owned(),
        Scope::OpenId => "Know that it is you who signed in".to_owned(),
        Scope::Email => "Know your e-mail address".to_owned(),
        Scope::Profile => "Know your name".to_owned(),
        Scope::Other(name) => format!("Use what it calls {name}"),
    };
    let ask = |scope: &Scope| Ask {
        text: words(scope),
        scope: scope.as_str().to_owned(),
        box_name: box_name.filter(|_| *scope != Scope::OpenId),
    };
    scopes.iter().map(ask).collect()
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

#[derive(Template)]
#[template(path = "form_post.html")]
pub(super) struct FormPost {
    pub(super) frame: Frame,
    pub(super) action: String,
    pub(super) members: Vec<(&'static str, String)>,
}

/// The page that takes an answer to the client in a form (OAuth 2.0 Form Post Response Mode).
#[must_use]
pub fn form_post_page(settings: &Settings, answer: &Answer) -> Response {
    let page = FormPost {
        frame: Frame::anonymous(settings, "Authorize"),
        action: answer.redirect_uri.clone(),
        members: answer.members.clone(),
    };
    Page::render(&page).map(|page| page.ending_at(&answer.redirect_uri)).into_response()
}

/// Goes with a refusal that is told on a page of its own: a client's request cannot be answered at its redirect URI
/// (legacy reference 4.3), or its sign-out.
#[derive(Debug, Clone)]
pub(crate) struct RequestPage {
    /// What was asked for, in the bar.
    pub(crate) title: &'static str,
    /// Whose words the error is in.
    pub(crate) dialect: Dialect,
    /// The client that asked, as the request names it.
    pub(crate) client: Option<Box<str>>,
}

/// That page.
pub(crate) fn request_page(
    settings: &Settings,
    page: &RequestPage,
    refusal: &Refusal,
    request_id: &str,
) -> Response {
    let (error, description) = refusal.oauth(page.dialect);
    let message = super::error::Message {
        frame: Frame::anonymous(settings, page.title),
        heading: "The application's request cannot be answered".to_owned(),
        text: "It was sent here with something missing or wrong. You cannot mend that here; tell those who \
               run the application what it says below."
            .to_owned(),
        detail: Some(format!("error=\"{error}\", error_description=\"{description}\"")),
        request_id: Some(request_id.to_owned()),
    };
    Page::render(&message).map(|page| page.status(refusal.status())).into_response()
}
