//! `/api/loginConfig`: what a login page wants to know before anybody is signed in (web-api
//! reference 4.8). Clients take its mere existence for a sign of the newer login path.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::answer;
use super::query::Pairs;
use crate::account::{recovery, registration};
use crate::system_settings::Stored;
use crate::system_settings::keys;
use crate::{App, Refusal};

/// Its keys and the settings they show.
const SHOWN: &[(&str, &str)] = &[
    ("applicationTitle", "applicationTitle"),
    ("applicationDescription", "keyApplicationIntro"),
    ("applicationNotification", "keyApplicationNotification"),
    ("applicationLeftSideFooter", "keyApplicationFooter"),
    ("applicationRightSideFooter", "keyApplicationRightFooter"),
    ("countryFlag", "keyFlag"),
    ("uiLocale", "keyUiLocale"),
    ("loginPopup", "loginPopup"),
    ("selfRegistrationNoRecaptcha", "keySelfRegistrationNoRecaptcha"),
    ("useCustomLogoFront", "keyUseCustomLogoFront"),
    ("loginPageLayout", "loginPageLayout"),
    ("loginPageTemplate", "loginPageTemplate"),
    ("minPasswordLength", "minPasswordLength"),
    ("maxPasswordLength", "maxPasswordLength"),
];

pub(super) fn router() -> Router<App> {
    Router::new().route("/loginConfig", get(config))
}

async fn config(State(app): State<App>, pairs: Pairs) -> Result<Response, Refusal> {
    let mut reader = app.store.reader().await?;
    let stored = Stored::read(&mut reader).await?;
    let locale = pairs.first("locale");
    let mut config: Map<String, Value> = SHOWN
        .iter()
        .filter_map(|(name, setting)| {
            let value = stored.translated(keys::system(setting)?, locale);
            (!value.is_null()).then(|| ((*name).to_owned(), value))
        })
        .collect();
    // Nobody signs in through another provider here.
    let fixed = json!({
        "apiVersion": app.settings.as_version.to_string(),
        "selfRegistrationEnabled": registration::offer(&mut reader, &stored).await?.is_some(),
        "allowAccountRecovery": recovery::is_open(&app, &stored),
        "emailConfigured": app.mailer().is_configured(&stored),
        "oidcProviders": [],
    });
    if let Value::Object(fixed) = fixed {
        config.extend(fixed);
    }
    Ok(answer::rooted("loginConfig", &Value::Object(config)))
}
