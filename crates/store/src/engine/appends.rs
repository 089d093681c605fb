//! Rows that are only added to PostgreSQL: all that wait for the message before go in the next one, so that many share one
//! answer and one `fsync` of the server.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::append::{apart, together};
use super::connection::{Held, Length};
use super::pool::Pool;
use super::postgres::Postgres;
use super::queue::{Line, Queue, queue};
use super::told::Told;
use super::{Append, Row, StoreError};

/// What one message holds at most.
const TOGETHER: usize = 32;

struct Waiting {
    rows: Append,
    reply: oneshot::Sender<Result<Vec<Row>, StoreError>>,
}

/// Where they are brought.
#[derive(Clone)]
pub(super) struct Appends(Queue<Waiting>);

impl Appends {
    /// Begins the task that sends them.
    pub(super) fn begin(pool: Pool<Postgres>, told: Told) -> Self {
        let (waiting, line) = queue(TOGETHER);
        tokio::spawn(send_all(pool, told, line));
        Self(waiting)
    }

    /// Adds rows, also where the caller goes away meanwhile.
    pub(super) async fn add(&self, rows: Append) -> Result<Vec<Row>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.bring(Waiting { rows, reply })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what was accepted and refuses more. A server that does not answer within `patience` is not waited for.
    pub(super) async fn close(&self, patience: Duration) {
        if timeout(patience, self.0.close()).await.is_err() {
            tracing::warn!("PostgreSQL took too long to take the last rows");
        }
    }
}

/// Runs until nobody can bring anything any more.
async fn send_all(pool: Pool<Postgres>, told: Told, mut line: Line<Waiting>) {
    let mut waiting = Vec::new();
    while line.take(&mut waiting).await {
        // Those left over are joined by others, and so fill the next message.
        let left = waiting.split_off(alike(&waiting));
        let sent = send(&pool, &told, std::mem::replace(&mut waiting, left)).await;
        if let Err(error) = sent {
            // Nor would it answer the others, one long wait after the other.
            while line.join(&mut waiting) {
                refuse(std::mem::take(&mut waiting), &error);
            }
        }
    }
}

/// How many of the first make one statement: of one shape, and a power of two, so that PostgreSQL keeps few prepared.
fn alike(waiting: &[Waiting]) -> usize {
    let Some(first) = waiting.first() else { return 0 };
    let alike = waiting.iter().take_while(|one| one.rows.has_shape_of(&first.rows)).count();
    1 << alike.ilog2()
}

/// One statement is a transaction by itself: it stands whole or not at all.
///
/// # Errors
/// The database does not answer; so were all told.
async fn send(pool: &Pool<Postgres>, told: &Told, waiting: Vec<Waiting>) -> Result<(), StoreError> {
    match ask(pool, told, &waiting).await {
        Ok(answers) => {
            for (one, rows) in waiting.into_iter().zip(answers) {
                // The caller may have gone; the rows stand all the same.
                let _ = one.reply.send(Ok(rows));
            }
            Ok(())
        }
        // Which of them is at fault? Each by itself.
        Err(error) if error.is_refusal() && waiting.len() > 1 => {
            let mut waiting = waiting.into_iter();
            while let Some(one) = waiting.next() {
                if let Err(error) = Box::pin(send(pool, told, vec![one])).await {
                    refuse(waiting.collect(), &error);
                    return Err(error);
                }
            }
            Ok(())
        }
        Err(error) => {
            refuse(waiting, &error);
            if error.is_refusal() { Ok(()) } else { Err(error) }
        }
    }
}

fn refuse(waiting: Vec<Waiting>, error: &StoreError) {
    for one in waiting {
        let _ = one.reply.send(Err(error.for_each()));
    }
}

/// What the first statement of each answers.
async fn ask(pool: &Pool<Postgres>, told: &Told, waiting: &[Waiting]) -> Result<Vec<Vec<Row>>, StoreError> {
    let (sql, values) = together(waiting.iter().map(|one| &one.rows));
    let rows = Held::Postgres(pool.lend().await?).rows(&sql, values, Length::Short).await;
    told.committed(&[]);
    apart(rows?, waiting.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Statement, values};

    const ONE: Statement = Statement::new("one", "insert into a (x) values ($1) returning x");
    const OTHER: Statement = Statement::new("other", "insert into b (x) values ($1) returning x");

    fn waiting(statements: &[Statement]) -> Vec<Waiting> {
        let one = |statement: &Statement| Waiting {
            rows: Append::new(*statement, values![1]),
            reply: oneshot::channel().0,
        };
        statements.iter().map(one).collect()
    }

    #[test]
    fn as_many_go_together_as_are_alike_and_a_power_of_two() {
        for (statements, together) in [
            (&[][..], 0),
            (&[ONE], 1),
            (&[ONE, OTHER], 1),
            (&[ONE; 3], 2),
            (&[ONE; 4], 4),
            (&[ONE, ONE, OTHER, ONE], 2),
            (&[ONE; TOGETHER], TOGETHER),
        ] {
            assert_eq!(alike(&waiting(statements)), together, "{}", statements.len());
        }
    }
}
