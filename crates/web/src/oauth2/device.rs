//! `POST /oauth2/device_authorization`: a device without a browser asks for a code that its user types
//! elsewhere (RFC 8628 section 3.1).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_crypto::{new_token, sha256};
use kibali_model::{Dialect, GrantType};
use kibali_oauth::device::{DEVICE_CODE_SECONDS, INTERVAL_SECONDS, USER_CODE_LENGTH, typed_code, user_code};
use kibali_oauth::{requested, resource};
use kibali_store::door::devices::InsertDevice;
use serde_json::json;

use super::answer;
use crate::exchange::{BodyForm, authenticate};
use crate::identity::ClientAddress;
use crate::pages::DEVICE;
use crate::{App, Refusal};

/// Answers with the two codes and the page for the second.
pub(super) async fn authorization(
    State(app): State<App>,
    address: ClientAddress,
    BodyForm(form): BodyForm,
) -> Result<Response, Refusal> {
    let client = authenticate(&app, &form, address, Dialect::Modern).await?;
    if !client.grant_types.contains(&GrantType::DeviceCode) {
        return Err(Refusal::GrantNotAllowed(GrantType::DeviceCode.as_str()));
    }
    let scopes = requested(&form.parameters, &client)?;
    let resource = resource(&form.parameters)?.map(str::to_owned);
    let code = new_token(&*app.random);
    let mut bytes = [0; USER_CODE_LENGTH];
    app.random.fill(&mut bytes);
    let shown = user_code(bytes);
    let now = app.now();
    let seconds = client.tokens.device_code_seconds.unwrap_or(DEVICE_CODE_SECONDS);
    let insert = InsertDevice {
        hash: sha256(code.expose()),
        user_hash: sha256(typed_code(&shown)),
        client: client.object,
        scopes,
        resource,
        expires: now.plus_seconds(seconds),
        now,
    };
    if !app.store.write(insert).await? {
        return Err(Refusal::Busy { seconds: 60 });
    }
    let page = app.settings.absolute(DEVICE);
    let told = json!({
        "device_code": code.expose(),
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={shown}"),
        "expires_in": seconds,
        "interval": INTERVAL_SECONDS,
    });
    Ok(answer::private(StatusCode::OK, &told))
}
