//! Accounts: what a sign-in is decided on.

use kibali_metadata::kinds::edges;
use kibali_model::{Closed, ObjectId, Timestamp, Uid};

use super::emails::{self, Email};
use crate::{Reader, Row, Statement, StoreError, values};

/// The state of an account, as sign-in and every use of a token or session ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Row number of the user.
    pub user: ObjectId,
    /// Public identifier of the user.
    pub uid: Uid,
    /// Login name.
    pub username: String,
    /// First name and surname.
    pub name: Option<String>,
    /// bcrypt; none: cannot sign in by password.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub password_updated: Option<Timestamp>,
    /// Raised whenever the password changes.
    pub credential_version: i64,
    /// Switched off by an administrator.
    pub disabled: bool,
    /// When the account ends.
    pub expiry: Option<Timestamp>,
    /// Signs in elsewhere.
    pub external_auth: bool,
    /// Signing in takes a second factor: the user has set one up.
    pub protected: bool,
    /// A role of the user demands a second factor.
    pub two_factor_demanded: bool,
}

impl Account {
    /// Why the account may not be used at `now`, whatever proves it.
    #[must_use]
    pub fn closed(&self, now: Timestamp) -> Option<Closed> {
        Closed::at(now, self.disabled, self.expiry)
    }

    /// May the account be used at `now`, whatever proves it?
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.closed(now).is_none()
    }

    /// Is it open, with the password that it had at this credential version? Asked of whatever ends with either.
    #[must_use]
    pub fn is_as_it_was(&self, credential_version: i64, now: Timestamp) -> bool {
        self.is_open(now) && self.credential_version == credential_version
    }

    /// Is the password all that this account asks for? Where it is not, nothing that was obtained with a
    /// password alone is worth anything (rules of the door 10).
    #[must_use]
    pub const fn password_suffices(&self) -> bool {
        !self.external_auth && !self.protected && !self.two_factor_demanded
    }

    /// The same of a password with a second factor proved beside it.
    #[must_use]
    pub const fn factor_suffices(&self) -> bool {
        !self.external_auth && !self.must_enrol()
    }

    /// Does a role demand a second factor that the user has not set up?
    #[must_use]
    pub const fn must_enrol(&self) -> bool {
        self.two_factor_demanded && !self.protected
    }

    /// Is the password older than `rules` allow? One of unknown age is not.
    #[must_use]
    pub fn password_expired(&self, rules: SignInRules, now: Timestamp) -> bool {
        let months = rules.password_months;
        months > 0 && self.password_updated.is_some_and(|set| set <= now.minus_months(months))
    }
}

/// What the installation's settings say about signing in with a password (web-api reference 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignInRules {
    /// `keyLockMultipleFailedLogins`: failed attempts lock a user.
    pub locks_after_failures: bool,
    /// `credentialsExpires`: months after which a password must be changed; 0: never.
    pub password_months: i64,
}

const BY_NAME: Statement = Statement::new(
    "account.by_name",
    "select o.id, o.uid, a.username, a.password_hash, a.password_updated, a.credential_version,
            a.disabled, a.expiry, a.external_auth, a.two_factor, o.name
     from account a join object o on o.id = a.object
     where a.username = $1",
);
const BY_USER: Statement = Statement::new(
    "account.by_user",
    "select o.id, o.uid, a.username, a.password_hash, a.password_updated, a.credential_version,
            a.disabled, a.expiry, a.external_auth, a.two_factor, o.name
     from account a join object o on o.id = a.object
     where a.object = $1",
);
const BY_UID: Statement = Statement::new(
    "account.by_uid",
    "select o.id, o.uid, a.username, a.password_hash, a.password_updated, a.credential_version,
            a.disabled, a.expiry, a.external_auth, a.two_factor, o.name
     from object o join account a on a.object = o.id
     where o.kind = 'user' and o.uid = $1",
);
const CONTACT: Statement = Statement::new(
    "account.contact",
    "select o.name, o.doc, a.verified_email from account a join object o on o.id = a.object where a.object = $1",
);
const RESTRICTED_ROLES: Statement = Statement::new(
    "account.restricted_roles",
    "select role.doc
     from reference r join object role on role.id = r.target
     where r.source = $1 and r.edge = $2 and role.doc like '%R_ENABLE_2FA%'",
);
const RULES: Statement = Statement::new(
    "account.sign_in_rules",
    "select name, value from system_setting
     where name in ('keyLockMultipleFailedLogins', 'credentialsExpires') and locale = ''",
);
const LAST_MOVED: Statement = Statement::new(
    "account.last_moved",
    "select coalesce(max(last_login), 0), coalesce(max(password_updated), 0) from account",
);

pub(crate) const STATEMENTS: &[Statement] =
    &[BY_NAME, BY_USER, BY_UID, CONTACT, RESTRICTED_ROLES, RULES, LAST_MOVED];

/// The restriction of a role whose members need a second factor (web-api reference 3.3).
const DEMANDS_TWO_FACTOR: &str = "R_ENABLE_2FA";

/// The account with this login name; letters count as written (web-api reference 3.2).
///
/// # Errors
/// The database failed.
pub async fn by_username(reader: &mut Reader, username: &str) -> Result<Option<Account>, StoreError> {
    let row = reader.row(BY_NAME, values![username]).await?;
    complete(reader, row).await
}

/// What a user is called, for tokens that say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// First name and surname.
    pub name: Option<String>,
    /// The first alone.
    pub first_name: Option<String>,
    /// The second alone.
    pub surname: Option<String>,
    /// E-mail address.
    pub email: Email,
}

/// What a user is called.
///
/// # Errors
/// The database failed.
pub async fn contact(reader: &mut Reader, user: ObjectId) -> Result<Contact, StoreError> {
    let Some(row) = reader.row(CONTACT, values![user]).await? else { return Ok(Contact::default()) };
    let doc: serde_json::Value =
        serde_json::from_str(&row.text(1)?).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let text = |name| doc.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let email = emails::in_doc(&doc, row.text_opt(2)?.as_deref());
    Ok(Contact { name: row.text_opt(0)?, first_name: text("firstName"), surname: text("surname"), email })
}

/// The account of the user with this public identifier.
///
/// # Errors
/// The database failed.
pub async fn by_uid(reader: &mut Reader, uid: &str) -> Result<Option<Account>, StoreError> {
    let row = reader.row(BY_UID, values![uid]).await?;
    complete(reader, row).await
}

/// The account of this user.
///
/// # Errors
/// The database failed.
pub async fn by_user(reader: &mut Reader, user: ObjectId) -> Result<Option<Account>, StoreError> {
    let row = reader.row(BY_USER, values![user]).await?;
    complete(reader, row).await
}

/// What the installation's settings say about signing in.
///
/// # Errors
/// The database failed.
pub async fn sign_in_rules(reader: &mut Reader) -> Result<SignInRules, StoreError> {
    let mut rules = SignInRules::default();
    for row in reader.rows(RULES, values![]).await? {
        let value = row.text(1)?;
        match row.text(0)?.as_str() {
            "credentialsExpires" => rules.password_months = value.parse().unwrap_or_default(),
            _ => rules.locks_after_failures = value == "true",
        }
    }
    Ok(rules)
}

/// When anybody last signed in, and when a password was last set: what moves in accounts without a metadata
/// write.
///
/// # Errors
/// The database failed.
pub async fn last_moved(reader: &mut Reader) -> Result<(i64, i64), StoreError> {
    let row = reader.row(LAST_MOVED, values![]).await?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

async fn complete(reader: &mut Reader, row: Option<Row>) -> Result<Option<Account>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let user = row.id(0)?;
    let roles = reader.rows(RESTRICTED_ROLES, values![user, edges::USER_ROLES.0]).await?;
    let mut two_factor_demanded = false;
    for role in roles {
        // The pattern may also match a description; the document itself decides.
        two_factor_demanded |=
            strings(&role.text(0)?, "restrictions").iter().any(|r| r == DEMANDS_TWO_FACTOR);
    }
    Ok(Some(Account {
        user,
        uid: super::uid(&row, 1)?,
        username: row.text(2)?,
        name: row.text_opt(10)?,
        password_hash: row.text_opt(3)?,
        password_updated: row.time_opt(4)?,
        credential_version: row.int(5)?,
        disabled: row.flag(6)?,
        expiry: row.time_opt(7)?,
        external_auth: row.flag(8)?,
        protected: row.flag(9)?,
        two_factor_demanded,
    }))
}

/// The strings of the list `name` in a document; none where there is no such list.
pub(super) fn strings(doc: &str, name: &str) -> Vec<String> {
    let doc: serde_json::Value = serde_json::from_str(doc).unwrap_or_default();
    let items = doc.get(name).and_then(serde_json::Value::as_array);
    items.into_iter().flatten().filter_map(serde_json::Value::as_str).map(str::to_owned).collect()
}
