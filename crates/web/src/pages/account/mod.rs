//! Pages of people who are not signed in: a forgotten password, an invitation, registration, an address to
//! prove, a password that is too old. Each is a heading, a line or two, and at most one form.

mod expired;
mod invitation;
mod recovery;
mod register;
#[cfg(test)]
pub(super) mod samples;
mod verify;

use askama::Template;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use kibali_model::PasswordPolicy;

use super::body::{Form, Posted};
use super::frame::Frame;
use super::page::Page;
use super::parts::{Field, Problem, Problems};
use crate::account::{FORGOT, INVITATION, Person, REGISTER, RENEW, RESTORE, VERIFY, Wrong};
use crate::identity::{Session, sign_in, start_session};
use crate::system_settings::Stored;
use crate::{App, Refusal};

pub(super) use expired::ask as ask_to_renew;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route(FORGOT, get(recovery::show_ask).post(recovery::ask))
        .route(RESTORE, get(recovery::show_restore).post(recovery::restore))
        .route(INVITATION, get(invitation::show).post(invitation::accept))
        .route(REGISTER, get(register::show).post(register::create))
        .route(VERIFY, get(verify::show).post(verify::verify))
        .route(RENEW, get(expired::show).post(expired::renew))
}

/// The query of a link; without a token it is one that does not work.
#[derive(serde::Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

/// A page of this room.
#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Ask {
    pub(super) frame: Frame,
    pub(super) heading: &'static str,
    pub(super) text: Vec<String>,
    pub(super) problems: Problems,
    /// Where the form goes, below the context path.
    pub(super) action: String,
    pub(super) fields: Vec<Field>,
    /// What the form does; empty: there is none.
    pub(super) button: &'static str,
}

impl Ask {
    /// A page without a form.
    pub(super) fn say(frame: Frame, heading: &'static str, text: &str) -> Self {
        Self {
            frame,
            heading,
            text: vec![text.to_owned()],
            problems: Problems::default(),
            action: String::new(),
            fields: Vec::new(),
            button: "",
        }
    }

    fn answer(&self, app: &App, session: &Session, status: StatusCode) -> Result<Response, Refusal> {
        let page = Page::render(self)?.status(status);
        Ok((session.set_cookie(&app.settings), page).into_response())
    }

    /// The page once more, for somebody who was refused.
    fn refuse(&self, app: &App, session: &Session, refusal: Refusal) -> Result<Response, Refusal> {
        let page = Page::render(self)?.refusing(refusal);
        Ok((session.set_cookie(&app.settings), page).into_response())
    }
}

fn frame(app: &App, session: &Session, title: &'static str) -> Frame {
    Frame::anonymous(&app.settings, title).with_csrf(session.csrf())
}

/// 400 where something is wrong with what was typed.
const fn status(problems: &[Problem]) -> StatusCode {
    if problems.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST }
}

/// The page where a link does not work: the same whether it is spent, too old, or never was.
fn dead_link(app: &App, session: &Session, title: &'static str, next: &str) -> Result<Response, Refusal> {
    let text = format!("It was used, it is too old, or it was not copied whole. {next}");
    Ask::say(frame(app, session, title), "This link does not work", &text).answer(
        app,
        session,
        StatusCode::NOT_FOUND,
    )
}

/// What a password must be.
pub(super) fn password_field(policy: PasswordPolicy, problems: &Problems) -> Field {
    Field {
        id: "password",
        label: "New password",
        hint: format!(
            "{} to {} characters, with a capital letter, a digit and a special character.",
            policy.min, policy.max
        )
        .into(),
        error: problems.of("password"),
        autocomplete: "new-password",
        required: true,
        secret: true,
        ..Field::default()
    }
}

async fn policy(app: &App) -> Result<PasswordPolicy, Refusal> {
    Ok(Stored::read(&mut app.store.reader().await?).await?.password_policy())
}

/// Where a person fills in who they are.
pub(super) fn person_fields(person: &Person, asks_username: bool, problems: &Problems) -> Vec<Field> {
    let field = |id, label, value: &str, autocomplete, required, most| Field {
        autocomplete,
        required,
        max_length: Some(most),
        ..problems.field(id, label, value)
    };
    let mut fields = Vec::new();
    if asks_username {
        fields.push(Field {
            hint: "4 to 255 letters and digits, and . _ - @ between them.".into(),
            ..field("username", "User name", &person.username, "username", true, 255)
        });
    }
    fields.extend([
        field("firstName", "First name", &person.first_name, "given-name", true, 160),
        field("surname", "Surname", &person.surname, "family-name", true, 160),
    ]);
    fields
}

fn read_person(form: &Form) -> Person {
    let text = |name| form.text(name).trim().to_owned();
    Person {
        username: text("username"),
        first_name: text("firstName"),
        surname: text("surname"),
        email: text("email"),
        phone: text("phoneNumber"),
    }
}

/// What is wrong, at the fields of a page.
pub(super) fn problems(wrong: Vec<Wrong>, shown: &[&'static str]) -> Vec<Problem> {
    let told = |Wrong { property, text }| {
        let text = if text.ends_with('.') { text } else { format!("{text}.") };
        Problem { field: if shown.contains(&property) { property } else { "" }, text }
    };
    wrong.into_iter().map(told).collect()
}

/// Signs in to an account that was just opened; to the login page where a password is not all it asks for.
async fn enter(app: &App, posted: &Posted, username: &str, password: &str) -> Result<Response, Refusal> {
    let Ok(who) = sign_in(app, username, password, posted.address).await else {
        return Ok(super::redirect(&app.settings, super::LOGIN));
    };
    let cookie = start_session(app, &posted.session, &who, posted.address, &posted.headers).await?;
    let page = posted.session.pending().unwrap_or(super::APPS);
    Ok((cookie, super::redirect(&app.settings, page)).into_response())
}
