//! Codes of a second factor that are mailed (rules of the door 10): one at a time for each browser that asks, for a
//! quarter of an hour and a few tries, on whichever node they are made.

use kibali_model::{ObjectId, Timestamp, TwoFactorType};
use serde_json::json;

use super::audit;
use super::factors::{of, set};
use super::protection::hold;
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Value, Write, values};

/// Times that a code may be tried.
const TRIES: i64 = 5;
/// Messages that a user is sent within [`COUNTED_SECONDS`], those whose code was used apart.
const MESSAGES: i64 = 5;
const COUNTED_SECONDS: i64 = 3600;
/// Seconds between two messages that one browser asks for.
const PAUSE_SECONDS: i64 = 30;

const BEGIN: Statement = Statement::new(
    "mailed_code.begin",
    "insert into second_factor (user_object, seed, begun, email) values ($1, null, $2, $3)
     on conflict (user_object) do update
       set seed = null, begun = excluded.begun, email = excluded.email, confirmed = null",
);
// Codes that ended are still counted.
const FORGET: Statement = Statement::new(
    "mailed_code.forget",
    "update mailed_code set expires = $2 where user_object = $1 and expires > $2",
);
const REPLACE: Statement = Statement::new(
    "mailed_code.replace",
    "update mailed_code set expires = $3
     where user_object = $1 and browser is not distinct from $2 and expires > $3",
);
const KEEP: Statement = Statement::new(
    "mailed_code.keep",
    "insert into mailed_code (verifier, user_object, browser, tries, sent, expires) values ($1, $2, $3, 0, $4, $5)
     on conflict (verifier) do update set tries = 0, sent = excluded.sent, expires = excluded.expires",
);
const TRY: Statement = Statement::new(
    "mailed_code.try",
    "update mailed_code set tries = tries + 1
     where user_object = $1 and browser is not distinct from $2 and expires > $3 and tries < $4
     returning verifier",
);
const STANDING: Statement = Statement::new(
    "mailed_code.standing",
    "select count(case when browser is not distinct from $2 and expires > $3 and tries < $4 then 1 end),
            count(case when browser is not distinct from $2 and expires > $3 and sent > $5 then 1 end),
            count(case when sent > $6 then 1 end),
            min(case when sent > $6 then sent end)
     from mailed_code where user_object = $1",
);
const SPEND: Statement = Statement::new(
    "mailed_code.spend",
    "delete from mailed_code where verifier = $2 and user_object = $1 and expires > $3",
);

pub(crate) const STATEMENTS: &[Statement] = &[BEGIN, FORGET, REPLACE, KEEP, TRY, STANDING, SPEND];

/// Who asks for a code that is mailed: it is good for nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Whose code.
    pub user: ObjectId,
    /// SHA-256 of the cookie of the browser that asks; none: whoever sends the password with each call.
    pub browser: Option<Hash>,
}

/// How it stands with the codes that are mailed to a user, for a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One was mailed and can still be used.
    Waits,
    /// None can be used, and none is mailed before this moment: too many were.
    TooMany(Timestamp),
    /// None can be used; one may be mailed.
    Nothing,
}

/// How it stands with the codes that are mailed to a user, for whoever asks.
///
/// # Errors
/// The database failed.
pub async fn standing(reader: &mut Reader, asking: Asking, now: Timestamp) -> Result<Standing, StoreError> {
    let found = Found::read(reader.row(STANDING, Found::asked(asking, now)).await?)?;
    Ok(match (found.waits, found.next) {
        (true, _) => Standing::Waits,
        (false, Some(next)) => Standing::TooMany(next),
        (false, None) => Standing::Nothing,
    })
}

/// What is known of a user's codes.
struct Found {
    /// One can still be used by whoever asks.
    waits: bool,
    /// They were mailed one just now that did not end.
    just_now: bool,
    /// Too many were mailed: the next one at this moment.
    next: Option<Timestamp>,
}

impl Found {
    fn asked(Asking { user, browser }: Asking, now: Timestamp) -> Vec<Value> {
        let (pause, counted) = (now.plus_seconds(-PAUSE_SECONDS), now.plus_seconds(-COUNTED_SECONDS));
        values![user, browser.map(Vec::from), now, TRIES, pause, counted]
    }

    fn read(row: Option<Row>) -> Result<Self, StoreError> {
        let row = row.ok_or_else(|| StoreError::Corrupt("a count has no row".to_owned()))?;
        let too_many = row.int(2)? >= MESSAGES;
        let next = row.time_opt(3)?.filter(|_| too_many).map(|oldest| oldest.plus_seconds(COUNTED_SECONDS));
        Ok(Self { waits: row.int(0)? > 0, just_now: row.int(1)? > 0, next })
    }
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
        tx.run(FORGET, values![self.user, self.now]).await?;
        set(tx, self.user, TwoFactorType::EnrollingEmail, self.now).await?;
        audit::record(tx, "factor.begun", of(self.user, None), json!({ "factor": "email" }), self.now)
            .await?;
        Ok(true)
    }
}

/// Keeps a code that is about to be mailed, in the place of the one that its browser asked for before. False: that was just
/// now, or too many were mailed.
#[derive(Debug, Clone, Copy)]
pub struct KeepMailed {
    /// For whom.
    pub asking: Asking,
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
        let Self { asking, verifier, expires, now } = *self;
        // Two that are asked for at once are both counted.
        hold(tx, asking.user).await?;
        let found = Found::read(tx.row(STANDING, Found::asked(asking, now)).await?)?;
        if found.just_now || found.next.is_some() {
            return Ok(false);
        }
        let Asking { user, browser } = asking;
        tx.run(REPLACE, values![user, browser.map(Vec::from), now]).await?;
        tx.run(KEEP, values![verifier, user, browser.map(Vec::from), now, expires]).await?;
        Ok(true)
    }
}

/// Takes one of the tries that the code of a browser has; what the code is held against, where there was one left.
#[derive(Debug, Clone, Copy)]
pub struct TryMailed {
    /// Who tries.
    pub asking: Asking,
    /// When.
    pub now: Timestamp,
}

impl Write for TryMailed {
    type Output = Option<Hash>;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Hash>, StoreError> {
        let Asking { user, browser } = self.asking;
        let row = tx.row(TRY, values![user, browser.map(Vec::from), self.now, TRIES]).await?;
        let wrong = |_| StoreError::Corrupt("a mailed code's verifier".to_owned());
        let kept = row.map(|row| row.bytes_opt(0)).transpose()?.flatten();
        kept.map(|bytes| bytes.try_into().map_err(wrong)).transpose()
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
