//! Many live tokens at once: the rows that authorization codes leave behind, written in batches.

use std::fmt::Write as _;

use kibali_crypto::sha256;
use kibali_model::{GrantType, ObjectId, Scopes, Timestamp};
use kibali_store::door::{accounts, clients};
use kibali_store::{StoreError, Tx, Value, Write};

use super::server::Installation;
use super::{Outcome, seed};

/// Grants written in one transaction.
const TOGETHER: u64 = 50_000;
/// Rows in one statement.
const ROWS: usize = 500;

/// The token of this number; the same in every run, and nowhere near its neighbours by hash.
pub(super) fn token(number: u64) -> String {
    format!("bench-token-{number:012}-of-a-length-like-any")
}

/// Makes the tokens of these numbers live: each with a grant and a refresh token of its own, spread over the
/// holders.
pub(super) async fn populate(installation: &Installation, numbers: std::ops::Range<u64>) -> Outcome<()> {
    let app = seed::open(installation, 4).await?;
    let failed = |error: StoreError| error.to_string();
    let mut reader = app.store.reader().await.map_err(failed)?;
    let mut users = Vec::with_capacity(seed::HOLDERS);
    for number in 0..seed::HOLDERS {
        let found = accounts::by_username(&mut reader, &seed::holder(number)).await.map_err(failed)?;
        users.push(found.ok_or("a holder is missing")?.user);
    }
    let client = clients::by_client_id(&mut reader, seed::CLIENT_ID).await.map_err(failed)?;
    let client = client.ok_or("the client is missing")?.client.object;
    drop(reader);
    let mut from = numbers.start;
    while from < numbers.end {
        let to = numbers.end.min(from + TOGETHER);
        let batch = Batch { numbers: from..to, users: users.clone(), client, now: app.now() };
        app.store.write(batch).await.map_err(failed)?;
        from = to;
    }
    app.store.close().await;
    Ok(())
}

struct Batch {
    numbers: std::ops::Range<u64>,
    users: Vec<ObjectId>,
    client: ObjectId,
    now: Timestamp,
}

impl Write for Batch {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (now, end) = (self.now, self.now.plus_seconds(43_200));
        let grants = self.numbers.clone().map(|number| {
            let holder = usize::try_from(number).unwrap_or_default() % self.users.len();
            let user = self.users.get(holder).copied().unwrap_or(self.client);
            vec![
                grant(number).into(),
                user.into(),
                self.client.into(),
                GrantType::AuthorizationCode.as_str().into(),
                Scopes::all().to_string().into(),
                now.into(),
                now.into(),
                "127.0.0.1".into(),
                1_i64.into(),
            ]
        });
        let columns =
            "id, user_object, client, grant_type, scope, created, last_used, address, credential_version";
        insert(tx, "oauth_grant", columns, grants).await?;
        // In the order of the hashes, so that each page of the index is written once a batch.
        let tokens = |prefix: &'static str| {
            let mut hashes: Vec<([u8; 32], u64)> =
                self.numbers.clone().map(|n| (sha256(format!("{prefix}{}", token(n))), n)).collect();
            hashes.sort_unstable();
            hashes
                .into_iter()
                .map(move |(hash, n)| vec![hash.into(), grant(n).into(), now.into(), end.into()])
        };
        let columns = "hash, grant_id, created, expires";
        insert(tx, "access_token", columns, tokens("")).await?;
        insert(tx, "refresh_token", columns, tokens("refresh-")).await
    }
}

/// Row number of a grant: far below those that time makes.
fn grant(number: u64) -> i64 {
    i64::try_from(number).unwrap_or_default() + 1
}

async fn insert(
    tx: &mut Tx,
    table: &str,
    columns: &str,
    rows: impl Iterator<Item = Vec<Value>>,
) -> Result<(), StoreError> {
    let width = columns.split(',').count();
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let values: Vec<Value> = rows.by_ref().take(ROWS).flatten().collect();
        let mut sql = format!("insert into {table} ({columns}) values ");
        for place in 0..values.len() {
            let (before, after) = match (place % width, place + 1) {
                (0, _) if place > 0 => (", (", ""),
                (0, _) => ("(", ""),
                (_, next) if next % width == 0 => (", ", ")"),
                _ => (", ", ""),
            };
            let _ = write!(sql, "{before}${}{after}", place + 1);
        }
        tx.run_composed(&sql, values).await?;
    }
    Ok(())
}
