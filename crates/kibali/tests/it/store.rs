//! The engine under everything.

use kibali_model::Credential;
use kibali_store::door::{accounts, principals};
use kibali_testkit::{both, seed};

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
