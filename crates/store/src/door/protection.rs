//! Whether signing in asks for a second factor, and the codes kept for the day that all others are lost: what
//! holds for factors of every kind (rules of the door 6, 10).

use kibali_model::{Closed, ObjectId, Timestamp, TwoFactorType};
use serde_json::json;

use super::audit;
use super::changes::{self, Topic};
use super::codes;
use super::ends;
use super::factors::{clear, of, state};
use super::past::EndedWhy;
use super::sessions;
use super::tokens::Hash;
use crate::{Statement, StoreError, Tx, Write, values};

const SINCE: Statement = Statement::new(
    "factor.since",
    "select (select confirmed from second_factor where user_object = $1),
            (select min(created) from passkey where user_object = $1)",
);
const FORGET_PASSKEYS: Statement =
    Statement::new("factor.forget_passkeys", "delete from passkey where user_object = $1");
const HOLD: Statement = Statement::new(
    "account.hold",
    "update account set two_factor_type = two_factor_type where object = $1
     returning two_factor_type, two_factor, credential_version, disabled, expiry",
);
// What signing in asks about: the only statement that writes this column.
const SETTLE: Statement = Statement::new(
    "account.settle_two_factor",
    "update account
     set two_factor = case when two_factor_type in ('TOTP_ENABLED', 'EMAIL_ENABLED')
                             or exists (select 1 from passkey p where p.user_object = account.object)
                           then 1 else 0 end
     where object = $1
     returning two_factor",
);
const INSERT_CODE: Statement =
    Statement::new("recovery_code.insert", "insert into recovery_code (user_object, hash) values ($1, $2)");
const FORGET_CODES: Statement =
    Statement::new("recovery_code.forget", "delete from recovery_code where user_object = $1");

pub(crate) const STATEMENTS: &[Statement] =
    &[SINCE, FORGET_PASSKEYS, HOLD, SETTLE, INSERT_CODE, FORGET_CODES];

/// An account, as the write sees it that holds its row: nobody else changes it before that write is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// How far its user is with codes.
    pub(super) state: TwoFactorType,
    /// Signing in asks for a second factor.
    pub(super) protected: bool,
    credential_version: i64,
    disabled: bool,
    expiry: Option<Timestamp>,
}

impl Held {
    /// As [`super::accounts::Account::is_as_it_was`].
    pub(super) fn is_as_it_was(&self, credential_version: i64, now: Timestamp) -> bool {
        Closed::at(now, self.disabled, self.expiry).is_none() && self.credential_version == credential_version
    }
}

/// Takes away a user's second factors, by somebody else: every session ends, and the grants obtained with it.
/// An enrolment that was only begun goes alone.
#[derive(Debug, Clone)]
pub struct ResetFactor {
    /// Whose.
    pub user: ObjectId,
    /// By whom.
    pub by: String,
    /// When.
    pub now: Timestamp,
}

impl Write for ResetFactor {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let held = hold(tx, self.user).await?.ok_or(StoreError::Stale)?;
        if held.state == TwoFactorType::NotEnabled && !held.protected {
            return Ok(());
        }
        let row = tx.row(SINCE, values![self.user]).await?.ok_or(StoreError::Stale)?;
        let since = [row.time_opt(0)?, row.time_opt(1)?].into_iter().flatten().min();
        clear(tx, self.user).await?;
        tx.run(FORGET_PASSKEYS, values![self.user]).await?;
        settle(tx, self.user, self.now).await?;
        if let Some(since) = since {
            sessions::end_others(tx, self.user, None, self.now).await?;
            ends::end_since(tx, self.user, since, EndedWhy::FactorReset, self.now).await?;
            codes::end_all_of_user(tx, self.user).await?;
        }
        audit::record(tx, "factor.reset", of(self.user, None), json!({ "by": self.by }), self.now).await
    }
}

/// Takes the row of an account, so that two that rest on what it says wait for each other; none where there is none.
/// A write that takes it does so first.
pub(super) async fn hold(tx: &mut Tx, user: ObjectId) -> Result<Option<Held>, StoreError> {
    let Some(row) = tx.row(HOLD, values![user]).await? else { return Ok(None) };
    Ok(Some(Held {
        state: state(&row, 0)?,
        protected: row.flag(1)?,
        credential_version: row.int(2)?,
        disabled: row.flag(3)?,
        expiry: row.time_opt(4)?,
    }))
}

/// Notes whether signing in asks for a second factor, after one came or went; recovery codes go with the last.
/// Answers whether there is one. Whoever calls it holds the account's row.
pub(super) async fn settle(tx: &mut Tx, user: ObjectId, now: Timestamp) -> Result<bool, StoreError> {
    let protected = tx.row(SETTLE, values![user]).await?.ok_or(StoreError::Stale)?.flag(0)?;
    if !protected {
        tx.run(FORGET_CODES, values![user]).await?;
    }
    changes::record(tx, Topic::User, Some(user), now).await?;
    Ok(protected)
}

pub(super) async fn replace_codes(tx: &mut Tx, user: ObjectId, codes: &[Hash]) -> Result<(), StoreError> {
    tx.run(FORGET_CODES, values![user]).await?;
    for hash in codes {
        tx.run(INSERT_CODE, values![user, *hash]).await?;
    }
    Ok(())
}
