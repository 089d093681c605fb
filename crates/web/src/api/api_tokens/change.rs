//! What a request wants of a token: its code, its end and its limits; everything else of it is fixed.

use kibali_metadata::import::{Code, Edit, Fault, Given, compile};
use kibali_metadata::kinds;
use kibali_model::{Timestamp, TokenLimits};
use kibali_store::door::api_tokens::ApiToken;
use serde_json::{Map, Value, json};

use crate::Refusal;

/// Characters of a code, at most.
pub(crate) const CODE_LENGTH: usize = 50;
/// The last moment that the calendar has: the end of the year 9999.
const LAST: i64 = 253_402_300_799_999;

/// What is to be otherwise; what is none stays, or becomes the default where there is nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Change {
    /// What it is called.
    pub(crate) code: Option<Option<String>>,
    /// When it ends.
    pub(crate) expires: Option<Timestamp>,
    /// What limits it.
    pub(crate) limits: Option<TokenLimits>,
}

impl Change {
    /// What an object as body says; null says nothing, as does what cannot be chosen.
    pub(super) fn of_body(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let sent = |name: &str| body.get(name).filter(|value| !value.is_null());
        Ok(Self {
            code: sent("code").map(code).transpose()?,
            expires: sent("expire").map(expires).transpose()?,
            limits: sent("attributes").map(limits).transpose()?,
        })
    }

    /// What a JSON Patch comes to.
    pub(super) fn of_patch(token: &ApiToken, operations: &Value) -> Result<Self, Refusal> {
        let present = json!({
            "code": token.code, "expire": token.expires.millis(), "attributes": token.limits,
        });
        let present = present.as_object().cloned().unwrap_or_default();
        let kind = kinds::api_token();
        let (edits, faults) = compile(&kind, token.uid.as_str(), &present, operations)
            .map_err(|error| Refusal::bad_request(error.to_string()))?;
        if let Some(fault) = faults.first() {
            return Err(conflict(fault));
        }
        let mut change = Self::default();
        for (name, edit) in edits {
            let value = match edit {
                Edit::Set(Given::Value(value)) => value,
                _ => Value::Null,
            };
            match name {
                "code" => change.code = Some(code(&value)?),
                "expire" => change.expires = Some(expires(&value)?),
                "attributes" => change.limits = Some(limits(&value)?),
                _ => {}
            }
        }
        Ok(change)
    }
}

fn code(value: &Value) -> Result<Option<String>, Refusal> {
    let Some(text) = value.as_str() else {
        return if value.is_null() { Ok(None) } else { Err(Refusal::bad_request("code is not a text")) };
    };
    let text = text.trim();
    let length = text.chars().count();
    if length > CODE_LENGTH {
        let args = ["code", &CODE_LENGTH.to_string(), &length.to_string()];
        return Err(conflict(&Fault::new(Code::E4001, args)));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn expires(value: &Value) -> Result<Timestamp, Refusal> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let millis = number.filter(|millis| *millis <= LAST);
    let told = || invalid("expire is not a number of milliseconds since 1970");
    millis.map(Timestamp::from_millis).ok_or_else(told)
}

fn limits(value: &Value) -> Result<TokenLimits, Refusal> {
    TokenLimits::read(value).map_err(invalid)
}

/// Refused in DHIS2's words.
pub(super) fn invalid(why: impl std::fmt::Display) -> Refusal {
    Refusal::conflict(format!("Failed to validate the token's attributes, message: {why}"))
}

pub(super) fn conflict(fault: &Fault) -> Refusal {
    Refusal::conflict_code(fault.code.as_str(), fault.message())
}
