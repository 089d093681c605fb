//! What the database knows about a refused call.

use kibali_metadata::Kind;
use kibali_metadata::language::Fields;
use kibali_model::{Access, Client, Closed, Credential, ObjectId, Principal, Sharing, Timestamp};
use kibali_store::Reader;
use kibali_store::door::past::EndedWhy;
use kibali_store::door::tokens::{Basis, FoundToken};
use kibali_store::door::{accounts, api_tokens, clients, past, principals, sessions, tokens};
use serde_json::Value;

use super::refused::{Presented, Refused};
use crate::api::objects::{self, operator_principal};
use crate::speech::Room;
use crate::{App, Refusal};

/// What is known. All of it is values; none of it opens anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) token: Option<TokenState>,
    /// The client ID of the token's client, or of the one that asked.
    pub(super) client: Option<String>,
    /// The client that asked may send a code of a second factor beside a password.
    pub(super) takes_otp: bool,
    pub(super) account: Option<AccountFacts>,
    /// What the token opens.
    pub(super) scopes: Option<String>,
    /// Any of these authorities is demanded.
    pub(super) demanded: Vec<&'static str>,
    /// The caller has one of them.
    pub(super) has_demanded: bool,
    /// The name of a role of the caller.
    pub(super) role: Option<String>,
    pub(super) sharing: Option<SharingFacts>,
    /// How many organisation units the caller enters data for, sees data of, and searches in.
    pub(super) units: Option<[usize; 3]>,
}

impl Facts {
    /// This client asked, if there is such a client.
    fn asked_by(&mut self, client: Option<Client>) {
        self.takes_otp = client.as_ref().is_some_and(|client| client.takes_otp);
        self.client = client.map(|client| client.client_id);
    }
}

/// What became of a token or session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenState {
    /// Never issued here, or gone for so long that nobody remembers.
    Unknown,
    /// It is none any longer: when it ended, and why.
    Past(Timestamp, EndedWhy),
    Live,
    Expired(Timestamp),
    /// What it belongs to was ended.
    Ended,
    ClientGone,
    /// The key that signed it was retired then.
    KeyRetired(Timestamp),
    /// For another server.
    ForResource(String),
}

/// The account behind the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountFacts {
    pub(super) username: String,
    pub(super) state: AccountState,
}

/// May the account be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountState {
    Open,
    Disabled,
    Expired(Timestamp),
    /// The password changed since, and the credential rests on it.
    PasswordMoved,
    /// The credential rests on a password alone, and that is not enough any longer.
    PasswordNotEnough,
}

/// What the sharing of the object gives the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SharingFacts {
    /// `Data Element`.
    pub(super) kind: &'static str,
    pub(super) uid: String,
    pub(super) given: Access,
    pub(super) owns: bool,
}

/// Reads them, as they are now. Whether something has expired is held against the time of the refusal.
pub(super) async fn read(app: &App, refused: &Refused) -> Result<Facts, Refusal> {
    let mut facts = Facts::default();
    let mut reader = app.store.reader().await?;
    let user = match &refused.presented {
        Presented::Nothing | Presented::Unreadable => None,
        Presented::Bearer(hash, kid) => {
            let found = tokens::find_access(&mut reader, *hash).await?;
            let user = of_token(app, &mut reader, *hash, found, refused.at, &mut facts).await?;
            if let (Some(TokenState::Live), Some(kid)) = (&facts.token, kid) {
                let retired = app.signer().retired_at(kid).await?.filter(|at| *at <= refused.at);
                facts.token = Some(retired.map_or(TokenState::Live, TokenState::KeyRetired));
            }
            user
        }
        Presented::RefreshToken(hash) => {
            let found = tokens::find_refresh(&mut reader, *hash).await?;
            of_token(app, &mut reader, *hash, found, refused.at, &mut facts).await?
        }
        Presented::ApiToken(hash) => {
            let found = api_tokens::find(&mut reader, *hash).await?;
            let expires = found.as_ref().map(|token| token.expires);
            facts.token = Some(state(&mut reader, *hash, expires, refused.at).await?);
            found.map(|token| token.user)
        }
        Presented::Session(hash) => {
            let found = sessions::find(&mut reader, *hash).await?;
            let expires = found.as_ref().map(|found| found.expires);
            facts.token = Some(state(&mut reader, *hash, expires, refused.at).await?);
            found.map(|found| found.user)
        }
        Presented::Basic(name) if refused.room != Room::Api => {
            facts.asked_by(client(&mut reader, name).await?);
            None
        }
        Presented::Basic(name) | Presented::Name(name) => {
            accounts::by_username(&mut reader, name).await?.map(|account| account.user)
        }
    };
    if let Some(name) = &refused.client {
        facts.asked_by(client(&mut reader, name).await?);
    }
    let Some(principal) = account(&mut reader, user, refused, &mut facts).await? else { return Ok(facts) };
    drop(reader);
    demand(app, refused, &principal, &mut facts).await?;
    Ok(facts)
}

/// What somebody called a client, if there is such a client: else it is perhaps a password.
async fn client(reader: &mut Reader, name: &str) -> Result<Option<Client>, Refusal> {
    Ok(clients::by_client_id(reader, name).await?.map(|found| found.client))
}

/// What became of a token or session that ends then; of none, where there is no such row.
async fn state(
    reader: &mut Reader,
    hash: tokens::Hash,
    expires: Option<Timestamp>,
    at: Timestamp,
) -> Result<TokenState, Refusal> {
    Ok(match expires {
        Some(expires) if at >= expires => TokenState::Expired(expires),
        Some(_) => TokenState::Live,
        None => past::find(reader, hash)
            .await?
            .map_or(TokenState::Unknown, |(ended, why)| TokenState::Past(ended, why)),
    })
}

/// The state of an access token or refresh token; its user.
async fn of_token(
    app: &App,
    reader: &mut Reader,
    hash: tokens::Hash,
    found: Option<FoundToken>,
    at: Timestamp,
    facts: &mut Facts,
) -> Result<Option<ObjectId>, Refusal> {
    let Some(found) = found else {
        facts.token = Some(state(reader, hash, None, at).await?);
        return Ok(None);
    };
    facts.client.clone_from(&found.client_id);
    facts.scopes = Some(found.scopes.to_string());
    let state = match found.resource.as_ref().filter(|resource| !app.settings.is_ours(resource)) {
        _ if at >= found.expires => TokenState::Expired(found.expires),
        _ if found.ended => TokenState::Ended,
        _ if found.client_uid.is_none() => TokenState::ClientGone,
        Some(resource) => TokenState::ForResource(resource.clone()),
        None => TokenState::Live,
    };
    facts.token = Some(state);
    if let Some(account) = accounts::by_user(reader, found.user).await? {
        let state = match found.rests_on(&account) {
            Basis::Stands => None,
            Basis::PasswordMoved => Some(AccountState::PasswordMoved),
            Basis::PasswordNotEnough => Some(AccountState::PasswordNotEnough),
        };
        facts.account = state.map(|state| AccountFacts { username: account.username, state });
    }
    Ok(Some(found.user))
}

/// The account's state; who it is.
async fn account(
    reader: &mut Reader,
    user: Option<ObjectId>,
    refused: &Refused,
    facts: &mut Facts,
) -> Result<Option<Principal>, Refusal> {
    let Some(user) = user else { return Ok(None) };
    let Some(account) = accounts::by_user(reader, user).await? else { return Ok(None) };
    let state = account.closed(refused.at).map(|closed| match closed {
        Closed::Disabled => AccountState::Disabled,
        Closed::Expired(end) => AccountState::Expired(end),
    });
    if facts.account.is_none() || state.is_some() {
        let state = state.unwrap_or(AccountState::Open);
        facts.account = Some(AccountFacts { username: account.username.clone(), state });
    }
    let principal = principals::load(reader, &account, Credential::System).await?;
    let units = &principal.org_units;
    facts.units = Some([units.capture.len(), units.view.len(), units.search.len()]);
    Ok(Some(principal))
}

/// What the call demands beyond a credential, and what of it the caller has.
async fn demand(app: &App, refused: &Refused, caller: &Principal, facts: &mut Facts) -> Result<(), Refusal> {
    let mut parts = refused.inner.trim_start_matches('/').split('/');
    let kind = parts.next().and_then(|name| app.registry.kind(name)).filter(|_| refused.room == Room::Api);
    facts.demanded = match (&refused.refusal, kind) {
        (Refusal::Lacks(any), _) => any.to_vec(),
        (Refusal::MayNot(verb), Some(kind)) => of_kind(kind, verb),
        (Refusal::Forbidden { code: None, .. }, Some(kind)) => kind.authorities.read.to_vec(),
        _ => Vec::new(),
    };
    facts.has_demanded = caller.authorities.has_any(&facts.demanded);
    if !facts.has_demanded {
        facts.role = role_of(app, caller).await?;
    }
    let (Some(kind), Some(uid), Refusal::MayNot(_)) = (kind, parts.next(), &refused.refusal) else {
        return Ok(());
    };
    if kind.shareable && facts.has_demanded {
        facts.sharing = sharing_of(app, kind, uid, caller).await?;
    }
    Ok(())
}

/// Any of these lets do it to an object of the kind.
fn of_kind(kind: &Kind, verb: &str) -> Vec<&'static str> {
    let names = &kind.authorities;
    let create = [names.create, names.create_public, names.create_private].concat();
    match verb {
        "create" => create,
        "delete" => names.delete.to_vec(),
        _ if names.update.is_empty() => create,
        _ => names.update.to_vec(),
    }
}

async fn role_of(app: &App, caller: &Principal) -> Result<Option<String>, Refusal> {
    let (Some(role), Some(kind)) = (caller.roles.first(), app.registry.kind("userRole")) else {
        return Ok(None);
    };
    let found = object(app, kind, role.as_str(), "name").await?;
    Ok(found.get("name").and_then(Value::as_str).map(str::to_owned))
}

async fn sharing_of(
    app: &App,
    kind: &Kind,
    uid: &str,
    caller: &Principal,
) -> Result<Option<SharingFacts>, Refusal> {
    let found = match object(app, kind, uid, "sharing").await {
        Ok(found) => found,
        Err(Refusal::ObjectNotFound { .. }) => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    let Some(sharing) = found.get("sharing") else { return Ok(None) };
    let access = |value: &Value| value.as_str().and_then(|text| text.parse::<Access>().ok());
    let given = |name: &str| {
        let entries = sharing.get(name).and_then(Value::as_object).into_iter().flatten();
        let read = entries.filter_map(|(uid, entry)| Some((uid.clone(), access(entry.get("access")?)?)));
        read.collect()
    };
    let sharing = Sharing {
        owner: sharing.get("owner").and_then(Value::as_str).map(str::to_owned),
        public: sharing.get("public").and_then(access),
        users: given("users"),
        groups: given("userGroups"),
        external: false,
    };
    let caller_uid = caller.uid.as_str();
    Ok(Some(SharingFacts {
        kind: kind.display_name,
        uid: uid.to_owned(),
        given: sharing.granted_to(caller_uid, &caller.groups),
        owns: sharing.owned_by(caller_uid),
    }))
}

/// One property of an object, seen by whoever sees everything.
async fn object(app: &App, kind: &Kind, uid: &str, property: &str) -> Result<Value, Refusal> {
    let fields = Fields::parse_all([property]).map_err(|error| Refusal::internal(error.to_string()))?;
    objects::one(app, &operator_principal(), kind, uid, &fields).await
}
