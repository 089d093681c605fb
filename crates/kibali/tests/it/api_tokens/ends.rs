//! What ends a personal token, and how soon (rules of the door 6, 7, 10).

use std::time::{Duration, Instant};

use kibali_model::ApiTokenType;
use kibali_store::StoreError;
use kibali_store::door::api_tokens::Kept;
use kibali_store::door::purge;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, import};
use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::used::{account, keep};
use super::{DAY, TOKENS, call, made, make, make_ordinary, nothing, patch, told, with};
use crate::freshness::caching;
use crate::identity::{PATH, USER, USER_PASSWORD, with_user};

const OUT: &str = "The API token is disabled, locked or 2FA is enabled.";
const NONE: &str = "The API token does not exists";

async fn set(t: &TestApp, name: &str, value: Value) {
    let operation = json!([{ "op": "add", "path": format!("/{name}"), "value": value }]).to_string();
    let patch = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
    let answer = patch.body("application/json-patch+json", operation).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

both!(
    fn a_personal_token_works_while_its_owners_account_does(t) {
        caching(&t.app).await;
        with_user(t).await;
        let (_, key) = make_ordinary(t, nothing()).await;
        assert_eq!(told(t, &key).await.0, 200);
        set(t, "disabled", json!(true)).await;
        assert_eq!(told(t, &key).await, (401, OUT.to_owned()));
        set(t, "disabled", json!(false)).await;
        assert_eq!(told(t, &key).await.0, 200, "enabled again");
        set(t, "accountExpiry", json!("2026-01-16")).await;
        assert_eq!(told(t, &key).await.0, 200);
        t.clock.advance_seconds(16 * 3600);
        assert_eq!(told(t, &key).await, (401, OUT.to_owned()), "by the clock alone");
        set(t, "accountExpiry", Value::Null).await;
        assert_eq!(told(t, &key).await.0, 200);
        let delete = t.delete("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(delete.status, 200);
        assert_eq!(told(t, &key).await, (401, NONE.to_owned()));
    }
);

both!(
    fn a_password_set_by_somebody_else_ends_personal_tokens_and_ones_own_change_does_not(t) {
        caching(&t.app).await;
        with_user(t).await;
        let (_, key) = make_ordinary(t, nothing()).await;
        let change = json!({ "oldPassword": USER_PASSWORD, "newPassword": "Another_2026" });
        let changed = t.put("/api/me/changePassword").basic(USER, USER_PASSWORD).json(&change).send().await;
        assert_eq!(changed.status, 202);
        assert_eq!(told(t, &key).await.0, 200);
        set(t, "password", json!("Third_2026")).await;
        assert_eq!(told(t, &key).await, (401, NONE.to_owned()));
        let list = t.get(TOKENS).basic(USER, "Third_2026").send().await.json();
        assert_eq!(list["apiToken"], json!([]));
    }
);

both!(
    fn a_reset_password_overtakes_the_making_of_a_token(t) {
        with_user(t).await;
        // Read as a request does that is under way while the account changes.
        let before = account(t, USER).await;
        set(t, "password", json!("Another_2026")).await;
        let kept = async |account| keep(t, account, "d2p_", ApiTokenType::V2).await.0;
        assert!(matches!(kept(&before).await, Err(StoreError::Gone)));
        let after = account(t, USER).await;
        set(t, "disabled", json!(true)).await;
        assert!(matches!(kept(&after).await, Err(StoreError::Gone)));
        set(t, "disabled", json!(false)).await;
        assert_eq!(kept(&after).await.unwrap(), Kept::Done);
    }
);

both!(
    fn personal_tokens_work_for_users_with_a_second_factor_who_make_none_by_password_alone(t) {
        with_user(t).await;
        let (_, key) = make_ordinary(t, nothing()).await;
        let mut browser = t.browser();
        let login = json!({ "username": USER, "password": USER_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let made_by_session = browser.request("POST", TOKENS).json(&nothing());
        made(&browser.send(made_by_session).await);
        import(&t.app, &json!({
            "userRoles": [{
                "id": "Rn2faRole01", "name": "Strict", "authorities": [], "restrictions": ["R_ENABLE_2FA"]
            }],
            "users": [{
                "id": "userordin01", "username": USER, "firstName": "A", "surname": "B",
                "userRoles": [{ "id": "Rn2faRole01" }, { "id": "yrB6vc5Ip3r" }],
            }],
        })).await;
        assert_eq!(told(t, &key).await.0, 200, "unlike in DHIS2");
        let refused = browser.request("POST", TOKENS).json(&nothing());
        assert_eq!(browser.send(refused).await.status, 401, "the session opens nothing but setting one up");
        assert_eq!(t.post(TOKENS).basic(USER, USER_PASSWORD).json(&nothing()).send().await.status, 401);
    }
);

both!(
    fn failed_sign_ins_and_an_old_password_end_no_personal_token(t) {
        let set = async |name: &str, value: &str| {
            let path = format!("/api/systemSettings/{name}?value={value}");
            assert_eq!(t.post(&path).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        };
        set("keyLockMultipleFailedLogins", "true").await;
        with_user(t).await;
        let later = t.app.now().plus_seconds(400 * DAY).millis();
        let (_, key) = make_ordinary(t, json!({ "expire": later })).await;
        for n in 1..=4 {
            let wrong = t.get(PATH).basic(USER, "wrong").from(&format!("203.0.113.{n}")).send().await;
            assert_eq!(wrong.status, 401);
        }
        assert_eq!(told(t, &key).await.0, 200, "nobody locks a script out from afar");
        set("credentialsExpires", "3").await;
        t.clock.advance_seconds(200 * DAY);
        assert_eq!(told(t, &key).await.0, 200);
        assert_eq!(t.get(PATH).basic(USER, USER_PASSWORD).send().await.status, 401);
    }
);

both!(
    fn a_change_of_a_token_reaches_every_node(t) {
        let deaf = t.another_with(2, |_, options| options.notices = false).await;
        caching(&t.app).await;
        caching(&deaf.app).await;
        let (uid, key) = make(t, nothing()).await;
        assert_eq!((call(t, &key).await.status, call(&deaf, &key).await.status), (200, 200));
        let eventually = async |status: u16| {
            let since = Instant::now();
            while call(&deaf, &key).await.status != status {
                assert!(since.elapsed() < Duration::from_secs(1), "still believed");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let limit = json!([{ "type": "IpAllowedList", "allowedIps": ["192.0.2.1"] }]);
        let limited = patch(t, &uid, json!([{ "op": "replace", "path": "/attributes", "value": limit }])).await;
        assert_eq!(limited.status, 200);
        assert_eq!(call(t, &key).await.status, 401, "at once on the node that answered");
        eventually(401).await;
        patch(t, &uid, json!([{ "op": "replace", "path": "/attributes", "value": [] }])).await;
        eventually(200).await;
        let delete = t.delete(&format!("{TOKENS}/{uid}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(delete.status, 200);
        assert_eq!(told(t, &key).await, (401, NONE.to_owned()));
        eventually(401).await;
        deaf.app.store.close().await;
    }
);

both!(
    fn the_rights_of_a_personal_token_are_those_of_its_owner_now(t) {
        caching(&t.app).await;
        with_user(t).await;
        let (_, key) = make_ordinary(t, nothing()).await;
        let role = async || with(t.post(PATH), &key).json(&json!({ "name": "X", "authorities": [] })).send().await;
        assert_eq!(role().await.status, 201);
        import(&t.app, &json!({
            "userRoles": [{ "id": "roleordin01", "name": "Ordinary", "authorities": [] }],
            "users": [{
                "id": "userordin01", "username": USER, "firstName": "A", "surname": "B",
                "userRoles": [{ "id": "roleordin01" }],
            }],
        })).await;
        assert_eq!(role().await.status, 403);
    }
);

both!(
    fn an_expired_token_is_shown_for_a_month_and_goes(t) {
        let (_, key) = make(t, json!({ "code": "old" })).await;
        let shown = async || {
            let me = t.get("/api/me").basic(ADMIN, ADMIN_PASSWORD).send().await.json();
            let list = t.get(TOKENS).basic(ADMIN, ADMIN_PASSWORD).send().await.json();
            (me["patTokens"].as_array().unwrap().len(), list["apiToken"].as_array().unwrap().len())
        };
        t.clock.advance_seconds(60 * DAY);
        purge::run(&t.app.store, t.app.now(), 60).await.unwrap();
        assert_eq!(shown().await, (1, 1));
        assert_eq!(told(t, &key).await.1, "Failed to authenticate API token, token has expired.");
        t.clock.advance_seconds(1);
        purge::run(&t.app.store, t.app.now(), 60).await.unwrap();
        assert_eq!(shown().await, (0, 0));
        assert_eq!(told(t, &key).await, (401, NONE.to_owned()));
    }
);
