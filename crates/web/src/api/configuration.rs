//! `/api/configuration/*`: single values that anybody may read and a few may change (web-api
//! reference 4.3).

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use kibali_model::{Principal, Uid};
use kibali_store::door::settings::{ClearSystem, SetSystem, SystemSetting, system_value};
use serde_json::{Map, Value, json};

use super::settings::{given, require_all, require_manager};
use super::{answer, period_types, query::Pairs, system::system_id};
use crate::body::{self, Raw};
use crate::identity::Caller;
use crate::speech::cors::{Pattern, WHITELIST};
use crate::{App, Refusal};

/// What a value is.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    /// Any text.
    Text,
    /// The uid of an object; shown as `{"id": …}`.
    Object,
    /// A period type; shown as `{"name": …}`.
    PeriodType,
    /// Origins, a JSON list.
    Origins,
    /// Something Kibali knows itself: read only.
    Fixed,
}

/// The role of people who register themselves.
const SELF_REGISTRATION_ROLE: &str = "selfRegistrationRole";
/// The second factors that users may set up, beside passkeys.
const TWO_FACTOR_METHODS: &str = "twoFactorMethods";
/// Their organisation unit.
const SELF_REGISTRATION_UNIT: &str = "selfRegistrationOrgUnit";

/// Values that have a part in who gets into which account: the pages that may act for whoever opens them, and what
/// people become who register themselves.
const OPEN_ACCOUNTS: [&str; 3] = [WHITELIST, SELF_REGISTRATION_ROLE, SELF_REGISTRATION_UNIT];

/// The values, under DHIS2's names.
const VALUES: &[(&str, Holds)] = &[
    ("systemId", Holds::Fixed),
    ("feedbackRecipients", Holds::Object),
    ("systemUpdateNotificationRecipients", Holds::Object),
    ("offlineOrganisationUnitLevel", Holds::Object),
    ("infrastructuralIndicators", Holds::Object),
    ("infrastructuralDataElements", Holds::Object),
    ("infrastructuralPeriodType", Holds::PeriodType),
    (SELF_REGISTRATION_ROLE, Holds::Object),
    (SELF_REGISTRATION_UNIT, Holds::Object),
    ("facilityOrgUnitGroupSet", Holds::Object),
    ("facilityOrgUnitLevel", Holds::Object),
    ("remoteServerUrl", Holds::Text),
    ("remoteServerUsername", Holds::Text),
    (WHITELIST, Holds::Origins),
    (TWO_FACTOR_METHODS, Holds::Fixed),
    ("systemReadOnlyMode", Holds::Fixed),
    ("appHubUrl", Holds::Fixed),
];

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/configuration", get(all))
        .route("/configuration/{name}", get(one).post(set).delete(clear))
        .route("/configuration/{name}/{value}", axum::routing::post(set_by_path))
}

/// The value with this name; `corsAllowlist` is the newer name of `corsWhitelist`.
fn known(name: &str) -> Result<(&'static str, Holds), Refusal> {
    let name = if name == "corsAllowlist" { WHITELIST } else { name };
    VALUES.iter().find(|(known, _)| *known == name).copied().ok_or(Refusal::NotFound)
}

/// The value of this name, for a caller who may change it.
fn changed(caller: &Principal, name: &str) -> Result<(&'static str, Holds), Refusal> {
    require_manager(caller)?;
    let (name, holds) = known(name)?;
    if OPEN_ACCOUNTS.contains(&name) {
        require_all(caller)?;
    }
    Ok((name, holds))
}

fn shown(app: &App, name: &str, holds: Holds, stored: Option<&str>) -> Value {
    match (holds, stored) {
        (Holds::Fixed, _) => match name {
            "systemId" => system_id(app).into(),
            "systemReadOnlyMode" => false.into(),
            TWO_FACTOR_METHODS => json!({
                "totp2faEnabled": app.settings.totp, "email2faEnabled": app.settings.mailed_codes,
            }),
            _ => Value::Null,
        },
        (Holds::Origins, stored) => {
            stored.and_then(|text| body::parse(text.as_bytes()).ok()).unwrap_or_else(|| json!([]))
        }
        (_, None) => Value::Null,
        (Holds::Text, Some(text)) => text.into(),
        (Holds::Object, Some(uid)) => json!({ "id": uid }),
        (Holds::PeriodType, Some(name)) => json!({ "name": name }),
    }
}

async fn all(State(app): State<App>, _: Caller) -> Result<Response, Refusal> {
    let mut reader = app.store.reader().await?;
    let mut members = Map::new();
    for (name, holds) in VALUES {
        let stored = system_value(&mut reader, name).await?;
        members.insert((*name).to_owned(), shown(&app, name, *holds, stored.as_deref()));
    }
    Ok(answer::rooted("configuration", &Value::Object(members)))
}

async fn one(State(app): State<App>, _: Caller, Path(name): Path<String>) -> Result<Response, Refusal> {
    let (name, holds) = known(&name)?;
    let stored = system_value(&mut app.store.reader().await?, name).await?;
    Ok(match shown(&app, name, holds, stored.as_deref()) {
        Value::String(text) => answer::text(text),
        value => answer::rooted("configuration", &value),
    })
}

async fn set(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
    pairs: Pairs,
    raw: Raw,
) -> Result<StatusCode, Refusal> {
    let (name, holds) = changed(&caller, &name)?;
    let value = match holds {
        Holds::Origins => origins(&raw)?,
        _ => given(&pairs, &raw)?.ok_or_else(|| Refusal::conflict("A value must be given"))?,
    };
    store(&app, &caller, name, holds, value).await
}

async fn set_by_path(
    State(app): State<App>,
    Caller(caller): Caller,
    Path((name, value)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let (name, holds) = changed(&caller, &name)?;
    if holds == Holds::Origins {
        return Err(Refusal::conflict("The origins are sent as a JSON list in the body"));
    }
    store(&app, &caller, name, holds, value).await
}

async fn store(
    app: &App,
    caller: &Principal,
    name: &str,
    holds: Holds,
    value: String,
) -> Result<StatusCode, Refusal> {
    let wrong = match holds {
        Holds::Fixed => Some(format!("{name} cannot be changed")),
        Holds::Object => value.parse::<Uid>().err().map(|error| format!("{name}: {error}")),
        Holds::PeriodType if !period_types::exists(&value) => {
            Some(format!("{name}: there is no such period type"))
        }
        _ => None,
    };
    if let Some(wrong) = wrong {
        return Err(Refusal::conflict(wrong));
    }
    let setting = SystemSetting { name: name.to_owned(), locale: String::new(), value };
    app.store
        .write(SetSystem { settings: vec![setting], forgets: Vec::new(), by: caller.user, now: app.now() })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    let (name, _) = changed(&caller, &name)?;
    let clear = ClearSystem {
        name: name.to_owned(),
        locale: String::new(),
        forgets: None,
        by: caller.user,
        now: app.now(),
    };
    app.store.write(clear).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Origins kept at most.
const ORIGINS: usize = 200;

/// A list of origins, each checked, as it is stored.
fn origins(raw: &Raw) -> Result<String, Refusal> {
    let Value::Array(items) = body::parse(&raw.bytes)? else {
        return Err(Refusal::UnreadableBody("The body is not a JSON list of origins".to_owned()));
    };
    if items.len() > ORIGINS {
        return Err(Refusal::conflict(format!("At most {ORIGINS} origins can be allowed")));
    }
    for item in &items {
        let text = item.as_str().unwrap_or_default();
        if Pattern::read(text).is_none() {
            return Err(Refusal::conflict(format!(
                "{item} is no origin: write scheme, host and port, such as https://app.example.org or https://*.example.org"
            )));
        }
    }
    Ok(Value::Array(items).to_string())
}
