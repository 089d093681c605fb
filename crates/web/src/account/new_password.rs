//! Is a new password accepted? By the installation's rules, and if it was not used before.

use kibali_model::PasswordFault;
use kibali_store::door::accounts::Account;
use kibali_store::door::{emails, passwords};

use crate::identity::Priority;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// What is wrong with a new password for this account, if something is. The rules come first, since holding
/// it against the passwords of before costs a hash for each: up to 24, about a second of one thread, taken one
/// by one so that others sign in between. Only somebody who proved themselves gets this far.
///
/// # Errors
/// The database failed, or too many hashes wait.
pub(crate) async fn fault(
    app: &App,
    account: &Account,
    password: &str,
) -> Result<Option<PasswordFault>, Refusal> {
    if let Some(fault) = broken_rule(app, account, password).await? {
        return Ok(Some(fault));
    }
    let old = passwords::old(&mut app.store.reader().await?, account.user).await?;
    for hash in account.password_hash.iter().chain(&old) {
        if app.identity().passwords.verify(password, Some(hash), Priority::Known).await? {
            return Ok(Some(PasswordFault::UsedBefore));
        }
    }
    Ok(None)
}

/// The first rule of the installation that a password for this account breaks.
///
/// # Errors
/// The database failed.
pub(crate) async fn broken_rule(
    app: &App,
    account: &Account,
    password: &str,
) -> Result<Option<PasswordFault>, Refusal> {
    let mut reader = app.store.reader().await?;
    let policy = Stored::read(&mut reader).await?.password_policy();
    let email = emails::of_user(&mut reader, account.user).await?.address;
    Ok(policy.check(password, &account.username, email.as_deref()).err())
}

/// How it is said.
pub(crate) fn told(fault: PasswordFault) -> String {
    format!("The password is not accepted: {fault}")
}
