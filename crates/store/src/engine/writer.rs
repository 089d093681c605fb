//! How writes reach the database.
//!
//! SQLite has one connection that writes, on a thread of its own. It takes every write that waits, applies all of
//! them in one transaction, from which one that fails is taken out, and answers all after the one commit: many
//! small writes share one `fsync`.
//! PostgreSQL gives each write a transaction of its own, tried again when the server asks for it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::connection::{Held, Length};
use super::pool::{PATIENCE, Pool};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{Append, Row, StoreError, Tx};
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

/// A write waiting for its commit, with its types erased.
pub(super) trait Job: Send {
    /// Applies the write; true when it may be committed.
    fn apply(&mut self, tx: &mut Tx) -> bool;
    /// Answers the caller; an error when the batch could not be committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What the thread that writes is sent.
pub(super) enum Message {
    Write(Box<dyn Job>),
    /// Finish what was accepted before, and end.
    Close,
}

struct Waiting<W: Write> {
    write: W,
    result: Option<Result<W::Output, StoreError>>,
    reply: oneshot::Sender<Result<W::Output, StoreError>>,
}

impl<W: Write> Job for Waiting<W> {
    fn apply(&mut self, tx: &mut Tx) -> bool {
        // A panic undoes this write alone: the writer serves everybody. On SQLite a statement is a call, so that a
        // write, which waits for nothing else, is done when it is first asked.
        let result = AssertUnwindSafe(self.write.apply(tx)).catch_unwind().now_or_never();
        let failed = |why: &str| Err(StoreError::NotCommitted(why.to_owned()));
        let result = result.unwrap_or_else(|| Ok(failed("it waits for something beside the database")));
        let result = result.unwrap_or_else(|_| failed("it panicked"));
        let applied = result.is_ok();
        self.result = Some(result);
        applied
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
        jobs: mpsc::Sender<Message>,
        /// The writer lets go of the other end when it has ended.
        done: watch::Sender<()>,
    },
    Postgres {
        /// Connections that read and write.
        pool: Pool<Postgres>,
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
    pub(super) fn sqlite(tx: Tx, told: Told) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let (done, working) = watch::channel(());
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        let begun = thread.spawn(move || {
            write_batches(tx, waiting, &told);
            drop(working);
        });
        begun.map_err(|error| StoreError::NotCommitted(format!("no thread can be had: {error}")))?;
        Ok(Self::Sqlite { jobs, done })
    }

    /// Finishes the writes already accepted, refuses new ones, and lets go of the connection.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { jobs, done } => {
                // Refused where somebody else has closed it.
                let _ = jobs.send(Message::Close).await;
                done.closed().await;
            }
            Self::Postgres { pool, .. } => pool.close(PATIENCE).await,
        }
    }

    pub(super) async fn append(&self, rows: Append) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite { .. } => self.write(rows).await,
            Self::Postgres { pool, told } => {
                let (pool, told) = (pool.clone(), told.clone());
                let appending = tokio::spawn(async move { append(&pool, &told, rows).await });
                appending.await.map_err(|_| StoreError::Closed)?
            }
        }
    }

    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        match self {
            Self::Sqlite { jobs, .. } => {
                let (reply, answer) = oneshot::channel();
                let job = Box::new(Waiting { write, result: None, reply });
                jobs.try_send(Message::Write(job)).map_err(|error| match error {
                    mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                    mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
                })?;
                answer.await.map_err(|_| StoreError::Closed)?
            }
            Self::Postgres { pool, told } => {
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

/// One statement is a transaction by itself: it stands whole or not at all, also where its caller has gone.
async fn append(pool: &Pool<Postgres>, told: &Told, rows: Append) -> Result<Vec<Row>, StoreError> {
    let (sql, values) = rows.into_one();
    let found = Held::Postgres(pool.lend().await?).rows(&sql, values, Length::Short).await;
    told.committed(&[]);
    found
}

/// Runs until every sender is gone, or until it is told to close and nothing waits any more.
fn write_batches(mut tx: Tx, mut waiting: mpsc::Receiver<Message>, told: &Told) {
    let mut messages = Vec::with_capacity(BATCH);
    while waiting.blocking_recv_many(&mut messages, BATCH) > 0 {
        let mut batch: Vec<Box<dyn Job>> = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Write(job) => batch.push(job),
                Message::Close => waiting.close(),
            }
        }
        let committed = write_batch(&mut tx, &mut batch);
        if let Err(error) = &committed {
            tracing::error!(%error, writes = batch.len(), "a batch of writes could not be committed");
            // Whatever state the transaction is in, the next batch starts outside of it.
            let _ = direct(&tx).and_then(|connection| connection.script("rollback"));
        }
        told.committed(&std::mem::take(&mut tx.changes));
        for job in batch {
            job.answer(match &committed {
                Ok(()) => Ok(()),
                Err(StoreError::Busy) => Err(StoreError::Busy),
                Err(error) => Err(StoreError::NotCommitted(error.to_string())),
            });
        }
    }
    if let Held::SqliteWriter(connection) = tx.held
        && let Err(error) = connection.leave()
    {
        tracing::warn!(%error, "the writer's connection did not close cleanly");
    }
}

fn write_batch(tx: &mut Tx, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let run = |tx: &Tx, sql| direct(tx)?.run(sql, &[]).map(drop);
    run(tx, "begin immediate")?;
    // A savepoint costs as much as a small write. Where each of them succeeds, as all but few do, none is needed.
    if batch.iter_mut().all(|job| job.apply(tx)) {
        return run(tx, "commit");
    }
    // Where one failed, all are begun again, each with a way back of its own; where it was alone, nothing is left.
    run(tx, "rollback")?;
    tx.changes.clear();
    if batch.len() == 1 {
        return Ok(());
    }
    run(tx, "begin immediate")?;
    for job in batch.iter_mut() {
        run(tx, "savepoint one_write")?;
        if !job.apply(tx) {
            run(tx, "rollback to one_write")?;
        }
        run(tx, "release one_write")?;
    }
    run(tx, "commit")
}

fn direct(tx: &Tx) -> Result<&Sqlite, StoreError> {
    match &tx.held {
        Held::SqliteWriter(connection) => Ok(connection),
        _ => Err(StoreError::Closed),
    }
}
