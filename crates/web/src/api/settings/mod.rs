//! Settings of the installation and of the user.

mod system;
pub(super) mod user;

use axum::Router;
use kibali_model::{Authorities, Principal};
use serde_json::Value;

use super::query::Pairs;
use crate::body::{self, Raw};
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    system::router().merge(user::router())
}

/// May the caller change the installation's settings?
///
/// # Errors
/// [`Refusal::Lacks`].
pub(super) fn require_manager(caller: &Principal) -> Result<(), Refusal> {
    if system::is_manager(caller) { Ok(()) } else { Err(Refusal::Lacks(system::MANAGERS)) }
}

/// May the caller do everything? What has a part in who gets into which account is changed by nobody else.
///
/// # Errors
/// [`Refusal::Lacks`].
pub(super) fn require_all(caller: &Principal) -> Result<(), Refusal> {
    if caller.is_superuser() { Ok(()) } else { Err(Refusal::Lacks(&[Authorities::ALL])) }
}

/// The value a request brings: the parameter `value`, else the body as text; a JSON text without its
/// quotes. None where there is nothing.
pub(super) fn given(pairs: &Pairs, body: &Raw) -> Result<Option<String>, Refusal> {
    if let Some(value) = pairs.first("value") {
        return Ok(Some(value.to_owned()));
    }
    let text = std::str::from_utf8(&body.bytes)
        .map_err(|_| Refusal::UnreadableBody("The body is not UTF-8".to_owned()))?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    if body.media != "application/json" {
        return Ok(Some(text.to_owned()));
    }
    match body::parse(text.as_bytes()) {
        Ok(Value::Null) => Ok(None),
        Ok(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Ok(plain @ (Value::Bool(_) | Value::Number(_))) => Ok(Some(plain.to_string())),
        Ok(_) => {
            Err(Refusal::UnreadableBody("The body is neither a text, a number nor a truth value".to_owned()))
        }
        // Clients send bare texts under this media type, too.
        Err(_) => Ok(Some(text.to_owned())),
    }
}
