//! A new password in place of one that is too old (`credentialsExpires`), by whoever knows the old one.

use kibali_model::PasswordFault;
use kibali_store::StoreError;
use kibali_store::door::accounts;
use kibali_store::door::passwords::ChangeOwnPassword;

use super::new_password;
use crate::identity::{ClientAddress, SignInRefusal, sign_in};
use crate::{App, Refusal};

/// Why no password was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotRenewed {
    /// The name or the old password is wrong, the password is not too old, or the account is closed: which of
    /// them is not told.
    Refused,
    /// Too many failures: the next attempt is taken after this many seconds.
    Throttled(u32),
    /// The new password is not accepted.
    Password(PasswordFault),
    /// Nothing could be decided.
    Undecided(Refusal),
}

impl From<Refusal> for NotRenewed {
    fn from(refusal: Refusal) -> Self {
        Self::Undecided(refusal)
    }
}

impl From<StoreError> for NotRenewed {
    fn from(error: StoreError) -> Self {
        Self::Undecided(error.into())
    }
}

/// Replaces a password that is too old. Other sessions end, and the grants obtained with it.
///
/// # Errors
/// [`NotRenewed`].
pub(crate) async fn renew(
    app: &App,
    username: &str,
    old: &str,
    new: &str,
    address: ClientAddress,
) -> Result<(), NotRenewed> {
    // Read before the old password is checked: a change in between makes the write stale.
    let account = match username.contains('\0') {
        true => None,
        false => accounts::by_username(&mut app.store.reader().await?, username).await?,
    };
    match sign_in(app, username, old, address).await {
        Err(SignInRefusal::PasswordExpired) => {}
        Err(SignInRefusal::Throttled(seconds)) => return Err(NotRenewed::Throttled(seconds)),
        Err(SignInRefusal::Undecided(refusal)) => return Err(NotRenewed::Undecided(refusal)),
        Ok(_) | Err(_) => return Err(NotRenewed::Refused),
    }
    let account = account.ok_or(NotRenewed::Refused)?;
    if let Some(fault) = new_password::fault(app, &account, new).await? {
        return Err(NotRenewed::Password(fault));
    }
    let write = ChangeOwnPassword {
        user: account.user,
        password_hash: app.identity().passwords.hash(new).await?,
        credential_version: account.credential_version,
        session: None,
        address: address.to_string(),
        now: app.now(),
    };
    Ok(app.store.write(write).await?)
}
