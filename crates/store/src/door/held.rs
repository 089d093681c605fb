//! What users allowed clients, all of it, for whoever answers for the installation.

use kibali_model::{ObjectId, Timestamp, Uid};
use serde_json::json;

use super::audit::{self, Who};
use super::cuts::Cutter;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

/// Rows of one answer, at most: the newest.
const MOST: i64 = 10_000;

const GRANTS: Statement = Statement::new(
    "held.grants",
    "select g.id, c.uid, a.username, g.grant_type, g.scope, g.created,
            (select max(t.created) from access_token t where t.grant_id = g.id and t.expires > $2),
            (select max(t.expires) from access_token t where t.grant_id = g.id and t.expires > $2),
            (select max(t.created) from refresh_token t
              where t.grant_id = g.id and t.spent is null and t.expires > $2),
            (select max(t.expires) from refresh_token t
              where t.grant_id = g.id and t.spent is null and t.expires > $2)
     from oauth_grant g
     join object c on c.id = g.client
     join account a on a.object = g.user_object
     where g.id <= $1 and g.ended is null
     order by g.id desc limit $3",
);
const CONSENTS: Statement = Statement::new(
    "held.consents",
    "select s.user_object, s.client, c.uid, a.username, s.scope, s.created, s.updated
     from (select * from consent where user_object <= $1
           order by user_object desc, client desc limit $2) s
     join object c on c.id = s.client
     join account a on a.object = s.user_object
     order by s.user_object desc, s.client desc",
);
const FORGET: Statement =
    Statement::new("held.forget_consent", "delete from consent where user_object = $1 and client = $2");

pub(crate) const STATEMENTS: &[Statement] = &[GRANTS, CONSENTS, FORGET];

/// When a token was issued and when it ends.
pub type Life = (Timestamp, Timestamp);

/// A grant with a token that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// Row number.
    pub id: i64,
    /// The client.
    pub client: Uid,
    /// Whose, by the name they sign in with.
    pub username: String,
    /// How it was obtained.
    pub grant_type: String,
    /// What it opens, with spaces between.
    pub scope: String,
    /// When it was obtained.
    pub created: Timestamp,
    /// Its newest access token.
    pub access: Option<Life>,
    /// Its refresh token.
    pub refresh: Option<Life>,
}

/// What somebody allowed a client for the next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldConsent {
    /// Row number of the user.
    pub user: ObjectId,
    /// Row number of the client.
    pub client: ObjectId,
    /// The client.
    pub client_uid: Uid,
    /// Whose, by the name they sign in with.
    pub username: String,
    /// What was allowed, with spaces between.
    pub scope: String,
    /// When first.
    pub created: Timestamp,
    /// When last.
    pub updated: Timestamp,
}

fn life(row: &Row, at: usize) -> Result<Option<Life>, StoreError> {
    Ok(row.time_opt(at)?.zip(row.time_opt(at + 1)?))
}

/// The newest grants of which a token lives.
///
/// # Errors
/// The database failed.
pub async fn grants(reader: &mut Reader, now: Timestamp) -> Result<Vec<HeldGrant>, StoreError> {
    let mut held = Vec::new();
    for row in reader.rows(GRANTS, values![i64::MAX, now, MOST]).await? {
        let (access, refresh) = (life(&row, 6)?, life(&row, 8)?);
        if access.is_none() && refresh.is_none() {
            continue;
        }
        held.push(HeldGrant {
            id: row.int(0)?,
            client: super::uid(&row, 1)?,
            username: row.text(2)?,
            grant_type: row.text(3)?,
            scope: row.text(4)?,
            created: row.time(5)?,
            access,
            refresh,
        });
    }
    Ok(held)
}

/// Remembered consents.
///
/// # Errors
/// The database failed.
pub async fn consents(reader: &mut Reader) -> Result<Vec<HeldConsent>, StoreError> {
    let rows = reader.rows(CONSENTS, values![i64::MAX, MOST]).await?;
    let held = rows.iter().map(|row| {
        Ok(HeldConsent {
            user: row.id(0)?,
            client: row.id(1)?,
            client_uid: super::uid(row, 2)?,
            username: row.text(3)?,
            scope: row.text(4)?,
            created: row.time(5)?,
            updated: row.time(6)?,
        })
    });
    held.collect()
}

/// Forgets a consent: the user is asked again. Tokens live on.
#[derive(Debug, Clone)]
pub struct ForgetConsent {
    /// Whose.
    pub user: ObjectId,
    /// For which client.
    pub client: ObjectId,
    /// By whom.
    pub by: Cutter,
    /// When.
    pub now: Timestamp,
}

impl Write for ForgetConsent {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if tx.run(FORGET, values![self.user, self.client]).await? > 0 {
            let by = &self.by;
            let who = Who { user: Some(by.user), client: Some(self.client), address: Some(&by.address) };
            let detail = json!({ "user": self.user.0.to_string() });
            audit::record(tx, "consent.forgotten", who, detail, self.now).await?;
        }
        Ok(())
    }
}
