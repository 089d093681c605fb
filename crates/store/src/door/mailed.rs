//! Codes of a second factor that are mailed (rules of the door 10): one of each user at a time, for a quarter of an hour
//! and a few tries, on whichever node they are made.

use kibali_model::{ObjectId, Timestamp, TwoFactorType};
use serde_json::json;

use super::audit;
use super::factors::{of, set};
use super::protection::hold;
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

/// Times that a code may be tried.
const TRIES: i64 = 5;
/// Messages that a user is sent within [`COUNTED_SECONDS`], those whose code was used apart.
const MESSAGES: i64 = 5;
const COUNTED_SECONDS: i64 = 3600;
/// Seconds between two messages.
const PAUSE_SECONDS: i64 = 30;

const BEGIN: Statement = Statement::new(
    "mailed_code.begin",
    "insert into second_factor (user_object, seed, begun, email) values ($1, null, $2, $3)
     on conflict (user_object) do update
       set seed = null, begun = excluded.begun, email = excluded.email, confirmed = null",
);
const FORGET: Statement =
    Statement::new("mailed_code.forget", "update mailed_code set verifier = null where user_object = $1");
const KEEP: Statement = Statement::new(
    "mailed_code.keep",
    "insert into mailed_code (user_object, verifier, tries, sent, expires, counted, messages)
     values ($1, $2, 0, $3, $4, $3, 1)
     on conflict (user_object) do update set verifier = excluded.verifier, tries = 0, sent = excluded.sent,
       expires = excluded.expires,
       counted = case when mailed_code.counted <= $5 then excluded.sent else mailed_code.counted end,
       messages = case when mailed_code.counted <= $5 then 1 else mailed_code.messages + 1 end
     where (mailed_code.sent <= $6 or mailed_code.verifier is null) and (mailed_code.counted <= $5 or mailed_code.messages < $7)",
);
const TRY: Statement = Statement::new(
    "mailed_code.try",
    "update mailed_code set tries = tries + 1
     where user_object = $1 and expires > $2 and tries < $3 and verifier is not null",
);
const VERIFIER: Statement =
    Statement::new("mailed_code.verifier", "select verifier from mailed_code where user_object = $1");
const STANDING: Statement = Statement::new(
    "mailed_code.standing",
    "select case when verifier is not null and tries < $2 then expires else 0 end, counted, messages
     from mailed_code where user_object = $1",
);
const SPEND: Statement = Statement::new(
    "mailed_code.spend",
    "update mailed_code set verifier = null, messages = messages - 1
     where user_object = $1 and verifier = $2 and expires > $3",
);

pub(crate) const STATEMENTS: &[Statement] = &[BEGIN, FORGET, KEEP, TRY, VERIFIER, STANDING, SPEND];

/// How it stands with the codes that are mailed to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One was mailed and can still be used.
    Waits,
    /// None can be used, and none is mailed before this moment: too many were.
    TooMany(Timestamp),
    /// None can be used; one may be mailed.
    Nothing,
}

/// How it stands with the codes that are mailed to a user.
///
/// # Errors
/// The database failed.
pub async fn standing(reader: &mut Reader, user: ObjectId, now: Timestamp) -> Result<Standing, StoreError> {
    reader
        .row(STANDING, values![user, TRIES])
        .await?
        .as_ref()
        .map_or(Ok(Standing::Nothing), |row| read(row, now))
}

fn read(row: &Row, now: Timestamp) -> Result<Standing, StoreError> {
    let again = row.time(1)?.plus_seconds(COUNTED_SECONDS);
    Ok(match (now < row.time(0)?, now < again && row.int(2)? >= MESSAGES) {
        (true, _) => Standing::Waits,
        (false, true) => Standing::TooMany(again),
        (false, false) => Standing::Nothing,
    })
}

/// Begins to have codes mailed; an enrolment that was begun before starts over, and a code that was mailed for it is
/// worthless. False: the user has codes already.
#[derive(Debug, Clone)]
pub struct BeginMailed {
    /// Who.
    pub user: ObjectId,
    /// Where codes are mailed from now on, whatever becomes of the user's address.
    pub email: String,
    /// When.
    pub now: Timestamp,
}

impl Write for BeginMailed {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let held = hold(tx, self.user).await?.ok_or(StoreError::Stale)?;
        if held.state.is_enabled() {
            return Ok(false);
        }
        tx.run(BEGIN, values![self.user, self.now, self.email.as_str()]).await?;
        tx.run(FORGET, values![self.user]).await?;
        set(tx, self.user, TwoFactorType::EnrollingEmail, self.now).await?;
        audit::record(tx, "factor.begun", of(self.user, None), json!({ "factor": "email" }), self.now)
            .await?;
        Ok(true)
    }
}

/// Keeps a code that is about to be mailed, in the place of the one before. False: one was mailed just now and waits, or
/// too many were.
#[derive(Debug, Clone, Copy)]
pub struct KeepMailed {
    /// Whose.
    pub user: ObjectId,
    /// What the code is held against.
    pub verifier: Hash,
    /// When it ends.
    pub expires: Timestamp,
    /// When.
    pub now: Timestamp,
}

impl Write for KeepMailed {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let row = values![
            self.user,
            self.verifier,
            self.now,
            self.expires,
            self.now.plus_seconds(-COUNTED_SECONDS),
            self.now.plus_seconds(-PAUSE_SECONDS),
            MESSAGES
        ];
        Ok(tx.run(KEEP, row).await? > 0)
    }
}

/// Takes one of the tries that a user's code has; what the code is held against, where there was one left.
#[derive(Debug, Clone, Copy)]
pub struct TryMailed {
    /// Whose.
    pub user: ObjectId,
    /// When.
    pub now: Timestamp,
}

impl Write for TryMailed {
    type Output = Option<Hash>;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Hash>, StoreError> {
        if tx.run(TRY, values![self.user, self.now, TRIES]).await? == 0 {
            return Ok(None);
        }
        let Some(row) = tx.row(VERIFIER, values![self.user]).await? else { return Ok(None) };
        let wrong = |_| StoreError::Corrupt("a mailed code's verifier".to_owned());
        row.bytes_opt(0)?.map(|bytes| bytes.try_into().map_err(wrong)).transpose()
    }
}

/// Spends a code. False: somebody was quicker, or another one was mailed meanwhile. Part of the write that rests on it.
pub(super) async fn spend(
    tx: &mut Tx,
    user: ObjectId,
    verifier: Hash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.run(SPEND, values![user, verifier, now]).await? > 0)
}
