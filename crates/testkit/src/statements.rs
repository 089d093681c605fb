//! What the engines say about a statement without any data.

use kibali_store::{Engine, Location, Reader, Statement, Value};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Either, Executor, SqlSafeStr, Statement as _, TypeInfo};

/// Values of types like those that PostgreSQL finds for the placeholders of `statement`.
///
/// # Panics
/// `location` is not on PostgreSQL, or PostgreSQL refuses the statement.
pub async fn dummies(location: &Location, statement: Statement) -> Vec<Value> {
    let Location::Postgres(url) = location else { panic!("only PostgreSQL knows types") };
    let options: PgConnectOptions = url.parse().expect("an address");
    let mut connection = options.connect().await.expect("the cluster answers");
    let prepared = connection.prepare(AssertSqlSafe(statement.sql).into_sql_str()).await;
    let prepared = prepared.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
    let Some(Either::Left(types)) = prepared.parameters() else { panic!("{}: no types", statement.name) };
    let values = types.iter().map(|ty| match ty.name() {
        "INT4" | "INT8" => Value::Int(Some(1)),
        "TEXT" => Value::Text(Some("{}".to_owned())),
        "BYTEA" => Value::Bytes(Some(vec![0; 32])),
        other => panic!("{}: a placeholder is {other}, which Kibali does not bind", statement.name),
    });
    values.collect()
}

/// The steps the engine would take.
pub async fn plan(reader: &mut Reader, statement: Statement, values: Vec<Value>) -> String {
    let (explain, column) = match reader.engine() {
        Engine::Sqlite => ("explain query plan", 3),
        Engine::Postgres => ("explain", 0),
    };
    let sql = format!("{explain} {}", statement.sql);
    let rows = reader.rows_composed(&sql, values).await;
    let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
    let steps: Vec<String> = rows.iter().map(|row| row.text(column).expect("a step is text")).collect();
    steps.join("\n")
}
