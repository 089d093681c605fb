//! Running an import: facts, plan, hashes, one write; planned again when the world moved meanwhile.

use std::sync::Arc;

use kibali_crypto::new_client_secret;
use kibali_metadata::import::{
    Batch, Changes, Context, Facts, ImportParams, ImportReport, Keeping, Plan, SecretWork, is_bcrypt,
    parse_payload, plan,
};
use kibali_model::{Authorities, Credential, ObjectId, OrgUnitScope, Principal, Timestamp, Uid};
use kibali_store::door::asker::Asker;
use kibali_store::objects::facts;
use kibali_store::objects::write::{ClientSecretHash, Hashes, WriteChanges};
use kibali_store::{StoreError, Write};
use serde_json::{Map, Value, json};

use super::patch::{self, Patch};
use super::runtime_state;
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// How often a plan may ask before something is wrong with it.
const ROUNDS: usize = 64;
/// How often an import is planned when others keep changing what it rests on.
const ATTEMPTS: usize = 12;

/// A client secret made by the server, to be told once and never again.
#[derive(Clone)]
pub struct ClientSecretOnce {
    /// The client's row number.
    pub client: ObjectId,
    /// The secret.
    pub secret: kibali_crypto::Secret<String>,
}

/// What became of an import.
pub struct Done {
    /// What was decided, and written where that was asked.
    pub plan: Plan,
    /// Secrets of new clients that came without one.
    pub secrets: Vec<ClientSecretOnce>,
}

/// Imports a payload as `caller`: the body of `POST /api/metadata`, a file, a seed.
///
/// # Errors
/// The database failed, or too much waits. What is wrong with the payload is in the report.
pub async fn import(
    app: &App,
    caller: &Principal,
    payload: &Map<String, Value>,
    params: ImportParams,
) -> Result<ImportReport, Refusal> {
    if let Some(report) = runtime_state::refused(payload) {
        return Ok(report);
    }
    let batch = parse_payload(&app.registry, payload, &params, &mut || app.new_uid());
    Ok(run(app, caller, &batch, params, false).await?.plan.report)
}

/// What is asked for: items, or patches that become items only on the state they are applied to.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// Items that rest on nothing stored.
    Items(&'a Batch),
    /// Patches, read against the objects of the same snapshot that the plan rests on.
    Patches(&'a [Patch]),
}

/// Plans a batch and writes it.
///
/// # Errors
/// As [`import`].
pub async fn run(
    app: &App,
    caller: &Principal,
    batch: &Batch,
    params: ImportParams,
    own_address: bool,
) -> Result<Done, Refusal> {
    run_asked(app, caller, Asked::Items(batch), params, own_address).await
}

/// As [`run`], for patches too.
///
/// # Errors
/// As [`import`]; [`Refusal::BadRequest`] and [`Refusal::ObjectNotFound`] for a patch that cannot be applied.
pub(super) async fn run_asked(
    app: &App,
    caller: &Principal,
    asked: Asked<'_>,
    params: ImportParams,
    own_address: bool,
) -> Result<Done, Refusal> {
    let (done, _) = write_as(app, caller, asked, params, own_address, |_, write| write).await?;
    Ok(done)
}

/// As [`run`], where the write is part of a greater one: `within` makes that of the plan and its write. Answers
/// what the greater one answered, where something was written.
///
/// # Errors
/// As [`import`].
pub(crate) async fn run_within<W: Write>(
    app: &App,
    caller: &Principal,
    batch: &Batch,
    params: ImportParams,
    within: impl Fn(&Plan, WriteChanges) -> W + Sync,
) -> Result<(Done, Option<W::Output>), Refusal> {
    write_as(app, caller, Asked::Items(batch), params, false, within).await
}

async fn write_as<W: Write>(
    app: &App,
    caller: &Principal,
    asked: Asked<'_>,
    params: ImportParams,
    own_address: bool,
    within: impl Fn(&Plan, WriteChanges) -> W + Sync,
) -> Result<(Done, Option<W::Output>), Refusal> {
    for _ in 0..ATTEMPTS {
        let plan = decide(app, caller, asked, params, own_address).await?;
        if plan.changes.is_empty() {
            return Ok((Done { plan, secrets: Vec::new() }, None));
        }
        let (mut hashes, secrets) = hash(app, &plan.changes).await?;
        let until = app.now().plus_seconds(params.old_secret_seconds);
        hashes.old_secrets_until = (params.old_secret_seconds > 0).then_some(until);
        let write = WriteChanges { changes: Arc::new(plan.changes.clone()), hashes, now: app.now() };
        match app.store.write(within(&plan, write)).await {
            Ok(written) => return Ok((Done { plan, secrets }, Some(written))),
            Err(StoreError::Stale | StoreError::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refusal::conflict("The objects are being changed by others; send the request again"))
}

async fn decide(
    app: &App,
    caller: &Principal,
    asked: Asked<'_>,
    params: ImportParams,
    own_address: bool,
) -> Result<Plan, Refusal> {
    let mut reader = app.store.snapshot().await?;
    // Kibali itself, and whoever runs it, have no account to be shut out of.
    if caller.credential != Credential::System && caller.user != system_principal().user {
        Asker::from(caller).stands_in(&mut reader, app.now()).await?;
    }
    let settings = Stored::read(&mut reader).await?;
    let mut seed = [0; 8];
    app.random.fill(&mut seed);
    let context = Context {
        registry: &app.registry,
        caller,
        now: app.now(),
        first_id: app.new_object_id(),
        seed: u64::from_be_bytes(seed),
        params,
        passwords: settings.password_policy(),
        may_grant_own_roles: settings.may_grant_own_roles(),
        allowed_redirects: settings.allowed_redirects(),
        own_address,
    };
    let mut known = Facts::default();
    let patched;
    let batch = match asked {
        Asked::Items(batch) => batch,
        Asked::Patches(patches) => {
            patched = patch::batch(app, caller, patches, &mut reader, &mut known).await?;
            &patched
        }
    };
    for _ in 0..ROUNDS {
        match plan(batch, &known, &context) {
            Ok(plan) => return Ok(plan),
            Err(needs) => facts::answer(&mut reader, &app.registry, caller, &needs, &mut known).await?,
        }
    }
    Err(Refusal::internal("an import asked more often than it may"))
}

/// Hashes what must be hashed, before the write begins (rules of the door 8).
async fn hash(app: &App, changes: &Changes) -> Result<(Hashes, Vec<ClientSecretOnce>), Refusal> {
    let mut hashes = Hashes::default();
    let mut made = Vec::new();
    for work in &changes.secrets {
        match work {
            SecretWork::Password(user, password) => {
                hashes.passwords.push((*user, app.identity().passwords.hash(password.expose()).await?));
            }
            // Hashed as DHIS2 2.42 does before it was sent: the first proof puts our verifier in its place.
            SecretWork::ClientSecret(client, secret, _) if is_bcrypt(secret.expose()) => {
                let verifier = secret.expose().as_bytes().to_vec();
                hashes.client_secrets.push(ClientSecretHash { client: *client, verifier, sealed: None });
            }
            SecretWork::ClientSecret(client, secret, keeping) => {
                hashes.client_secrets.push(kept(app, *client, secret.expose(), *keeping)?);
            }
            SecretWork::NewClientSecret(client, keeping) => {
                let secret = new_client_secret(&*app.random);
                hashes.client_secrets.push(kept(app, *client, secret.expose(), *keeping)?);
                made.push(ClientSecretOnce { client: *client, secret });
            }
        }
    }
    Ok((hashes, made))
}

/// What is kept of a client's secret.
fn kept(app: &App, client: ObjectId, secret: &str, keeping: Keeping) -> Result<ClientSecretHash, Refusal> {
    let verifier = app.identity().client_secrets.verifier(secret).to_vec();
    let sealed = match keeping {
        Keeping::Verifier => None,
        Keeping::Sealed => {
            let place = client_secret_place(client);
            let sealed = app.master_key.seal_key().seal(&*app.random, &place, secret.as_bytes());
            Some(sealed.map_err(|error| Refusal::internal(error.to_string()))?)
        }
    };
    Ok(ClientSecretHash { client, verifier, sealed })
}

/// Where the secret of a client that signs with it is sealed: it opens there and nowhere else.
#[must_use]
pub fn client_secret_place(client: ObjectId) -> String {
    format!("client/{}", client.0)
}

/// Kibali itself, which may do everything: for seeds and the command line.
#[must_use]
pub fn system_principal() -> Principal {
    Principal {
        user: ObjectId(0),
        // A name in `createdBy`, of no user.
        uid: Uid::from_random([10, 8, 1, 0, 11, 8, 52, 52, 52, 52, 52]),
        username: "system".to_owned(),
        authorities: Authorities::from_iter([Authorities::ALL]),
        roles: Vec::new(),
        groups: Vec::new(),
        org_units: OrgUnitScope::default(),
        credential: Credential::System,
        credential_version: 0,
    }
}

/// Kibali itself on behalf of a person who runs it: the same, except that passwords are held against the
/// installation's policy, since a person chose them.
#[must_use]
pub fn operator_principal() -> Principal {
    Principal {
        credential: Credential::Session { since: Timestamp::from_millis(0), proved: None, hash: [0; 32] },
        ..system_principal()
    }
}

/// The role that may do everything, as a payload holds it: DHIS2's own identifier, so that imports of its
/// metadata meet it again.
#[must_use]
pub fn superuser_role() -> Value {
    json!({ "id": "yrB6vc5Ip3r", "code": "Superuser", "name": "Superuser", "authorities": [Authorities::ALL] })
}

/// Makes the objects that every database has, where they are missing (web-api reference 5.1). They are
/// known by fixed identifiers, so making them again changes nothing.
///
/// # Errors
/// The database failed.
pub async fn create_defaults(app: &App) -> Result<(), Refusal> {
    let open = json!({ "public": "rw------" });
    let payload = json!({
        "categoryOptions": [{
            "id": "xYerKDKCefk", "code": "default", "name": "default", "shortName": "default",
            "sharing": { "public": "rwrw----" }
        }],
        "categories": [{
            "id": "GLevLNI9wkl", "code": "default", "name": "default", "shortName": "default",
            "dataDimensionType": "DISAGGREGATION", "dataDimension": false, "sharing": open,
            "categoryOptions": [{ "id": "xYerKDKCefk" }]
        }],
        "categoryCombos": [{
            "id": "bjDvmb4bfuf", "code": "default", "name": "default", "dataDimensionType": "DISAGGREGATION",
            "skipTotal": false, "sharing": open, "categories": [{ "id": "GLevLNI9wkl" }]
        }],
        "categoryOptionCombos": [{
            "id": "HllvX50cXC0", "code": "default", "name": "default",
            "categoryCombo": { "id": "bjDvmb4bfuf" }, "categoryOptions": [{ "id": "xYerKDKCefk" }]
        }]
    });
    let Value::Object(payload) = payload else { return Ok(()) };
    let params =
        ImportParams { strategy: kibali_metadata::import::ImportStrategy::Create, ..ImportParams::default() };
    let batch = parse_payload(&app.registry, &payload, &params, &mut || app.new_uid());
    // Through their own address, or the defaults would be left out; where they exist, E5000 stops it all.
    let done = run(app, &system_principal(), &batch, params, true).await?;
    let exist = |code: &str| matches!(code, "E5000" | "E3001");
    match done.plan.report.errors().find(|error| !exist(error.error_code)) {
        Some(error) => Err(Refusal::internal(&error.message)),
        None => Ok(()),
    }
}
