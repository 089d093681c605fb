//! Clients that register themselves: what lets them, and what they manage themselves with.

use kibali_model::{ObjectId, Timestamp, Uid};
use serde_json::json;

use super::audit::{self, Who};
use super::tokens::Hash;
use crate::objects::write::WriteChanges;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const INSERT: Statement = Statement::new(
    "initial_access_token.insert",
    "insert into initial_access_token (hash, uid, name, way, user_object, credential_version, redirect_url,
                                       uses_left, created, expires)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const FIND: Statement = Statement::new(
    "initial_access_token.find",
    "select uid, name, way, user_object, credential_version, redirect_url, uses_left, created, expires
     from initial_access_token where hash = $1",
);
const LIVE: Statement = Statement::new(
    "initial_access_token.live",
    "select uid, name, way, user_object, credential_version, redirect_url, uses_left, created, expires
     from initial_access_token where expires > $1 and uses_left > 0 and way = 'invited'
     order by expires, uid limit 1000",
);
const SPEND: Statement = Statement::new(
    "initial_access_token.spend",
    "update initial_access_token set uses_left = uses_left - 1
     where hash = $1 and uses_left > 0 and expires > $2
       and (user_object is null
            or exists (select 1 from account a
                       where a.object = initial_access_token.user_object and a.disabled = 0
                         and (a.expiry is null or a.expiry > $2)
                         and a.credential_version = initial_access_token.credential_version))",
);
const DELETE: Statement = Statement::new(
    "initial_access_token.delete",
    "delete from initial_access_token where uid = $1 and way = 'invited'",
);
const KEEP: Statement = Statement::new(
    "registration.insert",
    "insert into registration (client, hash, way, user_object, redirect_url, created) values ($1, $2, $3, $4, $5, $6)",
);
const FIND_REGISTRATION: Statement = Statement::new(
    "registration.find",
    "select r.client, o.uid, r.way, r.user_object, r.redirect_url, r.created
     from registration r join object o on o.id = r.client where r.hash = $1",
);
const SURPLUS: Statement = Statement::new(
    "registration.surplus",
    "select o.uid from registration r
       join object o on o.id = r.client
       join client c on c.object = r.client
     where r.user_object = $1 and r.way = 'enrolled'
     order by coalesce(c.last_used, r.created) desc, r.client desc limit 100 offset $2",
);
// As every metadata write does: those that register at once are counted one after the other.
const HOLD: Statement =
    Statement::new("registration.hold", "update installation set value = value where name = 'metadata_lock'");
const OPEN: Statement =
    Statement::new("registration.open", "select count(*) from registration where way = 'open'");

pub(crate) const STATEMENTS: &[Statement] =
    &[INSERT, FIND, LIVE, SPEND, DELETE, KEEP, FIND_REGISTRATION, SURPLUS, HOLD, OPEN];

/// How a client came to register itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Its user signed in on it.
    Enrolled,
    /// An administrator let it.
    Invited,
    /// The installation lets anybody.
    Open,
}

impl Way {
    const EVERY: [Self; 3] = [Self::Enrolled, Self::Invited, Self::Open];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Invited => "invited",
            Self::Open => "open",
        }
    }

    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        let name = row.text(at)?;
        let known = Self::EVERY.into_iter().find(|way| way.as_str() == name);
        known.ok_or_else(|| StoreError::Corrupt(format!("'{name}' is no way to register")))
    }
}

/// An initial access token, live or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialAccess {
    /// Public identifier.
    pub uid: Uid,
    /// What it is for.
    pub name: Option<String>,
    /// How it came to be.
    pub way: Way,
    /// Who made it; none: whoever runs the installation.
    pub user: Option<ObjectId>,
    /// The credential version of that account then.
    pub credential_version: i64,
    /// Where its clients may send codes, where that was said.
    pub redirect_url: Option<String>,
    /// Clients it still lets register.
    pub uses_left: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it stops working.
    pub expires: Timestamp,
}

impl InitialAccess {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            uid: super::uid(row, 0)?,
            name: row.text_opt(1)?,
            way: Way::read(row, 2)?,
            user: row.id_opt(3)?,
            credential_version: row.int(4)?,
            redirect_url: row.text_opt(5)?,
            uses_left: row.int(6)?,
            created: row.time(7)?,
            expires: row.time(8)?,
        })
    }
}

/// The initial access token with this hash, live or not.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<InitialAccess>, StoreError> {
    reader.row(FIND, values![hash]).await?.as_ref().map(InitialAccess::read).transpose()
}

/// Those that administrators made and that still work, at most a thousand.
///
/// # Errors
/// The database failed.
pub async fn live(reader: &mut Reader, now: Timestamp) -> Result<Vec<InitialAccess>, StoreError> {
    reader.rows(LIVE, values![now]).await?.iter().map(InitialAccess::read).collect()
}

/// Keeps a new initial access token.
#[derive(Debug, Clone)]
pub struct InsertInitialAccess {
    /// SHA-256 of it.
    pub hash: Hash,
    /// What it is.
    pub token: InitialAccess,
    /// From where; none on the command line.
    pub address: Option<String>,
}

impl Write for InsertInitialAccess {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let token = &self.token;
        let row = values![
            self.hash,
            token.uid,
            token.name.as_deref(),
            token.way.as_str(),
            token.user,
            token.credential_version,
            token.redirect_url.as_deref(),
            token.uses_left,
            token.created,
            token.expires,
        ];
        tx.run(INSERT, row).await?;
        let who = Who { user: token.user, client: None, address: self.address.as_deref() };
        let detail = json!({
            "token": token.uid.as_str(), "way": token.way.as_str(), "uses": token.uses_left,
            "expires": token.expires.to_dhis2(),
        });
        audit::record(tx, "initial_access_token.made", who, detail, token.created).await
    }
}

/// Takes back an initial access token that an administrator made. Answers whether there was one.
#[derive(Debug, Clone)]
pub struct DeleteInitialAccess {
    /// Which.
    pub uid: String,
    /// Who does it; none: whoever runs the installation.
    pub by: Option<ObjectId>,
    /// From where; none on the command line.
    pub address: Option<String>,
    /// When.
    pub now: Timestamp,
}

impl Write for DeleteInitialAccess {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if tx.run(DELETE, values![self.uid.as_str()]).await? == 0 {
            return Ok(false);
        }
        let who = Who { user: self.by, client: None, address: self.address.as_deref() };
        audit::record(tx, "initial_access_token.deleted", who, json!({ "token": self.uid }), self.now)
            .await?;
        Ok(true)
    }
}

/// A client that registered itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfRegistered {
    /// The client.
    pub client: ObjectId,
    /// Its public identifier.
    pub uid: Uid,
    /// How it came to.
    pub way: Way,
    /// For whom, or who let it.
    pub user: Option<ObjectId>,
    /// Where it may send codes, where its invitation said so.
    pub redirect_url: Option<String>,
    /// When.
    pub created: Timestamp,
}

/// The client that manages itself with the token of this hash.
///
/// # Errors
/// The database failed.
pub async fn find_registered(reader: &mut Reader, hash: Hash) -> Result<Option<SelfRegistered>, StoreError> {
    let Some(row) = reader.row(FIND_REGISTRATION, values![hash]).await? else { return Ok(None) };
    Ok(Some(SelfRegistered {
        client: row.id(0)?,
        uid: super::uid(&row, 1)?,
        way: Way::read(&row, 2)?,
        user: row.id_opt(3)?,
        redirect_url: row.text_opt(4)?,
        created: row.time(5)?,
    }))
}

/// The clients of a user's devices beyond `most`, the least recently used.
///
/// # Errors
/// The database failed.
pub async fn surplus(reader: &mut Reader, user: ObjectId, most: i64) -> Result<Vec<Uid>, StoreError> {
    reader.rows(SURPLUS, values![user, most]).await?.iter().map(|row| super::uid(row, 0)).collect()
}

/// Spends an initial access token and writes the client that it lets register, in one. Answers false, and
/// writes nothing, where the token is spent, too old or of an account that was closed or whose password changed; or
/// where as many registered openly as may.
#[derive(Debug, Clone)]
pub struct RegisterClient {
    /// The token; none: registration is open.
    pub initial: Option<Hash>,
    /// The client, as the metadata engine writes it.
    pub changes: WriteChanges,
    /// Its row number.
    pub client: ObjectId,
    /// SHA-256 of the token it manages itself with.
    pub hash: Hash,
    /// How it came to register.
    pub way: Way,
    /// For whom, or who let it.
    pub user: Option<ObjectId>,
    /// Where it may send codes, where its invitation said so.
    pub redirect_url: Option<String>,
    /// Clients that registered openly, at most.
    pub most_open: i64,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for RegisterClient {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let may = match self.initial {
            Some(hash) => tx.run(SPEND, values![hash, self.now]).await? > 0,
            None => {
                tx.run(HOLD, values![]).await?;
                let open = tx.row(OPEN, values![]).await?;
                open.map_or(Ok(0), |row| row.int(0))? < self.most_open
            }
        };
        if !may {
            return Ok(false);
        }
        self.changes.apply(tx).await?;
        let way = self.way.as_str();
        let row = values![self.client, self.hash, way, self.user, self.redirect_url.as_deref(), self.now];
        tx.run(KEEP, row).await?;
        let who = Who { user: self.user, client: Some(self.client), address: Some(&self.address) };
        audit::record(tx, "client.registered", who, json!({ "way": way }), self.now).await?;
        Ok(true)
    }
}
