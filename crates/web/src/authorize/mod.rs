//! A user allows a client to act for them: `/uaa/oauth/authorize` and `/oauth2/authorize` (legacy reference 4,
//! modern reference 1.2, 3.7).
//!
//! The consent form carries the client's request along, and the answer is checked as if it had just come
//! in.

mod consent;
mod deliver;
mod present;
mod pushed;

pub(crate) use pushed::PREFIX as PUSHED;

use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use kibali_crypto::{new_token, sha256};
use kibali_model::{Client, Dialect, Principal, Scopes};
use kibali_oauth::{
    Answer, Approval, Authorization, AuthorizeRefusal, Endpoint, Next, Parameters, authorize, client_id,
    code_seconds,
};
use kibali_store::door::clients;
use kibali_store::door::codes::{Code, InsertCode};
use kibali_store::door::consents;
use serde_json::json;

use self::present::{Hint, present};
use crate::api::WebMessage;
use crate::exchange::Form;
use crate::identity::{Session, check_csrf, demand_sign_in, forget_demand, remember_return_of};
use crate::pages::RequestPage;
use crate::speech::cors;
use crate::why::Told;
use crate::{App, Refusal};

/// One of the two endpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Door {
    /// Which generation's.
    pub(crate) dialect: Dialect,
    /// Its path below the context path, where the consent form goes as well.
    pub(crate) path: &'static str,
}

/// What is asked, where it could be read.
struct Request {
    client: Client,
    asked: Authorization,
    pushed: Option<pushed::Pushed>,
}

/// Why a request is not shown.
enum Refused {
    Page(Refusal),
    Answer(Answer),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Page(refusal)
    }
}

/// GET: asks the user, after a login if nobody is signed in, or answers at once where nothing is to be
/// asked.
pub(crate) async fn ask(
    app: &App,
    session: &Session,
    query: &str,
    form: &Form,
    door: Door,
) -> Result<Response, Refusal> {
    let request = match read(app, &form.parameters, door).await {
        Ok(request) => request,
        Err(Refused::Page(refusal)) => return Ok(explain(refusal, form, door)),
        // DHIS2 up to 2.41 has the user sign in before it tells the client.
        Err(Refused::Answer(answer)) if door.dialect == Dialect::Modern || session.principal().is_some() => {
            return deliver::answer(app, &answer);
        }
        Err(Refused::Answer(_)) => {
            return sign_in(app, session, form, door, Back { query, ..Back::default() });
        }
    };
    let Request { client, asked, pushed } = request;
    let name = name(&client, &asked);
    let asked = if session.signed_in_for(&name) { asked.signed_in() } else { asked };
    let (client, asked) = (&client, &asked);
    let consented = consented(app, session.principal(), client).await?;
    let hint = Hint::of(app, asked).await?;
    let present = present(session, &hint, consented.as_ref());
    match (asked.next(client, present, door.dialect, app.now()), session.principal()) {
        (Next::Refuse(answer), _) if session.signed_in_for(&name) => delivered(app, session, &answer),
        (Next::Refuse(answer), _) => deliver::answer(app, &answer),
        (Next::Ask, Some(principal)) => {
            consent::ask(app, session, principal, client, asked, &form.parameters, door).await
        }
        (Next::Grant, Some(principal)) => {
            let code = grant(app, session, principal, pushed, client, asked, None).await?;
            delivered(app, session, &asked.granted(&code))
        }
        (Next::SignIn, _) | (_, None) => {
            let back = Back::to(query, asked, &name, &hint);
            sign_in(app, session, form, door, back)
        }
    }
}

/// POST: the user's answer.
pub(crate) async fn answer(
    app: &App,
    session: &Session,
    form: &Form,
    door: Door,
) -> Result<Response, Refusal> {
    cors::require_known_site(app, &Method::POST, &form.headers).await?;
    let principal = session.principal().ok_or(Refusal::FormExpired)?;
    check_csrf(session, form.parameters.get("csrf")?.unwrap_or_default())?;
    if form.parameters.get("user_oauth_approval")?.is_none() || client_id(&form.parameters)?.is_none() {
        return Ok(explain(Refusal::NothingToApprove, form, door));
    }
    let sent = consent::request(&form.parameters, door.dialect);
    let request = match read(app, &sent, door).await {
        Ok(request) => request,
        Err(Refused::Page(refusal)) => return Ok(explain(refusal, form, door)),
        Err(Refused::Answer(answer)) => return deliver::answer(app, &answer),
    };
    let Request { client, asked, pushed } = request;
    let name = name(&client, &asked);
    let mut asked = if session.signed_in_for(&name) { asked.signed_in() } else { asked };
    // A form that skips the page skips no sign-in, and nothing that is refused there.
    let hint = Hint::of(app, &asked).await?;
    match asked.next(&client, present(session, &hint, None), door.dialect, app.now()) {
        Next::SignIn => {
            let query = sent.without(&["csrf", "user_oauth_approval"]);
            return sign_in(app, session, form, door, Back::to(&query, &asked, &name, &hint));
        }
        Next::Refuse(answer) => return delivered(app, session, &answer),
        Next::Ask | Next::Grant => {}
    }
    let wanted = asked.scopes.clone();
    asked.scopes = consent::chosen(&form.parameters, &asked.scopes, door.dialect);
    let approval = Approval::read(&form.parameters)?;
    if approval == Approval::Denied || asked.scopes.is_empty() {
        return delivered(app, session, &asked.denied());
    }
    let said = Said { wanted, remember: door.dialect == Dialect::Modern };
    let code = grant(app, session, principal, pushed, &client, &asked, Some(said)).await?;
    delivered(app, session, &asked.granted(&code))
}

/// The answer of the user, or of what they allowed before: what it demanded is over with it.
fn delivered(app: &App, session: &Session, answer: &Answer) -> Result<Response, Refusal> {
    Ok((forget_demand(app, session), deliver::answer(app, answer)?).into_response())
}

/// What a request is called that demands a sign-in: the same for the same request alone.
fn name(client: &Client, asked: &Authorization) -> String {
    let challenge = asked.challenge.as_ref().map(|challenge| challenge.0.as_str());
    let said = json!([
        client.client_id,
        asked.redirect_uri,
        asked.scopes.to_string(),
        asked.state,
        asked.nonce,
        challenge,
    ]);
    URL_SAFE_NO_PAD.encode(sha256(said.to_string()))
}

async fn read(app: &App, parameters: &Parameters, door: Door) -> Result<Request, Refused> {
    let id = client_id(parameters).map_err(Refusal::from)?.ok_or(Refusal::UnknownClient)?;
    let mut reader = app.store.reader().await.map_err(Refusal::from)?;
    let found = clients::by_client_id(&mut reader, id).await.map_err(Refusal::from)?;
    let client = found.ok_or(Refusal::UnknownClient)?.client;
    let pushed = match parameters.get("request_uri").map_err(Refusal::from)? {
        Some(uri) if door.dialect == Dialect::Modern => {
            Some(pushed::find(app, &mut reader, uri, &client).await?)
        }
        _ => None,
    };
    let parameters = pushed.as_ref().map_or(parameters, |pushed| &pushed.parameters);
    let issuer = app.settings.issuer();
    let endpoint = Endpoint { dialect: door.dialect, issuer: &issuer, pushed: pushed.is_some() };
    match authorize(parameters, &client, endpoint) {
        Ok(asked) => Ok(Request { client, asked, pushed }),
        Err(AuthorizeRefusal::Page(error)) => Err(Refused::Page(error.into())),
        Err(AuthorizeRefusal::Answer { answer, .. }) => Err(Refused::Answer(answer)),
    }
}

async fn consented(
    app: &App,
    principal: Option<&std::sync::Arc<Principal>>,
    client: &Client,
) -> Result<Option<Scopes>, Refusal> {
    let Some(principal) = principal else { return Ok(None) };
    let mut reader = app.store.reader().await?;
    Ok(consents::find(&mut reader, principal.user, client.object).await?)
}

/// Where the login page leads back to.
#[derive(Debug, Clone, Copy, Default)]
struct Back<'a> {
    /// The query of the address.
    query: &'a str,
    /// The request that is met by whoever signs in from now on, where the client demands that.
    again: Option<&'a str>,
    /// Who is expected to.
    expected: Option<&'a str>,
}

impl<'a> Back<'a> {
    fn to(query: &'a str, asked: &'a Authorization, name: &'a str, hint: &'a Hint) -> Self {
        let again = asked.demands_sign_in().then_some(name);
        Self { query, again, expected: asked.login_hint.as_deref().or(hint.username()) }
    }
}

/// To the login page, which leads back to the same address.
fn sign_in(
    app: &App,
    session: &Session,
    form: &Form,
    door: Door,
    back: Back<'_>,
) -> Result<Response, Refusal> {
    if form.headers.get("x-requested-with").is_some_and(|value| value == "XMLHttpRequest") {
        return Ok(unauthorized());
    }
    let page = format!("{}?{}", door.path, back.query);
    let mut cookies = remember_return_of(app, session, &page, back.expected)?;
    if let Some(request) = back.again {
        cookies = demand_sign_in(app, cookies, session, request)?;
    }
    let login = format!("{}/login", app.settings.context_path());
    Ok((cookies, Redirect::to(&login)).into_response())
}

/// What a user answered.
struct Said {
    /// Everything that was asked for.
    wanted: Scopes,
    /// They need not be asked again.
    remember: bool,
}

async fn grant(
    app: &App,
    session: &Session,
    principal: &Principal,
    pushed: Option<pushed::Pushed>,
    client: &Client,
    asked: &Authorization,
    said: Option<Said>,
) -> Result<String, Refusal> {
    let code = new_token(&*app.random);
    let now = app.now();
    let insert = InsertCode {
        by: principal.into(),
        hash: sha256(code.expose()),
        code: Code {
            user: principal.user,
            client: client.object,
            scopes: asked.scopes.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            redirect_sent: asked.redirect_sent,
            challenge: asked.challenge.as_ref().map(|challenge| (challenge.0.clone(), "S256".to_owned())),
            expires: now.plus_seconds(code_seconds(client, app.settings.code_seconds)),
            nonce: asked.nonce.clone(),
            sign_in: session.sign_in(),
            resource: asked.resource.clone(),
            jkt: asked.dpop_jkt.clone(),
        },
        remember: said.as_ref().is_some_and(|said| said.remember),
        asked: said.map(|said| said.wanted),
        pushed: pushed.map(|pushed| pushed.hash),
        now,
    };
    if app.store.write(insert).await? {
        Ok(code.expose().clone())
    } else {
        Err(Refusal::MalformedParameter {
            name: "request_uri",
            why: "it was used already; push the request again",
        })
    }
}

/// What a script is told that asks without a session (legacy reference 4.1): it cannot show a login page.
fn unauthorized() -> Response {
    let refusal = Refusal::NoCredentials;
    let body = WebMessage::error(refusal.status(), refusal.message()).to_json().to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (refusal.status(), headers, Extension(Told(refusal)), body).into_response()
}

/// A page with the OAuth pair, for what is wrong with the request; a failure of ours is rendered as any
/// other.
fn explain(refusal: Refusal, form: &Form, door: Door) -> Response {
    if refusal.status().is_server_error() {
        return refusal.into_response();
    }
    let client = client_id(&form.parameters).ok().flatten().map(Into::into);
    let page = RequestPage { title: "Authorize", dialect: door.dialect, client };
    (Extension(page), refusal).into_response()
}
