//! In which language a user reads names.

use kibali_model::ObjectId;

use crate::{Statement, Store, StoreError, values};

const DISPLAY_LOCALE: Statement = Statement::new(
    "user_setting.display_locale",
    "select value from user_setting where user_object = $1 and name = 'keyDbLocale'",
);

pub(crate) const STATEMENTS: &[Statement] = &[DISPLAY_LOCALE];

impl Store {
    /// The user's `keyDbLocale`, if one was chosen (web-api reference 1.12).
    ///
    /// # Errors
    /// The database failed.
    pub async fn display_locale(&self, user: ObjectId) -> Result<Option<String>, StoreError> {
        let row = self.reader().await?.row(DISPLAY_LOCALE, values![user]).await?;
        row.map(|row| row.text(0)).transpose()
    }
}
