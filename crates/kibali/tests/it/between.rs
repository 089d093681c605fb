//! Two writes that are under way at once. On PostgreSQL alone: on SQLite one writes after the other.

use std::sync::Arc;

use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::TestApp;
use tokio::sync::Semaphore;

/// Does nothing more.
pub(crate) struct Nothing;

impl Write for Nothing {
    type Output = ();

    async fn apply(&self, _: &mut Tx) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Does one thing, and another in the same transaction when it is told to go on.
struct Slow<A, B> {
    first: A,
    then: B,
    course: Arc<Course>,
}

struct Course {
    begun: Semaphore,
    goes_on: Semaphore,
}

impl<A: Write, B: Write> Write for Slow<A, B> {
    type Output = (A::Output, B::Output);

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, StoreError> {
        let first = self.first.apply(tx).await?;
        self.course.begun.add_permits(1);
        drop(self.course.goes_on.acquire().await);
        Ok((first, self.then.apply(tx).await?))
    }
}

/// Transactions that wait for another.
async fn waiting(t: &TestApp) -> i64 {
    let sql = "select count(*) from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock'";
    let mut reader = t.app.store.reader().await.unwrap();
    reader.rows_composed(sql, Vec::new()).await.unwrap()[0].int(0).unwrap()
}

/// What comes of both where `other` arrives between `first` and `then`, which go on once it waits for them or is over.
pub(crate) async fn between<A: Write, B: Write, C>(
    t: &TestApp,
    first: A,
    then: B,
    other: impl Future<Output = C>,
) -> (Result<(A::Output, B::Output), StoreError>, C) {
    let course = Arc::new(Course { begun: Semaphore::new(0), goes_on: Semaphore::new(0) });
    let slow = t.app.store.write(Slow { first, then, course: Arc::clone(&course) });
    let other = async {
        drop(course.begun.acquire().await);
        let done = other.await;
        course.goes_on.add_permits(1);
        done
    };
    let watch = async {
        drop(course.begun.acquire().await);
        while waiting(t).await == 0 && course.goes_on.available_permits() == 0 {}
        course.goes_on.add_permits(1);
    };
    let (slow, other, ()) = tokio::join!(slow, other, watch);
    (slow, other)
}
