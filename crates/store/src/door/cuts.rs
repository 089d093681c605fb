//! The end of what is open, as a user or an administrator wants it.

use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::audit::{self, Who};
use super::ends;
use super::live_grants::Which;
use super::past::EndedWhy;
use super::protection;
use super::sessions;
use crate::{Statement, StoreError, Tx, Write, values};

const IDS_OF_USER: Statement = Statement::new(
    "live_grant.ids_of_user",
    "select id from oauth_grant
     where user_object = $1 and client = coalesce($2, client) and ended is null order by id limit $3",
);
const IDS_OF_CLIENT: Statement = Statement::new(
    "live_grant.ids_of_client",
    "select id from oauth_grant where client = $1 and ended is null order by id limit $2",
);
// Codes that wait would make new grants of what was just ended. Only those of the last minutes are looked at.
const DELETE_CODES: Statement = Statement::new(
    "live_grant.delete_codes",
    "delete from code where expires > $1 and spent is null
       and user_object = coalesce($2, user_object) and client = coalesce($3, client)",
);
const DELETE_DEVICE_CODES: Statement = Statement::new(
    "live_grant.delete_device_codes",
    "delete from device_code where expires > $1 and spent is null
       and coalesce(user_object, 0) = coalesce($2, user_object, 0) and client = coalesce($3, client)",
);
const DELETE_CONSENTS_OF_USER: Statement = Statement::new(
    "live_grant.delete_consents_of_user",
    "delete from consent where user_object = $1 and client = coalesce($2, client)",
);
const DELETE_CONSENTS_OF_CLIENT: Statement =
    Statement::new("live_grant.delete_consents_of_client", "delete from consent where client = $1");

pub(crate) const STATEMENTS: &[Statement] = &[
    IDS_OF_USER,
    IDS_OF_CLIENT,
    DELETE_CODES,
    DELETE_DEVICE_CODES,
    DELETE_CONSENTS_OF_USER,
    DELETE_CONSENTS_OF_CLIENT,
];

/// Grants that one write ends, at most.
const BATCH: i64 = 500;

/// Ends what a user allowed a client: every grant, what waits to become one, and the consent.
#[derive(Debug, Clone)]
pub struct EndApp {
    /// Whose.
    pub user: ObjectId,
    /// Of which client.
    pub client: ObjectId,
    /// From where it is asked.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for EndApp {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let which = Which { user: Some(self.user), client: Some(self.client) };
        forget(tx, which, self.now).await?;
        let rows = tx.rows(IDS_OF_USER, values![self.user, Some(self.client.0), i64::MAX]).await?;
        for row in &rows {
            ends::end(tx, row.int(0)?, EndedWhy::Revoked, self.now).await?;
        }
        let who = Who { user: Some(self.user), client: Some(self.client), address: Some(&self.address) };
        audit::record(tx, "app.ended", who, json!({ "grants": rows.len() }), self.now).await
    }
}

/// Who ends something: an administrator, or the user whose it is.
#[derive(Debug, Clone)]
pub struct Cutter {
    /// Who.
    pub user: ObjectId,
    /// From where.
    pub address: String,
}

impl Cutter {
    /// Tells that an administrator ended what is another's. Part of the write that does.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        detail: serde_json::Value,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let who = Who { user: Some(self.user), client: None, address: Some(&self.address) };
        audit::record(tx, "access.cut", who, detail, now).await
    }
}

/// Ends one grant of whomever. Answers whether it was there to end.
#[derive(Debug, Clone)]
pub struct CutGrant {
    /// Row number of the grant.
    pub grant: i64,
    /// By whom.
    pub by: Cutter,
    /// When.
    pub now: Timestamp,
}

impl Write for CutGrant {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let ended = ends::end(tx, self.grant, EndedWhy::Cut, self.now).await?;
        if ended {
            self.by.record(tx, json!({ "grant": self.grant.to_string() }), self.now).await?;
        }
        Ok(ended)
    }
}

/// Ends the grants of a user, a client or both, at most 500 at a time, what waits to become one, and the
/// consents; of a user alone, the sessions too. Answers how many grants ended: fewer than [`CutGrants::AT_ONCE`]
/// and none is left.
#[derive(Debug, Clone)]
pub struct CutGrants {
    /// Whose. Neither a user nor a client is nothing.
    pub which: Which,
    /// By whom.
    pub by: Cutter,
    /// When.
    pub now: Timestamp,
}

impl CutGrants {
    /// Grants that end at a time, so that others get their turn between.
    pub const AT_ONCE: i64 = BATCH;
}

impl Write for CutGrants {
    type Output = i64;

    async fn apply(&self, tx: &mut Tx) -> Result<i64, StoreError> {
        let Which { user, client } = self.which;
        forget(tx, self.which, self.now).await?;
        let rows = match (user, client) {
            (Some(user), client) => tx.rows(IDS_OF_USER, values![user, client, BATCH]).await?,
            (None, Some(client)) => tx.rows(IDS_OF_CLIENT, values![client, BATCH]).await?,
            (None, None) => return Ok(0),
        };
        for row in &rows {
            ends::end(tx, row.int(0)?, EndedWhy::Cut, self.now).await?;
        }
        if let (Some(user), None) = (user, client) {
            sessions::end_others(tx, user, None, self.now).await?;
        }
        let whose = |id: Option<ObjectId>| id.map(|id| id.0.to_string());
        let detail = json!({ "user": whose(user), "client": whose(client), "grants": rows.len() });
        self.by.record(tx, detail, self.now).await?;
        Ok(i64::try_from(rows.len()).unwrap_or(BATCH))
    }
}

/// What would make new grants without anybody being asked. Whoever is just making it is waited for.
async fn forget(tx: &mut Tx, which: Which, now: Timestamp) -> Result<(), StoreError> {
    let Which { user, client } = which;
    if let Some(user) = user {
        protection::hold(tx, user).await?;
    }
    match (user, client) {
        (Some(user), client) => tx.run(DELETE_CONSENTS_OF_USER, values![user, client]).await?,
        (None, Some(client)) => tx.run(DELETE_CONSENTS_OF_CLIENT, values![client]).await?,
        (None, None) => return Ok(()),
    };
    tx.run(DELETE_CODES, values![now, user, client]).await?;
    tx.run(DELETE_DEVICE_CODES, values![now, user, client]).await?;
    Ok(())
}
