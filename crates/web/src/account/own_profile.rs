//! A user's own profile: what its owner may change of it.

use kibali_metadata::fold;
use kibali_metadata::import::{ImportParams, ImportStrategy, MergeMode};
use kibali_model::{Authorities, Principal};
use kibali_store::door::emails;
use serde_json::{Map, Value};

use super::letters;
use crate::api::objects::{self, NotUpdated};
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Changes these properties of the caller's own user. Where the address becomes another one, the one of before is told.
/// Answers why nothing was changed, if something is wrong with them: the address is changed only by somebody who
/// proved a moment ago who they are, since a link to a new password goes there.
///
/// # Errors
/// Nothing could be decided.
pub(crate) async fn change(
    app: &App,
    caller: &Principal,
    mut properties: Map<String, Value>,
) -> Result<Option<NotUpdated>, Refusal> {
    properties.insert("id".to_owned(), caller.uid.to_string().into());
    let params =
        ImportParams { strategy: ImportStrategy::Update, merge: MergeMode::Merge, ..ImportParams::default() };
    let before = address(app, caller).await?;
    let refused = objects::update_one(app, &as_owner(caller), "users", &properties, params).await?;
    if refused.is_none()
        && let Some(before) = before
        && address(app, caller).await?.as_deref().map(fold) != Some(fold(&before))
    {
        tell(app, caller, &before).await?;
    }
    Ok(refused)
}

async fn address(app: &App, caller: &Principal) -> Result<Option<String>, Refusal> {
    Ok(emails::of_user(&mut app.store.reader().await?, caller.user).await?.address)
}

/// Tells the address of before, where mail can be sent.
async fn tell(app: &App, caller: &Principal, before: &str) -> Result<(), Refusal> {
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    if !app.mailer().is_configured(&stored) {
        return Ok(());
    }
    let title = stored.application_title();
    let letter = letters::address_changed(&app.settings, &title, &caller.username, before);
    // The change is made; whoever made it is not kept waiting for the message about it.
    if let Err(refusal) = app.mailer().send(letter) {
        tracing::warn!(%refusal, "a message about a changed address was not sent");
    }
    Ok(())
}

/// The caller as owner of the profile: it asks for no authority. How the caller proved who they are stays what it is.
fn as_owner(caller: &Principal) -> Principal {
    Principal { authorities: Authorities::from_iter([Authorities::ALL]), ..caller.clone() }
}
