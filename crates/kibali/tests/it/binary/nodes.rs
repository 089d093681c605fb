//! Two servers on one PostgreSQL, none of whose notices arrive.

use std::time::{Duration, Instant};

use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::{Engine, TestApp};

use super::commands::token;
use super::process::{Home, Server, basic};

/// What is promised where a notice is lost (rules of the door 7).
const PROMISED: Duration = Duration::from_secs(5);

/// From the next connection on, PostgreSQL finds a `pg_notify` that does nothing before its own.
struct LoseNotices;

impl Write for LoseNotices {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for text in [
            "create function public.pg_notify(text, text) returns void language plpgsql as 'begin end'",
            "do $$ begin execute format('alter database %I set search_path = public, pg_catalog', \
             current_database()); end $$",
        ] {
            tx.run_composed(text, Vec::new()).await?;
        }
        Ok(())
    }
}

/// Which `pg_notify` a new connection calls.
async fn notifier(t: &TestApp) -> String {
    let another = t.another_with(2, |_, _| {}).await;
    let mut reader = another.app.store.reader().await.unwrap();
    let sql = "select n.nspname::text from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace \
               where p.oid = 'pg_notify(text,text)'::regprocedure";
    let name = reader.rows_composed(sql, Vec::new()).await.unwrap()[0].text(0).unwrap();
    drop(reader);
    another.app.store.close().await;
    name
}

fn bearer(server: &Server, token: &str) -> u16 {
    server.ask("GET", "/api/me", &[("Authorization", &format!("Bearer {token}"))], "").status
}

/// Asks until it is refused; how long that took.
fn refused_after(since: Instant, ask: impl Fn() -> u16) {
    while ask() != 401 {
        assert!(since.elapsed() < PROMISED, "still believed after {:?}", since.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_follow_each_other_though_every_notice_is_lost() {
    let Some(t) = TestApp::start(Engine::Postgres).await else { return };
    assert_eq!(notifier(&t).await, "pg_catalog");
    t.app.store.write(LoseNotices).await.unwrap();
    assert_eq!(notifier(&t).await, "public");

    let homes = [Home::on(&t.location()), Home::on(&t.location())];
    homes[0].done(&["user", "add", "clerk", "--role", "Superuser"], "Correct-1-horse\n");
    let made = homes[0].done(&["client", "add", "script", "--grant", "password"], "");
    let secret = made.lines().map(str::trim).find(|line| line.len() == 36).expect("the secret");
    let client = ("script", secret);
    std::fs::copy(homes[0].file("master.key"), homes[1].file("master.key")).unwrap();
    let [first, second] = homes.each_ref().map(Home::serve);

    // A token revoked at one server is refused by both.
    let lost = token(&first, client, "clerk", "Correct-1-horse");
    assert_eq!([bearer(&first, &lost), bearer(&second, &lost)], [200, 200]);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let credentials = basic(client.0, client.1);
    let headers = [("Authorization", &*credentials), form];
    let answer = first.ask("POST", "/uaa/oauth/revoke", &headers, &format!("token={lost}"));
    let since = Instant::now();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bearer(&first, &lost), 401, "at once where it was revoked");
    refused_after(since, || bearer(&second, &lost));

    // A user disabled by the command line is refused by both, token and password.
    let kept = token(&second, client, "clerk", "Correct-1-horse");
    assert_eq!([bearer(&first, &kept), bearer(&second, &kept)], [200, 200]);
    let by_password = |server: &Server| server.get_as("clerk", "Correct-1-horse", "/api/me").status;
    assert_eq!([by_password(&first), by_password(&second)], [200, 200]);
    homes[0].done(&["user", "disable", "clerk"], "");
    let since = Instant::now();
    for server in [&first, &second] {
        refused_after(since, || bearer(server, &kept));
        refused_after(since, || by_password(server));
    }
    first.stop();
    second.stop();
    t.stop().await;
}
