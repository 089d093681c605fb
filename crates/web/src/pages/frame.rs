//! What stands around every page: head, bar, and who is signed in.

use super::assets::{ASSETS, Assets};
use crate::Settings;

/// The frame of one page.
pub(super) struct Frame {
    /// The context path: every link begins with it.
    pub(super) base: String,
    /// The title of the tab and of the bar.
    pub(super) title: &'static str,
    /// The embedded files.
    pub(super) assets: &'static Assets,
    /// The name of the person signed in.
    pub(super) user: Option<String>,
    /// What every form of the page carries (rules of the door 9).
    pub(super) csrf: String,
    /// `kibali dev`.
    pub(super) sandbox: bool,
}

impl Frame {
    /// A frame for somebody who is not signed in, with no form that needs a token.
    pub(super) fn anonymous(settings: &Settings, title: &'static str) -> Self {
        Self {
            base: settings.context_path().to_owned(),
            title,
            assets: &ASSETS,
            user: None,
            csrf: String::new(),
            sandbox: settings.dev,
        }
    }

    /// The same with the token of a session that is not signed in.
    pub(super) fn with_csrf(self, csrf: &str) -> Self {
        Self { csrf: csrf.to_owned(), ..self }
    }

    /// The same for a person who is signed in, with the token of the session.
    pub(super) fn signed_in(self, username: &str, csrf: &str) -> Self {
        Self { user: Some(username.to_owned()), csrf: csrf.to_owned(), ..self }
    }
}
