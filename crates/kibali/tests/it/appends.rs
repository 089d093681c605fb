//! Rows that are only added, many at a time.

use kibali_store::{Append, Engine, Statement, Store, StoreError, values};
use kibali_testkit::{TestApp, both};

const INSERT: Statement = Statement::new(
    "test.append",
    "insert into installation (name, value) values ($1, $2) returning value, cast(length($1) as bigint)",
);
const ANOTHER: Statement =
    Statement::new("test.append_another", "insert into installation (value, name) values ('', $1)");
const COUNT: Statement =
    Statement::new("test.count", "select count(*) from installation where name like 'test %'");

/// A row, and another beside it.
fn two(number: u32) -> Append {
    let first = Append::new(INSERT, values![format!("test {number}"), format!("value {number}")]);
    first.and(ANOTHER, values![format!("test {number} more")])
}

async fn count(t: &TestApp) -> i64 {
    let mut reader = t.app.store.reader().await.unwrap();
    reader.row(COUNT, values![]).await.unwrap().unwrap().int(0).unwrap()
}

/// Brings all of them before any is answered, and answers what each is told.
async fn all_at_once(store: &Store, appends: Vec<Append>) -> Vec<Result<String, StoreError>> {
    let ask = |append| async { Ok(store.append(append).await?.first().unwrap().text(0).unwrap()) };
    futures_util::future::join_all(appends.into_iter().map(ask)).await
}

both!(
    fn each_of_many_is_told_its_own(t) {
        let found = all_at_once(&t.app.store, (0..100).map(two).collect()).await;
        for (number, value) in found.into_iter().enumerate() {
            assert_eq!(value.unwrap(), format!("value {number}"));
        }
        assert_eq!(count(t).await, 200);
    }
);

both!(
    fn one_that_is_refused_takes_no_other_along_and_leaves_nothing(t) {
        t.app.store.append(two(7)).await.unwrap();
        let alone = Append::new(INSERT, values!["test alone", "value alone"]);
        let mut appends: Vec<_> = (0..20).map(two).collect();
        // Refused for the row beside it, and in the middle of others.
        appends.push(Append::new(INSERT, values!["test half", ""]).and(ANOTHER, values!["test 7"]));
        appends.push(alone);
        appends.extend((20..40).map(two));
        let told = all_at_once(&t.app.store, appends).await;
        for (place, told) in told.iter().enumerate() {
            match place {
                7 | 20 => assert!(matches!(told, Err(StoreError::Duplicate(_))), "{place}: {told:?}"),
                _ => assert!(told.is_ok(), "{place}: {told:?}"),
            }
        }
        assert_eq!(count(t).await, 2 * 40 + 1);
    }
);

both!(
    fn what_was_accepted_is_added_before_the_store_closes(t) {
        let node = t.another(2, |_| {}).await;
        let store = node.app.store.clone();
        let adding = tokio::spawn(async move { all_at_once(&store, (0..50).map(two).collect()).await });
        tokio::task::yield_now().await;
        node.app.store.close().await;
        let mut stand = 0;
        for told in adding.await.unwrap() {
            match told {
                Ok(_) => stand += 2,
                Err(error) => assert!(matches!(error, StoreError::Closed), "{error:?}"),
            }
        }
        assert_eq!(count(t).await, stand);
        assert!(matches!(node.app.store.append(two(99)).await, Err(StoreError::Closed)));
    }
);

both!(
    fn connections_that_are_cut_lose_nothing_that_was_acknowledged(t) {
        // SQLite has none.
        if t.engine() == Engine::Sqlite {
            return;
        }
        let node = t.another(2, |_| {}).await;
        let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where pid <> pg_backend_pid() and datname = current_database()";
        let mut acknowledged = 0;
        for round in 0..10 {
            let store = node.app.store.clone();
            let many = (round * 100..round * 100 + 64).map(two).collect();
            let adding = tokio::spawn(async move { all_at_once(&store, many).await });
            t.app.store.reader().await.unwrap().rows_composed(cut, vec![]).await.unwrap();
            acknowledged += 2 * adding.await.unwrap().iter().filter(|told| told.is_ok()).count() as i64;
        }
        assert!(count(t).await >= acknowledged && acknowledged > 0);
        // A connection that was kept for less than a second is not asked before: it may fail once.
        let mut store = node.app.store.append(two(9000)).await;
        for number in 9001..9010 {
            if store.is_ok() {
                return;
            }
            store = node.app.store.append(two(number)).await;
        }
        store.unwrap();
    }
);
