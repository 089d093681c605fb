//! Connections, made as they are needed, lent to one at a time, and kept for the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::StoreError;

/// How long a caller waits for a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that can be kept for the next who asks.
pub(crate) trait Connect: Send + Sized + 'static {
    /// Where it leads.
    type To: Send + Sync + 'static;

    /// Makes one.
    fn connect(to: &Self::To) -> impl Future<Output = Result<Self, StoreError>> + Send;

    /// Does it still live, after it was kept?
    fn lives(&mut self) -> impl Future<Output = bool> + Send;

    /// Is nothing under way on it? What can be ended at once is.
    fn is_at_rest(&mut self) -> bool;

    /// Ends what is under way; false where it is no use to anybody any more.
    fn settle(&mut self) -> impl Future<Output = bool> + Send;

    /// Takes leave.
    fn close(self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Connections to one place, at most so many.
pub(crate) struct Pool<C: Connect> {
    shared: Arc<Shared<C>>,
    room: Arc<Semaphore>,
    most: u32,
}

impl<C: Connect> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), room: Arc::clone(&self.room), most: self.most }
    }
}

struct Shared<C: Connect> {
    to: C::To,
    idle: Mutex<Vec<C>>,
}

impl<C: Connect> Shared<C> {
    fn take(&self) -> Option<C> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: C) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl<C: Connect> Pool<C> {
    pub(super) fn new(to: C::To, most: u32) -> Self {
        let shared = Arc::new(Shared { to, idle: Mutex::default() });
        Self { shared, room: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Where its connections lead.
    pub(crate) fn to(&self) -> &C::To {
        &self.shared.to
    }

    /// A connection of one's own, until it is dropped.
    pub(super) async fn lend(&self) -> Result<Lent<C>, StoreError> {
        let place = timeout(PATIENCE, Arc::clone(&self.room).acquire_owned()).await;
        let place = place.map_err(|_| StoreError::Busy)?.map_err(|_| StoreError::Closed)?;
        let connection = loop {
            let Some(mut kept) = self.shared.take() else {
                // On the heap: to connect is large, and would make the future of every request as large.
                break Box::pin(C::connect(&self.shared.to)).await?;
            };
            if kept.lives().await {
                break kept;
            }
        };
        Ok(Lent { connection: Some(connection), shared: Arc::clone(&self.shared), place: Some(place) })
    }

    /// Lends no more, and closes every connection when it has come back. One that does not within `patience` is not
    /// waited for.
    pub(super) async fn close(&self, patience: Duration) {
        let all = timeout(patience, self.room.acquire_many(self.most)).await;
        self.room.close();
        drop(all);
        while let Some(connection) = self.shared.take() {
            match timeout(patience, connection.close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a connection did not close cleanly"),
                Err(_) => tracing::warn!("a connection took too long to close"),
            }
        }
    }
}

/// A connection on loan; dropping it gives it back.
pub(crate) struct Lent<C: Connect> {
    connection: Option<C>,
    shared: Arc<Shared<C>>,
    place: Option<OwnedSemaphorePermit>,
}

impl<C: Connect> Lent<C> {
    pub(super) fn connection(&mut self) -> Result<&mut C, StoreError> {
        self.connection.as_mut().ok_or(StoreError::Closed)
    }
}

impl<C: Connect> Drop for Lent<C> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if connection.is_at_rest() {
            self.shared.keep(connection);
        } else if let Ok(runtime) = Handle::try_current() {
            let (shared, place) = (Arc::clone(&self.shared), self.place.take());
            runtime.spawn(async move {
                if connection.settle().await {
                    shared.keep(connection);
                }
                drop(place);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use std::path::PathBuf;

    use super::super::sqlite::{Reads, Sqlite};
    use super::*;

    #[tokio::test]
    async fn a_reader_that_does_not_come_back_is_not_waited_for_when_the_store_closes() {
        let nowhere = Reads { path: PathBuf::from("read by nobody"), lock_patience: PATIENCE };
        let pool = Pool::<Sqlite>::new(nowhere, 2);
        let reads = Arc::clone(&pool.room).acquire_owned().await.unwrap();
        timeout(PATIENCE, pool.close(Duration::from_millis(1))).await.unwrap();
        assert!(matches!(pool.lend().await, Err(StoreError::Closed)));
        drop(reads);
        assert!(matches!(pool.lend().await, Err(StoreError::Closed)));
    }
}
