//! A connection to PostgreSQL.
//!
//! sqlx's own pool asks the server once more whenever a connection is given back: a message for each that was sent.

use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, Postgres as Sqlx};

use super::pool::Connect;
use super::{Row, StoreError, Value};

/// A connection that was kept for longer is asked whether it still lives; before, asking would double what a short read
/// costs.
const RECENT: Duration = Duration::from_secs(1);

pub(crate) struct Postgres {
    raw: PgConnection,
    state: State,
    used: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Whatever was asked was answered.
    Idle,
    /// So it was, in a transaction.
    Within,
    /// Something was asked, and its answer not read to the end; or it failed in a way that leaves nothing certain.
    Unknown,
}

impl Postgres {
    pub(super) async fn rows(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let before = self.ask();
        let rows = self.raw.fetch_all(bound(sql, values)).await;
        Ok(self.answered(before, rows)?.into_iter().map(Row::Postgres).collect())
    }

    pub(super) async fn run(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        let before = self.ask();
        let done = self.raw.execute(bound(sql, values)).await;
        Ok(self.answered(before, done)?.rows_affected())
    }

    /// Runs a text of several statements, without values.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        let before = self.ask();
        let done = self.raw.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await;
        self.answered(before, done).map(drop)
    }

    /// Begins a transaction, by this statement.
    pub(super) async fn begin(&mut self, statement: &'static str) -> Result<(), StoreError> {
        self.script(statement).await?;
        self.state = State::Within;
        Ok(())
    }

    /// Ends it, by `commit` or `rollback`. Where that fails, nobody knows what stands.
    pub(super) async fn end(&mut self, statement: &'static str) -> Result<(), StoreError> {
        let done = self.script(statement).await;
        self.state = if done.is_ok() { State::Idle } else { State::Unknown };
        done
    }

    /// From here until it is answered nothing is certain: whoever asks may go away meanwhile.
    fn ask(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Unknown)
    }

    fn answered<T>(&mut self, before: State, answer: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        if matches!(answer, Ok(_) | Err(sqlx::Error::Database(_))) {
            self.state = before;
        }
        Ok(answer?)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a connection was kept is no time of day, and decides no answer"
)]
fn present() -> Instant {
    Instant::now()
}

impl Connect for Postgres {
    type To = PgConnectOptions;

    async fn connect(to: &PgConnectOptions) -> Result<Self, StoreError> {
        Ok(Self { raw: PgConnection::connect_with(to).await?, state: State::Idle, used: present() })
    }

    async fn lives(&mut self) -> bool {
        present().duration_since(self.used) < RECENT || self.raw.ping().await.is_ok()
    }

    fn is_at_rest(&mut self) -> bool {
        self.used = present();
        self.state == State::Idle
    }

    async fn settle(&mut self) -> bool {
        self.state == State::Within && self.end("rollback").await.is_ok()
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(self.raw.close().await?)
    }
}

type Query = sqlx::query::Query<'static, Sqlx, PgArguments>;

fn bound(sql: &str, values: Vec<Value>) -> Query {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    values.into_iter().fold(query, |query, value| match value {
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
    })
}
