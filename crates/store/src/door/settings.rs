//! System settings, with their translations, and each user's own.

use std::collections::BTreeMap;

use kibali_model::{ObjectId, Timestamp};

use super::changes::{self, Topic};
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const SYSTEM: Statement =
    Statement::new("system_setting.all", "select name, value from system_setting where locale = $1");
const SET_SYSTEM: Statement = Statement::new(
    "system_setting.set",
    "insert into system_setting (name, locale, value) values ($1, $2, $3)
     on conflict (name, locale) do update set value = excluded.value",
);
const REMOVE_SYSTEM: Statement = Statement::new(
    "system_setting.remove",
    "delete from system_setting where name = $1 and (locale = $2 or $2 = '')",
);
const USER: Statement =
    Statement::new("user_setting.all", "select name, value from user_setting where user_object = $1");
const SET_USER: Statement = Statement::new(
    "user_setting.set",
    "insert into user_setting (user_object, name, value) values ($1, $2, $3)
     on conflict (user_object, name) do update set value = excluded.value",
);
const REMOVE_USER: Statement =
    Statement::new("user_setting.remove", "delete from user_setting where user_object = $1 and name = $2");

pub(crate) const STATEMENTS: &[Statement] = &[SYSTEM, SET_SYSTEM, REMOVE_SYSTEM, USER, SET_USER, REMOVE_USER];

/// The system settings that are set, by name, in a locale; the empty one holds the values themselves.
///
/// # Errors
/// The database failed.
pub async fn system(reader: &mut Reader, locale: &str) -> Result<BTreeMap<String, String>, StoreError> {
    by_name(reader, SYSTEM, locale.into()).await
}

/// The settings that a user has set, by name.
///
/// # Errors
/// The database failed.
pub async fn of_user(reader: &mut Reader, user: ObjectId) -> Result<BTreeMap<String, String>, StoreError> {
    by_name(reader, USER, user.into()).await
}

async fn by_name(
    reader: &mut Reader,
    statement: Statement,
    whose: crate::Value,
) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = reader.rows(statement, vec![whose]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Sets or removes a system setting.
#[derive(Debug, Clone)]
pub struct SetSystemSetting {
    /// Its name.
    pub name: String,
    /// The locale of a translation; empty for the setting itself.
    pub locale: String,
    /// Its value; none removes it, and with the setting its translations.
    pub value: Option<String>,
    /// When.
    pub now: Timestamp,
}

impl Write for SetSystemSetting {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (name, locale) = (self.name.as_str(), self.locale.as_str());
        match &self.value {
            Some(value) => tx.run(SET_SYSTEM, values![name, locale, value.as_str()]).await?,
            None => tx.run(REMOVE_SYSTEM, values![name, locale]).await?,
        };
        changes::record(tx, Topic::Setting, None, self.now).await
    }
}

/// Sets or removes a setting of a user.
#[derive(Debug, Clone)]
pub struct SetUserSetting {
    /// Whose.
    pub user: ObjectId,
    /// Its name.
    pub name: String,
    /// Its value; none removes it.
    pub value: Option<String>,
}

impl Write for SetUserSetting {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let name = self.name.as_str();
        match &self.value {
            Some(value) => tx.run(SET_USER, values![self.user, name, value.as_str()]).await?,
            None => tx.run(REMOVE_USER, values![self.user, name]).await?,
        };
        Ok(())
    }
}
