//! The code flow of `/oauth2`, from the browser to the ID token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kibali_crypto::{half_hash, sha256};
use kibali_model::SigningAlgorithm;
use kibali_store::door::accounts;
use kibali_store::door::emails::VerifyEmail;
use kibali_store::door::links::{IssueLink, Purpose};
use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use serde_json::json;

use super::{
    CALLBACK, SECRET, VERIFIER, allow, asking, member, redeem, register, said, sign_in, signed_in, tokens,
};

both!(
    fn a_code_becomes_tokens_that_say_who_signed_in_and_open_the_api(t) {
        register(t, "app", json!({})).await;
        let mut browser = t.browser();
        let path = asking("app", "&scope=openid+username&state=s&nonce=n1");
        let answer = browser.open_once(&path).await;
        assert_eq!((answer.status, answer.location()), (303, Some("/login")));
        assert_eq!(sign_in(&mut browser).await.json()["redirectUrl"], path);
        let page = allow(&mut browser, &path).await;
        assert_eq!(member(&page, "state").as_deref(), Some("s"));
        assert_eq!(member(&page, "iss").as_deref(), Some("http://localhost:8080/"));
        let code = member(&page, "code").unwrap();
        let answer = redeem(t, "app", &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let tokens = answer.json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 300);
        assert_eq!(tokens["scope"], "username openid");
        let access = said(&tokens["access_token"]);
        assert_eq!(access["sub"], ADMIN);
        assert_eq!(access["aud"], "app");
        assert_eq!(access["iss"], "http://localhost:8080/");
        assert_eq!(access["scope"], json!(["username", "openid"]));
        assert_eq!(access["username"], ADMIN);
        let identity = said(&tokens["id_token"]);
        assert_eq!(identity["nonce"], "n1");
        assert_eq!(identity["azp"], "app");
        assert!(identity["auth_time"].is_i64() && identity["sid"].is_string() && identity["at_hash"].is_string());
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(t.get("/api/userRoles").bearer(token).send().await.status, 200);
        // An ID token is signed by the same key, and opens nothing.
        let identity = tokens["id_token"].as_str().unwrap();
        assert_eq!(t.get("/api/userRoles").bearer(identity).send().await.status, 401);
        let who = t.get("/userinfo").bearer(token).send().await;
        assert_eq!((who.status, who.json()), (200, json!({ "sub": ADMIN, "username": ADMIN })));
        assert_eq!(t.get("/oauth2/userinfo").bearer(identity).send().await.status, 401);
        t.clock.advance_seconds(300);
        for path in ["/api/userRoles", "/userinfo"] {
            let late = t.get(path).bearer(token).send().await;
            assert_eq!(late.status, 401);
            assert!(late.text().contains("Access token expired"), "{path}: {}", late.text());
        }
    }
);

both!(
    fn the_id_token_names_the_access_token_by_the_hash_of_its_own_algorithm(t) {
        for algorithm in SigningAlgorithm::EVERY {
            let (id, name) = (format!("by-{}", algorithm.as_str()), algorithm.as_str());
            let settings = json!({ "settings.token.id-token-signature-algorithm": name }).to_string();
            register(t, &id, json!({ "tokenSettings": settings })).await;
            let tokens = tokens(t, &id, "&scope=openid").await;
            let half = half_hash(*algorithm, tokens["access_token"].as_str().unwrap());
            assert_eq!(said(&tokens["id_token"])["at_hash"], URL_SAFE_NO_PAD.encode(half), "{name}");
        }
    }
);

both!(
    fn who_signed_in_is_told_in_the_claims_of_openid_connect(t) {
        register(t, "app", json!({})).await;
        let before = tokens(t, "app", "&scope=openid+email+profile").await;
        let identity = said(&before["id_token"]);
        assert!(identity.get("email").is_none() && identity.get("email_verified").is_none(), "{identity}");
        let email = json!([{ "op": "add", "path": "/email", "value": "John@example.org" }]);
        let patch = t.request("PATCH", "/api/users/M5zQapPyTZI").basic(ADMIN, ADMIN_PASSWORD);
        let patched = patch.body("application/json-patch+json", email.to_string()).send().await;
        assert_eq!(patched.status, 200, "{}", patched.text());
        for verified in [false, true] {
            let tokens = tokens(t, "app", "&scope=openid+email+profile").await;
            let identity = said(&tokens["id_token"]);
            let who = t.get("/userinfo").bearer(tokens["access_token"].as_str().unwrap()).send().await.json();
            for told in [&identity, &who] {
                assert_eq!((&told["email"], &told["email_verified"]), (&json!("John@example.org"), &json!(verified)));
                assert_eq!((&told["given_name"], &told["family_name"]), (&json!("John"), &json!("Admin")));
            }
            assert_eq!((&identity["acr"], &identity["amr"]), (&json!("1"), &json!(["pwd"])));
            assert!(said(&tokens["access_token"]).get("email_verified").is_none(), "DHIS2 says no more there");
            let (hash, now) = (sha256(format!("a link, {verified}")), t.app.now());
            let mut reader = t.app.store.reader().await.unwrap();
            let account = accounts::by_username(&mut reader, ADMIN).await.unwrap().unwrap();
            drop(reader);
            let link = IssueLink {
                hash, purpose: Purpose::Verify, user: account.user, email: "John@example.org".to_owned(),
                credential_version: account.credential_version, by: None, expires: now.plus_seconds(60), now,
            };
            t.app.store.write(link).await.unwrap();
            t.app.store.write(VerifyEmail { hash, now }).await.unwrap();
        }
    }
);

both!(
    fn who_allowed_it_is_not_asked_again_unless_more_is_asked(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        allow(&mut browser, &asking("app", "&scope=openid+username")).await;
        let again = browser.open_once(&asking("app", "&scope=username")).await;
        assert!(again.location().unwrap().starts_with(&format!("{CALLBACK}?code=")), "{:?}", again.location());
        assert_eq!(browser.open_once(&asking("app", "&scope=openid+email")).await.status, 200);
        assert_eq!(browser.open_once(&asking("app", "&scope=username&prompt=consent")).await.status, 200);
        let silent = browser.open(&asking("app", "&scope=openid+email&prompt=none")).await;
        assert_eq!(member(&silent, "error").as_deref(), Some("consent_required"));
        let stranger = t.browser().open(&asking("app", "&prompt=none&state=s")).await;
        assert_eq!(member(&stranger, "error").as_deref(), Some("login_required"));
        assert_eq!(member(&stranger, "state").as_deref(), Some("s"));
    }
);

both!(
    fn what_is_unticked_is_not_granted(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        let page = browser.open(&asking("app", "&scope=openid+username+email")).await;
        let html = page.answer.text();
        for known in ["class=\"check form-check\"", "id=\"submit-consent\"", "id=\"cancel-consent\"", "id=\"email\""] {
            assert!(html.contains(known), "{known}, as clients of DHIS2 look for it");
        }
        let mut form = page.form("/oauth2/authorize");
        form.fields.retain(|field| *field != ("scope".to_owned(), "email".to_owned()));
        let page = browser.submit(&page, &form.press("user_oauth_approval", "true")).await;
        let answer = redeem(t, "app", &member(&page, "code").unwrap()).await;
        assert_eq!(answer.json()["scope"], "username openid");
    }
);

both!(
    fn signing_in_again_is_asked_for_by_prompt_and_by_age(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        allow(&mut browser, &asking("app", "&scope=openid+username")).await;
        t.clock.advance_seconds(100);
        let fresh = browser.open_once(&asking("app", "&scope=openid&max_age=100")).await;
        assert!(fresh.location().unwrap().starts_with(CALLBACK));
        for more in ["&scope=openid&max_age=99", "&scope=openid&prompt=login", "&scope=openid&prompt=select_account"] {
            let answer = browser.open_once(&asking("app", more)).await;
            assert_eq!(answer.location(), Some("/login"), "{more}");
            let login = browser.open("/login").await;
            let form = login.form("/login").fill("username", ADMIN).fill("password", "district");
            let page = browser.submit(&login, &form).await;
            let code = member(&page, "code").unwrap();
            let identity = said(&redeem(t, "app", &code).await.json()["id_token"]);
            assert_eq!(identity["auth_time"], identity["iat"], "{more}");
        }
    }
);

both!(
    fn whoever_signed_in_for_a_request_may_take_their_time_over_it(t) {
        register(t, "app", json!({})).await;
        for (number, age) in ["0", "5"].into_iter().enumerate() {
            let mut browser = signed_in(t).await;
            t.clock.advance_seconds(10);
            let asked = asking("app", &format!("&scope=openid+username&prompt=consent&state={number}&max_age={age}"));
            assert_eq!(browser.open_once(&asked).await.location(), Some("/login"), "{age}");
            let login = browser.open("/login").await;
            let form = login.form("/login").fill("username", ADMIN).fill("password", "district");
            browser.submit(&login, &form).await;
            // A slow line, then a slow reader.
            t.clock.advance_seconds(30);
            let page = browser.open(&asked).await;
            t.clock.advance_seconds(100);
            let done = browser.submit(&page, &page.form("/oauth2/authorize").press("user_oauth_approval", "true")).await;
            let tokens = redeem(t, "app", &member(&done, "code").unwrap()).await.json();
            let identity = said(&tokens["id_token"]);
            assert_eq!(identity["iat"].as_i64().unwrap() - identity["auth_time"].as_i64().unwrap(), 130, "{age}");
            // The next request is another.
            assert_eq!(browser.open_once(&asked.replace("state=", "state=x")).await.location(), Some("/login"), "{age}");
        }
    }
);

both!(
    fn a_form_brings_the_answer_where_that_is_asked(t) {
        register(t, "app", json!({})).await;
        let page = allow(&mut signed_in(t).await, &asking("app", "&response_mode=form_post&state=s")).await;
        assert_eq!(page.answer.status, 200);
        let policy = page.answer.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https://app.example.org;"), "{policy}");
        let form = page.form(CALLBACK);
        assert_eq!((form.method.as_str(), form.value("state")), ("post", Some("s")));
        assert_eq!(redeem(t, "app", form.value("code").unwrap()).await.status, 200);
    }
);

both!(
    fn what_is_wrong_goes_to_the_client_and_nowhere_else(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        for (path, error) in [
            (asking("app", "&scope=ALL"), "invalid_scope"),
            (asking("app", "&prompt=none+login"), "invalid_request"),
            (asking("app", "&request=a.b.c"), "request_not_supported"),
            (format!("/oauth2/authorize?response_type=code&client_id=app&redirect_uri={CALLBACK}"), "invalid_request"),
            (format!("/oauth2/authorize?response_type=token&client_id=app&redirect_uri={CALLBACK}"), "unsupported_response_type"),
        ] {
            let page = browser.open(&path).await;
            assert_eq!(member(&page, "error").as_deref(), Some(error), "{path}");
            assert_eq!(member(&page, "iss").as_deref(), Some("http://localhost:8080/"), "{path}");
        }
        for query in [
            "client_id=nobody&response_type=code".to_owned(),
            "client_id=app&response_type=code&redirect_uri=https://evil.example/".to_owned(),
            format!("client_id=app&response_type=code&redirect_uri={CALLBACK}&request_uri=urn:ietf:params:oauth:request_uri:x"),
        ] {
            let answer = browser.open_once(&format!("/oauth2/authorize?{query}")).await;
            assert_eq!(answer.location(), None, "{query}");
            assert!((400..500).contains(&answer.status), "{query}: {}", answer.status);
        }
    }
);

both!(
    fn the_token_endpoint_takes_the_form_alone_and_one_proof(t) {
        register(t, "app", json!({})).await;
        let code = || async { member(&allow(&mut signed_in(t).await, &asking("app", "")).await, "code").unwrap() };
        let spent = code().await;
        let fields = [("grant_type", "authorization_code"), ("code", spent.as_str()), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        let query = format!("/oauth2/token?client_id=app&client_secret={}", SECRET.replace(' ', "+"));
        let answer = t.post(&query).form(&fields).send().await;
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"oauth2/client\""));
        let both = [&fields[..], &[("client_id", "app"), ("client_secret", SECRET)]].concat();
        let answer = t.post("/oauth2/token").basic("app", SECRET).form(&both).send().await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")));
        assert_eq!(t.post("/oauth2/token").form(&both).send().await.status, 200);
        let again = t.post("/oauth2/token").form(&both).send().await;
        assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
        let password = [("grant_type", "password"), ("username", ADMIN), ("password", "district")];
        let refused = t.post("/oauth2/token").basic(CLIENT, CLIENT_SECRET).form(&password).send().await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("unsupported_grant_type")));
        let unauthorized = t.post("/oauth2/token").basic("app", SECRET).form(&[("grant_type", "client_credentials")]).send().await;
        assert_eq!((unauthorized.status, &unauthorized.json()["error"]), (400, &json!("unauthorized_client")));
    }
);

both!(
    fn a_refresh_says_who_signed_in_again_and_may_ask_for_less(t) {
        register(t, "app", json!({})).await;
        let first = tokens(t, "app", "&scope=openid+username+email&nonce=n").await;
        let refresh = first["refresh_token"].as_str().unwrap();
        let ask = async |scope| {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)];
            t.post("/oauth2/token").basic("app", SECRET).form(&fields).send().await
        };
        t.clock.advance_seconds(10);
        let second = ask("").await.json();
        let (before, now) = (said(&first["id_token"]), said(&second["id_token"]));
        assert_eq!((&now["sid"], &now["auth_time"]), (&before["sid"], &before["auth_time"]));
        assert_eq!((before["nonce"].as_str(), now.get("nonce")), (Some("n"), None));
        assert_ne!(now["jti"], before["jti"]);
        let less = ask("openid").await.json();
        assert_eq!(less["scope"], "openid");
        let token = less["access_token"].as_str().unwrap();
        assert_eq!(t.get("/api/me").bearer(token).send().await.status, 403);
        let more = ask("ALL").await;
        assert_eq!((more.status, &more.json()["error"]), (400, &json!("invalid_scope")));
        t.clock.advance_seconds(3600);
        let late = ask("").await;
        assert_eq!((late.status, &late.json()["error"]), (400, &json!("invalid_grant")));
    }
);

both!(
    fn what_is_unticked_later_is_asked_again(t) {
        register(t, "app", json!({})).await;
        let mut browser = signed_in(t).await;
        let path = asking("app", "&scope=openid+username+email");
        allow(&mut browser, &path).await;
        assert!(browser.open_once(&path).await.location().is_some());
        let page = browser.open(&format!("{path}&prompt=consent")).await;
        let mut form = page.form("/oauth2/authorize");
        form.fields.retain(|field| *field != ("scope".to_owned(), "email".to_owned()));
        browser.submit(&page, &form.press("user_oauth_approval", "true")).await;
        assert_eq!(browser.open_once(&path).await.status, 200);
    }
);

both!(
    fn a_client_gets_no_scope_that_it_lost(t) {
        register(t, "app", json!({})).await;
        let first = tokens(t, "app", "&scope=openid+username").await;
        let found = t.get("/api/42/oAuth2Clients?filter=clientId:eq:app&fields=id").basic(ADMIN, "district").send().await;
        let uid = found.json()["oAuth2Clients"][0]["id"].as_str().unwrap().to_owned();
        let patch = json!([{ "op": "replace", "path": "/scopes", "value": "openid" }]).to_string();
        let request = t.patch(&format!("/api/42/oAuth2Clients/{uid}")).basic(ADMIN, "district");
        assert_eq!(request.body("application/json-patch+json", patch).send().await.status, 200);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"].as_str().unwrap())];
        let second = t.post("/oauth2/token").basic("app", SECRET).form(&fields).send().await.json();
        assert_eq!(second["scope"], "openid");
        assert_eq!(t.get("/api/me").bearer(second["access_token"].as_str().unwrap()).send().await.status, 403);
    }
);

both!(
    fn a_code_ends_with_a_password_set_by_somebody_else(t) {
        register(t, "app", json!({})).await;
        let page = allow(&mut signed_in(t).await, &asking("app", "")).await;
        let code = member(&page, "code").unwrap();
        let patch = json!([{ "op": "add", "path": "/password", "value": "Another_2026" }]).to_string();
        let request = t.patch("/api/users/M5zQapPyTZI").basic(ADMIN, "district");
        let done = request.body("application/json-patch+json", patch).send().await;
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(redeem(t, "app", &code).await.json()["error"], "invalid_grant");
    }
);

both!(
    fn an_application_cannot_see_or_change_how_its_user_signs_in(t) {
        register(t, "app", json!({})).await;
        let token = tokens(t, "app", "&scope=username").await["access_token"].as_str().unwrap().to_owned();
        for (method, path) in [
            ("POST", "/api/2fa/enrollTOTP2FA"),
            ("GET", "/api/2fa/qrCode"),
            ("GET", "/api/2fa/qrCodeJson"),
            ("POST", "/api/2fa/enable"),
            ("POST", "/api/2fa/disable"),
        ] {
            let request = t.request(method, path).bearer(&token).json(&json!({ "code": "000000" }));
            assert_eq!(request.send().await.status, 403, "{method} {path}");
        }
    }
);
