//! Codes of a second factor: slowed down, checked, and handed on as a proof that one write spends (rules of
//! the door 10).

use kibali_crypto::{SealError, TotpSeed, recovery_hash, step_ends, typed_code};
use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::factors::{self, Proof};

use super::ClientAddress;
use crate::{App, Refusal};

/// Longest code looked at, in bytes; longer ones are wrong.
const LONGEST: usize = 64;

/// Whose code it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    /// Row number of the user.
    pub(crate) user: ObjectId,
    /// Login name.
    pub(crate) username: &'a str,
}

/// Why a code proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeRefusal {
    /// It is no code of the user at this time.
    Wrong,
    /// Too many wrong ones: the next is looked at after this many seconds.
    Throttled(u32),
    /// Nothing could be decided.
    Undecided(Refusal),
}

impl From<CodeRefusal> for Refusal {
    fn from(refusal: CodeRefusal) -> Self {
        match refusal {
            CodeRefusal::Wrong => Self::SecondFactorActive,
            CodeRefusal::Throttled(seconds) => Self::TooManyAttempts { seconds },
            CodeRefusal::Undecided(refusal) => refusal,
        }
    }
}

/// Is this a code of the user, of the authenticator app or for recovery? Worth something once, to the write
/// that spends the proof.
///
/// # Errors
/// [`CodeRefusal`].
pub(crate) async fn check_code(
    app: &App,
    holder: Holder<'_>,
    typed: &str,
    address: ClientAddress,
) -> Result<Proof, CodeRefusal> {
    let throttle = &app.identity().code_throttle;
    let Holder { user, username } = holder;
    if let Some(seconds) = throttle.wait(username, address.0, app.now()) {
        return Err(CodeRefusal::Throttled(seconds));
    }
    let found = match typed.len() <= LONGEST {
        true => find(app, user, typed).await.map_err(CodeRefusal::Undecided)?,
        false => None,
    };
    let decided = throttle.decided(username, address.0, found.is_some(), app.now());
    decided.map_err(CodeRefusal::Throttled)?;
    if found.is_some() {
        throttle.succeeded(username, address.0, app.now());
    } else {
        app.identity().gathered.happened("factor.refused", "WrongCode", Some(user), None, address, app.now());
    }
    found.ok_or(CodeRefusal::Wrong)
}

async fn find(app: &App, user: ObjectId, typed: &str) -> Result<Option<Proof>, Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(factor) = factors::find(&mut reader, user).await? else { return Ok(None) };
    if let Some(hash) = recovery_hash(typed) {
        let known = factors::has_recovery_code(&mut reader, user, hash).await?;
        return Ok(known.then_some(Proof::Recovery(hash)));
    }
    let (Some(code), Some(sealed)) = (typed_code(typed), factor.seed) else { return Ok(None) };
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
