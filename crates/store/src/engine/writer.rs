//! How writes reach the database.
//!
//! SQLite has one connection that writes. It takes every write that waits, applies each in a savepoint of
//! one transaction, and answers all of them after the one commit: many small writes share one `fsync`.
//! PostgreSQL gives each write a transaction of its own, tried again when the server asks for it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot, watch};

use super::connection::Held;
use super::{StoreError, Tx};
use crate::fresh::{Change, Feed};

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

/// Writes that may wait for the writer; one more is refused as [`StoreError::Busy`].
const WAITING: usize = 4096;
/// Writes that share one commit at most.
const BATCH: usize = 256;
/// How often PostgreSQL's conflicts are tried.
const ATTEMPTS: usize = 8;

type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A write waiting for its commit, with its types erased.
pub(super) trait Job: Send {
    /// Applies the write; true when it may be committed.
    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> Pending<'a, bool>;
    /// Answers the caller; an error when the batch could not be committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Waiting<W: Write> {
    write: W,
    result: Option<Result<W::Output, StoreError>>,
    reply: oneshot::Sender<Result<W::Output, StoreError>>,
}

impl<W: Write> Job for Waiting<W> {
    fn apply<'a>(&'a mut self, tx: &'a mut Tx) -> Pending<'a, bool> {
        Box::pin(async move {
            // A panic undoes this write alone: the writer serves everybody.
            let result = AssertUnwindSafe(self.write.apply(tx)).catch_unwind().await;
            let result = result.unwrap_or_else(|_| Err(StoreError::NotCommitted("it panicked".into())));
            let applied = result.is_ok();
            self.result = Some(result);
            applied
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Err(error), None | Some(Ok(_))) => Err(error),
            (_, Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed),
        };
        // The caller may have gone; the change stands all the same.
        let _ = self.reply.send(result);
    }
}

/// Where writes are sent.
#[derive(Clone)]
pub(super) enum Writer {
    Sqlite {
        /// Writes that wait.
        jobs: mpsc::Sender<Box<dyn Job>>,
        /// Tells the writer to end; it lets go of its own end when it has.
        closing: watch::Sender<bool>,
    },
    Postgres {
        /// Connections that read and write.
        pool: PgPool,
        /// What is told of commits.
        told: Told,
    },
}

/// What is told of commits.
#[derive(Clone, Default)]
pub(super) struct Told {
    /// Changes, before they are answered.
    pub(super) feed: Feed,
    /// How many transactions wrote.
    pub(super) commits: Arc<AtomicU64>,
}

impl Told {
    /// Called after every commit, even when it failed: one whose answer was lost may stand, and forgetting
    /// too much harms nobody.
    fn committed(&self, changes: &[Change]) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.feed.publish(changes);
    }
}

impl Writer {
    pub(super) fn sqlite(tx: Tx, told: Told) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (closing, closed) = watch::channel(false);
        tokio::spawn(write_batches(tx, receiver, closed, told));
        Self::Sqlite { jobs: sender, closing }
    }

    /// Finishes the writes already accepted, refuses new ones, and lets go of the connection.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { closing, .. } => {
                closing.send_replace(true);
                closing.closed().await;
            }
            Self::Postgres { pool, .. } => pool.close().await,
        }
    }

    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        match self {
            Self::Sqlite { jobs, .. } => {
                let (reply, answer) = oneshot::channel();
                let job = Box::new(Waiting { write, result: None, reply });
                jobs.try_send(job).map_err(|error| match error {
                    mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                    mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
                })?;
                answer.await.map_err(|_| StoreError::Closed)?
            }
            Self::Postgres { pool, told } => {
                // A task of its own: a caller that goes away must not leave a change half made.
                let (pool, told) = (pool.clone(), told.clone());
                let done = tokio::spawn(async move { write_with_retry(&pool, &told, write).await });
                done.await.map_err(|_| StoreError::Closed)?
            }
        }
    }
}

async fn write_with_retry<W: Write>(pool: &PgPool, told: &Told, write: W) -> Result<W::Output, StoreError> {
    let mut attempt = 1;
    loop {
        match write_once(pool, told, &write).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

async fn write_once<W: Write>(pool: &PgPool, told: &Told, write: &W) -> Result<W::Output, StoreError> {
    let mut tx = Tx::new(Held::PostgresTransaction(pool.begin_with("begin read write").await?));
    let output = write.apply(&mut tx).await?;
    let committed = tx.held.commit().await;
    told.committed(&tx.changes);
    committed.map(|()| output)
}

/// Runs until every sender is gone, or until it is told to close and nothing waits any more.
async fn write_batches(
    mut tx: Tx,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    mut closing: watch::Receiver<bool>,
    told: Told,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let taken = tokio::select! {
            taken = waiting.recv_many(&mut batch, BATCH) => taken,
            _ = closing.wait_for(|closing| *closing), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
        };
        if taken == 0 {
            break;
        }
        let committed = write_batch(&mut tx, &mut batch).await;
        if let Err(error) = &committed {
            tracing::error!(%error, writes = batch.len(), "a batch of writes could not be committed");
            // Whatever state the transaction is in, the next batch starts outside of it.
            let _ = tx.held.script("rollback").await;
        }
        told.committed(&std::mem::take(&mut tx.changes));
        for job in batch.drain(..) {
            job.answer(match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::NotCommitted(error.to_string())),
            });
        }
    }
    if let Err(error) = tx.held.close().await {
        tracing::warn!(%error, "the writer's connection did not close cleanly");
    }
}

async fn write_batch(tx: &mut Tx, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    tx.held.script("begin immediate").await?;
    for job in batch.iter_mut() {
        tx.held.run("savepoint one_write", Vec::new()).await?;
        if !job.apply(tx).await {
            tx.held.run("rollback to one_write", Vec::new()).await?;
        }
        tx.held.run("release one_write", Vec::new()).await?;
    }
    tx.held.script("commit").await
}
