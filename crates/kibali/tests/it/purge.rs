//! What has expired goes, in small writes; what lives stays.

use kibali_crypto::sha256;
use kibali_model::{Clock, GrantType, ObjectId, Scopes};
use kibali_store::door::grants::{IssueGrant, NewGrant, RefreshGrant};
use kibali_store::door::tokens::{NewToken, NewTokens};
use kibali_store::door::{accounts, clients, purge, tokens};
use kibali_testkit::{TestApp, both, seed};

const DAY: i64 = 86_400;
const ACCESS: i64 = 43_200;

fn minted(t: &TestApp, name: &str) -> NewTokens {
    let now = t.clock.now();
    NewTokens {
        access: NewToken { hash: sha256(format!("{name} access")), expires: now.plus_seconds(ACCESS) },
        refresh: Some(NewToken {
            hash: sha256(format!("{name} refresh")),
            expires: now.plus_seconds(30 * DAY),
        }),
    }
}

async fn issue(t: &TestApp, id: i64, name: &str) {
    let mut reader = t.app.store.reader().await.unwrap();
    let account = accounts::by_username(&mut reader, seed::ADMIN).await.unwrap().unwrap();
    let client = clients::by_client_id(&mut reader, seed::CLIENT).await.unwrap().unwrap();
    let grant = NewGrant {
        id,
        user: account.user,
        client: ObjectId(client.client.object.0),
        grant_type: GrantType::Password,
        scopes: Scopes::parse("ALL"),
        address: "127.0.0.1".into(),
        credential_version: account.credential_version,
    };
    let write = IssueGrant { grant, tokens: minted(t, name), at_most: 100, now: t.clock.now() };
    assert!(t.app.store.write(write).await.unwrap());
}

async fn refresh_lives(t: &TestApp, name: &str) -> bool {
    let mut reader = t.app.store.reader().await.unwrap();
    tokens::find_refresh(&mut reader, sha256(format!("{name} refresh"))).await.unwrap().is_some()
}

both!(
    fn a_grant_never_refreshed_goes_a_week_after_its_access_token(t) {
        issue(t, 1, "idle").await;
        issue(t, 2, "busy").await;
        t.clock.advance_seconds(3600);
        let again = NewTokens { refresh: None, ..minted(t, "busy again") };
        let refresh = RefreshGrant { grant: 2, tokens: again, now: t.clock.now() };
        assert!(t.app.store.write(refresh).await.unwrap());

        t.clock.advance_seconds(7 * DAY - 7200 + ACCESS);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        assert!(refresh_lives(t, "idle").await, "not before the week is over");

        t.clock.advance_seconds(7200);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        assert!(!refresh_lives(t, "idle").await);
        assert!(refresh_lives(t, "busy").await);

        t.clock.advance_seconds(40 * DAY);
        purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        assert!(!refresh_lives(t, "busy").await);
        assert_eq!(purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap(), 0);
    }
);
