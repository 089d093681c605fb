//! Grants that are open: as their user sees them, and as an administrator does who cuts them.

use kibali_model::{GrantType, ObjectId, Scopes, Timestamp, Uid};
use serde_json::json;

use super::audit::{self, Who};
use super::ends;
use super::past::EndedWhy;
use super::sessions;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

// The offset keeps PostgreSQL from reading every token into a table of its own first.
macro_rules! live {
    ($which:literal) => {
        concat!(
            "select g.id, a.object, a.username, c.object, o.uid, o.name, c.client_id, g.grant_type, g.scope,
                    g.created, g.last_used, g.address
             from oauth_grant g join account a on a.object = g.user_object
               join client c on c.object = g.client join object o on o.id = g.client
             where ",
            $which,
            " and g.ended is null
               and (exists (select 1 from refresh_token t
                            where t.grant_id = g.id and t.expires > $2 limit 1 offset 0)
                    or exists (select 1 from access_token t
                               where t.grant_id = g.id and t.expires > $2 limit 1 offset 0))
             order by g.id desc limit $3"
        )
    };
}

const ALL: Statement = Statement::new("live_grant.all", live!("g.id < $1"));
const OF_USER: Statement = Statement::new(
    "live_grant.of_user",
    live!("g.id < $1 and g.user_object = $4 and g.client = coalesce($5, g.client)"),
);
const OF_CLIENT: Statement = Statement::new("live_grant.of_client", live!("g.id < $1 and g.client = $4"));
const TOO_MANY: Statement = Statement::new(
    "live_grant.too_many",
    "select client, ended from oauth_grant
     where user_object = $1 and ended_why = 'too_many' and ended > $2 order by ended desc limit $3",
);
const CONSENTS: Statement = Statement::new(
    "live_grant.consents",
    "select k.client, o.uid, o.name, k.scope, k.created
     from consent k join object o on o.id = k.client where k.user_object = $1 order by k.client limit $2",
);
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
    ALL,
    OF_USER,
    OF_CLIENT,
    TOO_MANY,
    CONSENTS,
    IDS_OF_USER,
    IDS_OF_CLIENT,
    DELETE_CODES,
    DELETE_DEVICE_CODES,
    DELETE_CONSENTS_OF_USER,
    DELETE_CONSENTS_OF_CLIENT,
];

/// What one user sees of their own, at most.
pub const MOST: i64 = 1000;
/// Grants that one write ends, at most.
const BATCH: i64 = 500;

/// A grant that works: it was not ended, and a token of it has not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveGrant {
    /// Row number.
    pub id: i64,
    /// Whose.
    pub user: ObjectId,
    /// The name they sign in with.
    pub username: String,
    /// For which client.
    pub client: ObjectId,
    /// Its public identifier.
    pub client_uid: Uid,
    /// What it is called.
    pub client_name: String,
    /// Its `client_id`.
    pub client_id: String,
    /// How it was obtained; none for a way this Kibali does not know.
    pub grant_type: Option<GrantType>,
    /// What it opens.
    pub scopes: Scopes,
    /// Since when.
    pub created: Timestamp,
    /// When it was last used, as far as it is written.
    pub last_used: Timestamp,
    /// Where it was obtained.
    pub address: Option<String>,
}

impl LiveGrant {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.int(0)?,
            user: row.id(1)?,
            username: row.text(2)?,
            client: row.id(3)?,
            client_uid: super::uid(row, 4)?,
            client_name: row.text_opt(5)?.unwrap_or_default(),
            client_id: row.text(6)?,
            grant_type: GrantType::from_name(&row.text(7)?),
            scopes: Scopes::parse(&row.text(8)?),
            created: row.time(9)?,
            last_used: row.time(10)?,
            address: row.text_opt(11)?,
        })
    }
}

/// Which grants are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Which {
    /// Those of this user.
    pub user: Option<ObjectId>,
    /// Those of this client.
    pub client: Option<ObjectId>,
}

/// Grants that work at `now`, the newest first: at most `limit`, of those before the row number `before`.
///
/// # Errors
/// The database failed.
pub async fn list(
    reader: &mut Reader,
    which: Which,
    before: i64,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<LiveGrant>, StoreError> {
    let rows = match which {
        Which { user: Some(user), client } => {
            reader.rows(OF_USER, values![before, now, limit, user, client]).await?
        }
        Which { user: None, client: Some(client) } => {
            reader.rows(OF_CLIENT, values![before, now, limit, client]).await?
        }
        Which { user: None, client: None } => reader.rows(ALL, values![before, now, limit]).await?,
    };
    rows.iter().map(LiveGrant::read).collect()
}

/// Clients whose grants of this user ended since then because there were too many, a row for each grant, the
/// newest first; at most [`MOST`].
///
/// # Errors
/// The database failed.
pub async fn too_many(
    reader: &mut Reader,
    user: ObjectId,
    since: Timestamp,
) -> Result<Vec<(ObjectId, Timestamp)>, StoreError> {
    let rows = reader.rows(TOO_MANY, values![user, since, MOST]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.time(1)?))).collect()
}

/// What a user allowed a client and need not be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The client.
    pub client: ObjectId,
    /// Its public identifier.
    pub client_uid: Uid,
    /// What it is called.
    pub client_name: String,
    /// What it may.
    pub scopes: Scopes,
    /// Since when.
    pub created: Timestamp,
}

/// What a user allowed clients; at most [`MOST`].
///
/// # Errors
/// The database failed.
pub async fn consents(reader: &mut Reader, user: ObjectId) -> Result<Vec<Consent>, StoreError> {
    let rows = reader.rows(CONSENTS, values![user, MOST]).await?;
    let read = |row: &Row| {
        Ok(Consent {
            client: row.id(0)?,
            client_uid: super::uid(row, 1)?,
            client_name: row.text_opt(2)?.unwrap_or_default(),
            scopes: Scopes::parse(&row.text(3)?),
            created: row.time(4)?,
        })
    };
    rows.iter().map(read).collect()
}

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

/// An administrator who cuts something.
#[derive(Debug, Clone)]
pub struct Cutter {
    /// Who.
    pub user: ObjectId,
    /// From where.
    pub address: String,
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
            record(tx, &self.by, json!({ "grant": self.grant.to_string() }), self.now).await?;
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
        record(tx, &self.by, detail, self.now).await?;
        Ok(i64::try_from(rows.len()).unwrap_or(BATCH))
    }
}

/// What would make new grants without anybody being asked.
async fn forget(tx: &mut Tx, which: Which, now: Timestamp) -> Result<(), StoreError> {
    let Which { user, client } = which;
    match (user, client) {
        (Some(user), client) => tx.run(DELETE_CONSENTS_OF_USER, values![user, client]).await?,
        (None, Some(client)) => tx.run(DELETE_CONSENTS_OF_CLIENT, values![client]).await?,
        (None, None) => return Ok(()),
    };
    tx.run(DELETE_CODES, values![now, user, client]).await?;
    tx.run(DELETE_DEVICE_CODES, values![now, user, client]).await?;
    Ok(())
}

async fn record(
    tx: &mut Tx,
    by: &Cutter,
    detail: serde_json::Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let who = Who { user: Some(by.user), client: None, address: Some(&by.address) };
    audit::record(tx, "access.cut", who, detail, now).await
}
