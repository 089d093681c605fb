//! `settings` in the payload of a user (web-api reference 3.2): kept where `/api/userSettings` keeps them.

use kibali_metadata::Kind;
use kibali_model::ObjectId;
use kibali_store::door::settings::SetOfUser;
use serde_json::{Map, Value};

use crate::system_settings::keys;
use crate::{App, Refusal};

/// The settings that a payload chooses for its user; a value that is none forgets the setting.
pub(super) struct Chosen(Vec<(String, Option<String>)>);

impl Chosen {
    /// Takes `settings` out of the payload of a user. Other kinds have none.
    ///
    /// # Errors
    /// A setting does not exist or does not take this value; nothing is written then.
    pub(super) fn take(kind: &Kind, object: &mut Map<String, Value>) -> Result<Self, Refusal> {
        if kind.singular != "user" {
            return Ok(Self(Vec::new()));
        }
        match object.shift_remove("settings") {
            None | Some(Value::Null) => Ok(Self(Vec::new())),
            Some(Value::Object(settings)) => {
                settings.into_iter().map(chosen).collect::<Result<_, _>>().map(Self)
            }
            Some(_) => Err(Refusal::conflict("`settings` takes an object of user settings")),
        }
    }

    /// Keeps them for `user`, who exists by now.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn keep(self, app: &App, user: ObjectId) -> Result<(), Refusal> {
        for (name, value) in self.0 {
            app.store.write(SetOfUser { user, name, value, now: app.now() }).await?;
        }
        Ok(())
    }
}

fn chosen((name, value): (String, Value)) -> Result<(String, Option<String>), Refusal> {
    let Some(key) = keys::user(&name) else {
        return Err(Refusal::conflict(format!("Key is not supported: {name}")));
    };
    let text = match value {
        Value::Null => None,
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    };
    match text {
        Some(text) if key.ty.read(&text).is_none() => {
            Err(Refusal::conflict(format!("Setting {name} takes {}", key.ty.hint())))
        }
        text => Ok((name, text)),
    }
}
