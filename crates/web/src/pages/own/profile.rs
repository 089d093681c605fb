//! *Account > Profile*: the name, the address, and showing that it is read. Links to a new password go to that address,
//! so whoever opens this page proved a moment ago who they are.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_model::Lately;
use kibali_store::door::accounts::{self, Contact};
use serde_json::{Map, Value};

use super::{Done, TITLE};
use crate::account::{Person, Wrong, own_profile, verification};
use crate::pages::account::{person_fields, problems};
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::{Field, Problem, Problems};
use crate::pages::redirect;
use crate::pages::step_up::asked_first;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

/// Where the page is, below the context path.
pub(in crate::pages) const PROFILE: &str = "/account/profile";
/// Where a link is sent from that shows that the address is read.
pub(super) const VERIFY: &str = "/account/profile/verify";
/// The fields that a problem is shown at.
const SHOWN: [&str; 3] = ["firstName", "surname", "email"];
/// What an address says was done, and what the page says about it.
const DONE: [(&str, &str); 2] = [
    ("saved", "Your profile is saved."),
    (
        "sent",
        "A message is on its way. Open the link in it within an hour; until then, this page stays as it is.",
    ),
];

#[derive(Template)]
#[template(path = "own_profile.html")]
pub(super) struct Profile {
    pub(super) frame: Frame,
    pub(super) notice: Option<&'static str>,
    pub(super) problems: Problems,
    pub(super) fields: Vec<Field>,
    pub(super) shown: Shown,
}

/// Did the user show that they read their address?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// There is no address, or no mail to show it with.
    NotAsked,
    /// Of this address.
    Yes(String),
    /// Not yet, of this address.
    No(String),
}

impl Profile {
    pub(super) fn new(frame: Frame, person: &Person, shown: Shown, wrong: Vec<Problem>) -> Self {
        let problems = Problems::new(wrong);
        let mut fields = person_fields(person, false, &problems);
        fields.push(Field {
            id: "email",
            label: "E-mail address",
            hint:
                "Where a link goes if you forget your password. If you change it, the one of before is told."
                    .into(),
            value: person.email.clone(),
            error: problems.of("email"),
            autocomplete: "email",
            max_length: Some(160),
            ..Field::default()
        });
        Self { frame, notice: None, problems, fields, shown }
    }
}

/// `GET /account/profile`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(Done { done }): Query<Done>,
) -> Result<Response, Refusal> {
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, PROFILE).await? {
        return Ok(question);
    }
    let contact = contact(&app, &visitor).await?;
    let person = as_stored(&contact);
    let mut page = page(&app, &visitor, &contact, &person, Vec::new()).await?;
    page.notice = DONE.into_iter().find(|(name, _)| done == *name).map(|(_, text)| text);
    Ok(Page::render(&page)?.into_response())
}

async fn contact(app: &App, visitor: &Visitor) -> Result<Contact, Refusal> {
    Ok(accounts::contact(&mut app.store.reader().await?, visitor.principal.user).await?)
}

/// What the fields hold before anybody types.
fn as_stored(contact: &Contact) -> Person {
    Person {
        first_name: contact.first_name.clone().unwrap_or_default(),
        surname: contact.surname.clone().unwrap_or_default(),
        email: contact.email.address.clone().unwrap_or_default(),
        ..Person::default()
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    contact: &Contact,
    person: &Person,
    wrong: Vec<Problem>,
) -> Result<Profile, Refusal> {
    let works = app.mailer().works(&mut app.store.reader().await?).await?;
    let shown = match contact.email.address.clone() {
        Some(address) if contact.email.verified => Shown::Yes(address),
        Some(address) if works => Shown::No(address),
        _ => Shown::NotAsked,
    };
    Ok(Profile::new(visitor.frame(&app.settings, TITLE), person, shown, wrong))
}

/// `POST /account/profile`.
pub(super) async fn save(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let visitor = &form.visitor;
    if let Some(question) = asked_first(&app, visitor, Lately::WAYS_IN, PROFILE).await? {
        return Ok(question);
    }
    let text = |name| fields.text(name).trim().to_owned();
    let person = Person {
        first_name: text("firstName"),
        surname: text("surname"),
        email: text("email"),
        ..Person::default()
    };
    let given = [("firstName", &person.first_name), ("surname", &person.surname), ("email", &person.email)];
    // Nothing typed changes nothing, as in the Web API.
    let given = given.into_iter().filter(|(_, text)| !text.is_empty());
    let properties: Map<String, Value> =
        given.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))).collect();
    match own_profile::change(&app, &visitor.principal, properties).await? {
        None => Ok(redirect(&app.settings, &format!("{PROFILE}?done=saved"))),
        Some(refused) => {
            let wrong = problems(Wrong::all(&refused.report), &SHOWN);
            let contact = contact(&app, visitor).await?;
            let page = page(&app, visitor, &contact, &person, wrong).await?;
            Ok(Page::render(&page)?.status(StatusCode::BAD_REQUEST).into_response())
        }
    }
}

/// `POST /account/profile/verify`: sends the link.
pub(super) async fn verify(State(app): State<App>, form: VisitorForm) -> Result<Response, Refusal> {
    form.checked()?;
    let visitor = &form.visitor;
    if let Some(question) = asked_first(&app, visitor, Lately::WAYS_IN, PROFILE).await? {
        return Ok(question);
    }
    match verification::ask(&app, &visitor.principal).await {
        Ok(()) => Ok(redirect(&app.settings, &format!("{PROFILE}?done=sent"))),
        Err(refusal @ Refusal::Conflict { .. }) => {
            let contact = contact(&app, visitor).await?;
            let person = as_stored(&contact);
            let wrong = vec![Problem { field: "", text: format!("{}.", refusal.message()) }];
            let page = page(&app, visitor, &contact, &person, wrong).await?;
            Ok(Page::render(&page)?.status(StatusCode::BAD_REQUEST).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}
