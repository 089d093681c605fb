//! The installation's settings as they stand, read once for a request.

use std::collections::HashMap;

use kibali_model::PasswordPolicy;
use kibali_store::door::settings;
use kibali_store::{Reader, StoreError};
use serde_json::Value;

use super::keys::{self, Key};

/// Every stored setting, by name and locale.
#[derive(Debug, Default)]
pub(crate) struct Stored(HashMap<(String, String), String>);

impl Stored {
    /// Reads them.
    pub(crate) async fn read(reader: &mut Reader) -> Result<Self, StoreError> {
        let rows = settings::system(reader).await?;
        Ok(Self(rows.into_iter().map(|row| ((row.name, row.locale), row.value)).collect()))
    }

    /// The value of a setting: stored, else its default, else null. Null too where it may not be shown.
    pub(crate) fn value(&self, key: &Key) -> Value {
        if key.confidential { Value::Null } else { key.value(self.text(key.name, "")) }
    }

    /// The translation into `locale`, or its language, else the value itself.
    pub(crate) fn translated(&self, key: &Key, locale: Option<&str>) -> Value {
        let Some(locale) = locale.filter(|_| key.translatable) else { return self.value(key) };
        let language = locale.split(['_', '-']).next().unwrap_or(locale);
        match self.text(key.name, locale).or_else(|| self.text(key.name, language)) {
            Some(text) => Value::from(text),
            None => self.value(key),
        }
    }

    /// The value of a setting by name.
    pub(crate) fn named(&self, name: &str) -> Value {
        keys::system(name).map_or(Value::Null, |key| self.value(key))
    }

    /// What the installation asks of a password.
    pub(crate) fn password_policy(&self) -> PasswordPolicy {
        let length = |name: &str| self.named(name).as_u64().and_then(|length| usize::try_from(length).ok());
        let default = PasswordPolicy::default();
        PasswordPolicy {
            min: length("minPasswordLength").unwrap_or(default.min),
            max: length("maxPasswordLength").unwrap_or(default.max),
        }
    }

    /// May somebody give others a role they hold themselves?
    pub(crate) fn may_grant_own_roles(&self) -> bool {
        self.named("keyCanGrantOwnUserAuthorityGroups") == Value::Bool(true)
    }

    /// The text stored under a name.
    pub(crate) fn text(&self, name: &str, locale: &str) -> Option<&str> {
        self.0.get(&(name.to_owned(), locale.to_owned())).map(String::as_str)
    }
}
