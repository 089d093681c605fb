//! `GET /api/me`.

use axum::extract::State;
use axum::response::Response;
use kibali_metadata::language::{FieldItem, Fields, Preset, Transformer};
use kibali_model::Principal;
use kibali_store::door::emails;
use kibali_store::objects::readable_data;
use serde_json::{Map, Value, json};

use super::remembered::{About, HasAttributeValues};
use crate::api::query::Pairs;
use crate::api::settings::user as user_settings;
use crate::api::{XmlRoot, answer, api_tokens, objects};
use crate::identity::Caller;
use crate::{App, Refusal};

/// What `*` shows of the user's own object (web-api reference 3.1).
const SHOWN: &[&str] = &[
    "id",
    "username",
    "firstName",
    "surname",
    "name",
    "displayName",
    "email",
    "phoneNumber",
    "jobTitle",
    "introduction",
    "gender",
    "birthday",
    "nationality",
    "employer",
    "education",
    "interests",
    "languages",
    "whatsApp",
    "facebookMessenger",
    "skype",
    "telegram",
    "twitter",
    "avatar",
    "created",
    "lastUpdated",
    "access",
    "organisationUnits",
    "dataViewOrganisationUnits",
    "teiSearchOrganisationUnits",
    "userRoles",
    "userGroups",
    "favorites",
    "translations",
    "attributeValues",
    "userCredentials",
];

/// What only `/api/me` shows.
const EXTRAS: &[&str] = &["authorities", "emailVerified", "settings", "programs", "dataSets", "patTokens"];

pub(super) async fn me(
    State(app): State<App>,
    Caller(caller): Caller,
    pairs: Pairs,
) -> Result<Response, Refusal> {
    let fields = pairs.fields()?;
    if fields == Fields::all() {
        return whole(&app, &caller).await;
    }
    // On the heap: the form that is remembered needs nothing of it.
    Box::pin(chosen(&app, &caller, &fields)).await
}

/// The members that are asked for.
async fn chosen(app: &App, caller: &Principal, fields: &Fields) -> Result<Response, Refusal> {
    let (own, extras) = split(fields);
    let mut members = Map::new();
    if !own.0.is_empty() {
        members = own_object(app, caller, &own).await?;
    }
    for (name, key, transformers) in extras {
        let value = extra(app, caller, name).await?;
        members.insert(key, transformers.iter().fold(value, |value, one| one.apply(value)));
    }
    Ok(answer::rooted("user", &Value::Object(members)))
}

/// The default form, remembered.
async fn whole(app: &App, caller: &Principal) -> Result<Response, Refusal> {
    let about = app.remembered().of(caller.user, || about(app, caller)).await?;
    let mut response = answer::written(about.json);
    response.extensions_mut().insert(XmlRoot("user"));
    Ok(response)
}

async fn about(app: &App, caller: &Principal) -> Result<(About, HasAttributeValues), Refusal> {
    let mut members = own_object(app, caller, &Fields::names(SHOWN)).await?;
    // It moves with every sign-in, of which no notice tells.
    if let Some(Value::Object(credentials)) = members.get_mut("userCredentials") {
        credentials.remove("lastLogin");
    }
    for name in EXTRAS {
        members.insert((*name).to_owned(), extra(app, caller, name).await?);
    }
    let values = members.get("attributeValues").and_then(Value::as_array);
    let has_values = HasAttributeValues(values.is_some_and(|values| !values.is_empty()));
    Ok((About::new(caller.user, members), has_values))
}

async fn own_object(app: &App, caller: &Principal, fields: &Fields) -> Result<Map<String, Value>, Refusal> {
    match objects::own_user(app, caller, fields).await? {
        Value::Object(members) => Ok(members),
        _ => Err(Refusal::internal("a user is no JSON object")),
    }
}

async fn extra(app: &App, caller: &Principal, name: &str) -> Result<Value, Refusal> {
    Ok(match name {
        "authorities" => caller.authorities.iter().collect(),
        "emailVerified" => {
            let email = emails::of_user(&mut app.store.reader().await?, caller.user).await?;
            email.verified.into()
        }
        "settings" => {
            let mut reader = app.store.reader().await?;
            Value::Object(user_settings::of(&mut reader, caller.user, true).await?)
        }
        "dataSets" => readable_data::data_sets(&mut app.store.reader().await?, caller).await?.into(),
        "patTokens" => api_tokens::of_caller(app, caller).await?,
        // Programs do not exist yet.
        _ => json!([]),
    })
}

type Extra<'f> = (&'static str, String, &'f [Transformer]);

/// Parts the fields of the user's object from what only `/api/me` shows.
fn split(fields: &Fields) -> (Fields, Vec<Extra<'_>>) {
    let named = |name: &str| EXTRAS.iter().find(|extra| **extra == name).copied();
    let excluded: Vec<&str> = fields
        .0
        .iter()
        .filter_map(|item| match item {
            FieldItem::Exclude(path) if path.len() == 1 => path.first().map(String::as_str),
            _ => None,
        })
        .collect();
    let (mut own, mut extras) = (Vec::new(), Vec::new());
    for item in &fields.0 {
        match item {
            FieldItem::Preset(Preset::All) => {
                own.extend(Fields::names(SHOWN).0);
                extras.extend(EXTRAS.iter().map(|name| (*name, (*name).to_owned(), &[] as &[Transformer])));
            }
            FieldItem::Field { name, transformers, .. } => match named(name) {
                Some(extra) => extras.push((extra, renamed(extra, transformers), transformers.as_slice())),
                None => own.push(item.clone()),
            },
            other => own.push(other.clone()),
        }
    }
    extras.retain(|(name, ..)| !excluded.contains(name));
    (Fields(own), extras)
}

fn renamed(name: &str, transformers: &[Transformer]) -> String {
    let rename = transformers.iter().rev().find_map(|transformer| match transformer {
        Transformer::Rename(key) => Some(key.as_str()),
        _ => None,
    });
    rename.unwrap_or(name).to_owned()
}
