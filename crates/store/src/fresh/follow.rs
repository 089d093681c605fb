//! Reading the change log that other processes write.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::{Change, Feed};
use crate::door::changes;
use crate::engine::{Engine, Reader, Readers, Statement, StoreError};

/// How often the log is read when nothing tells that it moved. The promise is one second.
const UNTOLD: Duration = Duration::from_millis(500);
/// How often SQLite is asked whether anybody committed; one `pragma` that reads a counter.
const POLL: Duration = Duration::from_millis(25);
/// A read that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(1);
/// Without a read for this long, caches are not believed. One second of it is spent on noticing.
const TRUST: Duration = Duration::from_secs(4);

const DATA_VERSION: Statement = Statement::new("change.data_version", "pragma data_version");

/// Follows the log from `sequence` on until the store closes.
pub(crate) async fn follow(
    readers: Readers,
    feed: Feed,
    sequence: i64,
    notices: bool,
    mut closing: watch::Receiver<bool>,
) {
    let mut follower = Follower { readers, feed, sequence, data_version: None, listener: None, notices };
    tokio::select! {
        () = follower.run() => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
    follower.feed.distrust();
}

struct Follower {
    readers: Readers,
    feed: Feed,
    /// The last row read.
    sequence: i64,
    /// SQLite: the connection that watches, and the counter it saw last.
    data_version: Option<(Reader, i64)>,
    /// PostgreSQL: the connection that hears notices.
    listener: Option<PgListener>,
    /// Notices are listened to.
    notices: bool,
}

impl Follower {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long reading fails is no time of day, and decides no answer"
    )]
    async fn run(&mut self) {
        let mut last_read = Instant::now();
        loop {
            match timeout(PATIENCE, self.read_on()).await {
                Ok(Ok(())) => {
                    last_read = Instant::now();
                    self.feed.trust();
                }
                failed => {
                    if last_read.elapsed() >= TRUST && self.feed.is_trusted() {
                        tracing::error!(?failed, "the change log cannot be read: nothing is cached");
                        self.feed.distrust();
                    }
                    self.data_version = None;
                    self.listener = None;
                }
            }
            // No patience is endless: a poll that hangs is a log that is not read.
            let _ = timeout(UNTOLD, self.moved()).await;
        }
    }

    /// Publishes what was appended since the last time.
    async fn read_on(&mut self) -> Result<(), StoreError> {
        self.watch().await?;
        let mut reader = self.readers.reader().await?;
        loop {
            let rows = changes::read_since(&mut reader, self.sequence).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            let (last, full) = (last.sequence, rows.len() >= changes::PAGE);
            let expected = self.sequence + 1;
            let known: Option<Vec<Change>> = rows.iter().map(|row| row.change).collect();
            match known {
                Some(known) if rows.first().is_some_and(|row| row.sequence == expected) => {
                    self.feed.publish(&known);
                }
                // Rows were purged before they were read, or say what this Kibali does not know.
                _ => self.feed.publish_all(),
            }
            self.sequence = last;
            if !full {
                return Ok(());
            }
        }
    }

    /// Makes the connections that [`Follower::moved`] waits on, before the log is read: what is appended
    /// after that read is then noticed.
    async fn watch(&mut self) -> Result<(), StoreError> {
        match &self.readers {
            Readers::Sqlite(_) => {
                let mut reader = match self.data_version.take() {
                    Some((reader, _)) => reader,
                    None => self.readers.reader().await?,
                };
                let version = data_version(&mut reader).await?;
                self.data_version = Some((reader, version));
            }
            Readers::Postgres(pool) => {
                if self.notices && self.listener.is_none() {
                    let mut listener = PgListener::connect_with(&one(pool.to())).await?;
                    listener.listen(changes::CHANNEL).await?;
                    self.listener = Some(listener);
                }
            }
        }
        Ok(())
    }

    /// Returns when the log may have moved; the caller limits the time.
    async fn moved(&mut self) {
        match (&mut self.data_version, &mut self.listener) {
            (Some((reader, seen)), _) => loop {
                sleep(POLL).await;
                if data_version(reader).await.ok() != Some(*seen) {
                    return;
                }
            },
            (None, Some(listener)) => {
                if listener.recv().await.is_err() {
                    sleep(UNTOLD).await;
                }
            }
            (None, None) => sleep(UNTOLD).await,
        }
    }
}

/// sqlx has listeners of its own pools only: one with a single connection.
fn one(to: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).connect_lazy_with(to.clone())
}

/// A counter that moves whenever another connection commits (SQLite's `pragma data_version`).
async fn data_version(reader: &mut Reader) -> Result<i64, StoreError> {
    debug_assert_eq!(reader.engine(), Engine::Sqlite);
    reader.row(DATA_VERSION, Vec::new()).await?.map_or(Ok(0), |row| row.int(0))
}
