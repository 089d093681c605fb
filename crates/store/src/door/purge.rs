//! Taking away what has expired, in small writes.

use kibali_model::Timestamp;

use super::tokens::{DELETE_ACCESS_OF_GRANT, DELETE_REFRESH_OF_GRANT};
use super::{api_tokens, client_use, password_uses};
use crate::{Statement, Store, StoreError, Tx, Write, values};

/// Rows that one write takes away at most.
const BATCH: i64 = 500;
/// Writes of one round at most; the next round goes on.
const BATCHES: usize = 200;
/// How long an expired token can still be told from one that never was.
const REMEMBERED_SECONDS: i64 = 86_400;
/// How far apart the clocks of two nodes may stand: what is spent is kept that much longer.
const SPENT_SECONDS: i64 = 300;
/// How long a grant is kept after its access token, if it was never refreshed (rules of the door 2), and
/// after its end.
const GRANT_SECONDS: i64 = 7 * 86_400;
/// How long an expired personal access token is shown to its owner.
const API_TOKEN_SECONDS: i64 = 30 * 86_400;

macro_rules! expired {
    ($name:literal, $table:literal, $key:literal) => {
        Statement::new(
            $name,
            concat!(
                "delete from ",
                $table,
                " where ",
                $key,
                " in (select ",
                $key,
                " from ",
                $table,
                " where expires < $1 limit $2)"
            ),
        )
    };
}

/// Each takes away rows whose `expires` lies before `$1`.
pub(crate) const EXPIRED: &[Statement] = &[
    expired!("access_token.purge", "access_token", "hash"),
    expired!("refresh_token.purge", "refresh_token", "hash"),
    expired!("code.purge", "code", "hash"),
    expired!("initial_access_token.purge", "initial_access_token", "hash"),
    expired!("session.purge", "session", "hash"),
    expired!("setup_link.purge", "setup_link", "hash"),
    expired!("mail_link.purge", "mail_link", "hash"),
    expired!("mailed_code.purge", "mailed_code", "verifier"),
    expired!("why_question.purge", "why_question", "id"),
];
/// The same for what anybody may have kept who knows a client's name, and for what is remembered of the past;
/// nobody asks for it once it has expired.
pub(crate) const EXPIRED_AT_ONCE: &[Statement] = &[
    expired!("device_code.purge", "device_code", "hash"),
    expired!("pushed_request.purge", "pushed_request", "hash"),
    expired!("past_credential.purge", "past_credential", "hash"),
];
// The offset keeps PostgreSQL from reading every token into a table of its own first.
const DEAD_GRANTS: Statement = Statement::new(
    "grant.dead",
    "select g.id from oauth_grant g
     where g.last_used < $1
       and (g.ended < $1
            or (g.refreshed is null and g.created < $2
                and g.grant_type in ('password', 'client_credentials',
                                     'urn:ietf:params:oauth:grant-type:token-exchange'))
            or (not exists (select 1 from access_token t where t.grant_id = g.id limit 1 offset 0)
                and not exists (select 1 from refresh_token t where t.grant_id = g.id limit 1 offset 0)))
     limit $3",
);
const DELETE_GRANT: Statement = Statement::new("grant.delete", "delete from oauth_grant where id = $1");
const SPENT: Statement = Statement::new(
    "spent.purge",
    "delete from spent where (purpose, value) in
       (select purpose, value from spent where expires < $1 limit $2)",
);
// The newest row stays, so that a node that slept longer sees that it missed some.
const OLD_CHANGES: Statement = Statement::new(
    "change.purge",
    "delete from change where seq in (
       select seq from change where at < $1 and seq < (select max(seq) from change) order by seq limit $2)",
);

pub(crate) const STATEMENTS: &[Statement] = &[DEAD_GRANTS, DELETE_GRANT, SPENT, OLD_CHANGES];

/// Takes away everything that has expired by `now`, at most 100,000 rows, in writes of at most 500, between
/// which others get their turn. `access_token_seconds` is the life of an access token. Answers how many
/// rows went.
///
/// # Errors
/// The database failed.
pub async fn run(store: &Store, now: Timestamp, access_token_seconds: i64) -> Result<u64, StoreError> {
    let mut gone = 0;
    for _ in 0..BATCHES {
        let went = store.write(Purge { now, access_token_seconds }).await?;
        gone += went;
        if went == 0 {
            break;
        }
    }
    Ok(gone)
}

/// One batch.
struct Purge {
    now: Timestamp,
    access_token_seconds: i64,
}

impl Write for Purge {
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let forgotten = self.now.plus_seconds(-REMEMBERED_SECONDS);
        let at_once = EXPIRED_AT_ONCE.iter().map(|statement| (statement, self.now));
        for (statement, before) in EXPIRED.iter().map(|statement| (statement, forgotten)).chain(at_once) {
            let went = tx.run(*statement, values![before, BATCH]).await?;
            if went > 0 {
                return Ok(went);
            }
        }
        let went = tx.run(SPENT, values![self.now.plus_seconds(-SPENT_SECONDS), BATCH]).await?;
        if went > 0 {
            return Ok(went);
        }
        let went = tx.run(OLD_CHANGES, values![forgotten, BATCH]).await?;
        if went > 0 {
            return Ok(went);
        }
        let went = client_use::purge(tx, self.now, BATCH).await?;
        if went > 0 {
            return Ok(went);
        }
        let went = password_uses::purge(tx, self.now, BATCH).await?;
        if went > 0 {
            return Ok(went);
        }
        let ended = self.now.plus_seconds(-API_TOKEN_SECONDS);
        let went = api_tokens::purge(tx, ended, BATCH, self.now).await?;
        if went > 0 {
            return Ok(went);
        }
        let ended = self.now.plus_seconds(-GRANT_SECONDS);
        let never_refreshed = ended.plus_seconds(-self.access_token_seconds);
        let dead = tx.rows(DEAD_GRANTS, values![ended, never_refreshed, BATCH / 5]).await?;
        for row in &dead {
            let grant = row.int(0)?;
            for statement in [DELETE_ACCESS_OF_GRANT, DELETE_REFRESH_OF_GRANT, DELETE_GRANT] {
                tx.run(statement, values![grant]).await?;
            }
        }
        Ok(u64::try_from(dead.len()).unwrap_or(0))
    }
}
