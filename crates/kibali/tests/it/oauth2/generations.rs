//! Each generation can be switched off, by the keys that DHIS2 has for it.

use kibali_testkit::{TestApp, both};

/// Is there anything at this path?
async fn is_there(t: &TestApp, path: &str) -> bool {
    t.get(path).send().await.status != 404
}

both!(
    fn each_generation_can_be_switched_off(t) {
        let old = ["/uaa/oauth/token", "/uaa/oauth/authorize", "/uaa/oauth/revoke"];
        let new = ["/oauth2/token", "/oauth2/authorize", "/oauth2/par", "/userinfo", "/connect/register",
                   "/.well-known/openid-configuration"];
        let without_old = t.another(2, |settings| settings.old_generation = false).await;
        let without_new = t.another(3, |settings| settings.new_generation = false).await;
        for (paths, [both, other, none]) in
            [(&old[..], [t, &without_new, &without_old]), (&new[..], [t, &without_old, &without_new])]
        {
            for path in paths {
                let there = [is_there(both, path).await, is_there(other, path).await, is_there(none, path).await];
                assert_eq!(there, [true, true, false], "{path}");
            }
        }
        assert!(is_there(&without_old, "/login").await && is_there(&without_new, "/login").await);
    }
);
