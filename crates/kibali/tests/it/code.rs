//! The authorization code: `/uaa/oauth/authorize` and its exchange (legacy reference 4).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, Browser, Page, TestApp, both};
use serde_json::json;

const AUTHORIZE: &str = "/uaa/oauth/authorize";
const CALLBACK: &str = "http://127.0.0.1:4711/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn signed_in(t: &TestApp) -> Browser {
    let mut browser = t.browser();
    sign_in(&mut browser).await;
    browser
}

async fn sign_in(browser: &mut Browser) -> Answer {
    let body = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let answer = browser.send(browser.request("POST", "/api/auth/login").json(&body)).await;
    assert_eq!(answer.json()["loginStatus"], "SUCCESS");
    answer
}

fn asking(more: &str) -> String {
    format!("{AUTHORIZE}?client_id={CLIENT}&response_type=code&redirect_uri={CALLBACK}{more}")
}

async fn say(browser: &mut Browser, path: &str, approval: &str) -> Page {
    let page = browser.open(path).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.text());
    let form = page.form(AUTHORIZE).press("user_oauth_approval", approval);
    browser.submit(&page, &form).await
}

async fn code(t: &TestApp, more: &str) -> String {
    let page = say(&mut signed_in(t).await, &asking(more), "true").await;
    let location = page.answer.location().unwrap().to_owned();
    let query = location.strip_prefix(&format!("{CALLBACK}?code=")).unwrap();
    query.split('&').next().unwrap().to_owned()
}

async fn redeem(t: &TestApp, code: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("grant_type", "authorization_code"), ("code", code)], more].concat();
    t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await
}

const SAME: &[(&str, &str)] = &[("redirect_uri", CALLBACK)];

async fn opens(t: &TestApp, answer: &Answer) -> bool {
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    t.get("/api/userRoles").bearer(&token).send().await.status == 200
}

both!(
    fn the_whole_journey_starts_at_the_client_and_comes_back_to_it(t) {
        let mut browser = t.browser();
        let asking = asking("&state=a%20b%26c");
        let answer = browser.open_once(&asking).await;
        assert_eq!((answer.status, answer.location()), (303, Some("/login")));
        let signed_in = sign_in(&mut browser).await;
        assert_eq!(signed_in.json()["redirectUrl"], asking);

        let page = browser.open(&asking).await;
        let text = page.answer.text();
        for named in ["Demo", CLIENT, "John Admin", ADMIN] {
            assert!(text.contains(named), "{named} is not in {text}");
        }
        let policy = page.answer.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' http://127.0.0.1:4711;"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");

        let form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
        let back = browser.submit(&page, &form).await.answer;
        assert_eq!(back.status, 303);
        assert_eq!(back.header("referrer-policy"), Some("no-referrer"));
        let location = back.location().unwrap();
        let code = location.strip_prefix(&format!("{CALLBACK}?code=")).unwrap();
        let code = code.strip_suffix("&state=a%20b%26c").unwrap();
        let tokens = redeem(t, code, SAME).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        assert!(opens(t, &tokens).await);
    }
);

both!(
    fn a_no_goes_back_too_and_it_is_asked_every_time(t) {
        let mut browser = signed_in(t).await;
        let denied = say(&mut browser, &asking("&state=s"), "false").await;
        let expected =
            format!("{CALLBACK}?error=access_denied&error_description=User%20denied%20access&state=s");
        assert_eq!(denied.answer.location(), Some(expected.as_str()));
        say(&mut browser, &asking(""), "true").await;
        assert_eq!(browser.open(&asking("")).await.answer.status, 200);
    }
);

both!(
    fn what_is_wrong_is_shown_unless_the_redirect_uri_is_known(t) {
        import(&t.app, &json!({ "oAuth2Clients": [
            { "name": "None", "cid": "none", "secret": CLIENT_SECRET, "grantTypes": ["authorization_code"] },
            { "name": "No codes", "cid": "no-codes", "secret": CLIENT_SECRET, "grantTypes": ["password"],
              "redirectUris": ["https://a.example/cb"] },
        ]})).await;
        let mut browser = signed_in(t).await;
        for (query, status, error) in [
            ("response_type=code", 401, "invalid_client"),
            ("client_id=unknown&response_type=code", 401, "invalid_client"),
            ("client_id=none&response_type=code", 400, "invalid_request"),
            ("client_id=no-codes&response_type=code", 400, "invalid_grant"),
            ("client_id=demo&response_type=code&redirect_uri=https://evil.example/", 400, "invalid_grant"),
            ("client_id=demo&client_id=x", 400, "invalid_request"),
        ] {
            let answer = browser.open_once(&format!("{AUTHORIZE}?{query}")).await;
            assert_eq!((answer.status, answer.location()), (status, None), "{query}");
            assert!(answer.text().contains(error), "{query}: {}", answer.text());
        }
        for (more, error) in [("&scope=read", "invalid_scope"), ("&response_type=token", "unsupported_response_type")] {
            let answer = browser.open_once(&asking(more)).await;
            assert_eq!(answer.status, 303);
            let start = format!("{CALLBACK}?error={error}&");
            assert!(answer.location().unwrap().starts_with(&start), "{:?}", answer.location());
        }
    }
);

both!(
    fn an_answer_needs_the_session_its_form_and_our_own_page(t) {
        let mut browser = signed_in(t).await;
        let page = browser.open(&asking("")).await;
        let form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
        let csrf = form.value("csrf").unwrap().to_owned();
        let fields = [("client_id", CLIENT), ("response_type", "code"), ("user_oauth_approval", "true")];

        let without = browser.send(browser.request("POST", AUTHORIZE).form(&fields)).await;
        assert_eq!((without.status, without.location()), (403, None));
        let fields = [&fields[..], &[("csrf", csrf.as_str())]].concat();
        let foreign = browser.request("POST", AUTHORIZE).header("origin", "https://evil.example");
        assert_eq!(browser.send(foreign.form(&fields)).await.status, 403);
        let mut stranger = t.browser();
        assert_eq!(stranger.send(stranger.request("POST", AUTHORIZE).form(&fields)).await.status, 403);
        let mut other = signed_in(t).await;
        assert_eq!(other.send(other.request("POST", AUTHORIZE).form(&fields)).await.status, 403);
        let nothing = browser.send(browser.request("POST", AUTHORIZE).form(&[("csrf", &csrf)])).await;
        assert_eq!(nothing.status, 400);
        assert_eq!(browser.send(browser.request("POST", AUTHORIZE).form(&fields)).await.status, 303);
    }
);

both!(
    fn pkce_is_honoured_when_sent(t) {
        let challenge = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
        let with = async |code: &str, verifier| redeem(t, code, &[SAME, verifier].concat()).await.status;
        assert_eq!(with(&code(t, &challenge).await, &[("code_verifier", VERIFIER)]).await, 200);
        assert_eq!(with(&code(t, &challenge).await, &[("code_verifier", "wrong")]).await, 400);
        assert_eq!(with(&code(t, &challenge).await, &[]).await, 400);
        assert_eq!(with(&code(t, "").await, &[("code_verifier", VERIFIER)]).await, 400);
        let plain = signed_in(t).await.open_once(&asking("&code_challenge=x")).await;
        assert!(plain.location().unwrap().contains("error=invalid_request"));
    }
);

both!(
    fn a_code_works_once_for_its_client_and_redirect_uri_within_five_minutes(t) {
        let unknown = json!({ "error": "invalid_grant", "error_description": "Invalid authorization code" });
        let late = code(t, "").await;
        t.clock.advance_seconds(300);
        assert_eq!(redeem(t, &late, SAME).await.json(), unknown);

        let elsewhere = code(t, "").await;
        let mismatch = redeem(t, &elsewhere, &[("redirect_uri", "http://127.0.0.1/callback")]).await;
        assert_eq!(mismatch.json()["error_description"], "Redirect URI mismatch.");
        assert_eq!(redeem(t, &elsewhere, SAME).await.json(), unknown, "it is spent all the same");
        let left_out = redeem(t, &code(t, "").await, &[]).await;
        assert_eq!(left_out.json()["error_description"], "Redirect URI mismatch.");

        import(&t.app, &json!({ "oAuth2Clients": [
            { "name": "Other", "cid": "other", "secret": CLIENT_SECRET, "grantTypes": ["authorization_code"] },
        ]})).await;
        let stolen = code(t, "").await;
        let fields = [("grant_type", "authorization_code"), ("code", stolen.as_str()), ("redirect_uri", CALLBACK)];
        let other = t.post("/uaa/oauth/token").basic("other", CLIENT_SECRET).form(&fields).send().await;
        assert_eq!((other.status, &other.json()["error_description"]), (401, &json!("Client ID mismatch")));
        assert_eq!(redeem(t, &stolen, SAME).await.json(), unknown, "it is spent all the same");
    }
);

both!(
    fn a_replayed_code_takes_its_tokens_along(t) {
        let code = code(t, "").await;
        let first = redeem(t, &code, SAME).await;
        assert!(opens(t, &first).await);
        assert_eq!(redeem(t, &code, SAME).await.status, 400);
        assert!(!opens(t, &first).await);
        let token = first.json()["refresh_token"].as_str().unwrap().to_owned();
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let refresh = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        assert_eq!(refresh.status, 400);
    }
);

both!(
    fn of_two_who_redeem_a_code_at_once_on_two_nodes_exactly_one_wins(t) {
        let node = t.another(2, |_| {}).await;
        for _ in 0..10 {
            let code = code(t, "").await;
            let (one, other) = tokio::join!(redeem(t, &code, SAME), redeem(&node, &code, SAME));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 400]);
        }
    }
);

both!(
    fn a_code_is_worth_nothing_once_its_user_is_disabled(t) {
        import(&t.app, &json!({ "users": [{
            "id": "userordin01", "username": "ordinary", "password": "Kibali_2026", "firstName": "A",
            "surname": "B", "userRoles": [{ "id": "yrB6vc5Ip3r" }],
        }]})).await;
        let mut browser = t.browser();
        let body = json!({ "username": "ordinary", "password": "Kibali_2026" });
        browser.send(browser.request("POST", "/api/auth/login").json(&body)).await;
        let page = say(&mut browser, &asking(""), "true").await;
        let location = page.answer.location().unwrap().to_owned();
        let code = location.strip_prefix(&format!("{CALLBACK}?code=")).unwrap();
        let patch = json!([{ "op": "add", "path": "/disabled", "value": true }]);
        let disable = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
        let done = disable.body("application/json-patch+json", patch.to_string()).send().await;
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(redeem(t, code, SAME).await.json()["error"], "invalid_grant");
        assert_eq!(browser.open_once(&asking("")).await.location(), Some("/login"));
    }
);

both!(
    fn errors_of_codes_and_refresh_tokens_are_told_in_xml_too(t) {
        import(&t.app, &json!({ "oAuth2Clients": [{ "name": "Other", "cid": "other", "secret": CLIENT_SECRET,
            "grantTypes": ["authorization_code", "refresh_token"], "redirectUris": ["http://127.0.0.1/callback"] }]})).await;
        let told = async |cid: &str, fields: &[(&str, &str)], status: u16, class: &str, error: &str, description: &str| {
            let request = t.post("/uaa/oauth/token").basic(cid, CLIENT_SECRET).form(fields);
            let answer = request.header("accept", "application/xml").send().await;
            let body = format!(
                "<{class}><error>{error}</error><error_description>{description}</error_description></{class}>"
            );
            assert_eq!((answer.status, answer.text()), (status, body));
            assert_eq!(answer.header("content-type"), Some("application/xml;charset=UTF-8"));
            let challenge = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
            assert_eq!(answer.header("www-authenticate"), (status == 401).then_some(challenge.as_str()));
        };
        let exchange = |code: &str, uri: &str| {
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", uri)].map(|(a, b)| (a.to_owned(), b.to_owned()))
        };
        fn fields(owned: &[(String, String)]) -> Vec<(&str, &str)> {
            owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
        }
        let grant = "InvalidGrantException";
        let first = exchange(&code(t, "").await, "http://127.0.0.1:4711/other");
        told(CLIENT, &fields(&first), 400, grant, "invalid_grant", "Redirect URI mismatch.").await;
        told(CLIENT, &fields(&first), 400, grant, "invalid_grant", "Invalid authorization code").await;
        let second = exchange(&code(t, "").await, CALLBACK);
        told("other", &fields(&second), 401, "InvalidClientException", "invalid_client", "Client ID mismatch").await;

        let tokens = redeem(t, &code(t, "").await, SAME).await.json();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        told("other", &refresh, 400, grant, "invalid_grant", "Wrong client for this refresh token").await;
        t.clock.advance_seconds(2_592_000);
        let expired = "Invalid refresh token (expired)";
        told(CLIENT, &refresh, 401, "InvalidTokenException", "invalid_token", expired).await;
    }
);

both!(
    fn a_script_without_a_session_is_told_so_and_not_redirected(t) {
        let answer = t.get(&asking("")).header("x-requested-with", "XMLHttpRequest").send().await;
        assert_eq!((answer.status, answer.location(), answer.header("set-cookie")), (401, None, None));
        assert_eq!(answer.json()["httpStatusCode"], 401);
    }
);
