//! How writes reach the database: on SQLite by [`Batches`], on PostgreSQL each in a transaction of its own, tried again
//! when the server asks for it, and rows that are only added by [`Appends`].

use std::future::Future;

use tokio::task::JoinHandle;

use super::appends::Appends;
use super::batches::Batches;
use super::connection::Held;
use super::pool::{PATIENCE, Pool};
use super::postgres::Postgres;
use super::told::Told;
use super::{Append, Row, StoreError, Tx};

/// A change, as a value. It is applied whole or not at all, and may be applied again after a conflict, so
/// it must not consume itself.
pub trait Write: Send + Sync + 'static {
    /// What the caller learns.
    type Output: Send + 'static;

    /// Makes the change in `tx`.
    fn apply<'t>(
        &'t self,
        tx: &'t mut Tx,
    ) -> impl Future<Output = Result<Self::Output, StoreError>> + Send + 't;
}

/// How often PostgreSQL's conflicts are tried.
const ATTEMPTS: usize = 8;

/// Where writes are sent.
#[derive(Clone)]
pub(super) enum Writer {
    Sqlite(Batches),
    Postgres {
        /// Connections that read and write.
        pool: Pool<Postgres>,
        /// What is told of commits.
        told: Told,
        appends: Appends,
    },
}

impl Writer {
    pub(super) fn sqlite(tx: Tx, told: Told) -> Result<Self, StoreError> {
        Batches::begin(tx, told).map(Self::Sqlite)
    }

    pub(super) fn postgres(pool: Pool<Postgres>, told: Told) -> Self {
        let appends = Appends::begin(pool.clone(), told.clone());
        Self::Postgres { pool, told, appends }
    }

    /// Finishes the writes already accepted, refuses new ones, and lets go of its connections.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(batches) => batches.close().await,
            Self::Postgres { pool, appends, .. } => {
                appends.close(PATIENCE).await;
                pool.close(PATIENCE).await;
            }
        }
    }

    pub(super) async fn append(&self, rows: Append) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(batches) => batches.write(rows).await,
            Self::Postgres { appends, .. } => appends.add(rows).await,
        }
    }

    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        match self {
            Self::Sqlite(batches) => batches.write(write).await,
            Self::Postgres { pool, told, .. } => {
                begin_write(pool.clone(), told.clone(), write).await.map_err(|_| StoreError::Closed)?
            }
        }
    }
}

/// In a task of its own: a caller that goes away must not leave a change half made.
fn begin_write<W: Write>(
    pool: Pool<Postgres>,
    told: Told,
    write: W,
) -> JoinHandle<Result<W::Output, StoreError>> {
    tokio::spawn(async move { write_with_retry(&pool, &told, write).await })
}

async fn write_with_retry<W: Write>(
    pool: &Pool<Postgres>,
    told: &Told,
    write: W,
) -> Result<W::Output, StoreError> {
    let mut attempt = 1;
    loop {
        match write_once(pool, told, &write).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

async fn write_once<W: Write>(
    pool: &Pool<Postgres>,
    told: &Told,
    write: &W,
) -> Result<W::Output, StoreError> {
    let mut lent = pool.lend().await?;
    lent.connection()?.begin("begin").await?;
    let mut tx = Tx::new(Held::Postgres(lent));
    let output = write.apply(&mut tx).await;
    let Held::Postgres(lent) = &mut tx.held else { return Err(StoreError::Closed) };
    if output.is_err() {
        // Where that fails as well, the server does it when the connection is gone.
        let _ = lent.connection()?.end("rollback").await;
        return output;
    }
    let committed = lent.connection()?.end("commit").await;
    told.committed(&tx.changes);
    committed.and(output)
}
