//! Codes that are mailed to whoever shows a password or a session, and held against what is typed in the same browser.

use kibali_crypto::{Digest, MailedCode, Purpose, equal_in_constant_time, typed_code};
use kibali_model::{ObjectId, Timestamp, TwoFactorType};
use kibali_store::door::factors::{self, Proof};
use kibali_store::door::mailed::{Asking, KeepMailed, Standing, TryMailed, standing};

use super::second_factor::Holder;
use crate::account::letters;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Seconds that a code works, as in DHIS2.
const SECONDS: i64 = 15 * 60;

/// What became of a code that was to be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mailed {
    /// It is on its way, or one was a moment ago that still works.
    Sent,
    /// Too many were, and none works any longer: the next is mailed after this moment.
    TooMany(Timestamp),
    /// No message can be sent at the moment.
    NotNow,
}

impl Mailed {
    /// What a program is told where there is no code to wait for.
    ///
    /// # Errors
    /// [`Refusal::TooManyAttempts`], [`Refusal::Busy`].
    pub(crate) fn required(self, app: &App) -> Result<(), Refusal> {
        match self {
            Self::Sent => Ok(()),
            Self::TooMany(until) => {
                let seconds = u32::try_from(until.seconds_since(app.now())).unwrap_or(1).max(1);
                Err(Refusal::TooManyAttempts { seconds })
            }
            Self::NotNow => Err(Refusal::Busy { seconds: 30 }),
        }
    }

    /// What a person is told where there is no code to wait for.
    pub(crate) fn told(self) -> Option<String> {
        match self {
            Self::Sent => None,
            Self::TooMany(until) => {
                let text = until.to_dhis2();
                let time: String = text.chars().skip(11).take(5).collect();
                Some(format!(
                    "No code was mailed to you: five were within an hour. You can have the next one from {time} UTC on. \
                     A recovery code works now."
                ))
            }
            Self::NotNow => {
                let text = "No code waits for you: the last one can no longer be used, or none could be mailed. Ask for \
                            another one in a minute, or use a recovery code.";
                Some(text.to_owned())
            }
        }
    }
}

/// Are the codes of this user mailed?
///
/// # Errors
/// The database failed.
pub(crate) async fn is_mailed(app: &App, user: ObjectId) -> Result<bool, Refusal> {
    let found = factors::find(&mut app.store.reader().await?, user).await?;
    Ok(found.is_some_and(|found| found.state == TwoFactorType::EmailEnabled))
}

/// Mails a code to the address that was proved when the factor was set up, unless that was done just now, or too often.
/// Whoever asks gave the password, or has a session; the code is good in their browser.
///
/// # Errors
/// The database failed.
pub(crate) async fn mail_code(app: &App, holder: Holder<'_>) -> Result<Mailed, Refusal> {
    let mut reader = app.store.reader().await?;
    let address = factors::find(&mut reader, holder.user).await?.and_then(|found| found.email);
    let stored = Stored::read(&mut reader).await?;
    drop(reader);
    let place = app.mailer().is_configured(&stored).then(|| app.mailer().place().ok()).flatten();
    let (Some(address), Some(place)) = (address, place) else { return mailed_before(app, holder).await };
    let (code, now) = (MailedCode::generate(&*app.random), app.now());
    let keep = KeepMailed {
        asking: asking(holder),
        verifier: verifier(app, holder, code.expose()),
        expires: now.plus_seconds(SECONDS),
        now,
    };
    if !app.store.write(keep).await? {
        return mailed_before(app, holder).await;
    }
    let title = stored.application_title();
    place.send(letters::code(&app.settings, &title, holder.username, &address, code.expose()));
    Ok(Mailed::Sent)
}

/// Is there a code to wait for in this browser?
///
/// # Errors
/// The database failed.
pub(crate) async fn mailed_before(app: &App, holder: Holder<'_>) -> Result<Mailed, Refusal> {
    Ok(match standing(&mut app.store.reader().await?, asking(holder), app.now()).await? {
        Standing::Waits => Mailed::Sent,
        Standing::TooMany(until) => Mailed::TooMany(until),
        Standing::Nothing => Mailed::NotNow,
    })
}

/// Is this the code that this browser asked for? Each time it is asked takes one of the few tries there are.
pub(super) async fn check(app: &App, holder: Holder<'_>, typed: &str) -> Result<Option<Proof>, Refusal> {
    let Some(code) = typed_code(typed) else { return Ok(None) };
    let attempt = TryMailed { asking: asking(holder), now: app.now() };
    let Some(kept) = app.store.write(attempt).await? else { return Ok(None) };
    let fits = equal_in_constant_time(kept, verifier(app, holder, &code));
    Ok(fits.then_some(Proof::Mailed(kept)))
}

const fn asking(holder: Holder<'_>) -> Asking {
    Asking { user: holder.user, browser: holder.browser }
}

/// What stands in the database: six digits alone would be found by trying them all.
fn verifier(app: &App, holder: Holder<'_>, code: &str) -> Digest {
    let key = app.master_key.mac_key(Purpose::MailedCode);
    let browser = holder.browser.as_ref().map_or(&[][..], |browser| &browser[..]);
    key.tag_parts(&[&holder.user.0.to_be_bytes(), browser, code.as_bytes()])
}
