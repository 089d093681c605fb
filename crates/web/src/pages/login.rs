//! Signing in and out.

use askama::Template;

use super::frame::Frame;
use super::parts::Field;

#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct Login {
    pub(super) frame: Frame,
    pub(super) problem: Option<String>,
    /// Why the person is asked, when another page asked for it.
    pub(super) reason: Option<&'static str>,
    pub(super) username: Field,
    pub(super) password: Field,
}

impl Login {
    pub(super) fn new(frame: Frame, typed: &str, problem: Option<String>) -> Self {
        let failed = problem.is_some();
        Self {
            frame,
            problem,
            reason: None,
            username: Field {
                id: "username",
                label: "User name",
                value: typed.to_owned(),
                autocomplete: "username",
                required: true,
                autofocus: !failed,
                ..Field::default()
            },
            password: Field {
                id: "password",
                label: "Password",
                autocomplete: "current-password",
                required: true,
                secret: true,
                ..Field::default()
            },
        }
    }
}

#[derive(Template)]
#[template(path = "logout.html")]
pub(super) struct Logout {
    pub(super) frame: Frame,
}
