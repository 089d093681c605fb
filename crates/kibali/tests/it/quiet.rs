//! No read call causes a write (rules of the door 8).

use kibali_testkit::both;

use crate::freshness::{caching, caller};
use crate::grants::issue;

both!(
    fn ten_thousand_bearer_calls_commit_nothing(t) {
        caching(&t.app).await;
        issue(t, 1, "quiet").await;
        let before = t.app.store.commits();
        for _ in 0..10_000 {
            caller(&t.app, "quiet access").await.unwrap();
            t.clock.advance_millis(1);
        }
        assert_eq!(t.app.store.commits(), before);
        issue(t, 2, "loud").await;
        assert_ne!(t.app.store.commits(), before, "the count counts");
    }
);
