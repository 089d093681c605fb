//! The engine under everything.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use kibali_model::Credential;
use kibali_store::door::{accounts, principals};
use kibali_store::{Engine, Location, Statement, Store, StoreError, StoreOptions, Tx, Write, values};
use kibali_testkit::postgres::{Cluster, ClusterError, Durability};
use kibali_testkit::{TempDir, TestApp, both, seed};

both!(
    fn a_path_that_nobody_serves_is_not_found(t) {
        assert_eq!(t.get("/nothing/here").send().await.status, 404);
    }
);

both!(
    fn every_test_starts_with_a_superuser(t) {
        let mut reader = t.app.store.reader().await.unwrap();
        let account = accounts::by_username(&mut reader, seed::ADMIN).await.unwrap().unwrap();
        let admin = principals::load(&mut reader, &account, Credential::Basic).await.unwrap();
        assert!(admin.is_superuser());
    }
);

const INSERT: Statement =
    Statement::new("test.insert", "insert into installation (name, value) values ($1, '')");
const COUNT: Statement =
    Statement::new("test.count", "select count(*) from installation where name like 'test %'");

/// What becomes of a write after it has inserted its row.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Stands,
    Refuses,
    Panics,
}

struct Row(u32, Then);

impl Write for Row {
    type Output = u32;

    async fn apply(&self, tx: &mut Tx) -> Result<u32, StoreError> {
        tx.run(INSERT, values![format!("test {}", self.0)]).await?;
        match self.1 {
            Then::Stands => Ok(self.0),
            Then::Refuses => Err(StoreError::Stale),
            Then::Panics => panic!("on purpose"),
        }
    }
}

async fn count(t: &TestApp) -> i64 {
    let mut reader = t.app.store.reader().await.unwrap();
    reader.row(COUNT, values![]).await.unwrap().unwrap().int(0).unwrap()
}

both!(
    fn a_write_that_fails_takes_no_other_along(t) {
        let writes = (0..90).map(|number| {
            let store = t.app.store.clone();
            let then = [Then::Stands, Then::Refuses, Then::Panics][number as usize % 3];
            tokio::spawn(async move { (then, store.write(Row(number, then)).await) })
        });
        for write in writes.collect::<Vec<_>>() {
            let (then, result) = write.await.unwrap();
            assert_eq!(result.is_ok(), then == Then::Stands, "{result:?}");
        }
        assert_eq!(count(t).await, 30);
        assert!(matches!(t.app.store.write(Row(0, Then::Stands)).await, Err(StoreError::Duplicate(_))));
    }
);

/// Holds SQLite's lock until it is told to go on. It blocks the thread that writes, and no other.
struct Holds {
    began: Arc<tokio::sync::Notify>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Write for Holds {
    type Output = ();

    async fn apply(&self, _: &mut Tx) -> Result<(), StoreError> {
        self.began.notify_one();
        self.go_on.lock().unwrap().recv().map_err(|_| StoreError::Closed)
    }
}

both!(
    fn a_database_that_another_process_holds_is_busy_and_no_fault(t) {
        // PostgreSQL has no lock on all of it.
        if t.engine() == Engine::Postgres {
            return;
        }
        let node = t.another_with(2, |_, options| options.lock_patience = Duration::from_millis(20)).await;
        let (let_go, go_on) = mpsc::channel();
        let began = Arc::new(tokio::sync::Notify::new());
        let (holds, store) = (Holds { began: began.clone(), go_on: Mutex::new(go_on) }, t.app.store.clone());
        let holding = tokio::spawn(async move { store.write(holds).await });
        began.notified().await;
        assert!(matches!(node.app.store.write(Row(1, Then::Stands)).await, Err(StoreError::Busy)));
        let form = [("grant_type", "password"), ("username", seed::ADMIN), ("password", seed::ADMIN_PASSWORD)];
        let ask = || node.post("/uaa/oauth/token").basic(seed::CLIENT, seed::CLIENT_SECRET).form(&form).send();
        let answer = ask().await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{}", answer.text());
        let_go.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert_eq!(ask().await.status, 200);
    }
);

both!(
    fn closing_finishes_what_was_accepted(t) {
        let node = t.another(2, |_| {}).await;
        let writes = (0..50).map(|number| {
            let store = node.app.store.clone();
            tokio::spawn(async move { store.write(Row(number, Then::Stands)).await })
        });
        let writes: Vec<_> = writes.collect();
        node.app.store.close().await;
        let mut stand = 0;
        for write in writes {
            match write.await.unwrap() {
                Ok(_) => stand += 1,
                Err(error) => assert!(matches!(error, StoreError::Closed), "{error:?}"),
            }
        }
        assert_eq!(count(t).await, stand);
    }
);

both!(
    fn an_older_kibali_refuses_a_newer_schema(t) {
        struct FromTheFuture;
        impl Write for FromTheFuture {
            type Output = ();
            async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
                tx.run_composed("insert into schema_version (version) values (999)", vec![]).await.map(drop)
            }
        }
        t.app.store.write(FromTheFuture).await.unwrap();
        let opened = Store::open(&t.location(), StoreOptions::default()).await.map(drop);
        assert!(matches!(opened, Err(StoreError::SchemaTooNew { found: 999, .. })), "{opened:?}");
    }
);

both!(
    fn nodes_that_start_together_migrate_once(t) {
        struct Emptied;
        impl Write for Emptied {
            type Output = ();
            async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
                tx.run_composed("drop schema public cascade", vec![]).await?;
                tx.run_composed("create schema public", vec![]).await.map(drop)
            }
        }
        let folder = TempDir::new("together");
        let empty = match t.app.store.engine() {
            Engine::Sqlite => Location::sqlite(folder.path().join("kibali.db")),
            Engine::Postgres => {
                t.app.store.write(Emptied).await.unwrap();
                t.location()
            }
        };
        let opened = (0..4).map(|_| {
            let location = empty.clone();
            tokio::spawn(async move { Store::open(&location, StoreOptions::default()).await })
        });
        for store in opened.collect::<Vec<_>>() {
            let store = store.await.unwrap().unwrap();
            let sql = "select version from schema_version order by version";
            let rows = store.reader().await.unwrap().rows_composed(sql, vec![]).await.unwrap();
            let versions: Vec<_> = rows.iter().map(|row| row.int(0).unwrap()).collect();
            assert!(versions.len() > 20 && versions.iter().copied().eq(1..=versions.len() as i64), "{versions:?}");
            store.close().await;
        }
    }
);

both!(
    fn a_reader_cannot_write(t) {
        let mut reader = t.app.store.reader().await.unwrap();
        let result = reader.rows_composed("delete from account", vec![]).await;
        assert!(result.is_err() && count(t).await == 0);
        let mut snapshot = t.app.store.snapshot().await.unwrap();
        assert!(snapshot.rows_composed("delete from account", vec![]).await.is_err());
    }
);

#[tokio::test]
async fn a_durable_cluster_says_nothing_and_another_warns() {
    let cluster = match Cluster::start(Durability::Full) {
        Ok(cluster) => cluster,
        Err(ClusterError::NotFound) if std::env::var_os("CI").is_none() => return,
        Err(error) => panic!("{error}"),
    };
    let durable = Store::open(&Location::Postgres(cluster.url()), StoreOptions::default()).await.unwrap();
    assert_eq!(durable.doubts().await.unwrap(), Vec::<String>::new());
    assert_eq!(durable.write(Row(1, Then::Stands)).await.unwrap(), 1);
    durable.close().await;
    let t = TestApp::start(Engine::Postgres).await.unwrap();
    assert_eq!(t.app.store.doubts().await.unwrap(), ["fsync", "full_page_writes", "synchronous_commit"]);
    t.stop().await;
}
