//! One-time things are spent once, whoever comes first.

use kibali_model::Clock;
use kibali_store::door::purge;
use kibali_store::door::spent::{Purpose, Spend};
use kibali_testkit::{TestApp, both};

use crate::grants::ACCESS;

async fn spends(t: &TestApp, purpose: Purpose, value: &str, seconds: i64) -> bool {
    let expires = t.clock.now().plus_seconds(seconds);
    t.app.store.write(Spend { purpose, value: value.to_owned(), expires }).await.unwrap()
}

both!(
    fn a_thing_is_spent_once_however_many_nodes_race_for_it(t) {
        let other = t.another(2, |_| {}).await;
        for round in 0..20 {
            let value = format!("jti {round}");
            let all = futures_util::future::join_all(
                (0..8).map(|n| spends(if n % 2 == 0 { t } else { &other }, Purpose::Assertion, &value, 60)),
            );
            assert_eq!(all.await.iter().filter(|first| **first).count(), 1, "{value}");
        }
        assert!(spends(t, Purpose::Dpop, "jti 1", 60).await, "another purpose");
    }
);

both!(
    fn what_is_spent_is_forgotten_some_minutes_after_it_expired(t) {
        assert!(spends(t, Purpose::Totp, "1:1", 60).await);
        let purge = async || purge::run(&t.app.store, t.clock.now(), ACCESS).await.unwrap();
        t.clock.advance_seconds(300);
        assert_eq!(purge().await, 0);
        assert!(!spends(t, Purpose::Totp, "1:1", 60).await);
        t.clock.advance_seconds(61);
        assert_eq!(purge().await, 1);
        assert!(spends(t, Purpose::Totp, "1:1", 60).await);
    }
);
