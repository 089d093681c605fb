//! Sessions: browsers that are signed in.

use kibali_model::{Factor, ObjectId, SignIn, Timestamp};
use serde_json::json;

use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::cuts::Cutter;
use super::factors::{self, Proof};
use super::logouts::{self, Leaving};
use super::past::{self, EndedWhy, Ending};
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const FIND: Statement = Statement::new(
    "session.find",
    "select user_object, last_used, expires, credential_version, factor, factor_proved, authenticated, amr
     from session where hash = $1",
);
const INSERT: Statement = Statement::new(
    "session.insert",
    "insert into session (hash, user_object, created, last_used, expires, authenticated, credential_version,
                          address, user_agent, factor, factor_proved, sid, amr)
     values ($1, $2, $3, $3, $4, $3, $5, $6, $7, $8, $9, $10, $11)",
);
const DELETE: Statement = Statement::new("session.delete", "delete from session where hash = $1");
const OWNER: Statement = Statement::new("session.owner", "select user_object from session where hash = $1");
// A factor that was set up since the password was found right is asked for first.
const TOUCH_ACCOUNT: Statement = Statement::new(
    "account.signed_in",
    "update account set last_login = $2 where object = $1 and (two_factor = 0 or $3 = 1)",
);
const PROVED: Statement = Statement::new(
    "session.proved",
    "update session set factor = $2, factor_proved = $3, amr = $4 where hash = $1",
);
const HOW: Statement =
    Statement::new("session.how", "select factor, amr, user_object from session where hash = $1");
const DELETE_OF_USER: Statement =
    Statement::new("session.delete_of_user", "delete from session where user_object = $1 and hash <> $2");

const OF_USER: Statement = Statement::new(
    "session.of_user",
    "select s.hash, s.created, s.last_used, s.expires, s.address, s.user_agent, s.factor
     from session s join account a on a.object = s.user_object and a.credential_version = s.credential_version
     where s.user_object = $1 order by s.last_used desc, s.hash limit $2",
);
const SURPLUS: Statement = Statement::new(
    "session.surplus",
    "select hash from session where user_object = $1 order by last_used desc, hash limit 1000 offset $2",
);
const DELETE_ONE_OF_USER: Statement =
    Statement::new("session.delete_one_of_user", "delete from session where hash = $1 and user_object = $2");
const AUTHENTICATED: Statement = Statement::new(
    "session.authenticated",
    "update session set authenticated = $3
     where hash = $1 and credential_version = $2
       and exists (select 1 from account a where a.object = session.user_object and a.two_factor = 0)",
);

pub(crate) const STATEMENTS: &[Statement] = &[
    FIND,
    INSERT,
    DELETE,
    OWNER,
    TOUCH_ACCOUNT,
    PROVED,
    HOW,
    DELETE_OF_USER,
    OF_USER,
    SURPLUS,
    DELETE_ONE_OF_USER,
    AUTHENTICATED,
];

/// Sessions of one user that are shown, at most.
const SHOWN: i64 = 100;

/// A session as the store finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSession {
    /// Who is signed in.
    pub user: ObjectId,
    /// When it was last used, as far as it is written.
    pub last_used: Timestamp,
    /// When it ends if it is not used.
    pub expires: Timestamp,
    /// The account's credential version at sign-in.
    pub credential_version: i64,
    /// The second factor that was proved last, and when.
    pub proved: Option<(Factor, Timestamp)>,
    /// When they signed in.
    pub since: Timestamp,
    /// How they proved who they are ([`SignIn::amr`]).
    pub amr: String,
}

/// The session with this hash, live or not.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<FoundSession>, StoreError> {
    let Some(row) = reader.row(FIND, values![hash]).await? else { return Ok(None) };
    let proved = factor(&row, 4)?;
    Ok(Some(FoundSession {
        amr: amr(row.text_opt(7)?, proved),
        user: ObjectId(row.int(0)?),
        last_used: row.time(1)?,
        expires: row.time(2)?,
        credential_version: row.int(3)?,
        proved: proved.zip(row.time_opt(5)?),
        // A session of before this was noted began when it was last used at the latest.
        since: row.time_opt(6)?.unwrap_or(row.time(1)?),
    }))
}

fn factor(row: &Row, at: usize) -> Result<Option<Factor>, StoreError> {
    Ok(row.text_opt(at)?.as_deref().and_then(Factor::from_name))
}

/// How somebody proved who they are; before this was noted, a password came first.
fn amr(noted: Option<String>, proved: Option<Factor>) -> String {
    noted.unwrap_or_else(|| match proved {
        Some(factor) => SignIn::with_factor(SignIn::PASSWORD, factor),
        None => SignIn::PASSWORD.to_owned(),
    })
}

/// Starts a session in place of another one, whose cookie a stranger might have set. Answers false, and
/// starts none, where the proof of the second factor is spent, or there is none and the account asks for one by now.
#[derive(Debug, Clone)]
pub struct StartSession {
    /// SHA-256 of the new cookie.
    pub hash: Hash,
    /// SHA-256 of the cookie it replaces.
    pub replaces: Option<Hash>,
    /// What clients call it (`sid`).
    pub sid: String,
    /// Who signed in.
    pub user: ObjectId,
    /// The account's credential version, which the session ends with.
    pub credential_version: i64,
    /// What proved the second factor, where the account has one.
    pub proof: Option<Proof>,
    /// How they proved who they are ([`SignIn::amr`]).
    pub amr: String,
    /// When it ends if it is not used.
    pub expires: Timestamp,
    /// Where from.
    pub address: String,
    /// The browser, as it names itself.
    pub user_agent: Option<String>,
    /// Sessions of the user, this one included; the least recently used go.
    pub at_most: u32,
    /// When.
    pub now: Timestamp,
}

impl Write for StartSession {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        // Touching the account's row first makes two that sign in wait for each other, so that both are counted.
        if tx.run(TOUCH_ACCOUNT, values![self.user, self.now, self.proof.is_some()]).await? == 0 {
            return Ok(false);
        }
        if let Some(proof) = self.proof
            && !factors::spend(tx, self.user, proof, self.now).await?
        {
            return Ok(false);
        }
        let factor = self.proof.map(|proof| proof.factor().as_str());
        if let Some(hash) = self.replaces
            && let Some(owner) = tx.row(OWNER, values![hash]).await?
        {
            logouts::owe(tx, owner.id(0)?, Leaving::One(hash), self.now).await?;
            tx.run(DELETE, values![hash]).await?;
        }
        let others = i64::from(self.at_most.saturating_sub(1));
        for row in tx.rows(SURPLUS, values![self.user, others]).await? {
            let hash = hash(&row, 0)?;
            logouts::owe(tx, self.user, Leaving::One(hash), self.now).await?;
            past::remember(tx, Ending::Session(hash), EndedWhy::TooMany, self.now).await?;
            tx.run(DELETE, values![hash]).await?;
            let who = Who { user: Some(self.user), ..Who::default() };
            audit::record(tx, "session.ended", who, json!({ "why": "too_many" }), self.now).await?;
            changes::record(tx, Topic::Session, Some(self.user), self.now).await?;
        }
        let row = values![
            self.hash,
            self.user,
            self.now,
            self.expires,
            self.credential_version,
            self.address.as_str(),
            self.user_agent.as_deref(),
            factor,
            factor.map(|_| self.now),
            self.sid.as_str(),
            self.amr.as_str(),
        ];
        tx.run(INSERT, row).await?;
        let who = Who { user: Some(self.user), client: None, address: Some(&self.address) };
        let detail = json!({ "by": "session", "factor": factor });
        audit::record(tx, "sign_in.accepted", who, detail, self.now).await?;
        Ok(true)
    }
}

/// Ends a session.
#[derive(Debug, Clone, Copy)]
pub struct EndSession {
    /// SHA-256 of the cookie.
    pub hash: Hash,
    /// When.
    pub now: Timestamp,
}

impl Write for EndSession {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let owner = tx.row(OWNER, values![self.hash]).await?;
        let user = owner.map(|row| row.id(0)).transpose()?;
        if let Some(user) = user {
            logouts::owe(tx, user, Leaving::One(self.hash), self.now).await?;
        }
        past::remember(tx, Ending::Session(self.hash), EndedWhy::SignedOut, self.now).await?;
        if tx.run(DELETE, values![self.hash]).await? > 0 {
            audit::record(tx, "session.ended", Who { user, ..Who::default() }, json!({}), self.now).await?;
            changes::record(tx, Topic::Session, None, self.now).await?;
        }
        Ok(())
    }
}

/// A session, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// SHA-256 of the cookie.
    pub hash: Hash,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, as far as it is written.
    pub last_used: Timestamp,
    /// When it ends if it is not used.
    pub expires: Timestamp,
    /// Where it began.
    pub address: Option<String>,
    /// The browser, as it names itself.
    pub user_agent: Option<String>,
    /// It proved a second factor.
    pub with_factor: bool,
}

/// The sessions of a user, live or just over, the last used first.
///
/// # Errors
/// The database failed.
pub async fn of_user(reader: &mut Reader, user: ObjectId) -> Result<Vec<OwnSession>, StoreError> {
    let rows = reader.rows(OF_USER, values![user, SHOWN]).await?;
    let read = |row: &Row| {
        Ok(OwnSession {
            hash: hash(row, 0)?,
            created: row.time(1)?,
            last_used: row.time(2)?,
            expires: row.time(3)?,
            address: row.text_opt(4)?,
            user_agent: row.text_opt(5)?,
            with_factor: !row.is_null(6)?,
        })
    };
    rows.iter().map(read).collect()
}

fn hash(row: &Row, at: usize) -> Result<Hash, StoreError> {
    let hash = row.bytes_opt(at)?.unwrap_or_default();
    hash.try_into().map_err(|_| StoreError::Corrupt("a session's hash".to_owned()))
}

/// Ends sessions of a user. Answers how many.
#[derive(Debug, Clone)]
pub struct EndSessions {
    /// Whose.
    pub user: ObjectId,
    /// Which.
    pub which: WhichSessions,
    /// By whom: the user, or an administrator.
    pub by: Cutter,
    /// When.
    pub now: Timestamp,
}

/// Which sessions of a user end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichSessions {
    /// This one.
    One(Hash),
    /// All but this one.
    AllBut(Hash),
}

impl Write for EndSessions {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let (statement, row, ending) = match self.which {
            WhichSessions::One(hash) => (DELETE_ONE_OF_USER, values![hash, self.user], Ending::Session(hash)),
            WhichSessions::AllBut(hash) => {
                (DELETE_OF_USER, values![self.user, hash], Ending::SessionsOf(self.user, Some(hash)))
            }
        };
        let leaving = match self.which {
            WhichSessions::One(hash) => Leaving::One(hash),
            WhichSessions::AllBut(hash) => Leaving::AllBut(Some(hash)),
        };
        logouts::owe(tx, self.user, leaving, self.now).await?;
        let why = if self.by.user == self.user { EndedWhy::SessionEnded } else { EndedWhy::Cut };
        past::remember(tx, ending, why, self.now).await?;
        let ended = tx.run(statement, row).await?;
        if ended > 0 {
            if why == EndedWhy::Cut {
                self.by
                    .record(tx, json!({ "user": self.user.0.to_string(), "sessions": ended }), self.now)
                    .await?;
            } else {
                let who = Who { user: Some(self.user), client: None, address: Some(&self.by.address) };
                let detail = json!({ "why": "asked", "count": ended });
                audit::record(tx, "session.ended", who, detail, self.now).await?;
            }
            changes::record(tx, Topic::Session, Some(self.user), self.now).await?;
        }
        Ok(ended)
    }
}

/// Notes that whoever has the session gave their password once more. Where the password changed meanwhile, or a second
/// factor protects the account, nothing happens.
#[derive(Debug, Clone, Copy)]
pub struct Reauthenticated {
    /// SHA-256 of the cookie.
    pub hash: Hash,
    /// The account's credential version that the password was held against.
    pub credential_version: i64,
    /// When.
    pub now: Timestamp,
}

impl Write for Reauthenticated {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(AUTHENTICATED, values![self.hash, self.credential_version, self.now]).await?;
        Ok(())
    }
}

/// Marks a session as one that proved the second factor just now. Part of writes that spend the proof.
pub(super) async fn proved(
    tx: &mut Tx,
    session: Hash,
    factor: Factor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(row) = tx.row(HOW, values![session]).await? else { return Ok(()) };
    let before = amr(row.text_opt(1)?, self::factor(&row, 0)?);
    tx.run(PROVED, values![session, factor.as_str(), now, SignIn::with_factor(&before, factor)]).await?;
    Ok(())
}

/// Is the session the user's, and has it proved a second factor where that is asked? Part of writes that rest on it.
pub(super) async fn is_open(
    tx: &mut Tx,
    session: Hash,
    user: ObjectId,
    with_factor: bool,
) -> Result<bool, StoreError> {
    let Some(row) = tx.row(HOW, values![session]).await? else { return Ok(false) };
    Ok(row.id(2)? == user && (!with_factor || factor(&row, 0)?.is_some()))
}

/// Ends every session of a user but the one that is kept. Part of writes that change a password.
///
/// # Errors
/// The database failed.
pub(crate) async fn end_others(
    tx: &mut Tx,
    user: ObjectId,
    keep: Option<Hash>,
    now: Timestamp,
) -> Result<(), StoreError> {
    logouts::owe(tx, user, Leaving::AllBut(keep), now).await?;
    past::remember(tx, Ending::SessionsOf(user, keep), EndedWhy::SessionEnded, now).await?;
    tx.run(DELETE_OF_USER, values![user, keep.map_or_else(Vec::new, |hash| hash.to_vec())]).await?;
    changes::record(tx, Topic::Session, Some(user), now).await
}
