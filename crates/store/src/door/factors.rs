//! Second factors: enrolled, proved, and taken away again (rules of the door 6, 10).

use kibali_model::{Factor, ObjectId, Timestamp, TwoFactorType};
use serde_json::json;

use super::asker::Asker;
use super::audit::{self, Who};
use super::ends;
use super::mailed;
use super::passkeys::{self, UsedPasskey};
use super::past::EndedWhy;
use super::protection::{hold, replace_codes, settle};
use super::sessions;
use super::spent::{self, Purpose};
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const FIND: Statement = Statement::new(
    "factor.find",
    "select a.two_factor_type, f.seed, f.confirmed, f.begun, f.email,
            (select count(*) from recovery_code r where r.user_object = a.object),
            (select count(*) from passkey p where p.user_object = a.object)
     from account a left join second_factor f on f.user_object = a.object
     where a.object = $1",
);
const BEGIN: Statement = Statement::new(
    "factor.begin",
    "insert into second_factor (user_object, seed, begun) values ($1, $2, $3)
     on conflict (user_object) do update
       set seed = excluded.seed, begun = excluded.begun, email = null, confirmed = null",
);
const IS_BEGUN: Statement = Statement::new(
    "factor.is_begun",
    "select 1 from second_factor where user_object = $1 and begun = $2 and seed is not distinct from $3",
);
const CONFIRM: Statement =
    Statement::new("factor.confirm", "update second_factor set confirmed = $2 where user_object = $1");
const FORGET: Statement = Statement::new("factor.forget", "delete from second_factor where user_object = $1");
const SET_STATE: Statement =
    Statement::new("account.set_two_factor", "update account set two_factor_type = $2 where object = $1");
const HAS_CODE: Statement =
    Statement::new("recovery_code.find", "select 1 from recovery_code where user_object = $1 and hash = $2");
const ANY_CODE: Statement =
    Statement::new("recovery_code.any", "select 1 from recovery_code where user_object = $1 limit 1");
const SPEND_CODE: Statement =
    Statement::new("recovery_code.spend", "delete from recovery_code where user_object = $1 and hash = $2");
pub(crate) const STATEMENTS: &[Statement] =
    &[FIND, BEGIN, IS_BEGUN, CONFIRM, FORGET, SET_STATE, HAS_CODE, ANY_CODE, SPEND_CODE];

/// How long a first code is waited for, in seconds.
const ENROLMENT_SECONDS: i64 = 15 * 60;

/// What a user has of second factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// How far the user is with codes.
    pub state: TwoFactorType,
    /// The sealed seed of an authenticator app.
    pub seed: Option<Vec<u8>>,
    /// When the first code was right.
    pub confirmed: Option<Timestamp>,
    /// When it was begun to be set up.
    pub begun: Option<Timestamp>,
    /// Where codes are mailed.
    pub email: Option<String>,
    /// Recovery codes that were not used yet.
    pub recovery_codes: i64,
    /// Passkeys.
    pub passkeys: i64,
}

impl SecondFactor {
    /// Does signing in ask for one?
    #[must_use]
    pub const fn protects(&self) -> bool {
        self.state.is_enabled() || self.passkeys > 0
    }

    /// What a first code is held against, where one is still waited for.
    #[must_use]
    pub fn enrolment(&self, now: Timestamp) -> Option<Enrolment> {
        let begun = self.begun.filter(|at| now.seconds_since(*at) < ENROLMENT_SECONDS)?;
        self.state.is_enrolling().then(|| Enrolment { state: self.state, begun, seed: self.seed.clone() })
    }
}

/// A second factor that is being set up, as it was when somebody showed its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Of which kind.
    pub state: TwoFactorType,
    /// When it was begun.
    pub begun: Timestamp,
    /// The sealed seed of an authenticator app.
    pub seed: Option<Vec<u8>>,
}

/// What proved a second factor, found right and not spent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The code of a time step.
    Totp {
        /// The step.
        step: i64,
        /// When nobody takes its code any longer.
        until: Timestamp,
    },
    /// A recovery code, by its hash.
    Recovery(Hash),
    /// A code that was mailed, by what it is held against.
    Mailed(Hash),
    /// A passkey that answered a challenge.
    Passkey(UsedPasskey),
}

impl Proof {
    /// What it proves.
    #[must_use]
    pub const fn factor(&self) -> Factor {
        match self {
            Self::Totp { .. } => Factor::Totp,
            Self::Recovery(_) => Factor::Recovery,
            Self::Mailed(_) => Factor::Email,
            Self::Passkey(used) => used.factor,
        }
    }
}

/// The state in column `at`.
pub(super) fn state(row: &Row, at: usize) -> Result<TwoFactorType, StoreError> {
    let name = row.text(at)?;
    TwoFactorType::from_name(&name)
        .ok_or_else(|| StoreError::Corrupt(format!("'{name}' is no state of a second factor")))
}

/// What a user has of second factors; none where there is no such user.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, user: ObjectId) -> Result<Option<SecondFactor>, StoreError> {
    let Some(row) = reader.row(FIND, values![user]).await? else { return Ok(None) };
    Ok(Some(SecondFactor {
        state: state(&row, 0)?,
        seed: row.bytes_opt(1)?,
        confirmed: row.time_opt(2)?,
        begun: row.time_opt(3)?,
        email: row.text_opt(4)?,
        recovery_codes: row.int(5)?,
        passkeys: row.int(6)?,
    }))
}

/// Is this a recovery code of the user that was not used yet?
///
/// # Errors
/// The database failed.
pub async fn has_recovery_code(reader: &mut Reader, user: ObjectId, hash: Hash) -> Result<bool, StoreError> {
    Ok(reader.row(HAS_CODE, values![user, hash]).await?.is_some())
}

/// Spends a proof. False: somebody was quicker, on this node or another. Part of the write that rests on it.
pub(super) async fn spend(
    tx: &mut Tx,
    user: ObjectId,
    proof: Proof,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match proof {
        Proof::Totp { step, until } => {
            spent::spend(tx, Purpose::Totp, &format!("{}:{step}", user.0), until).await
        }
        Proof::Recovery(hash) => {
            let first = tx.run(SPEND_CODE, values![user, hash]).await? > 0;
            if first {
                audit::record(tx, "factor.recovery_code_used", of(user, None), json!({}), now).await?;
            }
            Ok(first)
        }
        Proof::Mailed(verifier) => mailed::spend(tx, user, verifier, now).await,
        Proof::Passkey(used) => passkeys::spend(tx, user, used, now).await,
    }
}

/// Begins to enrol an authenticator app; an enrolment that was begun before starts over. False: the user has
/// a second factor already.
#[derive(Debug, Clone)]
pub struct BeginTotp {
    /// Who.
    pub user: ObjectId,
    /// The sealed seed.
    pub seed: Vec<u8>,
    /// When.
    pub now: Timestamp,
}

impl Write for BeginTotp {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let held = hold(tx, self.user).await?.ok_or(StoreError::Stale)?;
        if held.state.is_enabled() {
            return Ok(false);
        }
        tx.run(BEGIN, values![self.user, self.seed.clone(), self.now]).await?;
        set(tx, self.user, TwoFactorType::EnrollingTotp, self.now).await?;
        audit::record(tx, "factor.begun", of(self.user, None), json!({ "factor": "totp" }), self.now).await?;
        Ok(true)
    }
}

/// What a user does with a second factor that was found right, and what must be known of it.
#[derive(Debug, Clone)]
pub struct WithProof {
    /// Who; the session that does it, if one does, has proved the factor from now on.
    pub by: Asker,
    /// What it is worth, once.
    pub proof: Proof,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl WithProof {
    async fn spend(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        if !spend(tx, self.by.user, self.proof, self.now).await? {
            return Ok(false);
        }
        if let Some(session) = self.by.session {
            sessions::proved(tx, session, self.proof.factor(), self.now).await?;
        }
        Ok(true)
    }

    async fn record(&self, tx: &mut Tx, event: &str) -> Result<(), StoreError> {
        let detail = json!({ "factor": self.proof.factor().as_str() });
        audit::record(tx, event, of(self.by.user, Some(&self.address)), detail, self.now).await
    }
}

/// Confirms an enrolment: signing in takes a code from now on. The user's other sessions and what a password
/// alone obtained end. False: the code is spent, or something else is being set up by now. [`StoreError::Gone`]: the
/// user was shut out meanwhile.
#[derive(Debug, Clone)]
pub struct ConfirmFactor {
    /// The first code.
    pub with: WithProof,
    /// What it was held against.
    pub enrolment: Enrolment,
    /// SHA-256 of the recovery codes.
    pub recovery_codes: Vec<Hash>,
}

impl Write for ConfirmFactor {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let WithProof { by: Asker { user, session, .. }, now, .. } = self.with;
        let held = self.with.by.still_stands(tx, now).await?;
        let Some(next) = held.state.confirmed_by(self.with.proof.factor()) else { return Ok(false) };
        let Enrolment { begun, seed, .. } = &self.enrolment;
        let same = tx.row(IS_BEGUN, values![user, *begun, seed.clone()]).await?.is_some();
        if !same || !self.with.spend(tx).await? {
            return Ok(false);
        }
        set(tx, user, next, now).await?;
        tx.run(CONFIRM, values![user, now]).await?;
        // Codes that came with a passkey stay where no others take their place.
        if !held.protected || !self.recovery_codes.is_empty() {
            replace_codes(tx, user, &self.recovery_codes).await?;
        }
        sessions::end_others(tx, user, session, now).await?;
        ends::end_password_grants(tx, user, EndedWhy::FactorAdded, now).await?;
        self.with.record(tx, "factor.enabled").await?;
        Ok(true)
    }
}

/// Puts new recovery codes in the place of the old ones. False: the code is spent, or nothing protects the account
/// any longer.
#[derive(Debug, Clone)]
pub struct ReplaceRecoveryCodes {
    /// What allows it.
    pub with: WithProof,
    /// SHA-256 of the recovery codes.
    pub recovery_codes: Vec<Hash>,
}

impl Write for ReplaceRecoveryCodes {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let user = self.with.by.user;
        let held = hold(tx, user).await?.ok_or(StoreError::Stale)?;
        if !held.protected || !self.with.spend(tx).await? {
            return Ok(false);
        }
        replace_codes(tx, user, &self.recovery_codes).await?;
        self.with.record(tx, "factor.recovery_codes_made").await?;
        Ok(true)
    }
}

/// Makes recovery codes where a factor protects the account and there are none. False: nothing does, or there are some.
/// [`StoreError::Gone`]: the user was shut out meanwhile.
#[derive(Debug, Clone)]
pub struct MakeRecoveryCodes {
    /// Who, having proved a moment ago who they are.
    pub by: Asker,
    /// SHA-256 of the recovery codes.
    pub recovery_codes: Vec<Hash>,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for MakeRecoveryCodes {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (held, user) = (self.by.still_stands(tx, self.now).await?, self.by.user);
        if !held.protected || tx.row(ANY_CODE, values![user]).await?.is_some() {
            return Ok(false);
        }
        replace_codes(tx, user, &self.recovery_codes).await?;
        let who = of(user, Some(&self.address));
        audit::record(tx, "factor.recovery_codes_made", who, json!({}), self.now).await?;
        Ok(true)
    }
}

/// Switches codes off, by their holder. Nothing ends: the holder proved a factor once more. Passkeys stay, and
/// recovery codes with them. False: the proof is spent.
#[derive(Debug, Clone)]
pub struct SwitchOffFactor(pub WithProof);

impl Write for SwitchOffFactor {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let user = self.0.by.user;
        hold(tx, user).await?;
        if !self.0.spend(tx).await? {
            return Ok(false);
        }
        clear(tx, user).await?;
        settle(tx, user, self.0.now).await?;
        self.0.record(tx, "factor.disabled").await?;
        Ok(true)
    }
}

/// Proves the factor once more within a session. False: the code is spent.
#[derive(Debug, Clone)]
pub struct ProveFactor(pub WithProof);

impl Write for ProveFactor {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let spent = self.0.spend(tx).await?;
        if spent {
            self.0.record(tx, "factor.proved").await?;
        }
        Ok(spent)
    }
}

pub(super) fn of(user: ObjectId, address: Option<&str>) -> Who<'_> {
    Who { user: Some(user), client: None, address }
}

/// Moves on to a state. Whoever calls it holds the account's row.
pub(super) async fn set(
    tx: &mut Tx,
    user: ObjectId,
    next: TwoFactorType,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.run(SET_STATE, values![user, next.as_str()]).await?;
    settle(tx, user, now).await.map(|_| ())
}

pub(super) async fn clear(tx: &mut Tx, user: ObjectId) -> Result<(), StoreError> {
    tx.run(SET_STATE, values![user, TwoFactorType::NotEnabled.as_str()]).await?;
    tx.run(FORGET, values![user]).await.map(|_| ())
}
