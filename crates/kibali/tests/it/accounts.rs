//! Passwords that no longer open what they opened (rules of the door 6, 10).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{TestApp, both};
use serde_json::json;

use crate::identity::{PATH, USER, USER_PASSWORD, ask_token, bearer, with_user};

both!(
    fn an_old_password_opens_nothing_where_the_installation_lets_passwords_expire(t) {
        with_user(t).await;
        let refresh = ask_token(t, USER, USER_PASSWORD).await.json()["refresh_token"].clone();
        let refresh = refresh.as_str().unwrap();
        let mut browser = t.browser();
        let login = json!({ "username": USER, "password": USER_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let expire = t.post("/api/systemSettings/credentialsExpires?value=3").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(expire.send().await.status, 200);
        let basic = async || t.get(PATH).basic(USER, USER_PASSWORD).send().await;
        // From 15 January to 15 April.
        t.clock.advance_seconds(90 * 86_400 - 1);
        assert_eq!(basic().await.status, 200);
        t.clock.advance_seconds(1);
        let refused = basic().await;
        assert_eq!((refused.status, &refused.json()["message"]), (401, &json!("Password expired")));
        let refused = ask_token(t, USER, USER_PASSWORD).await;
        let told = json!({ "error": "invalid_grant", "error_description": "User credentials have expired" });
        assert_eq!((refused.status, refused.json()), (400, told));
        let refused = ask_token(t, USER, "wrong").await;
        assert_eq!(refused.json()["error_description"], "Bad credentials");
        let refused = t.post("/api/auth/login").json(&login).send().await;
        assert_eq!(refused.json(), json!({ "loginStatus": "PASSWORD_EXPIRED" }));
        assert_eq!(refused.header("set-cookie"), None);
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let refreshed = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        assert_eq!(refreshed.status, 401, "thirty days are over too");

        set_as_system(t, json!({ "password": "Another_2026" })).await;
        assert_eq!(t.get(PATH).basic(USER, "Another_2026").send().await.status, 200);
    }
);

/// Writes the ordinary user anew.
async fn set_as_system(t: &TestApp, more: serde_json::Value) {
    let mut user = json!({
        "id": "userordin01", "username": USER, "firstName": "A", "surname": "B",
        "userRoles": [{ "id": "yrB6vc5Ip3r" }],
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    import(&t.app, &json!({ "users": [user] })).await;
}

both!(
    fn what_a_password_alone_opened_closes_when_it_no_longer_suffices(t) {
        with_user(t).await;
        import(&t.app, &json!({ "userRoles": [{
            "id": "Rn2faRole01", "name": "Strict", "authorities": ["ALL"], "restrictions": ["R_ENABLE_2FA"]
        }]})).await;
        for more in [json!({ "userRoles": [{ "id": "Rn2faRole01" }] }), json!({ "externalAuth": true })] {
            set_as_system(t, json!({})).await;
            let answer = ask_token(t, USER, USER_PASSWORD).await.json();
            let (access, refresh) = (answer["access_token"].as_str().unwrap(), answer["refresh_token"].as_str().unwrap());
            assert_eq!(bearer(t, access).await, 200);
            assert_eq!(t.get(PATH).basic(USER, USER_PASSWORD).send().await.status, 200);
            set_as_system(t, more.clone()).await;
            assert_eq!(bearer(t, access).await, 401, "{more}");
            assert_eq!(t.get(PATH).basic(USER, USER_PASSWORD).send().await.status, 401, "{more}");
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
            let refreshed = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
            assert_eq!(refreshed.json()["error"], "invalid_grant", "{more}");
            assert_ne!(ask_token(t, USER, USER_PASSWORD).await.status, 200, "{more}");
        }
    }
);
