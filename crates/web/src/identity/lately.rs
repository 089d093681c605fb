//! Asking whether the caller proved a short while ago who they are.

use kibali_model::{Lately, Principal, Unproved};
use kibali_store::door::accounts;

use crate::{App, Refusal};

/// What the caller proves first who did not do so lately.
///
/// # Errors
/// The database failed.
pub(crate) async fn unproved(
    app: &App,
    caller: &Principal,
    lately: Lately,
) -> Result<Option<Unproved>, Refusal> {
    // A second factor counts whatever protects the account.
    if lately.missing(&caller.credential, true, app.now()).is_none() {
        return Ok(None);
    }
    let account = accounts::by_user(&mut app.store.reader().await?, caller.user).await?;
    let protected = account.is_some_and(|account| account.protected);
    Ok(lately.missing(&caller.credential, protected, app.now()))
}

/// The same, for programs.
///
/// # Errors
/// [`Refusal::Forbidden`], which says what is missing.
pub(crate) async fn require_proof(app: &App, caller: &Principal, lately: Lately) -> Result<(), Refusal> {
    let message = match unproved(app, caller, lately).await? {
        None => return Ok(()),
        Some(Unproved::Factor) => {
            "Sign in with your second factor first; it must not be longer ago than five minutes"
        }
        Some(Unproved::Password) => "Sign in again first; it must not be longer ago than five minutes",
    };
    Err(Refusal::Forbidden { code: None, message: message.to_owned() })
}
