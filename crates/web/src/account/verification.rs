//! Showing that an address is read by its user.

use kibali_crypto::sha256;
use kibali_model::Principal;
use kibali_store::door::accounts;
use kibali_store::door::emails::{self, VerifyEmail};
use kibali_store::door::links::{self, Purpose};

use super::links::{Errand, HOUR, send};
use super::recovery::require_mail;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Sends a link to the caller's own address.
///
/// # Errors
/// [`Refusal::Conflict`] in the words of DHIS2, or nothing could be decided.
pub(crate) async fn ask(app: &App, caller: &Principal) -> Result<(), Refusal> {
    let mut reader = app.store.reader().await?;
    let email = emails::of_user(&mut reader, caller.user).await?;
    let address = email.address.ok_or_else(|| Refusal::conflict("User has no email set"))?;
    if email.verified {
        return Err(Refusal::conflict("User has already verified the email address"));
    }
    if emails::is_verified_by_another(&mut reader, &address, caller.user).await? {
        return Err(Refusal::conflict(
            "The email the user is trying to verify is already verified by another account",
        ));
    }
    require_mail(app, &Stored::read(&mut reader).await?)?;
    let account = accounts::by_user(&mut reader, caller.user).await?.ok_or(Refusal::NoCredentials)?;
    drop(reader);
    let place = app.mailer().place()?;
    let by = Some(caller.username.as_str());
    let errand = Errand { purpose: Purpose::Verify, account: &account, email: &address, by, life: HOUR };
    if send(app, place, &errand).await? {
        return Ok(());
    }
    Err(Refusal::conflict("Too many messages were sent already; the links in them work"))
}

/// Does the link work?
///
/// # Errors
/// The database failed.
pub(crate) async fn check(app: &App, token: &str) -> Result<bool, Refusal> {
    let mut reader = app.store.reader().await?;
    Ok(links::find(&mut reader, sha256(token), Purpose::Verify, app.now()).await?.is_some())
}

/// Spends the link; false where it does not work.
///
/// # Errors
/// The database failed.
pub(crate) async fn verify(app: &App, token: &str) -> Result<bool, Refusal> {
    Ok(app.store.write(VerifyEmail { hash: sha256(token), now: app.now() }).await?)
}
