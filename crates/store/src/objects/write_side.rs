//! The side rows of users and clients, and everything that goes with a deleted object.

use kibali_metadata::fold;
use kibali_metadata::import::{Changes, ClientRow};
use kibali_model::{ClientAuthentication, ObjectId, Timestamp, TokenFormat};
use serde_json::{Map, Value, json};

use super::write::{ClientSecretHash, Hashes};
use crate::door::audit::{self, Who};
use crate::door::logouts::{self, Leaving};
use crate::door::{consents, ends, passwords, past};
use crate::{Statement, StoreError, Tx, values};

const ACCOUNT: Statement = Statement::new(
    "account.upsert",
    "insert into account (object, username, disabled, expiry, external_auth, email_key)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (object) do update set username = excluded.username, disabled = excluded.disabled,
       expiry = excluded.expiry, external_auth = excluded.external_auth, email_key = excluded.email_key",
);
const CLIENT: Statement = Statement::new(
    "client.upsert",
    "insert into client (object, client_id, profile, authentication, grant_types, redirect_uris,
                         post_logout_redirect_uris, scopes, require_proof_key, require_consent, jwks, jwks_uri,
                         assertion_algorithm, more_settings, access_seconds, refresh_seconds, code_seconds,
                         device_code_seconds, token_format, reuse_refresh_tokens, token_algorithm, more_tokens,
                         secret_expires, takes_otp, bound_by, exchanges_for, logout_uri, logout_session)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25, $26, $27, $28)
     on conflict (object) do update set client_id = excluded.client_id, profile = excluded.profile,
       authentication = excluded.authentication, grant_types = excluded.grant_types,
       redirect_uris = excluded.redirect_uris, post_logout_redirect_uris = excluded.post_logout_redirect_uris,
       scopes = excluded.scopes, require_proof_key = excluded.require_proof_key,
       require_consent = excluded.require_consent, jwks = excluded.jwks, jwks_uri = excluded.jwks_uri,
       assertion_algorithm = excluded.assertion_algorithm, more_settings = excluded.more_settings,
       access_seconds = excluded.access_seconds, refresh_seconds = excluded.refresh_seconds,
       code_seconds = excluded.code_seconds, device_code_seconds = excluded.device_code_seconds,
       token_format = excluded.token_format, reuse_refresh_tokens = excluded.reuse_refresh_tokens,
       token_algorithm = excluded.token_algorithm, more_tokens = excluded.more_tokens,
       secret_expires = excluded.secret_expires, takes_otp = excluded.takes_otp, bound_by = excluded.bound_by,
       exchanges_for = excluded.exchanges_for, logout_uri = excluded.logout_uri,
       logout_session = excluded.logout_session",
);
/// Of a client that signs with its secret no more, nothing that can be read back is kept.
const UNSEAL: Statement =
    Statement::new("client.forget_sealed", "update client set sealed_secret = null where object = $1");
const CLIENT_PARK: Statement =
    Statement::new("client.park", "update client set client_id = $2 where object = $1");
const CLIENT_SECRET: Statement = Statement::new(
    "client.set_secret",
    "update client set secret = $2, secret_created = $3, previous_until = $4, sealed_secret = $5,
       previous_secret = case when cast($4 as bigint) is null then null else secret end
     where object = $1",
);

macro_rules! deletes {
    ($($name:literal: $sql:literal),+ $(,)?) => {
        /// Every row that goes with an object, tokens before the grants they hang on.
        const DELETES: &[Statement] = &[$(Statement::new($name, $sql)),+];
    };
}

deletes! {
    "object.forget_access_tokens":
        "delete from access_token where grant_id in (select id from oauth_grant where user_object = $1 or client = $1)",
    "object.forget_refresh_tokens":
        "delete from refresh_token where grant_id in (select id from oauth_grant where user_object = $1 or client = $1)",
    "object.forget_codes": "delete from code where user_object = $1 or client = $1",
    "object.forget_devices": "delete from device_code where client = $1 or user_object = $1",
    "object.forget_pushed": "delete from pushed_request where client = $1",
    "object.forget_consents": "delete from consent where user_object = $1 or client = $1",
    "object.forget_grants": "delete from oauth_grant where user_object = $1 or client = $1",
    "object.forget_api_tokens": "delete from api_token where user_object = $1",
    "object.forget_sessions": "delete from session where user_object = $1",
    "object.forget_links": "delete from mail_link where user_object = $1",
    "object.forget_passwords": "delete from old_password where user_object = $1",
    "object.forget_second_factor": "delete from second_factor where user_object = $1",
    "object.forget_passkeys": "delete from passkey where user_object = $1",
    "object.forget_mailed_code": "delete from mailed_code where user_object = $1",
    "object.forget_recovery_codes": "delete from recovery_code where user_object = $1",
    "object.forget_settings": "delete from user_setting where user_object = $1",
    "object.forget_references": "delete from reference where source = $1",
    "object.forget_keys": "delete from unique_key where object = $1",
    "object.forget_sharing": "delete from sharing where object = $1",
    "object.forget_translations": "delete from translation where object = $1",
    "object.forget_attributes": "delete from attribute_value where object = $1 or attribute = $1",
    "object.forget_tree": "delete from tree where object = $1",
    "object.forget_account": "delete from account where object = $1",
    "object.forget_initial_access": "delete from initial_access_token where user_object = $1",
    "object.forget_registration": "delete from registration where client = $1",
    "object.forget_logouts": "delete from logout_notice where client = $1",
    "object.forget_client_days": "delete from client_day where client = $1",
    "object.forget_password_uses": "delete from password_grant_use where client = $1",
    "object.forget_client": "delete from client where object = $1",
    "object.forget": "delete from object where id = $1",
}

pub(crate) const STATEMENTS: &[Statement] = &[ACCOUNT, CLIENT, UNSEAL, CLIENT_PARK, CLIENT_SECRET];
pub(crate) const DELETE_STATEMENTS: &[Statement] = DELETES;

/// Deletes an object with all its rows; a user's or a client's tokens die with it (rules of the door 6).
pub(super) async fn delete_object(
    tx: &mut Tx,
    object: ObjectId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    ends::end_exchanged_from(tx, object, now).await?;
    past::remember_all_of(tx, object, now).await?;
    logouts::owe(tx, object, Leaving::AllBut(None), now).await?;
    for statement in DELETES {
        let gone = tx.run(*statement, values![object]).await? > 0;
        let event = match statement.name {
            "object.forget_account" => Some(("user.deleted", of_user(object))),
            "object.forget_client" => Some(("client.deleted", of_client(object))),
            _ => None,
        };
        if let Some((event, who)) = event.filter(|_| gone) {
            audit::record(tx, event, who, json!({ "by": by }), now).await?;
        }
    }
    Ok(())
}

/// Writes the side rows, then the hashes into them.
pub(super) async fn accounts_and_clients(
    tx: &mut Tx,
    changes: &Changes,
    hashes: &Hashes,
    now: Timestamp,
) -> Result<(), StoreError> {
    let by = changes.by.as_str();
    for row in &changes.accounts {
        let values = values![
            row.object,
            row.username.as_str(),
            row.disabled,
            row.expiry,
            row.external_auth,
            row.email.as_deref().map(fold),
        ];
        if row.disabled {
            logouts::owe(tx, row.object, Leaving::AllBut(None), now).await?;
        }
        tx.run(ACCOUNT, values).await?;
        let detail =
            json!({ "by": by, "disabled": row.disabled, "expiry": row.expiry.map(Timestamp::to_dhis2) });
        audit::record(tx, "user.written", of_user(row.object), detail, now).await?;
    }
    if changes.clients.len() > 1 {
        // Two may change places: all leave theirs first. No client id begins with a space.
        for row in &changes.clients {
            tx.run(CLIENT_PARK, values![row.object, format!(" {}", row.object.0)]).await?;
        }
    }
    for row in &changes.clients {
        write_client(tx, row).await?;
        if row.forget_consents {
            consents::drop_of_client(tx, row.object).await?;
        }
        let client = &row.client;
        let detail = json!({
            "by": by, "grantTypes": client.grant_types, "redirectUris": client.redirect_uris,
            "scopes": client.scopes, "profile": client.profile.as_str(), "consent": client.settings.require_consent
        });
        audit::record(tx, "client.written", of_client(row.object), detail, now).await?;
    }
    for (user, hash) in &hashes.passwords {
        passwords::replace(tx, *user, hash, by, now).await?;
    }
    for ClientSecretHash { client, verifier, sealed } in &hashes.client_secrets {
        let values = values![*client, verifier.clone(), now, hashes.old_secrets_until, sealed.clone()];
        tx.run(CLIENT_SECRET, values).await?;
        audit::record(tx, "client.secret_set", of_client(*client), json!({ "by": by }), now).await?;
    }
    Ok(())
}

async fn write_client(tx: &mut Tx, row: &ClientRow) -> Result<(), StoreError> {
    let client = &row.client;
    let (settings, tokens) = (&client.settings, &client.tokens);
    tx.run(
        CLIENT,
        values![
            row.object,
            client.client_id.as_str(),
            client.profile.as_str(),
            list(&client.authentication),
            list(&client.grant_types),
            list(&client.redirect_uris),
            list(&client.post_logout_redirect_uris),
            client.scopes.join(" "),
            settings.require_proof_key,
            settings.require_consent,
            settings.jwks.as_deref(),
            settings.jwks_uri.as_deref(),
            settings.assertion_algorithm.as_deref(),
            object(&client.more_settings),
            tokens.access_seconds,
            tokens.refresh_seconds,
            tokens.code_seconds,
            tokens.device_code_seconds,
            tokens.format.map(TokenFormat::as_str),
            tokens.reuse_refresh_tokens,
            tokens.algorithm.as_deref(),
            object(&client.more_tokens),
            client.secret_expires,
            client.takes_otp,
            client.bound_by,
            list(&client.exchanges_for),
            client.logout_uri.as_deref(),
            client.logout_session
        ],
    )
    .await?;
    if !client.proves_by(ClientAuthentication::SecretJwt) {
        tx.run(UNSEAL, values![row.object]).await?;
    }
    Ok(())
}

fn list(names: &[String]) -> String {
    Value::from(names).to_string()
}

fn object(map: &Map<String, Value>) -> String {
    Value::Object(map.clone()).to_string()
}

fn of_user(user: ObjectId) -> Who<'static> {
    Who { user: Some(user), ..Who::default() }
}

fn of_client(client: ObjectId) -> Who<'static> {
    Who { client: Some(client), ..Who::default() }
}
