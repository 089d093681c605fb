//! Bringing a database's schema up to date.

use crate::engine::{Engine, Statement, Store, StoreError, Tx, Write};
use crate::values;

/// The migrations, oldest first; a migration's version is its place, from 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_clients.sql"),
    include_str!("../migrations/0003_api_tokens.sql"),
    include_str!("../migrations/0004_links.sql"),
    include_str!("../migrations/0005_spent.sql"),
    include_str!("../migrations/0006_second_factor.sql"),
    include_str!("../migrations/0007_signing_keys.sql"),
    include_str!("../migrations/0008_families.sql"),
    include_str!("../migrations/0009_registry.sql"),
    include_str!("../migrations/0010_sign_ins.sql"),
    include_str!("../migrations/0011_device_codes.sql"),
    include_str!("../migrations/0012_token_exchange.sql"),
    include_str!("../migrations/0013_registration.sql"),
    include_str!("../migrations/0014_why.sql"),
    include_str!("../migrations/0015_seeing.sql"),
    include_str!("../migrations/0016_audit_seals.sql"),
    include_str!("../migrations/0017_past_credentials.sql"),
    include_str!("../migrations/0018_logout.sql"),
    include_str!("../migrations/0019_passkeys.sql"),
    include_str!("../migrations/0020_mailed_codes.sql"),
    include_str!("../migrations/0021_keys_of_tokens.sql"),
    include_str!("../migrations/0022_mailed_address.sql"),
    include_str!("../migrations/0023_codes_of_browsers.sql"),
    include_str!("../migrations/0024_resource_of_devices.sql"),
    include_str!("../migrations/0025_lean_indexes.sql"),
    include_str!("../migrations/0026_retired_keys.sql"),
    include_str!("../migrations/0027_last_login.sql"),
];

const FIND_TABLE_SQLITE: Statement = Statement::new(
    "schema_version.exists",
    "select cast(count(*) as bigint) from sqlite_master where type = 'table' and name = 'schema_version'",
);
const FIND_TABLE_POSTGRES: Statement = Statement::new(
    "schema_version.exists",
    "select count(*) from information_schema.tables
     where table_schema = current_schema() and table_name = 'schema_version'",
);
const READ: Statement =
    Statement::new("schema_version.read", "select coalesce(max(version), 0) from schema_version");
const RECORD: Statement =
    Statement::new("schema_version.record", "insert into schema_version (version) values ($1)");

pub(crate) const STATEMENTS: &[Statement] = &[READ, RECORD];

/// Applies what is missing, in one transaction, so that nodes that start together do it once.
///
/// # Errors
/// The database was migrated by a newer Kibali, or refuses.
pub(crate) async fn up(store: &Store) -> Result<(), StoreError> {
    store.write(Up).await
}

struct Up;

impl Write for Up {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let engine = tx.engine();
        let find = match engine {
            Engine::Sqlite => FIND_TABLE_SQLITE,
            Engine::Postgres => {
                tx.run_composed("select pg_advisory_xact_lock(7461)", Vec::new()).await?;
                FIND_TABLE_POSTGRES
            }
        };
        let exists = tx.row(find, values![]).await?.is_some_and(|row| row.int(0).is_ok_and(|n| n > 0));
        if !exists {
            tx.run_composed(&spell("create table schema_version (version {int} not null)", engine), vec![])
                .await?;
        }
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        let found = match tx.row(READ, values![]).await? {
            Some(row) => row.int(0)?,
            None => 0,
        };
        if found > known {
            return Err(StoreError::SchemaTooNew { found, known });
        }
        for (text, version) in MIGRATIONS.iter().zip(1_i64..).filter(|(_, version)| *version > found) {
            tx.script(&spell(text, engine)).await?;
            tx.run(RECORD, values![version]).await?;
        }
        Ok(())
    }
}

/// Writes the engine's own type names into a migration, and leaves out what is for the other alone.
fn spell(text: &str, engine: Engine) -> String {
    let (int, words, bytes, serial, strict, doc_email) = match engine {
        Engine::Sqlite => {
            let serial = "integer primary key autoincrement";
            ("integer", "text", "blob", serial, "strict", "json_extract(o.doc, '$.email')")
        }
        Engine::Postgres => {
            let serial = "bigint generated always as identity primary key";
            ("bigint", "text collate \"C\"", "bytea", serial, "", "cast(o.doc as json) ->> 'email'")
        }
    };
    let lines = text.lines().filter_map(|line| match (line.strip_prefix("{sqlite} "), engine) {
        (None, _) => Some(line),
        (own, Engine::Sqlite) => own,
        (Some(_), Engine::Postgres) => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    text.replace("{int}", int)
        .replace("{text}", words)
        .replace("{bytes}", bytes)
        .replace("{serial}", serial)
        .replace("{strict}", strict)
        .replace("{doc_email}", doc_email)
}
