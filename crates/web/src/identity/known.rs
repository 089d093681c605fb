//! Accounts, clients and tokens that were looked up not long ago, until they change (rules of the door 7).

use std::sync::Arc;

use kibali_crypto::{Digest, sha256};
use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::accounts::{self, Account, Contact};
use kibali_store::door::changes::Topic;
use kibali_store::door::clients::{self, ClientCredentials};
use kibali_store::door::tokens::{self, FoundToken};
use kibali_store::fresh::{Cached, Change, RestsOn};

use crate::keys::is_signed;
use crate::{App, Refusal};

/// Accounts remembered, a kilobyte each.
const ACCOUNTS: usize = 1000;
/// Clients remembered, a few kilobytes each.
const CLIENTS: usize = 500;
/// Tokens remembered that were asked about, less than a kilobyte each.
const TOKENS: usize = 2000;

/// What is remembered.
pub(super) struct Known {
    people: Cached<ObjectId, Person>,
    clients: Cached<String, KnownClient>,
    tokens: Cached<Digest, KnownToken>,
}

impl Known {
    pub(super) fn new(feed: &kibali_store::fresh::Feed) -> Self {
        Self {
            people: Cached::new(feed, ACCOUNTS),
            clients: Cached::new(feed, CLIENTS),
            tokens: Cached::new(feed, TOKENS),
        }
    }
}

/// An account and what its holder is called.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) account: Arc<Account>,
    pub(crate) contact: Arc<Contact>,
}

impl RestsOn for Person {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            Topic::User => change.touches(self.account.user),
            // A role may demand a second factor.
            Topic::Role => true,
            Topic::Grant
            | Topic::Token
            | Topic::Session
            | Topic::Setting
            | Topic::Group
            | Topic::Client
            | Topic::Unit
            | Topic::DataSet
            | Topic::Key => false,
        }
    }
}

#[derive(Clone)]
struct KnownClient(Arc<ClientCredentials>);

impl RestsOn for KnownClient {
    fn rests_on(&self, change: &Change) -> bool {
        let client = &self.0.client;
        match change.topic {
            Topic::Client => change.touches(client.object),
            // The user it acts as, or who bound it, may be gone.
            Topic::User => {
                [client.acts_as, client.bound_by].iter().flatten().any(|user| change.touches(*user))
            }
            Topic::Grant
            | Topic::Token
            | Topic::Session
            | Topic::Setting
            | Topic::Role
            | Topic::Group
            | Topic::Unit
            | Topic::DataSet
            | Topic::Key => false,
        }
    }
}

#[derive(Clone)]
struct KnownToken {
    found: Arc<FoundToken>,
    /// A key signed it.
    signed: bool,
}

impl RestsOn for KnownToken {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            Topic::Grant | Topic::Token => change.touches(ObjectId(self.found.grant)),
            Topic::Client => change.touches(self.found.client),
            // The one that signed it may be retired.
            Topic::Key => self.signed,
            Topic::User
            | Topic::Session
            | Topic::Setting
            | Topic::Role
            | Topic::Group
            | Topic::Unit
            | Topic::DataSet => false,
        }
    }
}

/// The account of this user. A write that rests on it asks again.
///
/// # Errors
/// The database failed.
pub(crate) async fn person(app: &App, user: ObjectId) -> Result<Option<Person>, Refusal> {
    let load = || async {
        let mut reader = app.store.reader().await.map_err(failed)?;
        let account = accounts::by_user(&mut reader, user).await.map_err(failed)?.ok_or(None)?;
        let contact = accounts::contact(&mut reader, user).await.map_err(failed)?;
        Ok(Person { account: Arc::new(account), contact: Arc::new(contact) })
    };
    found(app.identity().known.people.get_or_load(&user, load).await)
}

/// The client with this `client_id`; letters count as written.
///
/// # Errors
/// The database failed.
pub(crate) async fn client(app: &App, client_id: &str) -> Result<Option<Arc<ClientCredentials>>, Refusal> {
    let load = || async {
        let mut reader = app.store.reader().await.map_err(failed)?;
        let client = clients::by_client_id(&mut reader, client_id).await.map_err(failed)?.ok_or(None)?;
        Ok(KnownClient(Arc::new(client)))
    };
    let known = app.identity().known.clients.get_or_load(&client_id.to_owned(), load).await;
    Ok(found(known)?.map(|client| client.0))
}

/// This access token, live or not; none where the key that signed it was retired.
///
/// # Errors
/// The database failed.
pub(crate) async fn token(app: &App, token: &str) -> Result<Option<Arc<FoundToken>>, Refusal> {
    let hash = sha256(token);
    let load = || async {
        if app.signer().disowns(token).await.map_err(Some)? {
            return Err(None);
        }
        let mut reader = app.store.reader().await.map_err(failed)?;
        let found = tokens::find_access(&mut reader, hash).await.map_err(failed)?.ok_or(None)?;
        Ok(KnownToken { found: Arc::new(found), signed: is_signed(token) })
    };
    Ok(found(app.identity().known.tokens.get_or_load(&hash, load).await)?.map(|token| token.found))
}

/// The account that a token stands for at `now`, if it does.
///
/// # Errors
/// The database failed.
pub(crate) async fn holder(
    app: &App,
    token: &FoundToken,
    now: Timestamp,
) -> Result<Option<Arc<Account>>, Refusal> {
    let account = person(app, token.user).await?.map(|person| person.account);
    Ok(account.filter(|account| now < token.expires && token.stands(account, now)))
}

/// What a load ends with that finds nothing to remember: nothing, or a refusal.
type Nothing = Option<Refusal>;

fn failed(error: kibali_store::StoreError) -> Nothing {
    Some(error.into())
}

fn found<T>(loaded: Result<T, Nothing>) -> Result<Option<T>, Refusal> {
    match loaded {
        Ok(value) => Ok(Some(value)),
        Err(None) => Ok(None),
        Err(Some(refusal)) => Err(refusal),
    }
}
