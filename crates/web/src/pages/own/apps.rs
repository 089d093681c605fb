//! *Account > Connected apps*: what each application may do in the visitor's name, and the end of it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kibali_model::{GrantType, ObjectId, Scopes, Timestamp};
use kibali_store::door::cuts::EndApp;
use kibali_store::door::live_grants::{self, Consent, Filter, LiveGrant, Which};
use kibali_store::door::marks::Used;

use super::{APPS, Done, TITLE};
use crate::pages::consent::asks_of;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::Moment;
use crate::pages::redirect;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

/// Sign-ins that are shown, at most.
const MOST: usize = 1000;
/// How long grants are told of that ended because there were too many: they are kept no longer.
const TOLD_SECONDS: i64 = 7 * 86_400;

#[derive(Template)]
#[template(path = "own_apps.html")]
pub(super) struct Connected {
    pub(super) frame: Frame,
    pub(super) notice: Option<&'static str>,
    pub(super) rows: Vec<Row>,
}

/// *End*, asked once more.
#[derive(Template)]
#[template(path = "own_app_end.html")]
pub(super) struct AskEnd {
    pub(super) frame: Frame,
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) may: Vec<String>,
}

/// One application.
pub(super) struct Row {
    pub(super) uid: String,
    pub(super) name: String,
    /// What it may do, in plain words.
    pub(super) may: Vec<String>,
    /// It knows the user's password, and got in with it.
    pub(super) by_password: bool,
    pub(super) since: Moment,
    /// When it last did something; none where it may come back without asking and nothing is open.
    pub(super) used: Option<Moment>,
    pub(super) address: String,
    /// How many sign-ins of it are open.
    pub(super) open: usize,
    /// How many older ones ended because there were too many, and when the last of them.
    pub(super) too_many: Option<(usize, Moment)>,
}

/// What is known of an application.
struct Known {
    client: ObjectId,
    uid: String,
    name: String,
    scopes: Scopes,
    by_password: bool,
    since: Timestamp,
    used: Option<Timestamp>,
    address: String,
    open: usize,
    ended: Vec<Timestamp>,
}

impl Known {
    fn of_grant(grant: &LiveGrant) -> Self {
        Self {
            client: grant.client,
            uid: grant.client_uid.to_string(),
            name: grant.client_name.clone(),
            scopes: Scopes::default(),
            by_password: false,
            since: grant.created,
            used: None,
            address: String::new(),
            open: 0,
            ended: Vec::new(),
        }
    }

    fn of_consent(consent: &Consent) -> Self {
        Self {
            client: consent.client,
            uid: consent.client_uid.to_string(),
            name: consent.client_name.clone(),
            scopes: Scopes::default(),
            by_password: false,
            since: consent.created,
            used: None,
            address: String::new(),
            open: 0,
            ended: Vec::new(),
        }
    }

    fn add(&mut self, grant: LiveGrant, used: Option<Timestamp>) {
        let used = used.map_or(grant.last_used, |used| used.max(grant.last_used));
        self.scopes = self.scopes.union(&grant.scopes);
        self.by_password |= grant.grant_type == Some(GrantType::Password);
        self.since = self.since.min(grant.created);
        if self.used.is_none_or(|before| before <= used) {
            self.used = Some(used);
            self.address = grant.address.unwrap_or_default();
        }
        self.open += 1;
    }

    fn row(self) -> Row {
        let last = self.ended.first().copied();
        Row {
            uid: self.uid,
            name: self.name,
            may: may(&self.scopes),
            by_password: self.by_password,
            since: Moment(self.since),
            used: self.used.map(Moment),
            address: self.address,
            open: self.open,
            too_many: last.map(|last| (self.ended.len(), Moment(last))),
        }
    }
}

/// What scopes mean, each said once.
pub(super) fn may(scopes: &Scopes) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for ask in asks_of(scopes, None) {
        if !texts.contains(&ask.text) {
            texts.push(ask.text);
        }
    }
    texts
}

/// The visitor's applications, the last used first.
async fn known(app: &App, visitor: &Visitor) -> Result<Vec<Known>, Refusal> {
    let (user, now) = (visitor.principal.user, app.now());
    let own = Filter { which: Which { user: Some(user), client: None }, ..Filter::default() };
    let mut reader = app.store.reader().await?;
    let grants = live_grants::list(&mut reader, &own, i64::MAX, MOST, now).await?.grants;
    let consents = live_grants::consents(&mut reader, user).await?;
    let ended = live_grants::too_many(&mut reader, user, now.plus_seconds(-TOLD_SECONDS)).await?;
    drop(reader);
    let mut known: BTreeMap<ObjectId, Known> = BTreeMap::new();
    for grant in grants {
        let used = app.identity().last_use(&Used::Grant(ObjectId(grant.id)));
        known.entry(grant.client).or_insert_with(|| Known::of_grant(&grant)).add(grant, used);
    }
    for consent in consents {
        let app = known.entry(consent.client).or_insert_with(|| Known::of_consent(&consent));
        app.scopes = app.scopes.union(&consent.scopes);
        app.since = app.since.min(consent.created);
    }
    for (client, at) in ended {
        if let Some(app) = known.get_mut(&client) {
            app.ended.push(at);
        }
    }
    let mut known: Vec<Known> = known.into_values().collect();
    known.sort_by_key(|app| std::cmp::Reverse(app.used));
    Ok(known)
}

async fn one(app: &App, visitor: &Visitor, uid: &str) -> Result<Known, Refusal> {
    known(app, visitor).await?.into_iter().find(|known| known.uid == uid).ok_or(Refusal::NotFound)
}

/// `GET /account/apps`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(Done { done }): Query<Done>,
) -> Result<Page, Refusal> {
    Page::render(&Connected {
        frame: visitor.frame(&app.settings, TITLE),
        notice: (done == "ended").then_some("Access ended. The application has to ask again."),
        rows: known(&app, &visitor).await?.into_iter().map(Known::row).collect(),
    })
}

/// `GET /account/apps/{uid}/end`: asks once more.
pub(super) async fn ask_end(
    State(app): State<App>,
    visitor: Visitor,
    Path(uid): Path<String>,
) -> Result<Page, Refusal> {
    let known = one(&app, &visitor, &uid).await?;
    let frame = visitor.frame(&app.settings, TITLE);
    Page::render(&AskEnd { frame, may: may(&known.scopes), uid: known.uid, name: known.name })
}

/// `POST /account/apps/{uid}/end`.
pub(super) async fn end(
    State(app): State<App>,
    Path(uid): Path<String>,
    form: VisitorForm,
) -> Result<Response, Refusal> {
    form.checked()?;
    let client = one(&app, &form.visitor, &uid).await?.client;
    let (user, address) = (form.visitor.principal.user, form.address().to_string());
    app.store.write(EndApp { user, client, address, now: app.now() }).await?;
    Ok(redirect(&app.settings, &format!("{APPS}?done=ended")))
}
