//! Codes that are mailed to whoever shows a password or a session, and held against what was typed.

use kibali_crypto::{Digest, MailedCode, Purpose, equal_in_constant_time, typed_code};
use kibali_model::{ObjectId, TwoFactorType};
use kibali_store::door::emails;
use kibali_store::door::factors::{self, Proof};
use kibali_store::door::mailed::{KeepMailed, TryMailed};

use super::second_factor::Holder;
use crate::account::letters;
use crate::api::settings::stored::Stored;
use crate::{App, Refusal};

/// Seconds that a code works, as in DHIS2.
const SECONDS: i64 = 15 * 60;

/// Are the codes of this user mailed?
///
/// # Errors
/// The database failed.
pub(crate) async fn is_mailed(app: &App, user: ObjectId) -> Result<bool, Refusal> {
    let found = factors::find(&mut app.store.reader().await?, user).await?;
    Ok(found.is_some_and(|found| found.state == TwoFactorType::EmailEnabled))
}

/// Mails a code to the address that the user was shown to read last, unless that was done just now, or too often. Whoever
/// asks gave the password, or has a session.
///
/// # Errors
/// Mail cannot be sent, or the database failed.
pub(crate) async fn mail_code(app: &App, holder: Holder<'_>) -> Result<(), Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(address) = emails::verified(&mut reader, holder.user).await? else { return Ok(()) };
    let title = Stored::read(&mut reader).await?.application_title();
    drop(reader);
    let place = app.mailer().place()?;
    let (code, now) = (MailedCode::generate(&*app.random), app.now());
    let keep = KeepMailed {
        user: holder.user,
        verifier: verifier(app, holder.user, code.expose()),
        expires: now.plus_seconds(SECONDS),
        now,
    };
    if app.store.write(keep).await? {
        place.send(letters::code(&app.settings, &title, holder.username, &address, code.expose()));
    }
    Ok(())
}

/// Is this the code that was mailed? Each time it is asked takes one of the few tries there are.
pub(super) async fn check(app: &App, user: ObjectId, typed: &str) -> Result<Option<Proof>, Refusal> {
    let Some(code) = typed_code(typed) else { return Ok(None) };
    let Some(kept) = app.store.write(TryMailed { user, now: app.now() }).await? else { return Ok(None) };
    let fits = equal_in_constant_time(kept, verifier(app, user, &code));
    Ok(fits.then_some(Proof::Mailed(kept)))
}

/// What stands in the database: six digits alone would be found by trying them all.
fn verifier(app: &App, user: ObjectId, code: &str) -> Digest {
    let key = app.master_key.mac_key(Purpose::MailedCode);
    key.tag_parts(&[&user.0.to_be_bytes(), code.as_bytes()])
}
