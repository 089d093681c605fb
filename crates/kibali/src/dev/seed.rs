//! Who is there when `kibali dev` starts.

use kibali_metadata::import::{Changes, ImportParams};
use kibali_model::GrantType;
use kibali_store::door::{accounts, setup_link};
use kibali_store::objects::write::{Hashes, WriteChanges};
use kibali_web::App;
use kibali_web::api::objects;
use kibali_web::pages::{CALLBACK_PATH, DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use serde_json::{Map, Value, json};

use super::country::{self, COUNTRY, PLANNERS, to, uid};
use crate::failure::Failure;

/// Somebody who can sign in. Everybody knows the password: `kibali serve` never has these users.
pub(super) struct DevUser {
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    /// The password as it is stored. Made beforehand, so that a start waits for no hash.
    password_hash: &'static str,
    pub(super) about: &'static str,
    first_name: &'static str,
    surname: &'static str,
    role: &'static str,
    group: Option<&'static str>,
    /// The organisation unit that the user works in.
    unit: &'static str,
}

/// The users, the superuser first.
pub(super) const USERS: [DevUser; 3] = [
    DevUser {
        name: "admin",
        password: "district",
        password_hash: "$2a$10$KibaliDevAdmin0123456uVNScY64QO0CZc5aaEg3kHTn.Wr8MqlC",
        about: "superuser: may do everything",
        first_name: "Asha",
        surname: "Mkuu",
        role: SUPERUSER,
        group: None,
        unit: COUNTRY,
    },
    DevUser {
        name: "juma",
        password: "Register-1",
        password_hash: "$2a$10$KibaliDevJuma00123456uo4YWpHX5Dj4QFM1WPbRFtspYlAS.MBy",
        about: "clerk in the district Ndege: reads what is shared with everyone",
        first_name: "Juma",
        surname: "Karani",
        role: CLERK,
        group: None,
        unit: "Ndege",
    },
    DevUser {
        name: "neema",
        password: "Planning-1",
        password_hash: "$2a$10$KibaliDevNeema0123456uZWKzGatcPmJxiBlTh6hSYVjNF0PDvcm",
        about: "planner of the province Mvua: edits data elements, sees the planners' data set",
        first_name: "Neema",
        surname: "Mpango",
        role: PLANNER,
        group: Some(PLANNERS),
        unit: "Mvua",
    },
];

const SUPERUSER: &str = "Superuser";
const CLERK: &str = "Clerk";
const PLANNER: &str = "Planner";

/// What each role may do.
const ROLES: [(&str, &[&str]); 3] = [
    (SUPERUSER, &["ALL"]),
    (CLERK, &["F_DATAVALUE_ADD", "M_dhis-web-dashboard"]),
    (
        PLANNER,
        &[
            "F_DATAELEMENT_PUBLIC_ADD",
            "F_DATAELEMENT_PRIVATE_ADD",
            "F_DATAELEMENT_DELETE",
            "F_VIEW_EVENT_ANALYTICS",
        ],
    ),
];

/// Fills a store in which nobody is yet.
///
/// # Errors
/// The database failed, or the payload and the rules of import disagree.
pub(super) async fn fill(app: &App) -> Result<(), Failure> {
    if setup_link::is_needed(&mut app.store.reader().await?).await? {
        import(app).await?;
    }
    give_passwords(app).await
}

/// Stores the passwords of those who have none: everybody's after the import, nobody's later, some of them
/// after a start that was cut short.
async fn give_passwords(app: &App) -> Result<(), Failure> {
    let mut reader = app.store.reader().await?;
    let mut hashes = Hashes::default();
    for user in &USERS {
        let account = accounts::by_username(&mut reader, user.name).await?;
        if let Some(account) = account.filter(|account| account.password_hash.is_none()) {
            hashes.passwords.push((account.user, user.password_hash.to_owned()));
        }
    }
    drop(reader);
    if !hashes.passwords.is_empty() {
        let changes = Changes { by: objects::system_principal().uid.to_string(), ..Changes::default() };
        app.store.write(WriteChanges { changes: changes.into(), hashes, now: app.now() }).await?;
    }
    Ok(())
}

async fn import(app: &App) -> Result<(), Failure> {
    let mut payload = country::payload();
    payload.extend(people(app));
    let system = objects::system_principal();
    let report = objects::import(app, &system, &payload, ImportParams::default()).await?;
    match report.errors().next() {
        None => Ok(()),
        Some(error) => Err(Failure::Said(format!("the demonstration data is refused: {}", error.message))),
    }
}

fn people(app: &App) -> Map<String, Value> {
    let roles = ROLES.map(|(name, authorities)| {
        json!({ "id": uid("role", name), "code": name, "name": name, "authorities": authorities })
    });
    let users = USERS.map(|user| {
        json!({
            "id": uid("user", user.name), "username": user.name,
            "firstName": user.first_name, "surname": user.surname, "email": format!("{}@example.org", user.name),
            "userRoles": [to("role", user.role)],
            "organisationUnits": [to("unit", user.unit)],
            "dataViewOrganisationUnits": [to("unit", user.unit)]
        })
    });
    let members = USERS.iter().filter(|user| user.group == Some(PLANNERS));
    let members: Vec<Value> = members.map(|user| to("user", user.name)).collect();
    let groups = [json!({ "id": uid("user group", PLANNERS), "name": PLANNERS, "users": members })];
    let redirects = [app.settings.absolute(CALLBACK_PATH), "http://127.0.0.1/callback".to_owned()];
    let device = GrantType::DeviceCode.as_str();
    let clients = [
        json!({
            "id": uid("client", DEMO_CLIENT_ID), "name": "Demo", "cid": DEMO_CLIENT_ID, "secret": DEMO_CLIENT_SECRET,
            "grantTypes": ["password", "refresh_token", "authorization_code"], "redirectUris": redirects
        }),
        json!({
            "id": uid("client", DEMO_APP_ID), "name": "Demo app", "cid": DEMO_APP_ID, "profile": "standard",
            "grantTypes": ["authorization_code", "refresh_token", device], "redirectUris": redirects,
            "clientAuthenticationMethods": "none", "scopes": "openid,profile,email,username"
        }),
    ];
    let collections = [
        ("userRoles", roles.to_vec()),
        ("users", users.to_vec()),
        ("userGroups", groups.to_vec()),
        ("oAuth2Clients", clients.to_vec()),
    ];
    collections.into_iter().map(|(name, objects)| (name.to_owned(), Value::Array(objects))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stored_password_is_the_one_that_is_told_at_the_cost_of_dhis2() {
        for user in &USERS {
            assert!(kibali_crypto::verify_password(user.password, user.password_hash), "{}", user.name);
            assert!(user.password_hash.starts_with("$2a$10$"), "{}", user.name);
        }
    }
}
