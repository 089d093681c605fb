//! Second factors: codes, slowed down, and passkeys; checked, and handed on as a proof that one write spends
//! (rules of the door 10).

use kibali_crypto::{Digest, SealError, TotpSeed, recovery_hash, step_ends, typed_code};
use kibali_model::{ObjectId, Timestamp, TwoFactorType};
use kibali_store::door::factors::{self, Enrolment, Proof};

use super::ClientAddress;
use super::mailed;
use super::passkey::{self, Answered, PasskeyRefusal};
use super::refused::Refused;
use super::throttle::Slowed;
use crate::{App, Refusal};

/// Longest code looked at, in bytes; longer ones are wrong.
const LONGEST: usize = 64;

/// What somebody shows beside the password.
#[derive(Debug, Clone)]
pub(crate) enum Given<'a> {
    /// A code, of an authenticator app, mailed, or for recovery.
    Code(&'a str),
    /// What a browser answered for a passkey.
    Passkey(Answered<'a>),
}

/// Whose it is, and where it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    /// Row number of the user.
    pub(crate) user: ObjectId,
    /// Login name.
    pub(crate) username: &'a str,
    /// SHA-256 of the cookie of the browser, signed in or not, where there is one.
    pub(crate) browser: Option<Digest>,
}

/// Why a second factor proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofRefusal {
    /// It is no code of the user at this time.
    Wrong,
    /// A passkey proves nothing.
    Passkey(PasskeyRefusal),
    /// Too many wrong codes: the next is looked at after this many seconds.
    Throttled(u32),
    /// Nothing could be decided.
    Undecided(Refusal),
}

impl From<Slowed> for ProofRefusal {
    fn from(Slowed(seconds): Slowed) -> Self {
        Self::Throttled(seconds)
    }
}

impl From<ProofRefusal> for Refusal {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::Wrong => Self::SecondFactorActive,
            ProofRefusal::Passkey(PasskeyRefusal::Undecided(refusal)) => refusal,
            ProofRefusal::Passkey(_) => Self::SecondFactorActive,
            ProofRefusal::Throttled(seconds) => Self::TooManyAttempts { seconds },
            ProofRefusal::Undecided(refusal) => refusal,
        }
    }
}

/// Is this a second factor of the user? Worth something once, to the write that spends the proof.
///
/// # Errors
/// [`ProofRefusal`].
pub(crate) async fn check_proof(
    app: &App,
    holder: Holder<'_>,
    given: &Given<'_>,
    address: ClientAddress,
) -> Result<Proof, ProofRefusal> {
    match given {
        Given::Code(typed) => check_code(app, holder, typed, None, address).await,
        Given::Passkey(answered) => match passkey::check(app, answered, Some(holder.user)).await {
            Ok(proved) => Ok(proved.proof),
            Err(Refused { refusal, .. }) => {
                note(app, &refusal.name(), holder.user, address);
                Err(ProofRefusal::Passkey(refusal))
            }
        },
    }
}

/// Is this a code of what the user sets up, as it was found: an authenticator app, or mail?
///
/// # Errors
/// [`ProofRefusal`].
pub(crate) async fn check_first_code(
    app: &App,
    holder: Holder<'_>,
    enrolment: &Enrolment,
    typed: &str,
    address: ClientAddress,
) -> Result<Proof, ProofRefusal> {
    check_code(app, holder, typed, Some(enrolment), address).await
}

async fn check_code(
    app: &App,
    holder: Holder<'_>,
    typed: &str,
    enrolment: Option<&Enrolment>,
    address: ClientAddress,
) -> Result<Proof, ProofRefusal> {
    let throttle = &app.identity().code_throttle;
    let guess = throttle.guess(holder.username, address.network(), app.now())?;
    let found = match typed.len() <= LONGEST {
        true => find(app, holder, typed, enrolment).await.map_err(ProofRefusal::Undecided)?,
        false => None,
    };
    let Some(right) = guess.decided(found, app.now())? else {
        note(app, "WrongCode", holder.user, address);
        return Err(ProofRefusal::Wrong);
    };
    Ok(right.forgive(app.now()))
}

fn note(app: &App, cause: &str, user: ObjectId, address: ClientAddress) {
    app.identity().gathered.happened("factor.refused", cause, Some(user), None, address, app.now());
}

/// A code of what is being set up; else one of what is set up, or for recovery.
async fn find(
    app: &App,
    holder: Holder<'_>,
    typed: &str,
    enrolment: Option<&Enrolment>,
) -> Result<Option<Proof>, Refusal> {
    let user = holder.user;
    let (state, seed) = match enrolment {
        Some(enrolment) => (enrolment.state, enrolment.seed.clone()),
        None => {
            let mut reader = app.store.reader().await?;
            if let Some(hash) = recovery_hash(typed) {
                let known = factors::has_recovery_code(&mut reader, user, hash).await?;
                return Ok(known.then_some(Proof::Recovery(hash)));
            }
            match factors::find(&mut reader, user).await? {
                Some(found) if found.state.is_enabled() => (found.state, found.seed),
                _ => return Ok(None),
            }
        }
    };
    if matches!(state, TwoFactorType::EmailEnabled | TwoFactorType::EnrollingEmail) {
        return mailed::check(app, holder, typed).await;
    }
    let (Some(code), Some(sealed)) = (typed_code(typed), seed) else { return Ok(None) };
    let seed = open_seed(app, user, &sealed).map_err(Refusal::internal)?;
    let step = seed.step_of(&code, app.now().seconds());
    Ok(step.map(|step| Proof::Totp { step, until: Timestamp::from_millis(step_ends(step) * 1000) }))
}

/// The seed as it is stored.
pub(crate) fn seal_seed(app: &App, user: ObjectId, seed: &TotpSeed) -> Result<Vec<u8>, SealError> {
    app.master_key.seal_key().seal(&*app.random, &place(user), seed.bytes())
}

/// The seed that was stored.
pub(crate) fn open_seed(app: &App, user: ObjectId, sealed: &[u8]) -> Result<TotpSeed, SealError> {
    let opened = app.master_key.seal_key().unseal(&place(user), sealed)?;
    Ok(TotpSeed::from_bytes(opened.expose()))
}

fn place(user: ObjectId) -> String {
    format!("totp:{}", user.0)
}
