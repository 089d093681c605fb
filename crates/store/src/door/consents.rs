//! Consents: what users allowed clients, so that they need not be asked again.

use kibali_model::{ObjectId, Scopes, Timestamp};

use crate::{Reader, Statement, StoreError, Tx, values};

const FIND: Statement =
    Statement::new("consent.find", "select scope from consent where user_object = $1 and client = $2");
const KEEP: Statement = Statement::new(
    "consent.keep",
    "insert into consent (user_object, client, scope, created, updated) values ($1, $2, $3, $4, $4)
     on conflict (user_object, client) do update set scope = excluded.scope, updated = excluded.updated",
);

const DROP_OF_CLIENT: Statement =
    Statement::new("consent.drop_of_client", "delete from consent where client = $1");

pub(crate) const STATEMENTS: &[Statement] = &[FIND, KEEP, DROP_OF_CLIENT];

/// What `user` allowed `client` before.
///
/// # Errors
/// The database failed.
pub async fn find(
    reader: &mut Reader,
    user: ObjectId,
    client: ObjectId,
) -> Result<Option<Scopes>, StoreError> {
    let row = reader.row(FIND, values![user, client]).await?;
    row.map(|row| row.text(0).map(|scopes| Scopes::parse(&scopes))).transpose()
}

/// Remembers that `user` allowed `client` these of the scopes it asked for, beside those of before that it did not
/// ask for now.
pub(super) async fn add(
    tx: &mut Tx,
    user: ObjectId,
    client: ObjectId,
    (asked, allowed): (&Scopes, &Scopes),
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = match tx.row(FIND, values![user, client]).await? {
        Some(row) => Scopes::parse(&row.text(0)?),
        None => Scopes::default(),
    };
    tx.run(KEEP, values![user, client, before.without(asked).union(allowed).to_string(), now]).await?;
    Ok(())
}

/// Forgets what anybody allowed `client`: it may send people elsewhere from now on, or ask for more (rules of the
/// door 4).
///
/// # Errors
/// The database failed.
pub(crate) async fn drop_of_client(tx: &mut Tx, client: ObjectId) -> Result<(), StoreError> {
    tx.run(DROP_OF_CLIENT, values![client]).await?;
    Ok(())
}
