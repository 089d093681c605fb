//! The installation's settings as they stand, read once for a request.

pub(crate) mod keys;

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kibali_crypto::{MasterKey, Random, SealError, Secret};
use kibali_model::PasswordPolicy;
use kibali_store::door::settings;
use kibali_store::{Reader, StoreError};
use serde_json::Value;

use self::keys::Key;

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

    /// What the installation is called.
    pub(crate) fn application_title(&self) -> String {
        self.named("applicationTitle").as_str().unwrap_or_default().to_owned()
    }

    /// May somebody give others a role they hold themselves?
    pub(crate) fn may_grant_own_roles(&self) -> bool {
        self.named("keyCanGrantOwnUserAuthorityGroups") == Value::Bool(true)
    }

    /// Addresses with a scheme of their own that codes may be sent to.
    pub(crate) fn allowed_redirects(&self) -> Vec<String> {
        self.list("deviceEnrollmentRedirectAllowlist")
    }

    /// The items of a setting that holds a list with commas between.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let list = self.named(name);
        let names = list.as_str().unwrap_or_default().split(',').map(str::trim);
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// The value of a confidential setting, where there is one.
    ///
    /// # Errors
    /// It was sealed under another master key, or is damaged.
    pub(crate) fn secret(
        &self,
        name: &str,
        master_key: &MasterKey,
    ) -> Result<Option<Secret<String>>, SealError> {
        let Some(text) = self.text(name, "") else { return Ok(None) };
        let sealed = STANDARD.decode(text).map_err(|_| SealError)?;
        let opened = master_key.seal_key().unseal(&place(name), &sealed)?;
        String::from_utf8(opened.expose().clone()).map(|text| Some(Secret::new(text))).map_err(|_| SealError)
    }

    /// The text stored under a name.
    pub(crate) fn text(&self, name: &str, locale: &str) -> Option<&str> {
        self.0.get(&(name.to_owned(), locale.to_owned())).map(String::as_str)
    }
}

/// The text under which a confidential value is stored: secrets that must be read back are sealed under the
/// master key (rules of the door 6).
///
/// # Errors
/// The value is too long for the cipher.
pub(crate) fn sealed(
    name: &str,
    value: &str,
    master_key: &MasterKey,
    random: &dyn Random,
) -> Result<String, SealError> {
    Ok(STANDARD.encode(master_key.seal_key().seal(random, &place(name), value.as_bytes())?))
}

/// A value opens under its own name only.
fn place(name: &str) -> String {
    format!("system_setting/{name}")
}
