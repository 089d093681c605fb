//! The end of grants: their tokens go with them, and every node is told.

use kibali_model::{ObjectId, Timestamp};
use serde_json::json;

use super::audit;
use super::changes::{self, Topic};
use super::past::{self, EndedWhy, Ending};
use super::tokens::{DELETE_ACCESS, DELETE_ACCESS_OF_GRANT, DELETE_REFRESH_OF_GRANT, Hash};
use crate::{Statement, StoreError, Tx, Write, values};

const END: Statement = Statement::new(
    "grant.end",
    "update oauth_grant set ended = $2, ended_why = $3 where id = $1 and ended is null",
);
const LIVE_OF_USER: Statement = Statement::new(
    "grant.live_of_user",
    "select id from oauth_grant where user_object = $1 and ended is null",
);
const PASSWORD_GRANTS_OF_USER: Statement = Statement::new(
    "grant.password_grants_of_user",
    "select id from oauth_grant where user_object = $1 and grant_type = 'password' and ended is null",
);
const SINCE: Statement = Statement::new(
    "grant.since",
    "select id from oauth_grant where user_object = $1 and created >= $2 and ended is null",
);
const CHILDREN: Statement =
    Statement::new("grant.children", "select id from oauth_grant where parent = $1 and ended is null");
// Whoever exchanges a token takes the row of its grant.
const HOLD: Statement =
    Statement::new("grant.hold", "update oauth_grant set last_used = last_used where id = $1");
const HOLD_OF_OBJECT: Statement = Statement::new(
    "grant.hold_of_object",
    "update oauth_grant set last_used = last_used where client = $1 or user_object = $1",
);
const CHILDREN_OF_OBJECT: Statement = Statement::new(
    "grant.children_of_object",
    "select c.id from oauth_grant p join oauth_grant c on c.parent = p.id
     where (p.client = $1 or p.user_object = $1) and c.ended is null",
);
const OF_ACCESS: Statement = Statement::new(
    "grant.of_access_token",
    "select g.id, g.client from access_token t join oauth_grant g on g.id = t.grant_id where t.hash = $1",
);
const OF_REFRESH: Statement = Statement::new(
    "grant.of_refresh_token",
    "select g.id, g.client from refresh_token t join oauth_grant g on g.id = t.grant_id where t.hash = $1",
);

pub(crate) const STATEMENTS: &[Statement] = &[
    END,
    LIVE_OF_USER,
    PASSWORD_GRANTS_OF_USER,
    SINCE,
    CHILDREN,
    HOLD,
    HOLD_OF_OBJECT,
    CHILDREN_OF_OBJECT,
    OF_ACCESS,
    OF_REFRESH,
];

/// Ends a grant, and those that were exchanged from it: their tokens are deleted, and every node is told to
/// forget them. Answers whether it was open.
pub(super) async fn end(tx: &mut Tx, grant: i64, why: EndedWhy, now: Timestamp) -> Result<bool, StoreError> {
    let was_open = end_one(tx, grant, why, now).await?;
    end_below(tx, grant, why, now).await?;
    Ok(was_open)
}

/// Ends the grants that were exchanged from this one, and from those: two may act one for the other. Whoever calls it
/// has the row of the grant, and each is ended before those below it are looked for: an exchange that is under way
/// was over before that, and is found, or comes after it, and finds nothing to exchange.
async fn end_below(tx: &mut Tx, grant: i64, why: EndedWhy, now: Timestamp) -> Result<(), StoreError> {
    let mut above = vec![grant];
    while let Some(parent) = above.pop() {
        for child in tx.rows(CHILDREN, values![parent]).await? {
            let child = child.int(0)?;
            end_one(tx, child, why, now).await?;
            above.push(child);
        }
    }
    Ok(())
}

/// Ends what was exchanged from grants of a user or a client that is deleted.
///
/// # Errors
/// The database failed.
pub(crate) async fn end_exchanged_from(
    tx: &mut Tx,
    object: ObjectId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.run(HOLD_OF_OBJECT, values![object]).await?;
    for child in tx.rows(CHILDREN_OF_OBJECT, values![object]).await? {
        end(tx, child.int(0)?, EndedWhy::Revoked, now).await?;
    }
    Ok(())
}

async fn end_one(tx: &mut Tx, grant: i64, why: EndedWhy, now: Timestamp) -> Result<bool, StoreError> {
    if tx.run(END, values![grant, now, why.as_str()]).await? == 0 {
        return Ok(false);
    }
    past::remember(tx, Ending::OfGrant(grant), why, now).await?;
    tx.run(DELETE_ACCESS_OF_GRANT, values![grant]).await?;
    tx.run(DELETE_REFRESH_OF_GRANT, values![grant]).await?;
    let detail = json!({ "grant": grant.to_string(), "why": why.as_str() });
    audit::record_of_grant(tx, "grant.ended", grant, None, detail, now).await?;
    changes::record(tx, Topic::Grant, Some(ObjectId(grant)), now).await?;
    Ok(true)
}

/// Ends every grant of a user. Part of writes that take an account from its holder: a password set by
/// somebody else, a deleted user.
///
/// # Errors
/// The database failed.
pub(crate) async fn end_all_of_user(
    tx: &mut Tx,
    user: ObjectId,
    why: EndedWhy,
    now: Timestamp,
) -> Result<(), StoreError> {
    for row in tx.rows(LIVE_OF_USER, values![user]).await? {
        end(tx, row.int(0)?, why, now).await?;
    }
    Ok(())
}

/// Ends the grants a user obtained with a password. Part of the write that changes it.
pub(super) async fn end_password_grants(
    tx: &mut Tx,
    user: ObjectId,
    why: EndedWhy,
    now: Timestamp,
) -> Result<(), StoreError> {
    for row in tx.rows(PASSWORD_GRANTS_OF_USER, values![user]).await? {
        end(tx, row.int(0)?, why, now).await?;
    }
    Ok(())
}

/// Ends the grants a user obtained since then. Part of the write that takes away what they were obtained with.
pub(super) async fn end_since(
    tx: &mut Tx,
    user: ObjectId,
    since: Timestamp,
    why: EndedWhy,
    now: Timestamp,
) -> Result<(), StoreError> {
    for row in tx.rows(SINCE, values![user, since]).await? {
        end(tx, row.int(0)?, why, now).await?;
    }
    Ok(())
}

/// Revokes a token on behalf of its client (RFC 7009): a refresh token takes its whole grant along, an
/// access token goes alone. A token of another client, or none, is left alone; the answer never differs.
#[derive(Debug, Clone)]
pub struct RevokeToken {
    /// SHA-256 of the token.
    pub hash: Hash,
    /// The client that asks.
    pub client: ObjectId,
    /// When.
    pub now: Timestamp,
}

impl Write for RevokeToken {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if let Some(row) = tx.row(OF_REFRESH, values![self.hash]).await?
            && row.id(1)? == self.client
        {
            end(tx, row.int(0)?, EndedWhy::Revoked, self.now).await?;
            return Ok(());
        }
        if let Some(row) = tx.row(OF_ACCESS, values![self.hash]).await?
            && row.id(1)? == self.client
        {
            let grant = row.int(0)?;
            tx.run(HOLD, values![grant]).await?;
            past::remember(tx, Ending::Access(self.hash), EndedWhy::Revoked, self.now).await?;
            tx.run(DELETE_ACCESS, values![self.hash]).await?;
            // Which of the grant's tokens one was exchanged from is not kept; none outlives one that is cut.
            end_below(tx, grant, EndedWhy::Revoked, self.now).await?;
            let detail = json!({ "grant": grant.to_string() });
            audit::record_of_grant(tx, "token.revoked", grant, None, detail, self.now).await?;
            changes::record(tx, Topic::Token, Some(row.id(0)?), self.now).await?;
        }
        Ok(())
    }
}
