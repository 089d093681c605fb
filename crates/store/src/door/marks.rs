//! When things were last used: gathered in memory, written in batches (rules of the door 8).

use kibali_model::{ObjectId, Timestamp};

use super::tokens::Hash;
use crate::{Statement, StoreError, Tx, Write, values};

const GRANT: Statement = Statement::new(
    "grant.mark",
    "update oauth_grant set last_used = $2 where id = $1 and last_used < $2 and ended is null",
);
const CLIENT: Statement = Statement::new(
    "client.mark",
    "update client set last_used = $2 where object = $1 and coalesce(last_used, 0) < $2",
);
const SIGN_IN: Statement = Statement::new(
    "account.mark",
    "update account set last_login = $2 where object = $1 and coalesce(last_login, 0) < $2",
);
const SESSION: Statement = Statement::new(
    "session.mark",
    "update session set last_used = $2, expires = $3 where hash = $1 and last_used < $2",
);

const API_TOKEN: Statement = Statement::new(
    "api_token.mark",
    "update api_token set last_used = $2 where id = $1 and coalesce(last_used, 0) < $2",
);

pub(crate) const STATEMENTS: &[Statement] = &[GRANT, CLIENT, SIGN_IN, SESSION, API_TOKEN];

/// Something that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Used {
    /// A grant, by one of its access tokens.
    Grant(ObjectId),
    /// A client, by a token or at the token endpoint.
    Client(ObjectId),
    /// An account, by a call that signs in each time: with HTTP Basic or a personal access token, as DHIS2 counts them.
    SignIn(ObjectId),
    /// A session, by SHA-256 of its cookie.
    Session(Hash),
    /// A personal access token.
    ApiToken(ObjectId),
}

/// Writes when things were last used. What has gone meanwhile stays gone.
#[derive(Debug, Clone)]
pub struct MarkUsed {
    /// What, and when. Sorted, so that two nodes take their rows in the same order.
    pub marks: Vec<(Used, Timestamp)>,
    /// How long a session lives without use, in seconds.
    pub session_seconds: i64,
}

impl Write for MarkUsed {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (used, at) in &self.marks {
            let (statement, values) = match used {
                Used::Grant(grant) => (GRANT, values![*grant, *at]),
                Used::Client(client) => (CLIENT, values![*client, *at]),
                Used::SignIn(user) => (SIGN_IN, values![*user, *at]),
                Used::ApiToken(token) => (API_TOKEN, values![*token, *at]),
                Used::Session(hash) => (SESSION, values![*hash, *at, at.plus_seconds(self.session_seconds)]),
            };
            tx.run(statement, values).await?;
        }
        Ok(())
    }
}
