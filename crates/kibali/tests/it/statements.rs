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

/// Statements that may read a table whole: it stays short, or a `limit` ends the scan, or all of it is
/// counted. `grant.children_of_object` reads by two indexes where there are rows; where there are none, PostgreSQL finds
/// it as cheap to begin with all that live.
const MAY_SCAN: [&str; 27] = [
    "account.any",
    "account.last_moved",
    "audit.newest",
    "client.live_tokens",
    "grant.children_of_object",
    "held.consents",
    "live_grant.all",
    "live_grant.horizon",
    "live_grant.horizon_client",
    "live_grant.horizon_user",
    "live_grant.of_client",
    "live_grant.of_user",
    "logout.due",
    "object.forget_codes",
    "objects.counts",
    "retired_key.all",
    "schema_version.read",
    "setting.system",
    "setup_link.purge",
    "signing_key.all",
    "trail.found",
    "trail.found_client",
    "trail.found_user",
    "trail.horizon",
    "trail.horizon_client",
    "trail.horizon_user",
    "trail.names",
];

/// Steps of a plan that read a table whole, or an index from end to end.
fn scans(engine: Engine, plan: &str) -> Vec<String> {
    let lines: Vec<&str> = plan.lines().map(|line| line.trim_start_matches(['-', '>', ' '])).collect();
    let is_scan = |(place, step): &(usize, &&str)| match engine {
        Engine::Sqlite => {
            step.starts_with("SCAN") && !step.contains(" USING ") && **step != "SCAN CONSTANT ROW"
        }
        Engine::Postgres => {
            let along = step.starts_with("Index ") && step.contains(" Scan ");
            let of_index = step.starts_with("Bitmap Index Scan");
            let condition = lines.get(place + 1).is_some_and(|next| next.starts_with("Index Cond"));
            step.starts_with("Seq Scan on") || ((along || of_index) && !condition)
        }
    };
    lines.iter().enumerate().filter(is_scan).map(|(_, step)| (*step).to_owned()).collect()
}

/// What a token check, a sign-in or a write may never do is read a whole table.
#[tokio::test]
async fn none_reads_a_table_whole() {
    let Some(postgres) = TestApp::start(Engine::Postgres).await else { return };
    let sqlite = TestApp::start(Engine::Sqlite).await.unwrap();
    let (mut found, mut excused) = (Vec::new(), BTreeSet::new());
    for t in [&postgres, &sqlite] {
        let mut reader = t.app.store.snapshot().await.unwrap();
        if t.engine() == Engine::Postgres {
            // The tables are short here: without this, PostgreSQL would rightly scan them.
            reader.rows_composed("set local enable_seqscan = off", Vec::new()).await.unwrap();
        }
        for statement in catalogue::statements() {
            let values = dummies(&postgres.location(), statement).await;
            let plan = plan(&mut reader, statement, values).await;
            for scan in scans(t.engine(), &plan) {
                if MAY_SCAN.contains(&statement.name) {
                    excused.insert(statement.name);
                } else {
                    found.push(format!("{:?} {}: {scan}", t.engine(), statement.name));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(excused, BTreeSet::from(MAY_SCAN), "an excuse that nobody needs");
    postgres.stop().await;
}
