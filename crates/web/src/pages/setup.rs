//! The set-up link: the first administrator makes their own account.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_crypto::{Digest, sha256};
use kibali_metadata::import::{ErrorReport, ImportMode, ImportParams};
use kibali_model::PasswordPolicy;
use kibali_store::door::setup_link::{self, SpendSetupLink};
use serde_json::{Map, Value, json};

use super::body::{Form, Posted};
use super::error::Message;
use super::frame::Frame;
use super::page::Page;
use super::parts::{Field, Problem, Problems};
use super::{APPS, redirect};
use crate::api::objects::{import, operator_principal, superuser_role};
use crate::identity::{Session, sign_in, start_session};
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Where the page is. The token stands in the query, which no log shows.
pub(super) const SETUP: &str = "/setup";

/// The query of the link; without a token it is one that does not work.
#[derive(serde::Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    token: String,
}

/// The path of the link that holds `token`, below the context path.
#[must_use]
pub fn setup_path(token: &str) -> String {
    format!("{SETUP}?token={token}")
}

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
    action: String,
    problems: Problems,
    username: Field,
    first_name: Field,
    surname: Field,
    password: Field,
}

impl Setup {
    pub(super) fn new(
        frame: Frame,
        token: &str,
        policy: PasswordPolicy,
        typed: &Typed,
        problems: Vec<Problem>,
    ) -> Self {
        let problems = Problems::new(problems);
        let field = |id, label, value: &str, autocomplete| Field {
            autocomplete,
            required: true,
            max_length: Some(160),
            ..problems.field(id, label, value)
        };
        Self {
            frame,
            action: setup_path(token),
            username: Field {
                hint: "4 to 255 letters and digits, and . _ - @ between them.".into(),
                max_length: Some(255),
                ..field("username", "User name", &typed.username, "username")
            },
            first_name: field("firstName", "First name", &typed.first_name, "given-name"),
            surname: field("surname", "Surname", &typed.surname, "family-name"),
            password: Field {
                hint: format!(
                    "{} to {} characters, with a capital letter, a digit and a special character.",
                    policy.min, policy.max
                )
                .into(),
                max_length: None,
                secret: true,
                ..field("password", "Password", "", "new-password")
            },
            problems,
        }
    }
}

impl Typed {
    fn read(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self { username: text("username"), first_name: text("firstName"), surname: text("surname") }
    }

    /// What is missing.
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

    /// The account and its role, as the metadata engine takes them.
    fn payload(&self, password: &str) -> Map<String, Value> {
        let role = superuser_role();
        let payload = json!({
            "userRoles": [role],
            "users": [{
                "username": self.username, "password": password, "firstName": self.first_name,
                "surname": self.surname, "userRoles": [{ "id": role.get("id") }],
            }],
        });
        match payload {
            Value::Object(payload) => payload,
            _ => Map::new(),
        }
    }
}

/// What the engine found wrong, at the field it concerns.
fn told(error: &ErrorReport) -> Problem {
    let fields = ["username", "firstName", "surname", "password"];
    let at = error.error_property.as_deref();
    let field = fields.into_iter().find(|field| at == Some(field)).unwrap_or_default();
    let text = match (error.error_code, error.args.get(1)) {
        ("E4005", Some(why)) => format!("This password is not accepted: {why}."),
        ("E4049", _) => "A user name has 4 to 255 letters and digits, and . _ - @ between them.".to_owned(),
        ("E4054", _) => "This user name is taken.".to_owned(),
        _ => error.message.clone(),
    };
    Problem { field, text }
}

/// `GET /setup?token=…`.
pub(super) async fn show(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    session: Session,
) -> Result<Response, Refusal> {
    if !is_usable(&app, sha256(&token)).await? {
        return gone(&app);
    }
    ask(&app, &session, &token, &Typed::default(), Vec::new()).await
}

/// `POST /setup?token=…`.
pub(super) async fn create(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let form = posted.checked()?;
    let hash = sha256(&token);
    if !is_usable(&app, hash).await? {
        return gone(&app);
    }
    let (typed, password) = (Typed::read(form), form.text("password"));
    let mut problems = typed.problems(password);
    let payload = typed.payload(password);
    // A person chose this password, so it is held against the policy as any other.
    let maker = operator_principal();
    if problems.is_empty() {
        let params = ImportParams { mode: ImportMode::Validate, ..ImportParams::default() };
        problems = import(&app, &maker, &payload, params).await?.errors().map(told).collect();
    }
    if !problems.is_empty() {
        return ask(&app, &posted.session, &token, &typed, problems).await;
    }
    // Spent before the account is made: of two who send the form at once, one finds the link gone.
    if !app.store.write(SpendSetupLink { hash, now: app.now() }).await? {
        return gone(&app);
    }
    let report = import(&app, &maker, &payload, ImportParams::default()).await?;
    if let Some(error) = report.errors().next() {
        return Err(Refusal::conflict(error.message.clone()));
    }
    let who = sign_in(&app, &typed.username, password, posted.address).await?;
    let cookie = start_session(&app, &posted.session, &who, posted.address, &posted.headers).await?;
    Ok((cookie, redirect(&app.settings, APPS)).into_response())
}

/// Is the link live, and is there still nobody who could sign in?
async fn is_usable(app: &App, hash: Digest) -> Result<bool, Refusal> {
    let mut reader = app.store.reader().await?;
    Ok(setup_link::is_live(&mut reader, hash, app.now()).await? && setup_link::is_needed(&mut reader).await?)
}

async fn ask(
    app: &App,
    session: &Session,
    token: &str,
    typed: &Typed,
    problems: Vec<Problem>,
) -> Result<Response, Refusal> {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let policy = Stored::read(&mut app.store.reader().await?).await?.password_policy();
    let frame = Frame::anonymous(&app.settings, "Set up").with_csrf(session.csrf());
    let page = Page::render(&Setup::new(frame, token, policy, typed, problems))?.status(status);
    Ok((session.set_cookie(&app.settings), page).into_response())
}

/// The same page whether the link is spent, too old, or never was.
fn gone(app: &App) -> Result<Response, Refusal> {
    let message = Message {
        frame: Frame::anonymous(&app.settings, "Set up"),
        heading: "This set-up link does not work".to_owned(),
        text: "A link works once, for one hour, and only until there is an account. Make a new one on the \
               server, or sign in."
            .to_owned(),
        detail: None,
        request_id: None,
    };
    Ok(Page::render(&message)?.status(StatusCode::NOT_FOUND).into_response())
}
