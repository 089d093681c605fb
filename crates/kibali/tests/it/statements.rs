//! Every statement of the catalogue, on both engines.

use std::collections::BTreeSet;

use kibali_store::{Engine, Statement, StoreError, Tx, Value, Write, catalogue};
use kibali_testkit::TestApp;
use kibali_testkit::statements::{dummies, plan};

/// Executes a statement and takes it back.
struct Try(Statement, Vec<Value>);

impl Write for Try {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.rows(self.0, self.1.clone()).await?;
        Err(StoreError::Stale)
    }
}

#[test]
fn names_are_unique() {
    let mut names = BTreeSet::new();
    for statement in catalogue::statements() {
        assert!(names.insert(statement.name), "{} twice", statement.name);
    }
}

#[tokio::test]
async fn each_runs_on_both_engines() {
    let Some(postgres) = TestApp::start(Engine::Postgres).await else { return };
    let sqlite = TestApp::start(Engine::Sqlite).await.unwrap();
    for statement in catalogue::statements() {
        let values = dummies(&postgres.location(), statement).await;
        for t in [&postgres, &sqlite] {
            let result = t.app.store.write(Try(statement, values.clone())).await;
            assert!(
                matches!(result, Err(StoreError::Stale)),
                "{} on {:?}: {result:?}",
                statement.name,
                t.engine()
            );
        }
    }
    postgres.stop().await;
}

/// What a token check, a sign-in or a write may never do is read a whole table.
#[tokio::test]
async fn none_reads_a_table_whole() {
    let Some(postgres) = TestApp::start(Engine::Postgres).await else { return };
    let sqlite = TestApp::start(Engine::Sqlite).await.unwrap();
    // Tables that stay short, or a `limit` that ends the scan.
    let allowed = [
        "account.any",
        "audit.newest",
        "object.forget_codes",
        "schema_version.read",
        "setup_link.purge",
        "system_setting.all",
    ];
    let mut reader = sqlite.app.store.reader().await.unwrap();
    let mut found = Vec::new();
    for statement in catalogue::statements() {
        let values = dummies(&postgres.location(), statement).await;
        let plan = plan(&mut reader, statement, values).await;
        let scan = plan.lines().find(|step| {
            step.starts_with("SCAN") && !step.contains(" USING ") && *step != "SCAN CONSTANT ROW"
        });
        found.extend(
            scan.filter(|_| !allowed.contains(&statement.name))
                .map(|scan| format!("{}: {scan}", statement.name)),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
    postgres.stop().await;
}
