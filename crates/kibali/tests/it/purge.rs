//! What has expired goes, in small writes; what lives stays.

use kibali_crypto::sha256;
use kibali_model::Clock;
use kibali_store::door::grants::RefreshGrant;
use kibali_store::door::tokens::NewTokens;
use kibali_store::door::{purge, tokens};
use kibali_testkit::{TestApp, both};

use crate::grants::{ACCESS, DAY, issue, minted};

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
        let refresh = RefreshGrant { grant: 2, tokens: again, address: String::new(), now: t.clock.now() };
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
