//! `/api/oAuth2Authorizations` and `/api/oAuth2AuthorizationConsents`: live grants and remembered consents in DHIS2's
//! fields (modern reference 2.7), never a token. For `ALL` alone; here they can be ended, too.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use kibali_crypto::sha256;
use kibali_metadata::language::project_value;
use kibali_model::{Authorities, Principal, Uid};
use kibali_store::door::cuts::{CutGrant, Cutter};
use kibali_store::door::held::{self, ForgetConsent, HeldConsent, HeldGrant};
use serde_json::{Value, json};

use super::query::Pairs;
use super::{answer, held_list};
use crate::identity::{Caller, ClientAddress};
use crate::speech::Speech;
use crate::{App, Refusal};

pub(crate) const AUTHORIZATIONS: &str = "oAuth2Authorizations";
pub(crate) const CONSENTS: &str = "oAuth2AuthorizationConsents";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/oAuth2Authorizations", get(list_grants))
        .route("/oAuth2Authorizations/{uid}", get(show_grant).delete(cut))
        .route("/oAuth2AuthorizationConsents", get(list_consents))
        .route("/oAuth2AuthorizationConsents/{uid}", get(show_consent).delete(forget))
}

fn require_superuser(caller: &Principal) -> Result<(), Refusal> {
    if caller.is_superuser() { Ok(()) } else { Err(Refusal::Lacks(&[Authorities::ALL])) }
}

async fn list_grants(
    State(app): State<App>,
    Caller(caller): Caller,
    speech: Speech,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    require_superuser(&caller)?;
    let held = held::grants(&mut app.store.reader().await?, app.now()).await?;
    list(&app, AUTHORIZATIONS, held.iter().map(grant).collect(), speech, &pairs)
}

async fn list_consents(
    State(app): State<App>,
    Caller(caller): Caller,
    speech: Speech,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    require_superuser(&caller)?;
    let held = held::consents(&mut app.store.reader().await?).await?;
    list(&app, CONSENTS, held.iter().map(consent).collect(), speech, &pairs)
}

fn list(
    app: &App,
    plural: &str,
    whole: Vec<Value>,
    speech: Speech,
    pairs: &[(String, String)],
) -> Result<Response, Refusal> {
    let query = held_list::asked(pairs, "filters on authorizations")?;
    Ok(held_list::shown(app, speech, (plural, plural), query, pairs, whole))
}

async fn show_grant(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    pairs: Pairs,
) -> Result<Response, Refusal> {
    show(&pairs, &grant(&find_grant(&app, &caller, uid).await?))
}

async fn show_consent(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(uid): Path<String>,
    pairs: Pairs,
) -> Result<Response, Refusal> {
    show(&pairs, &consent(&find_consent(&app, &caller, uid).await?))
}

fn show(pairs: &Pairs, whole: &Value) -> Result<Response, Refusal> {
    Ok(answer::json(&project_value(&pairs.fields()?, whole)))
}

/// Ends the grant: its tokens are refused from now on.
async fn cut(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Path(uid): Path<String>,
) -> Result<StatusCode, Refusal> {
    let grant = find_grant(&app, &caller, uid).await?.id;
    app.store.write(CutGrant { grant, by: cutter(&caller, address), now: app.now() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets the consent: the user is asked again.
async fn forget(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Path(uid): Path<String>,
) -> Result<StatusCode, Refusal> {
    let HeldConsent { user, client, .. } = find_consent(&app, &caller, uid).await?;
    app.store.write(ForgetConsent { user, client, by: cutter(&caller, address), now: app.now() }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn cutter(caller: &Principal, address: ClientAddress) -> Cutter {
    Cutter { user: caller.user, address: address.to_string() }
}

async fn find_grant(app: &App, caller: &Principal, uid: String) -> Result<HeldGrant, Refusal> {
    require_superuser(caller)?;
    let held = held::grants(&mut app.store.reader().await?, app.now()).await?;
    let found = held.into_iter().find(|held| grant_uid(held).as_str() == uid);
    found.ok_or(Refusal::ObjectNotFound { kind: "OAuth2 authorization", uid })
}

async fn find_consent(app: &App, caller: &Principal, uid: String) -> Result<HeldConsent, Refusal> {
    require_superuser(caller)?;
    let held = held::consents(&mut app.store.reader().await?).await?;
    let found = held.into_iter().find(|held| consent_uid(held).as_str() == uid);
    found.ok_or(Refusal::ObjectNotFound { kind: "OAuth2 authorization consent", uid })
}

fn grant_uid(held: &HeldGrant) -> Uid {
    named(&format!("grant {}", held.id))
}

fn consent_uid(held: &HeldConsent) -> Uid {
    named(&format!("consent {} {}", held.user.0, held.client.0))
}

/// Neither is an object: each has an identifier that follows from what it is.
fn named(what: &str) -> Uid {
    let hash = sha256(what);
    Uid::from_random(hash.first_chunk::<11>().copied().unwrap_or_default())
}

fn grant(held: &HeldGrant) -> Value {
    let scopes = held.scope.replace(' ', ",");
    let life = |life: Option<held::Life>| life.map(|(from, to)| (from.to_dhis2(), to.to_dhis2())).unzip();
    let ((access_from, access_to), (refresh_from, refresh_to)) = (life(held.access), life(held.refresh));
    json!({
        "id": grant_uid(held).as_str(),
        "name": held.username,
        "displayName": held.username,
        "created": held.created.to_dhis2(),
        "registeredClientId": held.client.as_str(),
        "principalName": held.username,
        "authorizationGrantType": held.grant_type,
        "authorizedScopes": scopes,
        "accessTokenType": held.access.map(|_| "Bearer"),
        "accessTokenScopes": held.access.map(|_| &scopes),
        "accessTokenIssuedAt": access_from,
        "accessTokenExpiresAt": access_to,
        "refreshTokenIssuedAt": refresh_from,
        "refreshTokenExpiresAt": refresh_to,
    })
}

fn consent(held: &HeldConsent) -> Value {
    let authorities: Vec<String> = held.scope.split(' ').map(|scope| format!("SCOPE_{scope}")).collect();
    json!({
        "id": consent_uid(held).as_str(),
        "name": held.username,
        "displayName": held.username,
        "created": held.created.to_dhis2(),
        "lastUpdated": held.updated.to_dhis2(),
        "registeredClientId": held.client_uid.as_str(),
        "principalName": held.username,
        "authorities": authorities.join(","),
    })
}
