//! A person's device enrols and registers, step by step.

use kibali_model::Clock as _;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, import};
use kibali_testkit::{Answer, Browser, TestApp, both};
use serde_json::json;

use super::{DEVICE, android, key, parameter, register};
use crate::foundation::admin;
use crate::oauth2::{VERIFIER, said, sign_in, signed_in};
use crate::pages;
use crate::settings::{TUNER, seed_tuner};

const ENROL: &str = "/api/auth/enrollDevice?redirectUri=dhis2oauth://oauth&state=s%201&deviceType=android";

/// The initial access token that somebody's browser hands to the device.
pub(crate) async fn enrolled(browser: &mut Browser) -> String {
    let answer = browser.open_once(ENROL).await;
    assert_eq!(answer.status, 302, "{}", answer.text());
    parameter(answer.location().unwrap(), "iat").unwrap()
}

async fn set(t: &TestApp, name: &str, value: &str) {
    let request = admin(t.post(&format!("/api/systemSettings/{name}"))).body("text/plain", value.to_owned());
    assert_eq!(request.send().await.status, 200, "{name}");
}

both!(
    fn a_device_enrols_registers_and_sends_its_user_to_no_consent(t) {
        // Somebody who is not signed in signs in and comes back.
        let mut browser = t.browser();
        let first = browser.open_once(ENROL).await;
        assert_eq!((first.status, first.location()), (303, Some("/login")));
        let back = sign_in(&mut browser).await.json()["redirectUrl"].as_str().unwrap().to_owned();
        let answer = browser.open_once(&back).await;
        assert_eq!(answer.status, 302, "{back}: {}", answer.text());
        let to = answer.location().unwrap();
        assert!(to.starts_with("dhis2oauth://oauth?iat=ey") && to.ends_with("&state=s%201"), "{to}");
        assert_eq!(answer.header("cache-control"), Some("no-cache, no-store, max-age=0, must-revalidate"));
        let token = parameter(to, "iat").unwrap();
        let claims = said(&json!(token));
        for (name, value) in [
            ("iss", json!("http://localhost:8080/")), ("aud", json!("http://localhost:8080/")),
            ("sub", json!(ADMIN)), ("scope", json!("client.create")), ("redirect_url", json!(DEVICE)),
        ] {
            assert_eq!(claims[name], value, "{name}");
        }
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);

        let answer = register(t, &token, &android(json!({}))).await;
        assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{}", answer.text());
        let told = answer.json();
        let sent = android(json!({}));
        for name in [
            "client_name", "redirect_uris", "grant_types", "response_types", "token_endpoint_auth_method",
            "token_endpoint_auth_signing_alg", "jwks_uri", "jwks", "scope",
        ] {
            assert_eq!(told[name], sent[name], "{name}");
        }
        let id = told["client_id"].as_str().unwrap();
        assert_eq!(id.len(), 43);
        assert!(told.get("client_secret").is_none() && told["client_id_issued_at"].is_i64(), "{told}");
        assert_eq!(told["id_token_signed_response_alg"], "RS256");
        assert_eq!(told["registration_client_uri"], format!("http://localhost:8080/connect/register?client_id={id}"));

        // In the registry, made by its user.
        let filter = format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}&fields=:all");
        let client = admin(t.get(&filter)).send().await.json()["oAuth2Clients"][0].clone();
        assert_eq!(client["createdBy"]["username"], ADMIN);
        assert_eq!(client["scopes"], "openid,profile,username");
        let settings = client["clientSettings"].as_str().unwrap();
        assert!(settings.contains("require-authorization-consent\":false"), "{settings}");
        assert!(settings.contains("require-proof-key\":true"), "{settings}");
        let tokens = client["tokenSettings"].as_str().unwrap();
        assert!(tokens.contains("reuse-refresh-tokens\":false") && tokens.contains("2592000"), "{tokens}");

        // Its user is not asked again.
        let path = format!("/oauth2/authorize?response_type=code&client_id={id}&redirect_uri={DEVICE}&scope=openid+profile+username&state=x&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
        let answer = browser.open_once(&path).await;
        let to = answer.location().unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text()));
        assert!(to.starts_with(DEVICE) && parameter(to, "code").is_some(), "{to}");

        // A second device of the same model has a name of its own.
        let token = enrolled(&mut browser).await;
        assert_eq!(register(t, &token, &android(json!({}))).await.status, 201);
    }
);

both!(
    fn an_initial_access_token_works_once_on_whatever_node_and_for_a_minute(t) {
        let other = t.another(2, |_| {}).await;
        let mut browser = signed_in(t).await;
        for _ in 0..5 {
            let token = enrolled(&mut browser).await;
            let body = android(json!({}));
            let all = futures_util::future::join_all((0..4).map(|n| register(if n % 2 == 0 { t } else { &other }, &token, &body)));
            let mut statuses: Vec<u16> = all.await.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 401, 401, 401]);
        }
        let token = enrolled(&mut browser).await;
        t.clock.advance_seconds(60);
        let late = register(t, &token, &android(json!({}))).await;
        assert_eq!((late.status, &late.json()["error"]), (401, &json!("invalid_token")));
        assert!(late.header("www-authenticate").unwrap().contains("invalid_token"));
    }
);

both!(
    fn what_is_wrong_with_a_registration_spends_no_token(t) {
        let token = enrolled(&mut signed_in(t).await).await;
        let wrong = register(t, &token, &android(json!({ "jwks": null }))).await;
        assert_eq!((wrong.status, &wrong.json()["error"]), (400, &json!("invalid_request")));
        assert_eq!(register(t, &token, &android(json!({}))).await.status, 201);
    }
);

both!(
    fn the_lists_say_who_enrols_and_where_codes_go(t) {
        let mut browser = signed_in(t).await;
        for (uri, status) in [
            ("dhis2oauth://oauth", 302), ("DHIS2OAUTH://oauth", 302), ("dhis2oauth://oauth2", 400),
            ("https://evil.example/cb", 400), ("javascript:alert(1)", 400),
        ] {
            let answer = browser.open_once(&format!("/api/auth/enrollDevice?state=s&redirectUri={uri}")).await;
            assert_eq!(answer.status, status, "{uri}: {}", answer.text());
        }
        for query in ["state=s", "redirectUri=dhis2oauth://oauth"] {
            assert_eq!(browser.open_once(&format!("/api/auth/enrollDevice?{query}")).await.status, 400, "{query}");
        }
        // A device registers for no other address either.
        let token = enrolled(&mut browser).await;
        for uri in ["https://evil.example/cb", "org.example.evil:/cb"] {
            let answer = register(t, &token, &android(json!({ "redirect_uris": [DEVICE, uri] }))).await;
            assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_redirect_uri")), "{uri}");
        }
        // Somebody who leaves the group in that minute does not register.
        import(&t.app, &json!({ "userGroups": [{ "id": "groupDevice", "name": "Devices" }] })).await;
        set(t, "deviceEnrollmentAllowedUserGroups", "groupDevice").await;
        assert_eq!(register(t, &token, &android(json!({}))).await.status, 401);
        let answer = browser.open_once(ENROL).await;
        assert!(answer.status == 403 && answer.text().contains("forbidden_user"), "{}", answer.text());
        import(&t.app, &json!({ "userGroups": [{ "id": "groupDevice", "name": "Devices", "users": [{ "id": "M5zQapPyTZI" }] }] })).await;
        set(t, "deviceEnrollmentIATTtlSeconds", "300").await;
        let claims = said(&json!(enrolled(&mut browser).await));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    }
);

both!(
    fn only_a_person_connects_a_device(t) {
        assert_eq!(t.get(ENROL).basic(ADMIN, ADMIN_PASSWORD).send().await.status, 302);
        assert_eq!(t.get(ENROL).basic(ADMIN, "wrong").send().await.status, 401);
        let token = crate::registration::access_token(t).await;
        assert_eq!(t.get(ENROL).bearer(&token).send().await.status, 403);
    }
);

both!(
    fn what_a_closed_account_let_register_is_worth_nothing(t) {
        let user = json!({ "id": "userDevice1", "username": "fieldworker", "password": "Kibali_2026", "firstName": "F", "surname": "W", "userRoles": [{ "id": "yrB6vc5Ip3r" }] });
        import(&t.app, &json!({ "users": [user] })).await;
        let enrol = async || {
            let answer = t.get(ENROL).basic("fieldworker", "Kibali_2026").send().await;
            parameter(answer.location().unwrap(), "iat").unwrap()
        };
        let (kept, waiting) = (enrol().await, enrol().await);
        let told = register(t, &kept, &android(json!({}))).await.json();
        let path = told["registration_client_uri"].as_str().unwrap().strip_prefix("http://localhost:8080").unwrap().to_owned();
        let manage = async || t.get(&path).bearer(told["registration_access_token"].as_str().unwrap()).send().await.status;
        assert_eq!(manage().await, 200);
        assert_eq!(admin(t.post("/api/users/userDevice1/disabled")).send().await.status, 204);
        assert_eq!(register(t, &waiting, &android(json!({}))).await.status, 401);
        assert_eq!(manage().await, 401);
        assert_eq!(admin(t.post("/api/users/userDevice1/enabled")).send().await.status, 204);
        assert_eq!(manage().await, 200);
    }
);

/// An assertion of the device, as DHIS2 Android makes it: the first part of the path stands in its audience.
fn assertion(t: &TestApp, id: &str, number: u32) -> String {
    let now = t.clock.now().seconds();
    let claims = json!({
        "iss": id, "sub": id, "aud": "http://localhost:8080/oauth2/", "iat": now, "exp": now + 60,
        "jti": format!("assertion {number}"),
    });
    let header = json!({ "kid": "device" });
    let signed = key().sign(header.as_object().unwrap(), claims.as_object().unwrap()).unwrap();
    signed.expose().clone()
}

async fn token(t: &TestApp, id: &str, number: u32, more: &[(&str, &str)]) -> Answer {
    let assertion = assertion(t, id, number);
    let fields = [
        ("client_id", id),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    t.post("/oauth2/token").form(&[&fields[..], more].concat()).send().await
}

both!(
    fn a_device_goes_all_the_way_from_enrolment_to_the_api_with_its_own_key(t) {
        let discovery = t.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(discovery["registration_endpoint"], "http://localhost:8080/connect/register");
        let mut browser = signed_in(t).await;
        let initial = enrolled(&mut browser).await;
        let told = register(t, &initial, &android(json!({}))).await.json();
        let id = told["client_id"].as_str().unwrap();
        let path = format!("/oauth2/authorize?response_type=code&client_id={id}&redirect_uri={DEVICE}&scope=openid+profile+username&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
        let code = parameter(browser.open_once(&path).await.location().unwrap(), "code").unwrap();
        let redeem = [
            ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", DEVICE),
            ("code_verifier", VERIFIER),
        ];
        let answer = token(t, id, 1, &redeem).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let first = answer.json();
        t.clock.advance_seconds(300);
        let spent = first["refresh_token"].as_str().unwrap();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", spent)];
        let answer = token(t, id, 2, &refresh).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let second = answer.json();
        assert!(second["refresh_token"].is_string() && second["refresh_token"] != first["refresh_token"]);
        let me = t.get("/api/me").bearer(second["access_token"].as_str().unwrap()).send().await;
        assert_eq!((me.status, &me.json()["username"]), (200, &json!(ADMIN)));
        // Without its key nobody refreshes.
        let bare = [&[("client_id", id)], &refresh[..]].concat();
        assert_eq!(t.post("/oauth2/token").form(&bare).send().await.status, 401);
    }
);

both!(
    fn a_refresh_token_of_a_device_lives_as_long_as_the_operator_says_from_each_use_on(t) {
        let t = &t.another(3, |settings| settings.registered_refresh_seconds = 600).await;
        let mut browser = signed_in(t).await;
        let initial = enrolled(&mut browser).await;
        let told = register(t, &initial, &android(json!({}))).await.json();
        let id = told["client_id"].as_str().unwrap();
        let path = format!("/oauth2/authorize?response_type=code&client_id={id}&redirect_uri={DEVICE}&scope=openid+profile+username&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
        let code = parameter(browser.open_once(&path).await.location().unwrap(), "code").unwrap();
        let redeem = [
            ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", DEVICE),
            ("code_verifier", VERIFIER),
        ];
        let mut held = token(t, id, 1, &redeem).await.json()["refresh_token"].as_str().unwrap().to_owned();
        for number in 2..4 {
            t.clock.advance_seconds(599);
            let answer = token(t, id, number, &[("grant_type", "refresh_token"), ("refresh_token", &held)]).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            held = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        }
        t.clock.advance_seconds(600);
        let late = token(t, id, 4, &[("grant_type", "refresh_token"), ("refresh_token", &held)]).await;
        assert_eq!((late.status, &late.json()["error"]), (400, &json!("invalid_grant")));
    }
);

both!(
    fn whoever_may_change_settings_only_has_nobodys_codes_sent_to_a_page_of_theirs(t) {
        const PAGE: &str = "https://evil.example/cb";
        seed_tuner(t).await;
        let mut theirs = pages::signed_in(t, TUNER).await;
        let wish = format!("/api/systemSettings/deviceEnrollmentRedirectAllowlist?value={PAGE}");
        let refused = theirs.send(theirs.request("POST", &wish)).await;
        assert_eq!(refused.status, 403, "{}", refused.text());
        // Their device enrols, and no client of that page comes of it.
        let token = enrolled(&mut theirs).await;
        let client = android(json!({ "redirect_uris": [PAGE] }));
        let refused = register(t, &token, &client).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_redirect_uri")));
        let enrol = format!("/api/auth/enrollDevice?redirectUri={PAGE}&state=s&deviceType=android");
        assert_eq!(theirs.open_once(&enrol).await.status, 400);
        // So much hangs on the list: where an administrator writes the page into it, a link is enough.
        set(t, "deviceEnrollmentRedirectAllowlist", &format!("{DEVICE},{PAGE}")).await;
        let told = register(t, &token, &client).await;
        assert_eq!(told.status, 201, "{}", told.text());
        let link = format!("/oauth2/authorize?response_type=code&client_id={}&redirect_uri={PAGE}&scope=openid+profile+username&state=x&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256", told.json()["client_id"].as_str().unwrap());
        let answer = signed_in(t).await.open_once(&link).await;
        assert!(answer.location().is_some_and(|to| to.starts_with(PAGE) && to.contains("code=")), "{}", answer.text());
    }
);
