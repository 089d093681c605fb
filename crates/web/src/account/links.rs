//! A link on its way: made, kept as a hash, and put into a message.

use kibali_crypto::{new_token, sha256};
use kibali_store::door::accounts::Account;
use kibali_store::door::links::{IssueLink, Purpose};

use super::letters::Letter;
use super::{INVITATION, RESTORE, VERIFY};
use crate::mail::Place;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// How long a link works.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    seconds: i64,
    /// For people.
    words: &'static str,
}

/// Somebody waits for it.
pub(super) const HOUR: Life = Life { seconds: 3600, words: "an hour" };
/// Somebody was asked who may not be there.
pub(super) const TWO_DAYS: Life = Life { seconds: 2 * 86_400, words: "two days" };
/// An invitation.
pub(super) const WEEK: Life = Life { seconds: 7 * 86_400, words: "a week" };

/// For whom a link is, and who had it sent.
pub(super) struct Errand<'a> {
    pub(super) purpose: Purpose,
    pub(super) account: &'a Account,
    pub(super) email: &'a str,
    /// By name; none: nobody who is signed in.
    pub(super) by: Option<&'a str>,
    pub(super) life: Life,
}

/// Makes the link and sends it. False where its user was sent too many already, all of which work.
pub(super) async fn send(app: &App, place: Place, errand: &Errand<'_>) -> Result<bool, Refusal> {
    let Errand { purpose, account, email, by, life } = *errand;
    let (token, now) = (new_token(&*app.random), app.now());
    let issue = IssueLink {
        hash: sha256(token.expose()),
        purpose,
        user: account.user,
        email: email.to_owned(),
        credential_version: account.credential_version,
        by: by.map(str::to_owned),
        expires: now.plus_seconds(life.seconds),
        now,
    };
    if !app.store.write(issue).await? {
        return Ok(false);
    }
    let page = match purpose {
        Purpose::Restore => RESTORE,
        Purpose::Invite => INVITATION,
        Purpose::Verify => VERIFY,
    };
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    let title = stored.named("applicationTitle");
    let letter = Letter {
        purpose,
        title: title.as_str().unwrap_or("DHIS 2"),
        username: &account.username,
        email,
        link: &app.settings.absolute(&format!("{page}?token={}", token.expose())),
        time: life.words,
        by_another: by.is_some(),
    };
    place.send(letter.write(&app.settings));
    Ok(true)
}
