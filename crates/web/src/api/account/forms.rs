//! `/api/account/*`: parameters in the address or in a form.

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use super::{Sender, not_restored, opened, wrong};
use crate::account::invitation::{self, Accepted};
use crate::account::renewal::{self, NotRenewed};
use crate::account::{Person, VERIFY, new_password, recovery, registration, verification};
use crate::api::{WebMessage, answer};
use crate::body::{self, Bounds};
use crate::identity::{Caller, ClientAddress, Session};
use crate::speech::cors;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Parameters read at most.
const MOST: usize = 64;

/// The parameters of a request: of its address, then of its form.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn required(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::bad_request(format!("Required request parameter '{name}' is not present"));
        Some(self.text(name)).filter(|text| !text.is_empty()).ok_or_else(missing)
    }

    fn person(&self) -> Person {
        let trimmed = |name| self.text(name).trim().to_owned();
        Person {
            username: trimmed("username"),
            first_name: trimmed("firstName"),
            surname: trimmed("surname"),
            email: trimmed("email"),
            phone: trimmed("phoneNumber"),
        }
    }
}

impl FromRequest<App> for Parameters {
    type Rejection = Refusal;

    async fn from_request(request: Request<Body>, app: &App) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let mut pairs = read(parts.uri.query().unwrap_or_default().as_bytes());
        if body::require_form(&parts.headers).is_ok() {
            pairs.extend(read(&body::bytes(body, Bounds::FORM, app.settings.body_patience).await?));
        }
        Ok(Self(pairs))
    }
}

fn read(bytes: &[u8]) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(bytes).take(MOST);
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// `POST /api/account/recovery?username=`: the same answer whoever is meant.
pub(super) async fn recover(
    State(app): State<App>,
    address: ClientAddress,
    parameters: Parameters,
) -> Result<WebMessage, Refusal> {
    recovery::ask(&app, parameters.required("username")?, address).await?;
    Ok(WebMessage::ok("Recovery message sent"))
}

/// `POST /api/account/restore?token=&password=`.
pub(super) async fn restore(
    State(app): State<App>,
    address: ClientAddress,
    parameters: Parameters,
) -> Result<WebMessage, Refusal> {
    let (token, password) = (parameters.required("token")?, parameters.required("password")?);
    recovery::restore(&app, token, password, address).await.map_err(not_restored)?;
    Ok(WebMessage::ok("Account restored"))
}

/// `POST /api/account`: an invitation accepted where `inviteToken` is sent, else a registration.
pub(super) async fn create(
    State(app): State<App>,
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    cors::require_known_site(&app, &Method::POST, &headers).await?;
    let (person, password) = (parameters.person(), parameters.text("password"));
    let sender = Sender { session, address, headers };
    let made = WebMessage::ok("Account created");
    let token = parameters.text("inviteToken");
    if token.is_empty() {
        let mistakes = registration::register(&app, &person, password, address).await?;
        if !mistakes.is_empty() {
            return Err(wrong(&mistakes));
        }
        return opened(&app, &sender, &person.username, password, made).await;
    }
    match invitation::accept(&app, token, &person, password).await? {
        Accepted::Link => Err(Refusal::bad_request("Invitation link not valid")),
        Accepted::Wrong(mistakes) => Err(wrong(&mistakes)),
        Accepted::Yes(username) => opened(&app, &sender, &username, password, made).await,
    }
}

/// `POST /api/account/password?username=&oldPassword=&password=`: for passwords that are too old.
pub(super) async fn renew(
    State(app): State<App>,
    address: ClientAddress,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    let (username, old) = (parameters.required("username")?, parameters.required("oldPassword")?);
    let renewed = renewal::renew(&app, username, old, parameters.required("password")?, address).await;
    let (status, name, message) = match renewed {
        Ok(()) => (StatusCode::OK, "OK", "Account was updated.".to_owned()),
        Err(NotRenewed::Refused) => {
            let message = "The old password is wrong, or it is not too old.".to_owned();
            (StatusCode::BAD_REQUEST, "NON_MATCHING_PASSWORD", message)
        }
        Err(NotRenewed::Password(fault)) => {
            (StatusCode::BAD_REQUEST, "PASSWORD_INVALID", new_password::told(fault))
        }
        Err(NotRenewed::Throttled(seconds)) => return Err(Refusal::TooManyAttempts { seconds }),
        Err(NotRenewed::Undecided(refusal)) => return Err(refusal),
    };
    let body = answer::json(&json!({ "status": name, "message": message }));
    Ok((status, answer::no_store(body)).into_response())
}

/// `POST /api/account/validatePassword?password=`: against the rules that hold for everybody.
pub(super) async fn validate_password(
    State(app): State<App>,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    let policy = Stored::read(&mut app.store.reader().await?).await?.password_policy();
    let verdict = match policy.check(parameters.required("password")?, "", None) {
        Ok(()) => json!({ "response": "success", "message": "" }),
        Err(fault) => json!({ "response": "error", "message": new_password::told(fault) }),
    };
    Ok(answer::no_store(answer::json(&verdict)))
}

/// `POST /api/account/sendEmailVerification`.
pub(super) async fn send_email_verification(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<StatusCode, Refusal> {
    verification::ask(&app, &caller).await?;
    Ok(StatusCode::CREATED)
}

/// `GET /api/account/verifyEmail?token=`: to the page that asks. Programs that look into mail follow links; a
/// person presses a button.
pub(super) async fn verify_email(State(app): State<App>, parameters: Parameters) -> Response {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", parameters.text("token"))
        .finish();
    let page = format!("{}{VERIFY}?{query}", app.settings.context_path());
    (StatusCode::FOUND, [(http::header::LOCATION, page)]).into_response()
}
