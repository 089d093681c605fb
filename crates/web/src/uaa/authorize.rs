//! `/uaa/oauth/authorize`: a user allows a client to act for them (legacy reference 4).
//!
//! Asked every time, as DHIS2 does. The consent form carries the client's request along, and the answer
//! is checked as if it had just come in.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, Method, Uri};
use kibali_crypto::{new_token, sha256};
use kibali_model::{Client, Dialect, Principal};
use kibali_oauth::{
    Answer, Approval, Authorization, AuthorizeRefusal, Endpoint, Parameters, authorize, client_id,
};
use kibali_store::door::accounts;
use kibali_store::door::clients;
use kibali_store::door::codes::{Code, InsertCode};

use crate::api::WebMessage;
use crate::exchange::Form;
use crate::identity::{Session, check_csrf, remember_return};
use crate::pages::{ConsentView, consent_page, oauth_error_page};
use crate::speech::cors;
use crate::{App, Refusal};

/// Where the form of the consent page goes, below the context path.
const PATH: &str = "/uaa/oauth/authorize";

/// Parameters of a request that the consent form carries along.
const CARRIED: [&str; 7] = [
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// GET: shows the consent page, after a login if nobody is signed in.
pub(super) async fn ask(
    State(app): State<App>,
    session: Session,
    uri: Uri,
    form: Form,
) -> Result<Response, Refusal> {
    let asked = match request(&app, &form.parameters).await {
        Ok(asked) => Ok(asked),
        Err(Refused::Page(refusal)) => return explain(&app, refusal),
        Err(Refused::Answer(answer)) => Err(answer),
    };
    let Some(principal) = session.principal() else {
        if form.headers.get("x-requested-with").is_some_and(|value| value == "XMLHttpRequest") {
            return Ok(unauthorized());
        }
        let page = format!("{PATH}?{}", uri.query().unwrap_or_default());
        let cookie = remember_return(&app, &session, &page)?;
        let login = format!("{}/login", app.settings.context_path());
        return Ok((cookie, Redirect::to(&login)).into_response());
    };
    match asked {
        Ok((client, asked)) => consent(&app, &session, principal, &client, &asked, &form.parameters).await,
        Err(answer) => Ok(redirect(&answer.address())),
    }
}

/// POST: the user's answer.
pub(super) async fn answer(
    State(app): State<App>,
    session: Session,
    form: Form,
) -> Result<Response, Refusal> {
    cors::require_known_site(&app, &Method::POST, &form.headers).await?;
    let principal = session.principal().ok_or(Refusal::FormExpired)?;
    check_csrf(&session, form.parameters.get("csrf")?.unwrap_or_default())?;
    if form.parameters.get("user_oauth_approval")?.is_none() || client_id(&form.parameters)?.is_none() {
        return explain(&app, Refusal::NothingToApprove);
    }
    let (client, asked) = match request(&app, &form.parameters).await {
        Ok(asked) => asked,
        Err(Refused::Page(refusal)) => return explain(&app, refusal),
        Err(Refused::Answer(answer)) => return Ok(redirect(&answer.address())),
    };
    match Approval::read(&form.parameters)? {
        Approval::Denied => Ok(redirect(&asked.denied().address())),
        Approval::Granted => {
            let code = grant_code(&app, principal, &client, &asked).await?;
            Ok(redirect(&asked.granted(&code).address()))
        }
    }
}

enum Refused {
    Page(Refusal),
    Answer(Answer),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Page(refusal)
    }
}

async fn request(app: &App, parameters: &Parameters) -> Result<(Client, Authorization), Refused> {
    let id = client_id(parameters).map_err(Refusal::from)?.ok_or(Refusal::UnknownClient)?;
    let mut reader = app.store.reader().await.map_err(Refusal::from)?;
    let found = clients::by_client_id(&mut reader, id).await.map_err(Refusal::from)?;
    let client = found.ok_or(Refusal::UnknownClient)?.client;
    let endpoint = Endpoint { dialect: Dialect::Legacy, issuer: "", pushed: false };
    match authorize(parameters, &client, endpoint) {
        Ok(asked) => Ok((client, asked)),
        Err(AuthorizeRefusal::Page(error)) => Err(Refused::Page(error.into())),
        Err(AuthorizeRefusal::Answer(answer)) => Err(Refused::Answer(answer)),
    }
}

async fn consent(
    app: &App,
    session: &Session,
    principal: &Principal,
    client: &Client,
    asked: &Authorization,
    parameters: &Parameters,
) -> Result<Response, Refusal> {
    let mut reader = app.store.reader().await?;
    let account = accounts::by_user(&mut reader, principal.user).await?.ok_or(Refusal::FormExpired)?;
    let mut carried = Vec::new();
    for name in CARRIED {
        if let Some(value) = parameters.get(name)? {
            carried.push((name.to_owned(), value.to_owned()));
        }
    }
    let view = ConsentView {
        client_name: client.name.clone(),
        client_id: client.client_id.clone(),
        user_name: account.name.unwrap_or_else(|| account.username.clone()),
        username: account.username,
        asks: vec!["Read and change everything that you may read and change".to_owned()],
        destination: asked.redirect_uri.clone(),
        action: PATH,
        carried,
        csrf: session.csrf().to_owned(),
    };
    Ok(consent_page(&app.settings, view))
}

async fn grant_code(
    app: &App,
    principal: &Principal,
    client: &Client,
    asked: &Authorization,
) -> Result<String, Refusal> {
    let code = new_token(&*app.random);
    let now = app.now();
    let insert = InsertCode {
        hash: sha256(code.expose()),
        code: Code {
            user: principal.user,
            client: client.object,
            scopes: asked.scopes.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            redirect_sent: asked.redirect_sent,
            challenge: asked.challenge.as_ref().map(|challenge| (challenge.0.clone(), "S256".to_owned())),
            expires: now.plus_seconds(app.settings.code_seconds),
        },
        now,
    };
    app.store.write(insert).await?;
    Ok(code.expose().clone())
}

/// What a script is told that asks without a session (legacy reference 4.1): it cannot show a login page.
fn unauthorized() -> Response {
    let refusal = Refusal::NoCredentials;
    let body = WebMessage::error(refusal.status(), refusal.message()).to_json().to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (refusal.status(), headers, body).into_response()
}

/// To the client, by GET: 303 as DHIS2 2.35 and later. Neither the address nor the code in it is told to
/// anyone else.
fn redirect(to: &str) -> Response {
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, Redirect::to(to)).into_response()
}

/// A page with the OAuth pair, for what is wrong with the request; a failure of ours is rendered as any
/// other.
fn explain(app: &App, refusal: Refusal) -> Result<Response, Refusal> {
    if refusal.status().is_server_error() {
        return Err(refusal);
    }
    let (error, description) = refusal.oauth();
    let summary = format!("error=\"{error}\", error_description=\"{description}\"");
    Ok(oauth_error_page(&app.settings, refusal.status(), &summary))
}
