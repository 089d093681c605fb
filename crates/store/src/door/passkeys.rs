//! Passkeys: kept, used, and taken away again (rules of the door 6, 10).

use kibali_model::{Factor, ObjectId, Timestamp, Uid, hex};
use serde_json::json;

use super::asker::Asker;
use super::audit::{self, Who};
use super::ends;
use super::past::EndedWhy;
use super::protection;
use super::sessions;
use super::spent::{self, Purpose};
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const OF_USER: Statement = Statement::new(
    "passkey.of_user",
    "select uid, user_object, credential, handle, public_key, counter, eligible, backed_up, transports, name, created,
            last_used
     from passkey where user_object = $1 order by created, uid",
);
const BY_CREDENTIAL: Statement = Statement::new(
    "passkey.by_credential",
    "select uid, user_object, credential, handle, public_key, counter, eligible, backed_up, transports, name, created,
            last_used
     from passkey where credential = $1",
);
const INSERT: Statement = Statement::new(
    "passkey.insert",
    "insert into passkey (uid, user_object, credential, handle, public_key, counter, eligible, backed_up, transports, name,
                          created)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
// The count grows or there is none, whoever of two is quicker.
const USE: Statement = Statement::new(
    "passkey.use",
    "update passkey set counter = $3, backed_up = $4, last_used = $5
     where uid = $1 and user_object = $2 and (counter < $3 or (counter = 0 and $3 = 0))",
);
const RENAME: Statement =
    Statement::new("passkey.rename", "update passkey set name = $3 where uid = $1 and user_object = $2");
const DELETE: Statement =
    Statement::new("passkey.delete", "delete from passkey where uid = $1 and user_object = $2");

pub(crate) const STATEMENTS: &[Statement] = &[OF_USER, BY_CREDENTIAL, INSERT, USE, RENAME, DELETE];

/// Passkeys of one user, at most.
pub const MOST: usize = 20;

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Names it on pages.
    pub uid: Uid,
    /// Whose.
    pub user: ObjectId,
    /// What the authenticator calls it.
    pub credential: Vec<u8>,
    /// What authenticators call the user.
    pub handle: Vec<u8>,
    /// What checks its signatures: a JWK.
    pub public_key: String,
    /// How often it signed, as far as it was seen; 0: it does not count.
    pub counter: u32,
    /// It may be copied to other devices of its owner.
    pub eligible: bool,
    /// It is copied, as far as it was seen.
    pub backed_up: bool,
    /// How browsers reach it, with spaces between.
    pub transports: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
}

impl Passkey {
    /// What it proves.
    #[must_use]
    pub const fn factor(&self) -> Factor {
        if self.eligible { Factor::SharedPasskey } else { Factor::Passkey }
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let missing = || StoreError::Corrupt("a passkey".to_owned());
        Ok(Self {
            uid: super::uid(row, 0)?,
            user: row.id(1)?,
            credential: row.bytes_opt(2)?.ok_or_else(missing)?,
            handle: row.bytes_opt(3)?.ok_or_else(missing)?,
            public_key: row.text(4)?,
            counter: u32::try_from(row.int(5)?).map_err(|_| missing())?,
            eligible: row.flag(6)?,
            backed_up: row.flag(7)?,
            transports: row.text(8)?,
            name: row.text(9)?,
            created: row.time(10)?,
            last_used: row.time_opt(11)?,
        })
    }
}

/// The passkeys of a user, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn of_user(reader: &mut Reader, user: ObjectId) -> Result<Vec<Passkey>, StoreError> {
    reader.rows(OF_USER, values![user]).await?.iter().map(Passkey::read).collect()
}

/// The passkey that its authenticator calls so.
///
/// # Errors
/// The database failed.
pub async fn by_credential(reader: &mut Reader, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
    reader.row(BY_CREDENTIAL, values![credential.to_vec()]).await?.as_ref().map(Passkey::read).transpose()
}

/// A passkey that answered a challenge, found right and not spent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedPasskey {
    /// Which.
    pub uid: Uid,
    /// What it proves.
    pub factor: Factor,
    /// How often it signed by now.
    pub counter: u32,
    /// It is copied to other devices of its owner.
    pub backed_up: bool,
    /// SHA-256 of the challenge.
    pub challenge: Hash,
    /// When nobody takes an answer to it any longer.
    pub until: Timestamp,
}

/// Spends the challenge and counts on. False: somebody was quicker, on this node or another.
pub(super) async fn spend(
    tx: &mut Tx,
    user: ObjectId,
    used: UsedPasskey,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !spend_challenge(tx, used.challenge, used.until).await? {
        return Ok(false);
    }
    let row = values![used.uid, user, i64::from(used.counter), used.backed_up, now];
    Ok(tx.run(USE, row).await? > 0)
}

async fn spend_challenge(tx: &mut Tx, challenge: Hash, until: Timestamp) -> Result<bool, StoreError> {
    spent::spend(tx, Purpose::Passkey, &hex(&challenge), until).await
}

/// What became of a new passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is kept; `first`: nothing protected the account before.
    Kept {
        /// Recovery codes were made with it.
        first: bool,
    },
    /// The challenge was answered before.
    Late,
    /// The user has as many as there may be.
    TooMany,
    /// It is kept already, for this user or another.
    Taken,
}

/// Keeps a new passkey. Where it is the first second factor, the user's other sessions and what a password alone
/// obtained end. [`StoreError::Gone`]: the user was shut out meanwhile.
#[derive(Debug, Clone)]
pub struct AddPasskey {
    /// Whose it is. The session that does it has proved the factor from now on.
    pub by: Asker,
    /// It.
    pub passkey: Passkey,
    /// SHA-256 of the challenge that it answered.
    pub challenge: Hash,
    /// When nobody takes an answer to that any longer.
    pub until: Timestamp,
    /// SHA-256 of the recovery codes, for the case that it is the first factor.
    pub recovery_codes: Vec<Hash>,
    /// From where.
    pub address: String,
}

impl Write for AddPasskey {
    type Output = Added;

    async fn apply(&self, tx: &mut Tx) -> Result<Added, StoreError> {
        let (passkey, now) = (&self.passkey, self.passkey.created);
        let Asker { user, session, .. } = self.by;
        let first = !self.by.still_stands(tx, now).await?.protected;
        if !spend_challenge(tx, self.challenge, self.until).await? {
            return Ok(Added::Late);
        }
        if tx.row(BY_CREDENTIAL, values![passkey.credential.clone()]).await?.is_some() {
            return Ok(Added::Taken);
        }
        if tx.rows(OF_USER, values![user]).await?.len() >= MOST {
            return Ok(Added::TooMany);
        }
        let row = values![
            passkey.uid,
            user,
            passkey.credential.clone(),
            passkey.handle.clone(),
            passkey.public_key.as_str(),
            i64::from(passkey.counter),
            passkey.eligible,
            passkey.backed_up,
            passkey.transports.as_str(),
            passkey.name.as_str(),
            now,
        ];
        tx.run(INSERT, row).await?;
        protection::settle(tx, user, now).await?;
        if let Some(session) = session {
            sessions::proved(tx, session, passkey.factor(), now).await?;
        }
        if first {
            protection::replace_codes(tx, user, &self.recovery_codes).await?;
            sessions::end_others(tx, user, session, now).await?;
            ends::end_password_grants(tx, user, EndedWhy::FactorAdded, now).await?;
            let detail = json!({ "factor": passkey.factor().as_str() });
            audit::record(tx, "factor.enabled", of(user, &self.address), detail, now).await?;
        }
        let detail = json!({ "passkey": passkey.uid.to_string(), "name": passkey.name });
        audit::record(tx, "passkey.added", of(user, &self.address), detail, now).await?;
        Ok(Added::Kept { first })
    }
}

/// A user who changes one of their passkeys.
#[derive(Debug, Clone)]
pub struct Changer {
    /// Whose.
    pub user: ObjectId,
    /// Which.
    pub uid: String,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

/// Calls a passkey otherwise. Answers whether there was one.
#[derive(Debug, Clone)]
pub struct RenamePasskey {
    /// Which, and by whom.
    pub by: Changer,
    /// What its owner calls it.
    pub name: String,
}

impl Write for RenamePasskey {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Changer { user, uid, address, now } = &self.by;
        if tx.run(RENAME, values![uid.as_str(), *user, self.name.as_str()]).await? == 0 {
            return Ok(false);
        }
        let detail = json!({ "passkey": uid, "name": self.name });
        audit::record(tx, "passkey.renamed", of(*user, address), detail, *now).await?;
        Ok(true)
    }
}

/// Takes a passkey away, by its owner. Nothing ends: the owner proved a factor a moment ago. Where it was the last
/// factor, the recovery codes go along. Answers whether there was one.
#[derive(Debug, Clone)]
pub struct RemovePasskey(pub Changer);

impl Write for RemovePasskey {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Changer { user, uid, address, now } = &self.0;
        protection::hold(tx, *user).await?;
        if tx.run(DELETE, values![uid.as_str(), *user]).await? == 0 {
            return Ok(false);
        }
        let detail = json!({ "passkey": uid });
        audit::record(tx, "passkey.removed", of(*user, address), detail, *now).await?;
        if !protection::settle(tx, *user, *now).await? {
            let detail = json!({ "factor": Factor::Passkey.as_str() });
            audit::record(tx, "factor.disabled", of(*user, address), detail, *now).await?;
        }
        Ok(true)
    }
}

fn of(user: ObjectId, address: &str) -> Who<'_> {
    Who { user: Some(user), client: None, address: Some(address) }
}
