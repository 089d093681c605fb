//! Who is there when figures are taken: imported as the application imports, then left to the server.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kibali_crypto::{MasterKey, SystemRandom};
use kibali_metadata::import::ImportParams;
use kibali_model::{Clock, Timestamp, unhex};
use kibali_store::{Engine, Location, Store, StoreOptions};
use kibali_web::api::objects;
use kibali_web::{App, Parts, Settings};
use serde_json::{Value, json};

use super::Outcome;
use super::server::Installation;

/// The client `demo` and its secret, as HTTP Basic writes them.
pub(super) const CLIENT: &str = "ZGVtbzoxZTZkYjUwYy0wZmVlLTExZTUtOThkMC0zYzE1YzJjNmNhZjY=";
/// The client's name.
pub(super) const CLIENT_ID: &str = "demo";
/// Clients that work alone as the clerk, by what their tokens are.
pub(super) const OPAQUE: &str = "opaque";
pub(super) const ES256: &str = "es256";
pub(super) const RS256: &str = "rs256";
/// A client whose tokens are opaque and renewed.
pub(super) const REFRESHES: &str = "refreshes";
/// The secret of every client.
const SECRET: &str = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";

/// How HTTP Basic writes a client and its secret.
pub(super) fn basic(client_id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{client_id}:{SECRET}"))
}

/// The password of the users who have one.
pub(super) const PASSWORD: &str = "Bench_mark1";
/// Somebody at work: a role of [`AUTHORITIES`] authorities, two groups, three organisation units. The
/// password is hashed at DHIS2's cost.
pub(super) const CLERK: &str = "clerk";
/// Somebody whose password is hashed at the least cost.
pub(super) const SCRIPT: &str = "script";
/// How many authorities a clerk has.
pub(super) const AUTHORITIES: usize = 100;
/// Users without a password, whose tokens fill the database.
pub(super) const HOLDERS: usize = 1000;

/// The name of a holder of tokens.
pub(super) fn holder(number: usize) -> String {
    format!("holder{number}")
}

struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The application on an installation whose server does not run. Passwords get this bcrypt cost.
pub(super) async fn open(installation: &Installation, bcrypt_cost: u32) -> Outcome<App> {
    let location = match installation.engine {
        Engine::Sqlite => Location::sqlite(&installation.url),
        Engine::Postgres => Location::Postgres(installation.url.clone()),
    };
    let key = std::fs::read_to_string(installation.directory.path().join("master.key"));
    let key = unhex(key.map_err(|error| error.to_string())?.trim()).unwrap_or_default();
    let base = "http://localhost:8080".parse().map_err(|error| format!("{error}"))?;
    let mut settings = Settings::new(base);
    settings.bcrypt_cost = bcrypt_cost;
    let registry = kibali_metadata::kinds::registry().map_err(|error| error.to_string())?;
    let store = Store::open(&location, StoreOptions::default()).await.map_err(|error| error.to_string())?;
    Ok(App::new(Parts {
        store,
        registry: Arc::new(registry),
        clock: Arc::new(Wall),
        random: Arc::new(SystemRandom),
        master_key: MasterKey::from_bytes(&key).map_err(|error| error.to_string())?,
        settings,
    }))
}

/// Fills a new installation.
pub(super) async fn fill(installation: &Installation) -> Outcome<()> {
    let app = open(installation, 10).await?;
    import(&app, &people()).await?;
    app.store.close().await;
    let app = open(installation, 4).await?;
    import(&app, &json!({ "users": [user(SCRIPT, 2, Some(PASSWORD))] })).await?;
    app.store.close().await;
    Ok(())
}

async fn import(app: &App, payload: &Value) -> Outcome<()> {
    let system = objects::system_principal();
    let payload = payload.as_object().cloned().unwrap_or_default();
    let report = objects::import(app, &system, &payload, ImportParams::default()).await;
    let report = report.map_err(|refusal| format!("the import fails: {refusal:?}"))?;
    report.errors().next().map_or(Ok(()), |error| Err(format!("the import refuses: {}", error.message)))
}

/// An identifier: a letter for the kind, ten digits for the number.
fn uid(kind: char, number: usize) -> String {
    format!("{kind}{number:010}")
}

fn to(kind: char, number: usize) -> Value {
    json!({ "id": uid(kind, number) })
}

fn user(name: &str, number: usize, password: Option<&str>) -> Value {
    json!({
        "id": uid('u', number), "username": name, "firstName": "Bench", "surname": name, "password": password,
        "userRoles": [to('r', 1)], "organisationUnits": [to('o', 1), to('o', 2), to('o', 3)],
        "dataViewOrganisationUnits": [to('o', 1)]
    })
}

fn people() -> Value {
    let authorities: Vec<String> = (0..AUTHORITIES).map(|n| format!("F_BENCH_AUTHORITY_{n}")).collect();
    let unit = |number: usize| {
        let name = format!("Unit {number}");
        json!({ "id": uid('o', number), "name": name, "shortName": name, "openingDate": "2020-01-01" })
    };
    let group = |number: usize| json!({ "id": uid('g', number), "name": format!("Group {number}"), "users": [to('u', 1)] });
    let data_set = |number: usize| {
        let name = format!("Data set {number}");
        json!({
            "id": uid('d', number), "name": name, "shortName": name, "periodType": "Monthly",
            "sharing": { "public": "r-r-----" }
        })
    };
    let mut users = vec![user(CLERK, 1, Some(PASSWORD))];
    users.extend((0..HOLDERS).map(|number| user(&holder(number), 100 + number, None)));
    let client = |number: usize, name: &str, grants: &[&str], settings: Value| {
        json!({
            "id": uid('c', number), "name": name, "cid": name, "secret": SECRET, "grantTypes": grants,
            "clientAuthenticationMethods": "client_secret_basic", "tokenSettings": settings.to_string()
        })
    };
    let alone = |number: usize, name: &str, settings: Value| {
        let mut client = client(number, name, &["client_credentials"], settings);
        let more = [("actsAs", to('u', 1)), ("profile", "standard".into()), ("scopes", "username".into())];
        let members = client.as_object_mut().into_iter();
        members
            .for_each(|members| members.extend(more.clone().map(|(name, value)| (name.to_owned(), value))));
        client
    };
    let reference = || json!({ "settings.token.access-token-format": "reference" });
    let signed = |algorithm: &str| json!({ "settings.token.id-token-signature-algorithm": algorithm });
    let mut clients = vec![
        alone(2, OPAQUE, reference()),
        alone(3, ES256, signed("ES256")),
        alone(4, RS256, signed("RS256")),
        client(5, REFRESHES, &["password", "refresh_token"], reference()),
    ];
    clients.push(json!({
        "id": uid('c', 1), "name": "Demo", "cid": CLIENT_ID, "secret": SECRET,
        "grantTypes": ["password", "refresh_token", "authorization_code"],
        "redirectUris": ["http://127.0.0.1/callback"]
    }));
    json!({
        "organisationUnits": (1..=3).map(unit).collect::<Vec<_>>(),
        "userRoles": [{ "id": uid('r', 1), "name": "Clerk", "authorities": authorities }],
        "users": users,
        "userGroups": (1..=2).map(group).collect::<Vec<_>>(),
        "dataSets": (1..=10).map(data_set).collect::<Vec<_>>(),
        "oAuth2Clients": clients
    })
}
