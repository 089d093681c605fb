//! The page where people type the code that their device shows (RFC 8628 section 3.3).

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_crypto::sha256;
use kibali_model::Scopes;
use kibali_oauth::device::typed_code;
use kibali_store::door::clients;
use kibali_store::door::devices::{self, AnswerDevice, FoundDevice};
use serde::Deserialize;

use super::DEVICE;
use super::consent::{Ask, asks_of};
use super::error::Message;
use super::frame::Frame;
use super::page::Page;
use super::parts::Field;
use super::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

const TITLE: &str = "Connect a device";

#[derive(Deserialize, Default)]
pub(super) struct Typed {
    #[serde(default)]
    user_code: String,
}

#[derive(Template)]
#[template(path = "device.html")]
pub(super) struct Device {
    pub(super) frame: Frame,
    pub(super) action: &'static str,
    pub(super) code: Field,
}

#[derive(Template)]
#[template(path = "device_confirm.html")]
pub(super) struct Confirm {
    pub(super) frame: Frame,
    pub(super) action: &'static str,
    pub(super) client: String,
    pub(super) client_id: String,
    pub(super) code: String,
    pub(super) asks: Vec<Ask>,
}

/// `GET /oauth2/device`: asks for the code; one that came with the address is filled in and still to be sent, so
/// that a link alone connects nothing.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(typed): Query<Typed>,
) -> Result<Response, Refusal> {
    let code: String = typed.user_code.chars().take(20).collect();
    ask(&app, &visitor, &code, None)
}

/// `POST /oauth2/device`: the code, then the answer.
pub(super) async fn submit(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let typed = fields.text("user_code");
    let code = typed_code(typed);
    let name = form.visitor.principal.username.as_str();
    let guess = app.identity().device_throttle.guess(name, form.address().network(), app.now())?;
    let found = find(&app, &code).await?;
    let Some(right) = guess.decided(found, app.now())? else {
        let problem = "This is not a code that a device shows now. Codes work for a few minutes.";
        return ask(&app, &form.visitor, typed, Some(problem.to_owned()));
    };
    // A device of one's own shows right codes without end: they make up for no wrong ones.
    let (device, client) = right.unforgiven();
    let granted = match fields.text("answer") {
        "allow" => true,
        "deny" => false,
        _ => return confirm(&app, &form.visitor, &code, client, &device.scopes),
    };
    let answer = AnswerDevice {
        user_hash: sha256(&code),
        by: (&*form.visitor.principal).into(),
        client: device.client,
        granted,
        sign_in: form.visitor.sign_in(),
        now: app.now(),
    };
    if !app.store.write(answer).await? {
        let problem = "This code was answered before, or is too old. Let the device show another one.";
        return ask(&app, &form.visitor, "", Some(problem.to_owned()));
    }
    done(&app, &form.visitor, granted)
}

/// The device and its client, where the code is one that waits for an answer.
async fn find(app: &App, code: &str) -> Result<Option<(FoundDevice, (String, String))>, Refusal> {
    let mut reader = app.store.reader().await?;
    let found = devices::find_typed(&mut reader, sha256(code)).await?;
    let now = app.now();
    let Some(device) = found.filter(|found| found.granted.is_none() && now < found.expires) else {
        return Ok(None);
    };
    let named = clients::named(&mut reader, device.client).await?;
    Ok(named.map(|named| (device, named)))
}

fn ask(app: &App, visitor: &Visitor, typed: &str, problem: Option<String>) -> Result<Response, Refusal> {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let code = Field {
        id: "user_code",
        label: "Code",
        hint: "Eight letters, as the device shows them. The line between them need not be typed.".into(),
        value: typed.to_owned(),
        error: problem,
        autocomplete: "off",
        required: true,
        autofocus: true,
        max_length: Some(20),
        ..Field::default()
    };
    let page = Device { frame: visitor.frame(&app.settings, TITLE), action: DEVICE, code };
    Ok(Page::render(&page)?.status(status).into_response())
}

fn confirm(
    app: &App,
    visitor: &Visitor,
    code: &str,
    (client, client_id): (String, String),
    scopes: &Scopes,
) -> Result<Response, Refusal> {
    let (first, second) = code.split_at_checked(code.len() / 2).unwrap_or((code, ""));
    let page = Confirm {
        frame: visitor.frame(&app.settings, TITLE),
        action: DEVICE,
        client,
        client_id,
        code: format!("{first}-{second}"),
        asks: asks_of(scopes, None),
    };
    Ok(Page::render(&page)?.into_response())
}

fn done(app: &App, visitor: &Visitor, granted: bool) -> Result<Response, Refusal> {
    let (heading, text) = if granted {
        (
            "The device is connected",
            "You can close this page. The device goes on by itself within a few seconds.",
        )
    } else {
        ("The device was refused", "It gets nothing. You can close this page.")
    };
    let message = Message {
        frame: visitor.frame(&app.settings, TITLE),
        heading: heading.to_owned(),
        text: text.to_owned(),
        detail: None,
        request_id: None,
    };
    Ok(Page::render(&message)?.into_response())
}
