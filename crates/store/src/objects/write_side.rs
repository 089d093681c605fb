//! The side rows of users and clients, and everything that goes with a deleted object.

use kibali_metadata::fold;
use kibali_metadata::import::Changes;
use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::write::Hashes;
use crate::door::audit::{self, Who};
use crate::door::passwords;
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
    "insert into client (object, client_id, grant_types, redirect_uris) values ($1, $2, $3, $4)
     on conflict (object) do update set client_id = excluded.client_id, grant_types = excluded.grant_types,
       redirect_uris = excluded.redirect_uris",
);
const CLIENT_PARK: Statement =
    Statement::new("client.park", "update client set client_id = $2 where object = $1");
const CLIENT_SECRET: Statement = Statement::new(
    "client.set_secret",
    "update client set secret = $2, secret_created = $3, previous_until = $4,
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
    "object.forget_grants": "delete from oauth_grant where user_object = $1 or client = $1",
    "object.forget_api_tokens": "delete from api_token where user_object = $1",
    "object.forget_sessions": "delete from session where user_object = $1",
    "object.forget_links": "delete from mail_link where user_object = $1",
    "object.forget_passwords": "delete from old_password where user_object = $1",
    "object.forget_second_factor": "delete from second_factor where user_object = $1",
    "object.forget_recovery_codes": "delete from recovery_code where user_object = $1",
    "object.forget_settings": "delete from user_setting where user_object = $1",
    "object.forget_references": "delete from reference where source = $1",
    "object.forget_keys": "delete from unique_key where object = $1",
    "object.forget_sharing": "delete from sharing where object = $1",
    "object.forget_translations": "delete from translation where object = $1",
    "object.forget_attributes": "delete from attribute_value where object = $1 or attribute = $1",
    "object.forget_tree": "delete from tree where object = $1",
    "object.forget_account": "delete from account where object = $1",
    "object.forget_client": "delete from client where object = $1",
    "object.forget": "delete from object where id = $1",
}

pub(crate) const STATEMENTS: &[Statement] = &[ACCOUNT, CLIENT, CLIENT_PARK, CLIENT_SECRET];
pub(crate) const DELETE_STATEMENTS: &[Statement] = DELETES;

/// Deletes an object with all its rows; a user's or a client's tokens die with it (rules of the door 6).
pub(super) async fn delete_object(
    tx: &mut Tx,
    object: ObjectId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
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
        let list = |names: &[String]| {
            serde_json::to_string(names).map_err(|error| StoreError::Corrupt(error.to_string()))
        };
        let (grants, redirects) = (list(&row.grant_types)?, list(&row.redirect_uris)?);
        tx.run(CLIENT, values![row.object, row.client_id.as_str(), grants, redirects]).await?;
        let detail = json!({ "by": by, "grantTypes": row.grant_types, "redirectUris": row.redirect_uris });
        audit::record(tx, "client.written", of_client(row.object), detail, now).await?;
    }
    for (user, hash) in &hashes.passwords {
        passwords::replace(tx, *user, hash, by, now).await?;
    }
    for (client, secret) in &hashes.client_secrets {
        tx.run(CLIENT_SECRET, values![*client, secret.clone(), now, hashes.old_secrets_until]).await?;
        audit::record(tx, "client.secret_set", of_client(*client), json!({ "by": by }), now).await?;
    }
    Ok(())
}

fn of_user(user: ObjectId) -> Who<'static> {
    Who { user: Some(user), ..Who::default() }
}

fn of_client(client: ObjectId) -> Who<'static> {
    Who { client: Some(client), ..Who::default() }
}
