//! A user's own password: changing it, and asking for it once more.

use kibali_crypto::Digest;
use kibali_model::{PasswordFault, Principal};
use kibali_store::StoreError;
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::passwords::ChangeOwnPassword;

use super::new_password;
use crate::identity::{ClientAddress, SignInRefusal, sign_in};
use crate::{App, Refusal};

/// Why the password was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotChanged {
    /// The old one is wrong.
    WrongOld,
    /// The new one is the old one.
    Same,
    /// The new one is not accepted.
    Password(PasswordFault),
    /// Nothing could be decided.
    Undecided(Refusal),
}

impl From<Refusal> for NotChanged {
    fn from(refusal: Refusal) -> Self {
        Self::Undecided(refusal)
    }
}

impl From<StoreError> for NotChanged {
    fn from(error: StoreError) -> Self {
        Self::Undecided(error.into())
    }
}

/// Changes it, from the `(old, new)` that were typed. Other sessions than this one end, and the grants obtained
/// with the old one.
///
/// # Errors
/// [`NotChanged`].
pub(crate) async fn change(
    app: &App,
    caller: &Principal,
    session: Option<Digest>,
    (old, new): (&str, &str),
    address: ClientAddress,
) -> Result<(), NotChanged> {
    // Read before the old password is checked: a change in between makes the write stale.
    let account = account(app, caller).await?;
    if !is_own(app, caller, old, address).await? {
        return Err(NotChanged::WrongOld);
    }
    if old == new {
        return Err(NotChanged::Same);
    }
    if let Some(fault) = new_password::fault(app, &account, new).await? {
        return Err(NotChanged::Password(fault));
    }
    let write = ChangeOwnPassword {
        user: caller.user,
        password_hash: app.identity().passwords.hash(new).await?,
        credential_version: account.credential_version,
        session,
        address: address.to_string(),
        now: app.now(),
    };
    Ok(app.store.write(write).await?)
}

/// Is it the caller's password? Guesses are slowed down as at sign-in.
///
/// # Errors
/// Too many guesses, or nothing could be decided.
pub(crate) async fn is_own(
    app: &App,
    caller: &Principal,
    password: &str,
    address: ClientAddress,
) -> Result<bool, Refusal> {
    match sign_in(app, &caller.username, password, address).await {
        // What else stands in the way of a sign-in is told after the right password only.
        Ok(_)
        | Err(SignInRefusal::TwoFactor | SignInRefusal::TwoFactorDemanded | SignInRefusal::PasswordExpired) => {
            Ok(true)
        }
        Err(SignInRefusal::BadCredentials) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// The caller's account.
///
/// # Errors
/// It has gone, or the database failed.
pub(crate) async fn account(app: &App, caller: &Principal) -> Result<Account, Refusal> {
    let account = accounts::by_user(&mut app.store.reader().await?, caller.user).await?;
    account.ok_or(Refusal::NoCredentials)
}
