//! Invitations: an account made by somebody else, opened by whoever reads its address.

use kibali_crypto::sha256;
use kibali_metadata::import::{ImportMode, ImportParams, ImportStrategy, MergeMode};
use kibali_model::{Uid, is_username};
use kibali_store::door::accounts::{self, Account};
use kibali_store::door::emails;
use kibali_store::door::links::{self, Purpose, SpendLink};
use serde_json::{Map, Value, json};

use super::links::{Errand, WEEK, send};
use super::{Person, Wrong};
use crate::api::objects::{import, operator_principal};
use crate::mail::Place;
use crate::{App, Refusal};

/// What the names begin with that are made for people who were invited without one.
const PREFIX: &str = "invite";
/// What stands for a name nobody knows yet, as in DHIS2.
pub(crate) const UNKNOWN: &str = "(TBD)";

/// A user name for somebody who will choose one.
pub(crate) fn generated_name(uid: Uid) -> String {
    format!("{PREFIX}{}", uid.to_string().to_lowercase())
}

/// Was the user name made here, so that whoever accepts chooses one?
fn is_generated(username: &str) -> bool {
    let rest = username.strip_prefix(PREFIX).unwrap_or_default();
    rest.len() == 11 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Sends an invitation, the first or one more.
///
/// # Errors
/// The database failed.
pub(crate) async fn send_again(
    app: &App,
    place: Place,
    account: &Account,
    email: &str,
    by: Option<&str>,
) -> Result<(), Refusal> {
    send(app, place, &Errand { purpose: Purpose::Invite, account, email, by, life: WEEK }).await.map(|_| ())
}

/// An invitation that can be accepted.
#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    account: Account,
    /// Where it was sent.
    pub(crate) email: String,
    /// The user name; none: whoever accepts chooses one.
    pub(crate) username: Option<String>,
}

/// The invitation behind a link, where it works.
///
/// # Errors
/// The database failed.
pub(crate) async fn find(app: &App, token: &str) -> Result<Option<Invitation>, Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(link) = links::find(&mut reader, sha256(token), Purpose::Invite, app.now()).await? else {
        return Ok(None);
    };
    let account = accounts::by_user(&mut reader, link.user).await?;
    let Some(account) = account.filter(|account| account.is_open(app.now())) else { return Ok(None) };
    if !emails::of_user(&mut reader, account.user).await?.invitation {
        return Ok(None);
    }
    let username = Some(account.username.clone()).filter(|name| !is_generated(name));
    Ok(Some(Invitation { account, email: link.email, username }))
}

/// What came of accepting an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The account is open, under this user name.
    Yes(String),
    /// The link is unknown, spent or too old.
    Link,
    /// This is wrong, and the link still works.
    Wrong(Vec<Wrong>),
}

/// Accepts an invitation, once.
///
/// # Errors
/// Nothing could be decided.
pub(crate) async fn accept(
    app: &App,
    token: &str,
    person: &Person,
    password: &str,
) -> Result<Accepted, Refusal> {
    let Some(Invitation { account, username, .. }) = find(app, token).await? else {
        return Ok(Accepted::Link);
    };
    let chosen = username.is_none();
    let username = username.unwrap_or_else(|| person.username.clone());
    let wrong = mistakes(person, &username, password);
    if !wrong.is_empty() {
        return Ok(Accepted::Wrong(wrong));
    }
    let mut user = Person { username: username.clone(), email: String::new(), ..person.clone() }.properties();
    user.extend(Map::from_iter([
        ("id".to_owned(), account.uid.to_string().into()),
        ("password".to_owned(), password.into()),
        ("invitation".to_owned(), Value::Bool(false)),
    ]));
    let payload = Map::from_iter([("users".to_owned(), json!([user]))]);
    let params = ImportParams {
        strategy: ImportStrategy::Update,
        merge: MergeMode::Merge,
        may_rename: chosen,
        ..ImportParams::default()
    };
    let maker = operator_principal();
    let tried = ImportParams { mode: ImportMode::Validate, ..params };
    let wrong = Wrong::all(&import(app, &maker, &payload, tried).await?);
    if !wrong.is_empty() {
        return Ok(Accepted::Wrong(wrong));
    }
    // Spent before the account is opened: of two who send the form at once, one finds the link gone.
    let spend = SpendLink { hash: sha256(token), purpose: Purpose::Invite, now: app.now() };
    if !app.store.write(spend).await? {
        return Ok(Accepted::Link);
    }
    match Wrong::all(&import(app, &maker, &payload, params).await?).into_iter().next() {
        None => Ok(Accepted::Yes(username)),
        Some(wrong) => Err(Refusal::conflict(format!("{}. Ask for another invitation", wrong.text))),
    }
}

/// What is wrong before the engine is asked: it does not judge names of those who were invited.
fn mistakes(person: &Person, username: &str, password: &str) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if !is_username(username) {
        wrong.push(Wrong::missing("username"));
    }
    for (name, text) in [("firstName", &person.first_name), ("surname", &person.surname)] {
        if text.is_empty() || text == UNKNOWN {
            wrong.push(Wrong::missing(name));
        }
    }
    if password.is_empty() {
        wrong.push(Wrong::missing("password"));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::is_generated;

    #[test]
    fn only_names_made_here_are_replaced() {
        assert!(is_generated("invitea1b2c3d4e5f"));
        for name in ["invite", "invited", "inviteA1b2c3d4e5f", "amina", "invitea1b2c3d4e5f6"] {
            assert!(!is_generated(name), "{name}");
        }
    }
}
