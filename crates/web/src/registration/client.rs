//! What a client that registers itself becomes, and how it manages what it registered.

use kibali_crypto::jose::Jwks;
use kibali_crypto::{new_token, sha256};
use kibali_metadata::client::{client_text, token_text};
use kibali_metadata::import::{
    Fault, ImportParams, ImportStrategy, MergeMode, is_redirect, is_secure_redirect, parse_payload,
};
use kibali_model::{ClientProfile, ClientSettings, Dialect, Principal, Scope, TokenSettings};
use kibali_oauth::registration::{METADATA, Metadata, REDIRECT, is_listed, read};
use kibali_store::door::accounts::Account;
use kibali_store::door::clients::{self, Registered};
use kibali_store::door::registrations::{self, InitialAccess, RegisterClient, SelfRegistered, Way};
use kibali_store::door::tokens::Hash;
use kibali_store::door::{accounts, principals};
use kibali_store::{Reader, objects::write::WriteChanges};
use serde_json::{Map, Value, json};

use super::{may_enrol, told};
use crate::api::objects::{change_one, run_within, system_principal};
use crate::identity::ClientAddress;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// Where a client registers and manages itself.
pub(crate) const REGISTER: &str = "/connect/register";
/// What it may ask for.
const SCOPES: [Scope; 3] = [Scope::OpenId, Scope::Profile, Scope::Username];
/// Clients of one person's devices, at most: the least recently used goes.
const DEVICES: i64 = 100;
/// Clients that registered without an invitation, at most.
const MOST_OPEN: i64 = 1000;
const PLURAL: &str = "oAuth2Clients";
/// Where `clientSettings` keep what the client said and Kibali makes no use of.
pub(super) const SAID: &str = "client.registration";

/// Who lets a client register.
struct Let {
    initial: Option<(Hash, InitialAccess)>,
    /// In whose name.
    by: Option<Account>,
    /// Where clients of devices may send codes.
    listed: Vec<String>,
}

impl Let {
    fn way(&self) -> Way {
        self.initial.as_ref().map_or(Way::Open, |(_, token)| token.way)
    }

    /// The one address, where an invitation names one.
    fn only(&self) -> Option<&str> {
        self.initial.as_ref()?.1.redirect_url.as_deref()
    }
}

/// A client that manages itself, proven by its token.
pub(crate) struct Managed {
    pub(super) registered: SelfRegistered,
    pub(super) client: Registered,
    pub(super) token: String,
}

/// Registers the client that `body` describes.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::InsufficientScope`], [`Refusal::RegistrationRefused`], or the database failed.
pub(crate) async fn register(
    app: &App,
    token: Option<&str>,
    body: impl Future<Output = Result<Value, Refusal>>,
    address: ClientAddress,
) -> Result<Value, Refusal> {
    let app = &app.speaking(Dialect::Modern);
    let by = who_lets(app, token, address).await?;
    let metadata = metadata(&body.await?, by.way())?;
    check_addresses(&metadata, by.way(), by.only(), &by.listed)?;
    let client_id = new_token(&*app.random);
    let registration_token = new_token(&*app.random);
    // Whoever enrolled a device signed in for it a moment ago; anybody else asks as every client does.
    let trusted = by.way() == Way::Enrolled && all_listed(&metadata, &by.listed);
    let settings = ClientSettings { require_consent: !trusted, ..ClientSettings::default() };
    let mut object = object(&metadata, settings, client_id.expose());
    object.insert("clientId".to_owned(), json!(client_id.expose()));
    object.insert("scopes".to_owned(), json!(SCOPES.map(|scope| scope.as_str().to_owned()).join(",")));
    object.insert("profile".to_owned(), json!(ClientProfile::Standard.as_str()));
    let tokens = TokenSettings {
        reuse_refresh_tokens: false,
        refresh_seconds: Some(app.settings.registered_refresh_seconds),
        ..TokenSettings::default()
    };
    object.insert("tokenSettings".to_owned(), json!(token_text(&tokens, &Map::new())));
    let params = ImportParams { strategy: ImportStrategy::Create, ..ImportParams::default() };
    let payload = Map::from_iter([(PLURAL.to_owned(), json!([object]))]);
    let batch = parse_payload(&app.registry, &payload, &params, &mut || app.new_uid());
    let within = |plan: &kibali_metadata::import::Plan, changes: WriteChanges| RegisterClient {
        initial: by.initial.as_ref().map(|(hash, _)| *hash),
        changes,
        client: plan.outcomes.first().map(|made| made.id).unwrap_or(system_principal().user),
        hash: sha256(registration_token.expose()),
        way: by.way(),
        user: by.by.as_ref().map(|account| account.user),
        redirect_url: by.only().map(str::to_owned),
        most_open: MOST_OPEN,
        address: address.to_string(),
        now: app.now(),
    };
    let maker = in_the_name_of(by.by.as_ref());
    let (done, written) = run_within(app, &maker, &batch, params, within).await?;
    let made = done.plan.outcomes.first().ok_or_else(|| Refusal::internal("no client was planned"))?;
    match (made.faults.first(), written) {
        (Some(fault), _) => return Err(refused(fault)),
        (None, Some(true)) => {}
        // Another node was faster with the same token.
        (None, _) if by.initial.is_some() => return Err(Refusal::InvalidToken),
        (None, _) => return Err(Refusal::NoMoreRegistrations),
    }
    if let (Way::Enrolled, Some(account)) = (by.way(), &by.by) {
        retire(app, account).await?;
    }
    let managed = find(app, registration_token.expose()).await?.ok_or(Refusal::InvalidToken)?;
    let secret = done.secrets.into_iter().next().map(|made| made.secret);
    Ok(told(app, &managed, secret.as_ref()))
}

/// Who lets the sender of this token register a client.
async fn who_lets(app: &App, token: Option<&str>, address: ClientAddress) -> Result<Let, Refusal> {
    // That of a device is signed.
    if let Some(token) = token
        && app.signer().disowns(token).await?
    {
        return Err(Refusal::InvalidToken);
    }
    let mut reader = app.store.reader().await?;
    let now = app.now();
    let stored = Stored::read(&mut reader).await?;
    let listed = stored.allowed_redirects();
    let Some(token) = token else {
        if !app.settings.open_registration {
            return Err(Refusal::InvalidToken);
        }
        app.identity().count_request("registration of a client", address, now)?;
        return Ok(Let { initial: None, by: None, listed });
    };
    let hash = sha256(token);
    let Some(initial) = registrations::find(&mut reader, hash).await? else {
        return Err(not_meant_for_this(&mut reader, hash).await?);
    };
    if now >= initial.expires || initial.uses_left < 1 {
        return Err(Refusal::InvalidToken);
    }
    let by = match initial.user {
        None => None,
        Some(user) => {
            let account = accounts::by_user(&mut reader, user).await?;
            let account = account.filter(|account| account.is_as_it_was(initial.credential_version, now));
            let account = account.ok_or(Refusal::InvalidToken)?;
            let standing = principals::standing(&mut reader, user).await?;
            let principal = standing.of(&account, system_principal().credential);
            // What let them make it is asked for again.
            let still = match initial.way {
                Way::Enrolled => may_enrol(&stored, &principal.groups),
                Way::Invited | Way::Open => principal.is_superuser(),
            };
            Some(account).filter(|_| still).map(Some).ok_or(Refusal::InvalidToken)?
        }
    };
    Ok(Let { initial: Some((hash, initial)), by, listed })
}

/// Nobody's token, or one that opens something else.
async fn not_meant_for_this(reader: &mut Reader, hash: Hash) -> Result<Refusal, Refusal> {
    let other = kibali_store::door::tokens::find_access(reader, hash).await?;
    Ok(if other.is_some() { Refusal::InsufficientScope } else { Refusal::InvalidToken })
}

fn metadata(body: &Value, way: Way) -> Result<Metadata, Refusal> {
    let members = body.as_object().ok_or_else(|| refuse(("invalid_request", "The body is a JSON object")))?;
    let metadata = read(members).map_err(refuse)?;
    metadata.check_keys(way == Way::Enrolled).map_err(refuse)?;
    if let Some(set) = &metadata.jwks {
        let why = "jwks holds public keys, RSA of 2048 bits or more, P-256 or Ed25519, and nothing of a private one";
        Jwks::from_members(set).map_err(|_| refuse(("invalid_request", why)))?;
    }
    Ok(metadata)
}

/// Devices send codes where the installation says; clients of an invitation where that says, if it does.
fn check_addresses(
    metadata: &Metadata,
    way: Way,
    invited: Option<&str>,
    listed: &[String],
) -> Result<(), Refusal> {
    let mut addresses = metadata.redirect_uris.iter();
    let fits = match (way, invited) {
        (Way::Enrolled, _) => all_listed(metadata, listed),
        (Way::Invited, Some(only)) => addresses.all(|address| address == only),
        (Way::Invited | Way::Open, _) => {
            let fits = |address: &String| is_redirect(address) && is_secure_redirect(address);
            addresses.all(|address| fits(address) || listed.contains(address))
        }
    };
    let why = match way {
        Way::Enrolled => "redirect_uris are among those of the setting deviceEnrollmentRedirectAllowlist",
        Way::Invited | Way::Open => {
            "redirect_uris are whole addresses, http on the person's own machine alone, and those that the initial \
             access token allows"
        }
    };
    if fits { Ok(()) } else { Err(refuse((REDIRECT, why))) }
}

/// Where every address is one that the installation chose for devices, nobody is asked: the person has just signed in
/// for this very application. Anywhere else, somebody else may wait for the code.
fn all_listed(metadata: &Metadata, listed: &[String]) -> bool {
    metadata.redirect_uris.iter().all(|address| is_listed(listed, address))
}

/// The client in the words of the registry, but what never changes.
fn object(metadata: &Metadata, settings: ClientSettings, client_id: &str) -> Map<String, Value> {
    let settings = ClientSettings {
        require_proof_key: true,
        jwks: metadata.jwks.as_ref().map(|set| Value::Object(set.clone()).to_string()),
        jwks_uri: metadata.jwks_uri.clone().filter(|_| metadata.jwks.is_none()),
        assertion_algorithm: metadata.algorithm.map(|algorithm| algorithm.as_str().to_owned()),
        ..settings
    };
    // Devices of one model have one name; in the registry each is told from the others.
    let short: String = client_id.chars().take(8).collect();
    let name =
        metadata.name.as_ref().map_or_else(|| client_id.to_owned(), |name| format!("{name} ({short})"));
    let unused = metadata.jwks_uri.as_ref().filter(|_| metadata.jwks.is_some());
    let said = json!({ SAID: { "client_name": metadata.name, "jwks_uri": unused } });
    let said = said.as_object().cloned().unwrap_or_default();
    let grants: Vec<&str> = metadata.grant_types.iter().map(|grant| grant.as_str()).collect();
    let object = json!({
        "name": name,
        "authorizationGrantTypes": grants,
        "redirectUris": metadata.redirect_uris,
        "postLogoutRedirectUris": metadata.post_logout_redirect_uris,
        "clientAuthenticationMethods": [metadata.authentication.as_str()],
        "clientSettings": client_text(&settings, &said),
        "backchannelLogoutUri": metadata.logout_uri,
        "backchannelLogoutSessionRequired": metadata.logout_session,
    });
    object.as_object().cloned().unwrap_or_default()
}

/// Kibali writes it, in the name of whoever let it: they need not be allowed to manage clients, and the client gets no
/// more than what is written above.
fn in_the_name_of(account: Option<&Account>) -> Principal {
    let Some(account) = account else { return system_principal() };
    let Account { user, uid, username, .. } = account.clone();
    Principal { user, uid, username, ..system_principal() }
}

/// Takes away the clients of a person's devices beyond the most there may be.
async fn retire(app: &App, account: &Account) -> Result<(), Refusal> {
    let surplus = registrations::surplus(&mut app.store.reader().await?, account.user, DEVICES).await?;
    for uid in surplus {
        delete(app, uid.as_str()).await?;
    }
    Ok(())
}

/// The client that manages itself with this token.
///
/// # Errors
/// [`Refusal::InvalidToken`], or the database failed.
pub(crate) async fn managed(app: &App, token: Option<&str>, client_id: &str) -> Result<Managed, Refusal> {
    let managed = find(app, token.ok_or(Refusal::InvalidToken)?).await?;
    managed.filter(|managed| managed.client.registration.client_id == client_id).ok_or(Refusal::InvalidToken)
}

async fn find(app: &App, token: &str) -> Result<Option<Managed>, Refusal> {
    let mut reader = app.store.reader().await?;
    let Some(registered) = registrations::find_registered(&mut reader, sha256(token)).await? else {
        return Ok(None);
    };
    if let (Way::Enrolled, Some(user)) = (registered.way, registered.user) {
        let account = accounts::by_user(&mut reader, user).await?;
        if !account.is_some_and(|account| account.is_open(app.now())) {
            return Ok(None);
        }
    }
    let client = clients::by_uid(&mut reader, registered.uid.as_str()).await?;
    Ok(client.map(|client| Managed { registered, client, token: token.to_owned() }))
}

/// Replaces what the client said of itself (RFC 7592 section 2.2).
///
/// # Errors
/// [`Refusal::RegistrationRefused`], or the database failed.
pub(crate) async fn replace(app: &App, managed: Managed, body: &Value) -> Result<Value, Refusal> {
    let app = &app.speaking(Dialect::Modern);
    let before = &managed.client.registration;
    if body.get("client_id").and_then(Value::as_str) != Some(before.client_id.as_str()) {
        return Err(refuse(("invalid_request", "client_id is that of the client")));
    }
    let metadata = metadata(body, managed.registered.way)?;
    if managed.client.acts_as.is_some() {
        // Only who has every right of that user may (rules of the door 4).
        return Err(refuse(("invalid_request", "This client acts as a user: an administrator changes it")));
    }
    if !before.proves_by(metadata.authentication) {
        let why = "token_endpoint_auth_method stays as it was registered: register anew to change it";
        return Err(refuse((METADATA, why)));
    }
    let listed = Stored::read(&mut app.store.reader().await?).await?.allowed_redirects();
    let known = |address: &String| before.redirect_uris.contains(address);
    if !metadata.redirect_uris.iter().all(known) {
        let SelfRegistered { way, redirect_url, .. } = &managed.registered;
        check_addresses(&metadata, *way, redirect_url.as_deref(), &listed)?;
    }
    let asked = before.settings.require_consent || !all_listed(&metadata, &listed);
    let settings = ClientSettings { require_consent: asked, ..before.settings.clone() };
    let mut object = object(&metadata, settings, &before.client_id);
    object.insert("id".to_owned(), json!(managed.registered.uid.as_str()));
    let params =
        ImportParams { strategy: ImportStrategy::Update, merge: MergeMode::Merge, ..ImportParams::default() };
    let done = change_one(app, &system_principal(), PLURAL, &object, params).await?;
    if let Some(fault) = done.faults.first() {
        return Err(refused(fault));
    }
    let managed = find(app, &managed.token).await?.ok_or(Refusal::InvalidToken)?;
    Ok(told(app, &managed, None))
}

/// Takes the client away, and all its tokens with it (RFC 7592 section 2.3).
///
/// # Errors
/// The database failed.
pub(crate) async fn remove(app: &App, managed: &Managed) -> Result<(), Refusal> {
    delete(app, managed.registered.uid.as_str()).await
}

async fn delete(app: &App, uid: &str) -> Result<(), Refusal> {
    let object = Map::from_iter([("id".to_owned(), json!(uid))]);
    let params =
        ImportParams { strategy: ImportStrategy::Delete, merge: MergeMode::Merge, ..ImportParams::default() };
    let app = app.speaking(Dialect::Modern);
    match change_one(&app, &system_principal(), PLURAL, &object, params).await {
        // Somebody else was faster.
        Ok(_) | Err(Refusal::ObjectNotFound { .. }) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

fn refuse((error, description): (&'static str, &str)) -> Refusal {
    Refusal::RegistrationRefused { error, description: description.to_owned() }
}

/// What the registry says is wrong, in the words of RFC 7591.
fn refused(fault: &Fault) -> Refusal {
    let error = match fault.property.as_deref() {
        Some("redirectUris") => REDIRECT,
        Some("clientSettings") => "invalid_request",
        _ => METADATA,
    };
    refuse((error, &fault.message()))
}
