//! SQLite's one connection that writes, on a thread of its own. It takes every write that waits, applies all of them in
//! one transaction, from which one that fails is taken out, and answers all after the one commit: many small writes
//! share one `fsync`.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::connection::Held;
use super::queue::{Line, Queue, queue};
use super::sqlite::Sqlite;
use super::told::Told;
use super::{StoreError, Tx, Write};

/// Writes that share one commit at most.
const BATCH: usize = 256;
/// After so many commits the log goes back into the file, when they are answered. SQLite would do it within a commit,
/// and whoever waited for that one would wait for all of it; it still does where the log grows faster.
const COMMITS_OF_LOG: u32 = 32;

/// A write waiting for its commit, with its types erased.
trait Job: Send {
    /// Applies the write; true when it may be committed.
    fn apply(&mut self, tx: &mut Tx) -> bool;
    /// Answers the caller; an error when the batch could not be committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
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

/// Where writes are brought, with their types erased.
#[derive(Clone)]
pub(super) struct Batches(Queue<Box<dyn Job>>);

impl Batches {
    /// Begins the thread that writes.
    pub(super) fn begin(tx: Tx, told: Told) -> Result<Self, StoreError> {
        let (jobs, line) = queue(BATCH);
        let thread = std::thread::Builder::new().name("sqlite-writer".to_owned());
        let begun = thread.spawn(move || write_batches(tx, line, &told));
        begun.map_err(|error| StoreError::NotCommitted(format!("no thread can be had: {error}")))?;
        Ok(Self(jobs))
    }

    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.bring(Box::new(Waiting { write, result: None, reply }))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes the writes already accepted, refuses new ones, and lets go of the connection.
    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// Runs until nobody can bring anything any more.
fn write_batches(mut tx: Tx, mut line: Line<Box<dyn Job>>, told: &Told) {
    let mut commits = 0;
    loop {
        let mut batch = line.take_blocking();
        if batch.is_empty() {
            break;
        }
        let committed = write_batch(&mut tx, &mut batch);
        if let Err(error) = &committed {
            tracing::error!(%error, writes = batch.len(), "a batch of writes could not be committed");
            // Whatever state the transaction is in, the next batch starts outside of it.
            let _ = direct(&tx).and_then(|connection| connection.script("rollback"));
        }
        told.committed(&std::mem::take(&mut tx.changes));
        for job in batch {
            job.answer(committed.as_ref().map_err(StoreError::for_each).copied());
        }
        commits += 1;
        if commits == COMMITS_OF_LOG {
            commits = 0;
            // One that cannot be done now is done later.
            let _ = direct(&tx).and_then(|connection| connection.script("pragma wal_checkpoint(passive)"));
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
