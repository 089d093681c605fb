//! A forgotten password: a link by mail, and a new password for whoever opens it.

use kibali_crypto::sha256;
use kibali_model::{PasswordFault, Principal};
use kibali_store::StoreError;
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::emails;
use kibali_store::door::links::{self, FoundLink, Purpose};
use kibali_store::door::passwords::RestorePassword;
use serde_json::Value;

use super::links::{Errand, HOUR, TWO_DAYS, send};
use super::{invitation, new_password};
use crate::identity::ClientAddress;
use crate::mail::Place;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Longest name or address looked at, in bytes.
const LONGEST: usize = 1024;

/// May people recover their accounts by mail: is it switched on, and can mail be sent?
pub(crate) fn is_open(app: &App, stored: &Stored) -> bool {
    is_on(stored) && app.mailer().is_configured(stored)
}

fn is_on(stored: &Stored) -> bool {
    stored.named("keyAccountRecovery") == Value::Bool(true)
}

/// Sends a link to the user of this name or address, if there is one. Whoever asks learns nothing about that:
/// the answer is given before anybody is looked for.
///
/// # Errors
/// [`Refusal::Conflict`] where recovery is switched off or no mail can be sent,
/// [`Refusal::TooManyAttempts`], or [`Refusal::Busy`].
pub(crate) async fn ask(app: &App, name: &str, address: ClientAddress) -> Result<(), Refusal> {
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    if !is_on(&stored) {
        return Err(Refusal::conflict("Account recovery is not enabled"));
    }
    require_mail(app, &stored)?;
    app.identity().count_request("recovery", address, app.now())?;
    let place = app.mailer().place()?;
    let (app, name) = (app.clone(), name.trim().to_owned());
    tokio::spawn(async move {
        if let Err(refusal) = look_and_send(&app, place, &name).await {
            tracing::warn!(%refusal, "a message about a forgotten password was not sent");
        }
    });
    Ok(())
}

/// Can mail be sent?
///
/// # Errors
/// E6203.
pub(crate) fn require_mail(app: &App, stored: &Stored) -> Result<(), Refusal> {
    if app.mailer().is_configured(stored) {
        return Ok(());
    }
    Err(Refusal::conflict_code("E6203", "Mail is not set up on this server"))
}

async fn look_and_send(app: &App, place: Place, name: &str) -> Result<(), Refusal> {
    let Some(account) = find(app, name).await? else { return Ok(()) };
    let mut reader = app.store.reader().await?;
    let email = emails::of_user(&mut reader, account.user).await?;
    // One that the user has shown to read is believed until they show it of another.
    let address = emails::verified(&mut reader, account.user).await?.or(email.address);
    drop(reader);
    let Some(address) = address.filter(|_| account.is_open(app.now()) && !account.external_auth) else {
        return Ok(());
    };
    if email.invitation {
        return invitation::send_again(app, place, &account, &address, None).await;
    }
    let errand =
        Errand { purpose: Purpose::Restore, account: &account, email: &address, by: None, life: HOUR };
    send(app, place, &errand).await.map(|_| ())
}

/// Whoever has shown to read the address, or has it, if one user has it; else whoever has the name.
async fn find(app: &App, name: &str) -> Result<Option<Account>, Refusal> {
    if name.is_empty() || name.len() > LONGEST || name.contains('\0') {
        return Ok(None);
    }
    let mut reader = app.store.reader().await?;
    if name.contains('@')
        && let Some(account) = emails::holder(&mut reader, name).await?
    {
        return Ok(Some(account));
    }
    Ok(accounts::by_username(&mut reader, name).await?)
}

/// Sends a link on behalf of somebody who manages the user. Works whether or not people may recover their
/// accounts themselves; the present password works until the link is used.
///
/// # Errors
/// The database failed.
pub(crate) async fn send_for(
    app: &App,
    place: Place,
    caller: &Principal,
    account: &Account,
    email: &str,
) -> Result<(), Refusal> {
    let by = Some(caller.username.as_str());
    let errand = Errand { purpose: Purpose::Restore, account, email, by, life: TWO_DAYS };
    send(app, place, &errand).await.map(|_| ())
}

/// Why no password was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotRestored {
    /// The link is unknown, spent, too old, or its account may not be recovered.
    Link,
    /// Recovery is switched off.
    Off,
    /// The password is not accepted.
    Password(PasswordFault),
    /// Nothing could be decided.
    Undecided(Refusal),
}

impl From<Refusal> for NotRestored {
    fn from(refusal: Refusal) -> Self {
        Self::Undecided(refusal)
    }
}

impl From<StoreError> for NotRestored {
    fn from(error: StoreError) -> Self {
        Self::Undecided(error.into())
    }
}

/// Does the link work?
///
/// # Errors
/// [`NotRestored`].
pub(crate) async fn check(app: &App, token: &str) -> Result<Account, NotRestored> {
    let mut reader = app.store.reader().await?;
    let link = links::find(&mut reader, sha256(token), Purpose::Restore, app.now()).await?;
    let stored = Stored::read(&mut reader).await?;
    // What an administrator had sent works all the same.
    if !is_on(&stored) && link.as_ref().is_none_or(|link| link.by.is_none()) {
        return Err(NotRestored::Off);
    }
    let Some(FoundLink { user, .. }) = link else { return Err(NotRestored::Link) };
    let account = accounts::by_user(&mut reader, user).await?;
    account.filter(|account| account.is_open(app.now()) && !account.external_auth).ok_or(NotRestored::Link)
}

/// Sets a new password by a link, once. Everything that the account had open ends.
///
/// # Errors
/// [`NotRestored`].
pub(crate) async fn restore(
    app: &App,
    token: &str,
    password: &str,
    address: ClientAddress,
) -> Result<(), NotRestored> {
    let account = check(app, token).await?;
    if let Some(fault) = new_password::fault(app, &account, password).await? {
        return Err(NotRestored::Password(fault));
    }
    let password_hash = app.identity().passwords.hash(password).await?;
    let write =
        RestorePassword { link: sha256(token), password_hash, address: address.to_string(), now: app.now() };
    if app.store.write(write).await? { Ok(()) } else { Err(NotRestored::Link) }
}
