//! The set-up link: the first administrator makes their own account.

use askama::Template;

use super::frame::Frame;
use super::parts::{Field, Problem, Problems};

/// What was typed, the password apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub(super) username: String,
    pub(super) first_name: String,
    pub(super) surname: String,
}

#[derive(Template)]
#[template(path = "setup.html")]
pub(super) struct Setup {
    frame: Frame,
    token: String,
    problems: Problems,
    username: Field,
    first_name: Field,
    surname: Field,
    password: Field,
}

impl Setup {
    pub(super) fn new(frame: Frame, token: &str, typed: &Typed, problems: Vec<Problem>) -> Self {
        let problems = Problems::new(problems);
        let field = |id, label, value: &str, autocomplete| Field {
            id,
            label,
            value: value.to_owned(),
            error: problems.of(id),
            autocomplete,
            required: true,
            max_length: Some(160),
            ..Field::default()
        };
        Self {
            frame,
            token: token.to_owned(),
            username: Field {
                hint: "4 to 255 small letters, digits, and . _ - @ between them.",
                max_length: Some(255),
                ..field("username", "User name", &typed.username, "username")
            },
            first_name: field("firstName", "First name", &typed.first_name, "given-name"),
            surname: field("surname", "Surname", &typed.surname, "family-name"),
            password: Field {
                hint: "8 to 72 characters, with a capital letter, a small one, a digit and a special character.",
                max_length: None,
                secret: true,
                ..field("password", "Password", "", "new-password")
            },
            problems,
        }
    }
}

impl Typed {
    /// What is wrong with the form.
    pub(super) fn problems(&self, password: &str) -> Vec<Problem> {
        let required = [
            ("username", "a user name", self.username.as_str()),
            ("firstName", "a first name", self.first_name.as_str()),
            ("surname", "a surname", self.surname.as_str()),
            ("password", "a password", password),
        ];
        let missing = required.into_iter().filter(|(_, _, value)| value.is_empty());
        missing.map(|(field, what, _)| Problem { field, text: format!("Enter {what}.") }).collect()
    }
}
