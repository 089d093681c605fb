//! The engine under everything.

use kibali_testkit::both;

both!(
    fn a_path_that_nobody_serves_is_not_found(t) {
        assert_eq!(t.get("/nothing/here").send().await.status, 404);
    }
);
