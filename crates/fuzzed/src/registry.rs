//! A registry in memory that holds one client: planned in one dialect, shown in each, planned again.

use std::sync::{Arc, OnceLock};

use kibali_metadata::client::Registration;
use kibali_metadata::import::{
    Batch, Context, Detail, Door, Facts, Head, ImportParams, ImportStrategy, Needs, Plan, is_redirect,
    parse_object, plan,
};
use kibali_metadata::kind::{ClientColumn, Kind, Storage};
use kibali_metadata::{Registry, kinds};
use kibali_model::{
    Access, Authorities, ClientAuthentication, ClientProfile, Credential, Dialect, GrantType, ObjectId,
    OrgUnitScope, PasswordPolicy, Principal, Uid,
};
use serde_json::{Map, Value, json};

use crate::keys::NOW;

const SINGULAR: &str = "oAuth2Client";
const DIALECTS: [Dialect; 2] = [Dialect::Legacy, Dialect::Modern];
const SCOPES: [&str; 6] = ["ALL", "api:read", "email", "openid", "profile", "username"];

/// The client that is there.
struct Stored {
    id: ObjectId,
    uid: Uid,
    name: Option<String>,
    client: Registration,
}

/// Creates the client in each dialect. One that is taken is fit to be there; and shown in either dialect and sent back as
/// it is shown, it stays as it was.
pub(crate) fn told(object: &Map<String, Value>) {
    for dialect in DIALECTS {
        let Some(stored) = created(object, dialect) else { continue };
        fit(&stored.client);
        written_and_read_again(&stored.client);
        for other in DIALECTS {
            let payload = shown(&stored, &kind(other));
            let after = planned(&payload, other, ImportStrategy::Update, Some(&stored));
            assert_eq!(after.outcomes[0].faults, [], "shown and not taken back: {payload:?}");
            let row = after.changes.clients.first().map_or(&stored.client, |row| &row.client);
            assert_eq!(*row, stored.client, "made in {dialect:?}, sent back in {other:?}");
        }
    }
}

fn registry(dialect: Dialect) -> Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    REGISTRY.get_or_init(|| Arc::new(kinds::registry().unwrap())).spoken(dialect)
}

fn kind(dialect: Dialect) -> Arc<Kind> {
    registry(dialect).kind(SINGULAR).unwrap().clone()
}

fn created(object: &Map<String, Value>, dialect: Dialect) -> Option<Stored> {
    let plan = planned(object, dialect, ImportStrategy::Create, None);
    secret_is_hidden(object, &plan);
    let outcome = plan.outcomes.first().expect("an object has an outcome");
    if !outcome.faults.is_empty() {
        assert!(plan.changes.is_empty() && plan.changes.clients.is_empty(), "refused, and written");
        return None;
    }
    let [row] = plan.changes.clients.as_slice() else { panic!("no client, and no fault") };
    let name = plan.changes.created[0].name.clone();
    Some(Stored { id: outcome.id, uid: outcome.uid, name, client: row.client.clone() })
}

/// Plans one object through its own address, by an administrator, until nothing more need be known.
fn planned(
    object: &Map<String, Value>,
    dialect: Dialect,
    strategy: ImportStrategy,
    stored: Option<&Stored>,
) -> Plan {
    let (registry, kind) = (registry(dialect), kind(dialect));
    let params = ImportParams { strategy, ..ImportParams::default() };
    let fresh = Uid::from_random([7; 11]);
    let item = parse_object(&registry, &kind, 0, object, &params, Door::Crud, fresh);
    let batch = Batch { items: vec![item], warnings: Vec::new() };
    let caller = administrator();
    let context = Context {
        registry: &registry,
        caller: &caller,
        now: NOW,
        first_id: ObjectId(100),
        seed: 1,
        params,
        passwords: PasswordPolicy::default(),
        may_grant_own_roles: false,
        allowed_redirects: vec!["dhis2oauth://oauth".to_owned()],
        own_address: true,
    };
    let mut facts = Facts::default();
    for _ in 0..20 {
        match plan(&batch, &facts, &context) {
            Ok(plan) => return plan,
            Err(needs) => answer(&needs, &mut facts, stored),
        }
    }
    panic!("a plan that never ends")
}

/// What this registry knows.
fn answer(needs: &Needs, facts: &mut Facts, stored: Option<&Stored>) {
    let is = |id: ObjectId| stored.filter(|stored| stored.id == id);
    for (kind, uid) in &needs.objects {
        let found = stored.filter(|stored| *kind == SINGULAR && stored.uid == *uid).map(|stored| stored.id);
        facts.objects.insert((kind, *uid), found);
    }
    facts.codes.extend(needs.codes.iter().map(|code| (code.clone(), None)));
    facts.heads.extend(needs.heads.iter().map(|id| (*id, is(*id).map(head))));
    facts.details.extend(needs.details.iter().map(|id| (*id, is(*id).map(detail))));
    facts.keys.extend(needs.keys.iter().map(|key| (key.clone(), None)));
    facts.targets.extend(needs.targets.iter().map(|end| (*end, Vec::new())));
    facts.sources.extend(needs.sources.iter().map(|end| (*end, Vec::new())));
    facts.links.extend(needs.links.iter().map(|link| (*link, None)));
    facts.last_positions.extend(needs.last_positions.iter().map(|end| (*end, 0)));
    facts.dependants.extend(needs.dependants.iter().map(|id| (*id, Vec::new())));
    facts.all_of.extend(needs.all_of.iter().map(|kind| (*kind, Vec::new())));
}

fn head(stored: &Stored) -> Head {
    Head {
        id: stored.id,
        kind: SINGULAR,
        uid: stored.uid,
        code: None,
        name: stored.name.clone(),
        owner: None,
        public: None,
        granted: Access::NONE,
        version: 1,
    }
}

fn detail(stored: &Stored) -> Detail {
    Detail { created: Some(NOW), client: Some(stored.client.clone()), ..Detail::default() }
}

fn administrator() -> Principal {
    Principal {
        user: ObjectId(1),
        uid: Uid::from_random([1; 11]),
        username: "admin".to_owned(),
        authorities: Authorities::from_iter(["ALL"]),
        roles: Vec::new(),
        groups: Vec::new(),
        org_units: OrgUnitScope::default(),
        credential: Credential::Basic,
        credential_version: 1,
    }
}

/// The client as a GET shows it.
fn shown(stored: &Stored, kind: &Kind) -> Map<String, Value> {
    let mut object = Map::from_iter([
        ("id".to_owned(), json!(stored.uid.as_str())),
        ("name".to_owned(), json!(stored.name)),
    ]);
    for (column, property) in columns(kind) {
        let value = stored.client.value(column, property);
        if !value.is_null() {
            object.insert(property.name.to_owned(), value);
        }
    }
    object
}

fn columns(kind: &Kind) -> impl Iterator<Item = (ClientColumn, &kibali_metadata::kind::Property)> {
    kind.properties.iter().filter_map(|property| match property.storage {
        Storage::Client(column) => Some((column, property)),
        _ => None,
    })
}

/// What may be in the registry (rules of the door 3).
fn fit(client: &Registration) {
    let Registration { client_id, authentication, grant_types, scopes, .. } = client;
    assert!((1..=230).contains(&client_id.chars().count()), "{client_id}");
    assert!(!client_id.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control()));
    assert_ne!(client_id, "system-dcr-registrar-client");
    assert!(grant_types.iter().all(|name| GrantType::from_name(name).is_some()));
    assert!(authentication.iter().all(|name| ClientAuthentication::from_name(name).is_some()));
    assert!(scopes.iter().all(|name| SCOPES.contains(&name.as_str())));
    let public = client.proves_by(ClientAuthentication::None);
    assert!(!public || authentication.len() == 1, "a secret beside none");
    assert!(client.settings.require_proof_key || (client.profile == ClientProfile::Legacy && !public));
    assert!(!grant_types.iter().any(|name| name == "client_credentials"), "it acts as nobody");
    for list in [&client.redirect_uris, &client.post_logout_redirect_uris] {
        assert!(list.len() <= 50);
        assert!(list.iter().all(|uri| is_redirect(uri) || uri == "dhis2oauth://oauth"), "{list:?}");
    }
    let lives = [
        client.tokens.access_seconds,
        client.tokens.refresh_seconds,
        client.tokens.code_seconds,
        client.tokens.device_code_seconds,
    ];
    assert!(lives.into_iter().flatten().all(|seconds| seconds > 0));
}

/// Each value, written in the words of a dialect, is read as what it was.
fn written_and_read_again(client: &Registration) {
    let lists = [
        &client.authentication,
        &client.grant_types,
        &client.redirect_uris,
        &client.post_logout_redirect_uris,
        &client.scopes,
        &client.exchanges_for,
    ];
    // A text with commas between parts what has commas in it, and a number with a point is read nearly as it was.
    let plain = |name: &String| !name.contains(',') && name.trim() == name && !name.is_empty();
    let exact = |more: &Map<String, Value>| more.values().all(is_exact);
    if !lists.into_iter().flatten().all(plain) || !exact(&client.more_settings) || !exact(&client.more_tokens)
    {
        return;
    }
    for dialect in DIALECTS {
        let mut again = Registration { bound_by: client.bound_by, ..Registration::default() };
        for (column, property) in columns(&kind(dialect)) {
            let value = client.value(column, property);
            let value = Some(value).filter(|value| !value.is_null());
            assert_eq!(again.take(column, property, value.as_ref()), Ok(()));
        }
        assert_eq!(again, *client);
    }
}

/// Has no number in it a point?
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(members) => members.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

/// No secret is seen in what a plan shows of itself.
fn secret_is_hidden(object: &Map<String, Value>, plan: &Plan) {
    let Some(secret) = ["secret", "clientSecret"].iter().find_map(|name| object.get(*name)?.as_str()) else {
        return;
    };
    let long = secret.len() >= 16 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let once =
        |object: &Map<String, Value>| Value::Object(object.clone()).to_string().matches(secret).count() == 1;
    if long && once(object) {
        assert!(!format!("{plan:?}").contains(secret), "a secret is shown");
    }
}
