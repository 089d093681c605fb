//! People who make their own account, where the installation lets them.

use kibali_metadata::import::{ImportParams, ImportStrategy};
use kibali_model::Authorities;
use kibali_store::Reader;
use kibali_store::objects::roles;
use serde_json::{Map, Value, json};

use super::{Person, Wrong};
use crate::api::objects::{import, operator_principal};
use crate::identity::ClientAddress;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// What people get who register themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    role: String,
    unit: String,
}

/// What is offered, where somebody may register: role and organisation unit are chosen, and
/// `keySelfRegistrationNoRecaptcha` says that none of Google's puzzles is wanted, which this server does not
/// set. A role with `ALL` is offered to nobody.
///
/// # Errors
/// The database failed.
pub(crate) async fn offer(reader: &mut Reader, stored: &Stored) -> Result<Option<Offer>, Refusal> {
    let chosen = |name: &str| stored.text(name, "").map(str::to_owned);
    let (Some(role), Some(unit)) = (chosen("selfRegistrationRole"), chosen("selfRegistrationOrgUnit")) else {
        return Ok(None);
    };
    if stored.named("keySelfRegistrationNoRecaptcha") != Value::Bool(true) {
        return Ok(None);
    }
    let known = roles::all(reader).await?;
    let known = known.iter().find(|known| known.uid.as_str() == role);
    let harmless = known.is_some_and(|role| !role.authorities.has(Authorities::ALL));
    Ok(harmless.then_some(Offer { role, unit }))
}

/// Makes the account.
///
/// # Errors
/// What is wrong, or nothing could be decided.
pub(crate) async fn register(
    app: &App,
    person: &Person,
    password: &str,
    address: ClientAddress,
) -> Result<Vec<Wrong>, Refusal> {
    let mut reader = app.store.reader().await?;
    let stored = Stored::read(&mut reader).await?;
    let offer = offer(&mut reader, &stored).await?;
    drop(reader);
    let offer = offer.ok_or_else(|| Refusal::bad_request("User self registration is not allowed"))?;
    app.identity().count_request("registration", address, app.now())?;
    let required = [
        ("username", person.username.as_str()),
        ("firstName", &person.first_name),
        ("surname", &person.surname),
        ("password", password),
        ("email", &person.email),
    ];
    let missing: Vec<Wrong> = required
        .into_iter()
        .filter(|(_, text)| text.is_empty())
        .map(|(name, _)| Wrong::missing(name))
        .collect();
    if !missing.is_empty() {
        return Ok(missing);
    }
    let mut user = person.properties();
    let unit = json!([{ "id": offer.unit }]);
    user.extend(Map::from_iter([
        ("password".to_owned(), password.into()),
        ("selfRegistered".to_owned(), true.into()),
        ("userRoles".to_owned(), json!([{ "id": offer.role }])),
        ("organisationUnits".to_owned(), unit.clone()),
        ("dataViewOrganisationUnits".to_owned(), unit),
    ]));
    let payload = Map::from_iter([("users".to_owned(), json!([user]))]);
    let params = ImportParams { strategy: ImportStrategy::Create, ..ImportParams::default() };
    Ok(Wrong::all(&import(app, &operator_principal(), &payload, params).await?))
}
