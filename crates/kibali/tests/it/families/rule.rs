//! What becomes of a refresh token that comes back.

use kibali_store::door::audit;
use kibali_testkit::both;
use kibali_testkit::seed::{CLIENT, CLIENT_SECRET, import};
use kibali_web::identity::flush;
use serde_json::json;

use super::{Rotation, ends_the_family, first, opens, present, present_as, refresh, rotate};
use crate::grants::DAY;

both!(
    fn a_phone_that_lost_the_answer_gets_the_same_successor_at_any_age(t) {
        rotate(t).await;
        let (_, token) = first(t).await;
        let (access, successor) = refresh(t, &token).await;
        assert_ne!(token, successor);
        for (seed, seconds) in [(2, 0), (3, 1), (4, 2 * 3600), (5, 20 * DAY)] {
            t.clock.advance_seconds(seconds);
            let (again, same) = refresh(t, &token).await;
            assert_eq!(same, successor);
            assert_ne!(again, access);
            // On another node too, which has nothing but the database.
            let other = t.another(seed, |_| {}).await;
            assert_eq!(refresh(&other, &token).await.1, successor);
        }
        let (_, third) = refresh(t, &successor).await;
        assert_ne!(third, successor);
        t.clock.advance_seconds(30 * DAY);
        let late = present(t, &third).await;
        assert_eq!((late.status, late.json()["error"].as_str()), (401, Some("invalid_token")));
    }
);

both!(
    fn a_minute_after_its_successor_was_used_a_spent_token_ends_its_family(t) {
        rotate(t).await;
        let (first_access, token) = first(t).await;
        let (_, successor) = refresh(t, &token).await;
        t.clock.advance_seconds(1000);
        let last = refresh(t, &successor).await;
        t.clock.advance_seconds(60);
        let (tab, same) = refresh(t, &token).await;
        assert_eq!(same, successor, "parallel tabs have a minute");
        for access in [&first_access, &tab, &last.0] {
            assert!(opens(t, access).await, "older access tokens live to their own end");
        }
        t.clock.advance_millis(1);
        ends_the_family(t, &token, &last).await;
        let mut reader = t.app.store.reader().await.unwrap();
        let events = audit::newest(&mut reader, 2).await.unwrap();
        let told: Vec<_> = events.iter().map(|event| (event.name.as_str(), &event.detail["why"])).collect();
        let why = json!("refresh_token_copied");
        assert_eq!(told, [("grant.ended", &why), ("refresh_token.copied", &json!(null))]);
        assert_eq!(events[1].address.as_deref(), Some("127.0.0.1"));
    }
);

both!(
    fn the_use_of_an_access_token_counts_on_every_node_and_writes_nothing(t) {
        rotate(t).await;
        let node = t.another(2, |_| {}).await;
        let (_, token) = first(t).await;
        let mut last = refresh(t, &token).await;
        // The one of a repeat is issued with the successor too.
        last.0 = refresh(t, &token).await.0;
        t.clock.advance_seconds(5000);
        let before = (t.app.store.commits(), node.app.store.commits());
        for _ in 0..3 {
            assert!(opens(&node, &last.0).await);
            t.clock.advance_seconds(10);
        }
        assert_eq!((t.app.store.commits(), node.app.store.commits()), before, "no read call writes");
        // Half a minute later the mark is written, with the time of the first use.
        assert_eq!(flush(&node.app).await.unwrap().first_uses, 1);
        t.clock.advance_seconds(30);
        assert_eq!(refresh(t, &token).await.1, last.1, "sixty seconds");
        t.clock.advance_millis(1);
        assert!(opens(&node, &last.0).await);
        assert_eq!(flush(&node.app).await.unwrap().first_uses, 0, "noted once");
        ends_the_family(t, &token, &last).await;
    }
);

both!(
    fn a_node_that_dies_takes_a_first_use_along_and_the_next_one_counts(t) {
        rotate(t).await;
        let (_, token) = first(t).await;
        let last = refresh(t, &token).await;
        let dying = t.another(2, |_| {}).await;
        assert!(opens(&dying, &last.0).await);
        drop(dying);
        t.clock.advance_seconds(600);
        assert_eq!(refresh(t, &token).await.1, last.1);
        assert!(opens(t, &last.0).await);
        flush(&t.app).await.unwrap();
        t.clock.advance_seconds(61);
        ends_the_family(t, &token, &last).await;
    }
);

both!(
    fn a_spent_token_in_another_clients_hands_ends_its_family_at_once(t) {
        import(&t.app, &json!({ "oAuth2Clients": [
            { "name": "Other", "cid": "other", "secret": CLIENT_SECRET, "grantTypes": ["refresh_token"] },
        ]})).await;
        rotate(t).await;
        let (_, token) = first(t).await;
        let unspent = present_as(t, "other", &token).await;
        assert_eq!(unspent.json()["error_description"], "Wrong client for this refresh token");
        let last = refresh(t, &token).await;
        assert!(opens(t, &last.0).await, "an unspent token is merely refused");
        let spent = present_as(t, "other", &token).await;
        assert_eq!(spent.json()["error_description"], "Invalid refresh token");
        assert!(!opens(t, &last.0).await);
        assert_eq!(present(t, &last.1).await.status, 400);
    }
);

both!(
    fn parallel_requests_on_two_nodes_share_one_successor(t) {
        rotate(t).await;
        let node = t.another(2, |_| {}).await;
        let (_, mut token) = first(t).await;
        for _ in 0..10 {
            let requests = (0..10).map(|n| refresh(if n % 2 == 0 { t } else { &node }, &token));
            let pairs = futures_util::future::join_all(requests).await;
            assert!(pairs.iter().all(|pair| pair.1 == pairs[0].1 && pair.1 != token));
            for (access, _) in &pairs {
                assert!(opens(t, access).await);
            }
            token = pairs[0].1.clone();
            t.clock.advance_millis(1);
        }
    }
);

both!(
    fn a_family_of_a_public_client_ends_after_a_year_however_often_it_is_refreshed(t) {
        let (_, mut token) = first(t).await;
        t.app.store.write(Rotation { reuse: true, public: true, now: t.app.now() }).await.unwrap();
        for _ in 0..18 {
            t.clock.advance_seconds(20 * DAY);
            token = refresh(t, &token).await.1;
        }
        t.clock.advance_seconds(5 * DAY - 1);
        let (_, last) = refresh(t, &token).await;
        t.clock.advance_seconds(1);
        let over = present(t, &last).await;
        assert_eq!((over.status, over.json()["error"].as_str()), (401, Some("invalid_token")));
        let (_, idle) = first(t).await;
        t.clock.advance_seconds(30 * DAY);
        assert_eq!(present(t, &idle).await.status, 401, "a month without use");
    }
);

both!(
    fn what_was_spent_stays_spent_when_the_client_no_longer_rotates(t) {
        rotate(t).await;
        let (_, token) = first(t).await;
        let (_, successor) = refresh(t, &token).await;
        t.app.store.write(Rotation { reuse: true, public: false, now: t.app.now() }).await.unwrap();
        assert_eq!(refresh(t, &token).await.1, successor);
        let last = refresh(t, &successor).await;
        assert_eq!(last.1, successor, "it stays the same now");
        t.clock.advance_seconds(61);
        assert_eq!(refresh(t, &successor).await.1, successor);
        ends_the_family(t, &token, &last).await;
    }
);

both!(
    fn giving_back_a_spent_token_ends_its_family(t) {
        rotate(t).await;
        let (_, token) = first(t).await;
        let last = refresh(t, &token).await;
        let form = [("token", token.as_str())];
        let revoke = t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        assert_eq!(revoke.status, 200);
        assert!(!opens(t, &last.0).await);
        assert_eq!(present(t, &last.1).await.status, 400);
    }
);
