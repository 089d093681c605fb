//! Settings of the installation and of single users: names and texts. What a name means, its type and its
//! default, is the business of the room that asks.

use std::collections::BTreeMap;

use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::audit::{self, Who};
use super::changes::{self, Topic};
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const SYSTEM: Statement =
    Statement::new("setting.system", "select name, locale, value from system_setting order by name, locale");
const SYSTEM_ONE: Statement =
    Statement::new("setting.system_one", "select value from system_setting where name = $1 and locale = $2");
const SET_SYSTEM: Statement = Statement::new(
    "setting.set_system",
    "insert into system_setting (name, locale, value) values ($1, $2, $3)
     on conflict (name, locale) do update set value = excluded.value",
);
const CLEAR_SYSTEM: Statement = Statement::new(
    "setting.clear_system",
    "delete from system_setting where name = $1 and (locale = $2 or $2 = '')",
);
const OF_USER: Statement = Statement::new(
    "setting.of_user",
    "select name, value from user_setting where user_object = $1 order by name",
);
const SET_OF_USER: Statement = Statement::new(
    "setting.set_of_user",
    "insert into user_setting (user_object, name, value) values ($1, $2, $3)
     on conflict (user_object, name) do update set value = excluded.value",
);
const CLEAR_OF_USER: Statement =
    Statement::new("setting.clear_of_user", "delete from user_setting where user_object = $1 and name = $2");

pub(crate) const STATEMENTS: &[Statement] =
    &[SYSTEM, SYSTEM_ONE, SET_SYSTEM, CLEAR_SYSTEM, OF_USER, SET_OF_USER, CLEAR_OF_USER];

/// One stored setting of the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemSetting {
    /// Its name.
    pub name: String,
    /// The locale of a translation; empty for the value itself.
    pub locale: String,
    /// Its text.
    pub value: String,
}

/// Every stored setting of the installation.
///
/// # Errors
/// The database failed.
pub async fn system(reader: &mut Reader) -> Result<Vec<SystemSetting>, StoreError> {
    let rows = reader.rows(SYSTEM, Vec::new()).await?;
    rows.iter()
        .map(|row| Ok(SystemSetting { name: row.text(0)?, locale: row.text(1)?, value: row.text(2)? }))
        .collect()
}

/// The text of one setting of the installation, without a locale.
///
/// # Errors
/// The database failed.
pub async fn system_value(reader: &mut Reader, name: &str) -> Result<Option<String>, StoreError> {
    reader.row(SYSTEM_ONE, values![name, ""]).await?.map(|row| row.text(0)).transpose()
}

/// Every stored setting of a user, by name.
///
/// # Errors
/// The database failed.
pub async fn of_user(reader: &mut Reader, user: ObjectId) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = reader.rows(OF_USER, values![user]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Names the settings and never their values, which may be secrets.
async fn tell(
    tx: &mut Tx,
    event: &str,
    by: ObjectId,
    names: &[&str],
    now: Timestamp,
) -> Result<(), StoreError> {
    let who = Who { user: Some(by), ..Who::default() };
    audit::record(tx, event, who, json!({ "names": names }), now).await
}

/// Stores settings of the installation, all or none.
#[derive(Debug, Clone)]
pub struct SetSystem {
    /// What to store.
    pub settings: Vec<SystemSetting>,
    /// Pairs of names: where the first becomes another value, the second is forgotten.
    pub forgets: Vec<(String, String)>,
    /// Who does it.
    pub by: ObjectId,
    /// When.
    pub now: Timestamp,
}

impl Write for SetSystem {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (name, secret) in &self.forgets {
            let before = tx.row(SYSTEM_ONE, values![name.as_str(), ""]).await?;
            let before = before.map(|row| row.text(0)).transpose()?;
            let same = self.settings.iter().any(|setting| {
                setting.name == *name && setting.locale.is_empty() && Some(&setting.value) == before.as_ref()
            });
            if !same {
                tx.run(CLEAR_SYSTEM, values![secret.as_str(), ""]).await?;
            }
        }
        for setting in &self.settings {
            let row = values![setting.name.as_str(), setting.locale.as_str(), setting.value.as_str()];
            tx.run(SET_SYSTEM, row).await?;
        }
        let names: Vec<&str> = self.settings.iter().map(|setting| setting.name.as_str()).collect();
        tell(tx, "setting.written", self.by, &names, self.now).await?;
        changes::record(tx, Topic::Setting, None, self.now).await
    }
}

/// Forgets a setting of the installation with its translations, or one translation.
#[derive(Debug, Clone)]
pub struct ClearSystem {
    /// Its name.
    pub name: String,
    /// The locale of the translation; empty for the value itself.
    pub locale: String,
    /// What is forgotten with it.
    pub forgets: Option<String>,
    /// Who does it.
    pub by: ObjectId,
    /// When.
    pub now: Timestamp,
}

impl Write for ClearSystem {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(CLEAR_SYSTEM, values![self.name.as_str(), self.locale.as_str()]).await?;
        if let Some(secret) = &self.forgets {
            tx.run(CLEAR_SYSTEM, values![secret.as_str(), ""]).await?;
        }
        tell(tx, "setting.deleted", self.by, &[&self.name], self.now).await?;
        changes::record(tx, Topic::Setting, None, self.now).await
    }
}

/// Stores one setting of a user, or forgets it.
#[derive(Debug, Clone)]
pub struct SetOfUser {
    /// Whose.
    pub user: ObjectId,
    /// Its name.
    pub name: String,
    /// Its text; none forgets it.
    pub value: Option<String>,
    /// When.
    pub now: Timestamp,
}

impl Write for SetOfUser {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match &self.value {
            Some(value) => {
                tx.run(SET_OF_USER, values![self.user, self.name.as_str(), value.as_str()]).await?;
            }
            None => {
                tx.run(CLEAR_OF_USER, values![self.user, self.name.as_str()]).await?;
            }
        }
        changes::record(tx, Topic::Setting, Some(self.user), self.now).await
    }
}
