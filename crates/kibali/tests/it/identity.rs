//! Who is calling: every credential on the Web API (rules of the door 1, 6, 9, 10).

use kibali_crypto::sha256;
use kibali_model::{GrantType, ObjectId, Scopes, SignIn};
use kibali_store::door::clients;
use kibali_store::door::grants::{IssueGrant, NewGrant};
use kibali_store::door::tokens::{NewToken, NewTokens};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::json;

pub(crate) const PATH: &str = "/api/userRoles";
pub(crate) const USER: &str = "ordinary";
pub(crate) const USER_PASSWORD: &str = "Kibali_2026";

pub(crate) async fn with_user(t: &TestApp) {
    import(&t.app, &json!({ "users": [{
        "id": "userordin01", "username": USER, "password": USER_PASSWORD, "firstName": "A", "surname": "B",
        "userRoles": [{ "id": "yrB6vc5Ip3r" }],
    }]})).await;
}

pub(crate) async fn ask_token(t: &TestApp, username: &str, password: &str) -> Answer {
    let form = [("grant_type", "password"), ("username", username), ("password", password)];
    t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await
}

async fn token(t: &TestApp, username: &str, password: &str) -> String {
    let answer = ask_token(t, username, password).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

pub(crate) async fn bearer(t: &TestApp, token: &str) -> u16 {
    t.get(PATH).bearer(token).send().await.status
}

fn hashes(t: &TestApp) -> u64 {
    t.app.identity().passwords.hashes()
}

both!(
    fn a_wrong_token_is_an_oauth_error_below_42_and_a_web_message_from_42(t) {
        let answer = t.get(PATH).bearer("abc").send().await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"oauth\", error=\"invalid_token\", error_description=\"Invalid access token\"")
        );
        assert_eq!(
            answer.json(),
            json!({ "error": "invalid_token", "error_description": "Invalid access token" })
        );
        let modern = t.get("/api/42/userRoles").bearer("abc").send().await;
        assert_eq!(modern.header("www-authenticate"), answer.header("www-authenticate"));
        assert_eq!(
            modern.json(),
            json!({
                "httpStatus": "Unauthorized", "httpStatusCode": 401, "status": "ERROR",
                "message": "invalid_token", "devMessage": "Invalid access token"
            })
        );
        let xml = t.get(PATH).bearer("abc").header("accept", "application/xml").send().await;
        assert!(xml.text().starts_with("<InvalidTokenException>"), "{}", xml.text());

        let token = token(t, ADMIN, ADMIN_PASSWORD).await;
        t.clock.advance_seconds(43_200);
        let expired = t.get(PATH).bearer(&token).send().await;
        assert_eq!(expired.json()["error_description"], "Access token expired");
        assert!(!expired.text().contains(&token));
    }
);

both!(
    fn one_header_decides_alone_and_an_empty_one_is_none(t) {
        let token = token(t, ADMIN, ADMIN_PASSWORD).await;
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let value = format!("{scheme} {token}");
            assert_eq!(t.get(PATH).header("authorization", &value).send().await.status, 200);
        }
        let two = t.get(PATH).bearer(&token).basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(two.status, 400);
        let api_token = t.get(PATH).header("authorization", "ApiToken d2p_x").send().await;
        assert_eq!(api_token.status, 400);

        let mut browser = t.browser();
        let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let empty = browser.request("GET", PATH).header("authorization", "");
        assert_eq!(browser.send(empty).await.status, 200);
        let wrong = browser.request("GET", PATH).bearer("abc");
        assert_eq!(browser.send(wrong).await.status, 401, "the session does not help a wrong token");
        let right = browser.request("GET", PATH).bearer(&token);
        assert_eq!(browser.send(right).await.header("set-cookie"), None);
    }
);

both!(
    fn a_token_in_the_query_counts_only_where_the_operator_allows_it(t) {
        let token = token(t, ADMIN, ADMIN_PASSWORD).await;
        let path = format!("{PATH}?access_token={token}");
        assert_eq!(t.get(&path).send().await.status, 401);
        let open = t.another(2, |settings| settings.query_token = true).await;
        assert_eq!(open.get(&path).send().await.status, 200);
        assert_eq!(open.get(&path).bearer(&token).send().await.status, 400);
    }
);

both!(
    fn a_scope_opens_what_it_says(t) {
        let mut reader = t.app.store.reader().await.unwrap();
        let client = clients::by_client_id(&mut reader, CLIENT).await.unwrap().unwrap().client;
        drop(reader);
        let user = t.get("/api/users/M5zQapPyTZI").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(user.status, 200);
        let account = {
            let mut reader = t.app.store.reader().await.unwrap();
            kibali_store::door::accounts::by_username(&mut reader, ADMIN).await.unwrap().unwrap()
        };
        for (number, (scope, get, post)) in
            (1..).zip([("api:read", 200, 403), ("openid", 403, 403), ("username", 200, 400)])
        {
            let now = t.app.now();
            let token = NewToken { hash: sha256(scope), expires: now.plus_seconds(60) };
            let grant = NewGrant {
                id: ObjectId(number).0,
                user: account.user,
                client: client.object,
                grant_type: GrantType::AuthorizationCode,
                scopes: Scopes::parse(scope),
                address: String::new(),
                credential_version: account.credential_version,
                sign_in: SignIn::default(),
                resource: None,
                parent: None,
                act: None,
            };
            let tokens = NewTokens { access: token, narrowed: None, refresh: None, jkt: None };
            let issue = IssueGrant { grant, tokens, proof: None, at_most: 100, now };
            assert!(t.app.store.write(issue).await.unwrap().is_some());
            assert_eq!(bearer(t, scope).await, get, "{scope}");
            let write = t.post(PATH).bearer(scope).body("application/json", "{").send().await;
            assert_eq!(write.status, post, "{scope} {}", write.text());
            if post == 403 {
                assert_eq!(write.json()["error"], "insufficient_scope");
            }
        }
    }
);

both!(
    fn a_thousand_basic_calls_cost_at_most_two_hashes(t) {
        for _ in 0..500 {
            assert_eq!(t.get(PATH).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        }
        let calls = (0..500).map(|_| t.get(PATH).basic(ADMIN, ADMIN_PASSWORD).send());
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer.status, 200);
        }
        assert!(hashes(t) <= 2, "{}", hashes(t));
        t.clock.advance_seconds(300);
        assert_eq!(t.get(PATH).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        assert_eq!(hashes(t), 2);
    }
);

both!(
    fn a_hundred_first_basic_calls_at_once_cost_one_hash(t) {
        let calls = (0..100).map(|_| t.get(PATH).basic(ADMIN, ADMIN_PASSWORD).send());
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer.status, 200);
        }
        assert_eq!(hashes(t), 1);
    }
);

both!(
    fn a_remembered_pair_ends_with_the_password_and_with_the_account(t) {
        with_user(t).await;
        let call = async |password| t.get(PATH).basic(USER, password).send().await.status;
        assert_eq!(call(USER_PASSWORD).await, 200);
        set(t, json!({ "op": "replace", "path": "/password", "value": "Another_2026" })).await;
        assert_eq!(call(USER_PASSWORD).await, 401);
        assert_eq!(call("Another_2026").await, 200);
        set(t, json!({ "op": "replace", "path": "/disabled", "value": true })).await;
        let refused = t.get(PATH).basic(USER, "Another_2026").send().await;
        assert_eq!((refused.status, &refused.json()["message"]), (401, &json!("Account disabled")));
        assert!(refused.header("www-authenticate").is_none_or(|value| !value.contains("Basic")));
    }
);

async fn set(t: &TestApp, operation: serde_json::Value) {
    let patch = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
    let body = json!([operation]).to_string();
    let answer = patch.body("application/json-patch+json", body).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

both!(
    fn an_unknown_user_costs_what_a_wrong_password_does(t) {
        with_user(t).await;
        let mut costs = Vec::new();
        for (username, password) in [(USER, "wrong"), ("nobody", "wrong"), (USER, USER_PASSWORD)] {
            let before = hashes(t);
            ask_token(t, username, password).await;
            costs.push(hashes(t) - before);
        }
        assert_eq!(costs, [1, 1, 1]);
    }
);

both!(
    fn guesses_are_slowed_down_from_their_own_address_only(t) {
        let guess = async |address: &str, password: &str| {
            let form = [("grant_type", "password"), ("username", ADMIN), ("password", password)];
            let request = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form);
            request.from(address).send().await
        };
        for _ in 0..3 {
            assert_eq!(guess("203.0.113.1", "wrong").await.status, 400);
        }
        let before = hashes(t);
        let refused = guess("203.0.113.1", ADMIN_PASSWORD).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
        assert_eq!(hashes(t), before, "a refused guess costs no hash");
        assert_eq!(guess("192.0.2.1", ADMIN_PASSWORD).await.status, 200);
        t.clock.advance_seconds(1);
        assert_eq!(guess("203.0.113.1", ADMIN_PASSWORD).await.status, 200);
    }
);

both!(
    fn sixty_guesses_at_once_learn_no_more_than_three_in_turn(t) {
        let guess = |password: &'static str| {
            let form = [("grant_type", "password"), ("username", ADMIN), ("password", password)];
            t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).from("203.0.113.1").send()
        };
        let guesses = (0..60).map(|n| guess(if n == 59 { ADMIN_PASSWORD } else { "wrong" }));
        let answers = futures_util::future::join_all(guesses).await;
        let told = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((told(400), told(200)), (3, 0), "a right one among them is not told either");
        assert_eq!(told(429) + told(503), 57);
        // Those who know the password may all come at once.
        t.clock.advance_seconds(60);
        let right = (0..20).map(|_| guess(ADMIN_PASSWORD));
        for answer in futures_util::future::join_all(right).await {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
);

both!(
    fn whoever_locks_a_user_does_not_lock_them_out_where_they_are_known(t) {
        let setting = t.post("/api/systemSettings/keyLockMultipleFailedLogins?value=true");
        assert_eq!(setting.basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        with_user(t).await;
        let sign_in = async |address: &str, password: &str| {
            let form = [("grant_type", "password"), ("username", USER), ("password", password)];
            let request = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form);
            request.from(address).send().await
        };
        assert_eq!(sign_in("192.0.2.1", USER_PASSWORD).await.status, 200);
        for n in 1..=4 {
            assert_eq!(sign_in(&format!("203.0.113.{n}"), "wrong").await.status, 400);
        }
        let locked = sign_in("203.0.113.9", USER_PASSWORD).await;
        assert_eq!(locked.json()["error_description"], "User account is locked");
        assert_eq!(sign_in("192.0.2.1", USER_PASSWORD).await.status, 200);
        t.clock.advance_seconds(15 * 60);
        assert_eq!(sign_in("203.0.113.9", USER_PASSWORD).await.status, 200);
    }
);

both!(
    fn tokens_and_sessions_end_with_what_they_rest_on(t) {
        for (operation, dies) in [
            (json!({ "op": "replace", "path": "/disabled", "value": true }), "disabled"),
            (json!({ "op": "replace", "path": "/accountExpiry", "value": "2020-01-01" }), "expired"),
            (json!({ "op": "replace", "path": "/password", "value": "Another_2026" }), "password"),
        ] {
            with_user(t).await;
            set(t, json!({ "op": "replace", "path": "/disabled", "value": false })).await;
            set(t, json!({ "op": "add", "path": "/accountExpiry", "value": null })).await;
            set(t, json!({ "op": "replace", "path": "/password", "value": USER_PASSWORD })).await;
            let answer = ask_token(t, USER, USER_PASSWORD).await.json();
            let access = answer["access_token"].as_str().unwrap();
            let refresh = answer["refresh_token"].as_str().unwrap();
            let mut browser = t.browser();
            let login = json!({ "username": USER, "password": USER_PASSWORD });
            browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
            assert_eq!(bearer(t, access).await, 200);
            assert_eq!(browser.open_once(PATH).await.status, 200);

            set(t, operation).await;
            assert_eq!(bearer(t, access).await, 401, "{dies}");
            assert_eq!(browser.open_once(PATH).await.status, 401, "{dies}");
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
            let refreshed = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
            assert_eq!(refreshed.json()["error"], "invalid_grant", "{dies}");
        }
    }
);

both!(
    fn only_an_access_token_is_a_bearer(t) {
        let answer = ask_token(t, ADMIN, ADMIN_PASSWORD).await.json();
        let mut browser = t.browser();
        let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let cookie = browser.cookies.values().next().unwrap().clone();
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.";
        for other in
            [answer["refresh_token"].as_str().unwrap(), &cookie, CLIENT_SECRET, ADMIN_PASSWORD, unsigned, ""]
        {
            assert_eq!(bearer(t, other).await, 401, "{other}");
        }
        assert_eq!(bearer(t, answer["access_token"].as_str().unwrap()).await, 200);
    }
);

both!(
    fn a_flood_of_sign_ins_is_refused_and_hinders_nobody_with_a_token(t) {
        let slow = t.another(2, |settings| settings.bcrypt_cost = 4).await;
        let access = token(&slow, ADMIN, ADMIN_PASSWORD).await;
        let flood = (0..300_u32).map(|n| {
            let (name, from) = (format!("nobody{n}"), std::net::Ipv4Addr::from(0xc000_0200 + n).to_string());
            let form = [("grant_type", "password"), ("username", &*name), ("password", "x")];
            slow.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).from(&from).send()
        });
        // Whoever signed in from here before finds a place that the flood does not get.
        let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let known = (0..6).map(|_| slow.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send());
        let (answers, known, calls) = tokio::join!(
            futures_util::future::join_all(flood),
            futures_util::future::join_all(known),
            futures_util::future::join_all((0..50).map(|_| bearer(&slow, &access)))
        );
        assert!(calls.iter().all(|status| *status == 200), "{calls:?}");
        assert!(known.iter().all(|answer| answer.status == 200), "{:?}", known[0].text());
        let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
        assert!(!busy.is_empty(), "more waited than may");
        assert!(busy.iter().all(|answer| answer.header("retry-after") == Some("2")));
        assert!(answers.iter().all(|answer| matches!(answer.status, 400 | 503)));
    }
);

both!(
    fn a_deleted_client_or_user_leaves_no_token_behind(t) {
        with_user(t).await;
        let of_user = token(t, USER, USER_PASSWORD).await;
        let of_admin = token(t, ADMIN, ADMIN_PASSWORD).await;
        let delete = async |path| t.delete(path).basic(ADMIN, ADMIN_PASSWORD).send().await.status;
        assert_eq!((bearer(t, &of_user).await, bearer(t, &of_admin).await), (200, 200));
        assert_eq!(delete("/api/users/userordin01").await, 200);
        assert_eq!((bearer(t, &of_user).await, bearer(t, &of_admin).await), (401, 200));
        assert_eq!(delete("/api/oAuth2Clients/e0jkVfDkSMT").await, 200);
        assert_eq!(bearer(t, &of_admin).await, 401);
    }
);

both!(
    fn pages_of_other_sites_change_nothing_with_a_session(t) {
        let mut browser = t.browser();
        let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let role = json!({ "name": "From elsewhere", "authorities": [] });
        for (name, value) in [("origin", "https://evil.example"), ("origin", "null")] {
            let request = browser.request("POST", PATH).header(name, value).json(&role);
            assert_eq!(browser.send(request).await.status, 403, "{name} {value}");
        }
        let cookie: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cross = t.post(PATH).header("cookie", &cookie.join("; ")).header("sec-fetch-site", "cross-site");
        assert_eq!(cross.json(&role).send().await.status, 403);
        let own = browser.request("POST", PATH).header("origin", "http://localhost:8080").json(&role);
        assert_eq!(browser.send(own).await.status, 201);
    }
);
