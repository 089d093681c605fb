//! The token endpoint, `/uaa/oauth/token` (legacy reference 3), and revocation.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, Request, TestApp, both};
use serde_json::{Value, json};

const TOKEN: &str = "/uaa/oauth/token";
const PASSWORD: &[(&str, &str)] =
    &[("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];

fn ask(t: &TestApp, fields: &[(&str, &str)]) -> Request {
    t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).form(fields)
}

async fn tokens(t: &TestApp) -> (String, String) {
    let answer = ask(t, PASSWORD).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let member = |name: &str| body[name].as_str().unwrap().to_owned();
    (member("access_token"), member("refresh_token"))
}

async fn refresh(t: &TestApp, token: &str) -> Answer {
    ask(t, &[("grant_type", "refresh_token"), ("refresh_token", token)]).send().await
}

async fn opens(t: &TestApp, token: &str) -> bool {
    let answer = t.get("/api/userRoles").bearer(token).send().await;
    assert!(matches!(answer.status, 200 | 401), "{} {}", answer.status, answer.text());
    answer.status == 200
}

both!(
    fn the_documented_request_gets_a_token_that_opens_the_api(t) {
        let answer = ask(t, PASSWORD).header("accept", "application/json").send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
        let body = answer.json();
        let names: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["access_token", "token_type", "refresh_token", "expires_in", "scope"]);
        assert_eq!(body["token_type"], "bearer");
        assert_eq!(body["expires_in"], 43_200);
        assert_eq!(body["scope"], "ALL");
        assert!(opens(t, body["access_token"].as_str().unwrap()).await);
    }
);

both!(
    fn parameters_may_stand_in_the_query(t) {
        let path = format!("{TOKEN}?grant_type=password&username={ADMIN}&password={ADMIN_PASSWORD}");
        assert_eq!(t.post(&path).basic(CLIENT, CLIENT_SECRET).send().await.status, 200);
        let twice = t.post(&path).basic(CLIENT, CLIENT_SECRET).form(PASSWORD).send().await;
        assert_eq!(twice.status, 200);
        let other = t.post(&path).basic(CLIENT, CLIENT_SECRET).form(&[("username", "x")]).send().await;
        assert_eq!((other.status, &other.json()["error"]), (400, &json!("invalid_request")));
    }
);

both!(
    fn credentials_in_the_body_are_accepted_and_ignored_beside_basic(t) {
        let with = |secret| [PASSWORD, &[("client_id", CLIENT), ("client_secret", secret)]].concat();
        assert_eq!(t.post(TOKEN).form(&with(CLIENT_SECRET)).send().await.status, 200);
        assert_eq!(t.post(TOKEN).form(&with("wrong")).send().await.status, 401);
        assert_eq!(ask(t, &with("wrong")).send().await.status, 200);
    }
);

both!(
    fn xml_is_for_those_who_prefer_it_and_for_old_versions(t) {
        let xml = ask(t, PASSWORD).header("accept", "application/xml").send().await;
        assert_eq!(xml.header("content-type"), Some("application/xml;charset=UTF-8"));
        let text = xml.text();
        assert!(text.starts_with("<DefaultOAuth2AccessToken><access_token>"), "{text}");
        assert!(text.ends_with("<scope>ALL</scope></DefaultOAuth2AccessToken>"), "{text}");
        for accept in ["*/*", "application/json", "text/html,application/xml;q=0.9,*/*;q=0.8"] {
            assert!(ask(t, PASSWORD).header("accept", accept).send().await.json().is_object(), "{accept}");
        }
        let old = t.another(2, |settings| settings.as_version = "2.29".parse().unwrap()).await;
        assert!(ask(&old, PASSWORD).send().await.text().starts_with("<DefaultOAuth2AccessToken>"));
        assert!(ask(&old, PASSWORD).header("accept", "*/*").send().await.text().starts_with('<'));
        assert!(ask(&old, PASSWORD).header("accept", "application/json").send().await.json().is_object());
    }
);

/// Every line of table 3.7 that a request alone can cause: fields, status, error, Java class, description.
type Line = (&'static [(&'static str, &'static str)], u16, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const LINES: &[Line] = &[
    (&[("client_id", "other")], 401, "invalid_client", "InvalidClientException",
        "Given client ID does not match authenticated client"),
    (&[("grant_type", "password"), ("scope", "read")], 400, "invalid_scope", "InvalidScopeException", "Invalid scope"),
    (&[], 400, "invalid_request", "InvalidRequestException", "Missing grant type"),
    (&[("grant_type", "implicit")], 400, "invalid_grant", "InvalidGrantException",
        "Implicit grant type not supported from token endpoint"),
    (&[("grant_type", "client_credentials")], 401, "invalid_client", "InvalidClientException",
        "Unauthorized grant type: client_credentials"),
    (&[("grant_type", "sesame")], 400, "unsupported_grant_type", "UnsupportedGrantTypeException", "Unsupported grant type"),
    (&[("grant_type", "password"), ("username", ADMIN), ("password", "wrong")], 400, "invalid_grant",
        "InvalidGrantException", "Bad credentials"),
    (&[("grant_type", "password"), ("username", "nobody"), ("password", "wrong")], 400, "invalid_grant",
        "InvalidGrantException", "Bad credentials"),
    (&[("grant_type", "refresh_token")], 400, "invalid_request", "InvalidRequestException",
        "refresh_token parameter not provided"),
    (&[("grant_type", "refresh_token"), ("refresh_token", "x")], 400, "invalid_grant", "InvalidGrantException",
        "Invalid refresh token"),
    (&[("grant_type", "authorization_code")], 400, "invalid_request", "InvalidRequestException",
        "An authorization code must be supplied."),
    (&[("grant_type", "authorization_code"), ("code", "x")], 400, "invalid_grant", "InvalidGrantException",
        "Invalid authorization code"),
];

both!(
    fn every_error_of_the_table_in_json_and_xml(t) {
        for (fields, status, error, class, description) in LINES {
            let answer = ask(t, fields).send().await;
            let mut expected = json!({ "error": error, "error_description": description });
            if *error == "invalid_scope" {
                expected["scope"] = json!("ALL");
            }
            assert_eq!((answer.status, answer.json()), (*status, expected), "{fields:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("pragma"), Some("no-cache"));
            let challenge = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
            let challenge = (*status == 401).then_some(challenge);
            assert_eq!(answer.header("www-authenticate"), challenge.as_deref());

            let answer = ask(t, fields).header("accept", "application/xml").from("192.0.2.7").send().await;
            let start = format!(
                "<{class}><error>{error}</error><error_description>{description}</error_description>"
            );
            assert_eq!(answer.status, *status);
            assert!(answer.text().starts_with(&start), "{}", answer.text());
        }
    }
);

both!(
    fn a_grant_that_is_not_allowed_is_invalid_client_as_in_dhis2(t) {
        import(&t.app, &json!({ "oAuth2Clients": [
            { "name": "Narrow", "cid": "narrow", "secret": CLIENT_SECRET, "grantTypes": ["refresh_token"] },
            { "name": "Empty", "cid": "empty", "secret": CLIENT_SECRET, "grantTypes": [] },
        ]})).await;
        for cid in ["narrow", "empty"] {
            let answer = t.post(TOKEN).basic(cid, CLIENT_SECRET).form(PASSWORD).send().await;
            assert_eq!(answer.status, 401);
            assert_eq!(
                answer.json(),
                json!({ "error": "invalid_client", "error_description": "Unauthorized grant type: password" })
            );
        }
    }
);

both!(
    fn a_client_that_does_not_prove_itself_always_gets_the_same_answer(t) {
        let mut answers = Vec::new();
        for request in [
            t.post(TOKEN),
            t.post(TOKEN).basic(CLIENT, "wrong"),
            t.post(TOKEN).basic("unknown", CLIENT_SECRET),
            t.post(TOKEN).basic(ADMIN, ADMIN_PASSWORD),
            t.post(TOKEN).bearer("x"),
            t.post(TOKEN).header("authorization", "Basic ???"),
        ] {
            let answer = request.form(PASSWORD).send().await;
            assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"oauth2/client\""));
            answers.push((answer.status, answer.json()));
        }
        let expected = json!({ "error": "invalid_client", "error_description": "Bad client credentials" });
        assert!(answers.iter().all(|answer| *answer == (401, expected.clone())), "{answers:?}");
    }
);

both!(
    fn guesses_at_a_secret_are_slowed_down_where_they_come_from(t) {
        let ask = |path: &str, cid: &str, secret: &str, address: &str| {
            t.post(path).basic(cid, secret).form(&[PASSWORD, &[("token", "x")]].concat()).from(address).send()
        };
        for (path, cid) in [(TOKEN, CLIENT), ("/uaa/oauth/revoke", CLIENT), (TOKEN, "unknown")] {
            // In parallel, spelt in several ways, the right one among them: eleven learn a verdict.
            let spelt = cid.replacen('n', "%6e", 1).replacen("demo", "dem%6f", 1);
            let guesses = (0..40).map(|n| match n {
                39 => ask(path, cid, CLIENT_SECRET, "203.0.113.1"),
                _ if n % 2 == 0 => ask(path, &spelt, "wrong", "203.0.113.1"),
                _ => ask(path, cid, "wrong", "203.0.113.1"),
            });
            let answers = futures_util::future::join_all(guesses).await;
            let told = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
            assert_eq!((told(401), told(429)), (11, 29), "{path} {cid}");
            assert!(answers.iter().all(|answer| answer.status == 401 || answer.header("retry-after") == Some("1")));
            assert_eq!(ask(TOKEN, CLIENT, CLIENT_SECRET, "192.0.2.1").await.status, 200, "elsewhere nobody waits");
            t.clock.advance_seconds(900);
        }
        assert_eq!(ask(TOKEN, CLIENT, CLIENT_SECRET, "203.0.113.1").await.status, 200);
    }
);

both!(
    fn a_secret_made_by_a_person_has_sixteen_characters_at_least(t) {
        for (secret, status) in [("short", 409), ("fifteen-letters", 409), ("sixteen--letters", 201)] {
            let client = json!({ "name": "Own", "cid": "own", "secret": secret, "grantTypes": ["password"] });
            let made = t.post("/api/oAuth2Clients").basic(ADMIN, ADMIN_PASSWORD).json(&client).send().await;
            assert_eq!(made.status, status, "{}", made.text());
            let code = &made.json()["response"]["errorReports"][0]["errorCode"];
            assert_eq!(code.as_str(), (status == 409).then_some("E4002"), "{}", made.text());
        }
        assert_eq!(t.post(TOKEN).basic("own", "sixteen--letters").form(PASSWORD).send().await.status, 200);
    }
);

both!(
    fn other_methods_and_bodies_are_refused_clearly(t) {
        let get = t.get(TOKEN).basic(CLIENT, CLIENT_SECRET).send().await;
        assert_eq!((get.status, &get.json()["error"]), (405, &json!("method_not_allowed")));
        assert_eq!(get.header("allow"), Some("POST"));
        let json = t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).json(&json!({})).send().await;
        assert_eq!(json.status, 415);
        let charset = "application/x-www-form-urlencoded; charset=utf-16";
        let utf16 = t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).body(charset, "a=1").send().await;
        assert_eq!(utf16.status, 415);
        let long = vec![b'a'; 100_000];
        let form = "application/x-www-form-urlencoded";
        assert_eq!(t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).body(form, long).send().await.status, 413);
        let garbage = b"%ff%00&&&==&grant_type=%c3%28".to_vec();
        let garbage = t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).body(form, garbage).send().await;
        assert_eq!((garbage.status, &garbage.json()["error"]), (400, &json!("unsupported_grant_type")));
    }
);

both!(
    fn a_refresh_answers_a_new_access_token_and_the_same_refresh_token(t) {
        let (access, token) = tokens(t).await;
        t.clock.advance_seconds(50_000);
        assert!(!opens(t, &access).await);
        let answer = refresh(t, &token).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!(body["refresh_token"], token);
        assert_ne!(body["access_token"], access);
        assert!(opens(t, body["access_token"].as_str().unwrap()).await);
        t.clock.advance_seconds(2_592_000);
        let expired = refresh(t, &token).await;
        assert_eq!(expired.status, 401);
        assert_eq!(expired.json()["error"], "invalid_token");
        assert_eq!(expired.json()["error_description"], "Invalid refresh token (expired)");
    }
);

both!(
    fn a_refresh_token_serves_its_own_client_only(t) {
        let (_, token) = tokens(t).await;
        import(&t.app, &json!({ "oAuth2Clients": [
            { "name": "Other", "cid": "other", "secret": CLIENT_SECRET, "grantTypes": ["refresh_token"] },
        ]})).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let answer = t.post(TOKEN).basic("other", CLIENT_SECRET).form(&fields).send().await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error_description"], "Wrong client for this refresh token");
        assert_eq!(refresh(t, &token).await.status, 200);
    }
);

both!(
    fn every_request_gets_a_token_of_its_own_and_a_refresh_signs_nobody_out(t) {
        let (phone, phone_refresh) = tokens(t).await;
        let (laptop, _) = tokens(t).await;
        assert_ne!(phone, laptop);
        assert_eq!(refresh(t, &phone_refresh).await.status, 200);
        assert!(opens(t, &laptop).await && opens(t, &phone).await);
    }
);

both!(
    fn revoking_takes_effect_at_once_and_tells_nothing(t) {
        let revoke = async |cid: &str, token: &str| {
            let form = [("token", token), ("token_type_hint", "whatever")];
            let answer = t.post("/uaa/oauth/revoke").basic(cid, CLIENT_SECRET).form(&form).send().await;
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            answer.status
        };
        import(&t.app, &json!({ "oAuth2Clients": [
            { "name": "Other", "cid": "other", "secret": CLIENT_SECRET, "grantTypes": ["password"] },
        ]})).await;
        let (access, token) = tokens(t).await;
        assert_eq!(revoke(CLIENT, "unknown").await, 200);
        assert_eq!(revoke("other", &access).await, 200);
        assert_eq!(revoke("other", &token).await, 200);
        assert!(opens(t, &access).await);

        assert_eq!(revoke(CLIENT, &access).await, 200);
        assert!(!opens(t, &access).await);
        let again = refresh(t, &token).await.json()["access_token"].as_str().unwrap().to_owned();
        assert!(opens(t, &again).await);
        assert_eq!(revoke(CLIENT, &token).await, 200);
        assert!(!opens(t, &again).await);
        assert_eq!(refresh(t, &token).await.json()["error"], "invalid_grant");
        let missing = t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).send().await;
        assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_request")));
        assert_eq!(t.post("/uaa/oauth/revoke").form(&[("token", "x")]).send().await.status, 401);
    }
);

both!(
    fn one_script_holds_a_hundred_grants_and_the_least_recently_used_dies(t) {
        let (first, first_refresh) = tokens(t).await;
        let (second, _) = tokens(t).await;
        t.clock.advance_seconds(1);
        assert_eq!(refresh(t, &first_refresh).await.status, 200);
        for _ in 0..98 {
            t.clock.advance_millis(10);
            tokens(t).await;
        }
        assert!(opens(t, &first).await && opens(t, &second).await);
        tokens(t).await;
        assert!(opens(t, &first).await);
        assert!(!opens(t, &second).await);
    }
);

fn errors(answer: &Answer) -> (u16, Value, Value) {
    let body = answer.json();
    (answer.status, body["error"].clone(), body["error_description"].clone())
}

both!(
    fn the_state_of_an_account_is_told_only_after_the_right_password(t) {
        let user = |id: &str, username: &str, more: Value| {
            let mut user = json!({
                "id": id, "username": username, "password": "Kibali_2026", "firstName": "A", "surname": "B",
                "userRoles": [{ "id": "yrB6vc5Ip3r" }],
            });
            for (name, value) in more.as_object().unwrap() {
                user[name] = value.clone();
            }
            user
        };
        import(&t.app, &json!({
            "userRoles": [{
                "id": "Rn2faRole01", "name": "Strict", "authorities": [], "restrictions": ["R_ENABLE_2FA"]
            }],
            "users": [
                user("userdisab01", "switched-off", json!({ "disabled": true })),
                user("userexpir01", "gone-by", json!({ "accountExpiry": "2020-01-01" })),
                user("userstric01", "strict", json!({ "userRoles": [{ "id": "Rn2faRole01" }] })),
            ],
        })).await;
        for (username, description) in [
            ("switched-off", "User is disabled"),
            ("gone-by", "User account has expired"),
            ("strict", "User must setup two factor authentication"),
        ] {
            let with = async |password| {
                let form = [("grant_type", "password"), ("username", username), ("password", password)];
                errors(&ask(t, &form).send().await)
            };
            assert_eq!(with("Kibali_2026").await, (400, json!("invalid_grant"), json!(description)));
            assert_eq!(with("wrong").await, (400, json!("invalid_grant"), json!("Bad credentials")));
            let basic = t.get("/api/userRoles").basic(username, "Kibali_2026").send().await;
            assert_eq!(basic.status, 401);
        }
    }
);
