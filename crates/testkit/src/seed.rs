//! What every test starts with.

use kibali_metadata::import::ImportParams;
use kibali_web::App;
use kibali_web::api::objects;
use serde_json::{Value, json};

/// The superuser's name.
pub const ADMIN: &str = "admin";
/// The superuser's password.
pub const ADMIN_PASSWORD: &str = "district";
/// The client that may do everything a client may.
pub const CLIENT: &str = "demo";
/// Its secret.
pub const CLIENT_SECRET: &str = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";

/// Seeds a fresh database: the defaults, a superuser, and a client with every grant.
pub(crate) async fn everything(app: &App) {
    objects::create_defaults(app).await.expect("the defaults can be made");
    import(
        app,
        &json!({
            "userRoles": [{
                "id": "yrB6vc5Ip3r", "code": "Superuser", "name": "Superuser", "authorities": ["ALL"]
            }],
            "users": [{
                "id": "M5zQapPyTZI", "code": "admin", "username": ADMIN, "password": ADMIN_PASSWORD,
                "firstName": "John", "surname": "Admin", "userRoles": [{ "id": "yrB6vc5Ip3r" }]
            }],
            "oAuth2Clients": [{
                "id": "e0jkVfDkSMT", "name": "Demo", "cid": CLIENT, "secret": CLIENT_SECRET,
                "grantTypes": ["password", "refresh_token", "authorization_code"],
                "redirectUris": ["http://127.0.0.1/callback"]
            }]
        }),
    )
    .await;
}

/// Imports a payload as Kibali itself.
///
/// # Panics
/// The import refuses something; the message shows what.
pub async fn import(app: &App, payload: &Value) {
    let payload = payload.as_object().expect("a payload is an object");
    let params = ImportParams::default();
    let report = objects::import(app, &objects::system_principal(), payload, params).await;
    let report = report.expect("the import runs");
    let errors: Vec<_> = report.errors().collect();
    assert!(errors.is_empty(), "{errors:?}");
}
