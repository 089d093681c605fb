//! Whom an application expects to sign in, and how surely (OpenID Connect Core section 3.1.2.1).

use kibali_model::Clock;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Browser, both};
use serde_json::{Value, json};

use super::{AUTHORIZE, CALLBACK, SECRET, allow, asking, member, redeem, register, said, signed_in, tokens};
use crate::pages::{self, ORDINARY, fill_login, make_ordinary};
use crate::two_factor::enrol;

/// The name in the field of the login page that a browser is led to.
async fn typed(browser: &mut Browser, path: &str) -> String {
    let page = browser.open(path).await;
    assert_eq!(page.path, "/login", "{path}");
    assert!(!page.answer.text().contains("<b>"), "{path}");
    page.form("/login").value("username").unwrap_or_default().to_owned()
}

both!(
    fn the_login_page_has_the_name_that_an_application_expects(t) {
        register(t, "app", json!({})).await;
        let long = format!("&login_hint={}", "x".repeat(256));
        for (more, name) in [
            ("&login_hint=amina%40example.org", "amina@example.org"),
            ("&login_hint=%22%3E%3Cb%3E%0A", "\"><b>\n"),
            ("&login_hint=amina&prompt=login", "amina"),
            (long.as_str(), ""),
            ("", ""),
        ] {
            assert_eq!(typed(&mut t.browser(), &asking("app", more)).await, name, "{more}");
        }
        let legacy = asking("app", "&login_hint=amina").replace(AUTHORIZE, "/uaa/oauth/authorize");
        assert_eq!(typed(&mut t.browser(), &legacy).await, "", "as DHIS2 2.41 has it");
        let again = asking("app", "&login_hint=amina&prompt=login");
        assert_eq!(typed(&mut signed_in(t).await, &again).await, "amina");
        let push = [
            ("response_type", "code"), ("redirect_uri", CALLBACK), ("code_challenge_method", "S256"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("login_hint", ADMIN),
        ];
        let pushed = t.post("/oauth2/par").basic("app", SECRET).form(&push).send().await.json();
        let path = format!("{AUTHORIZE}?client_id=app&request_uri={}", pushed["request_uri"].as_str().unwrap());
        let mut browser = t.browser();
        assert_eq!(typed(&mut browser, &path).await, ADMIN);
        let login = browser.open("/login").await;
        let page = browser.submit(&login, &login.form("/login").fill("password", ADMIN_PASSWORD)).await;
        assert_eq!((page.answer.status, page.path), (200, path), "and back to what was asked");
    }
);

both!(
    fn who_asks_for_a_second_factor_gets_no_code_without(t) {
        register(t, "app", json!({})).await;
        make_ordinary(t, &[]).await;
        let mut browser = pages::signed_in(t, ORDINARY).await;
        let acr = async |browser: &mut Browser, more: &str| -> Value {
            let page = allow(browser, &asking("app", &format!("&scope=openid&acr_values={more}"))).await;
            match member(&page, "code") {
                Some(code) => said(&redeem(t, "app", &code).await.json()["id_token"])["acr"].clone(),
                None => member(&page, "error").unwrap().into(),
            }
        };
        for (more, told) in [
            ("2", "unmet_authentication_requirements"),
            ("2&prompt=none", "unmet_authentication_requirements"),
            ("2+silver", "unmet_authentication_requirements"),
            ("1", "1"),
            ("2+1", "1"),
            ("silver", "1"),
        ] {
            assert_eq!(acr(&mut browser, more).await, told, "{more}");
        }
        let page = browser.open(&asking("app", "&scope=username")).await;
        let mut form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
        form.fields.push(("acr_values".to_owned(), "2".to_owned()));
        let answered = browser.submit(&page, &form).await;
        assert_eq!(member(&answered, "error").as_deref(), Some("unmet_authentication_requirements"), "by form alone");

        let app = enrol(t, &mut browser).await;
        for more in ["2", "2&prompt=none", "1"] {
            assert_eq!(acr(&mut browser, more).await, "2", "{more}, once one is set up");
        }
        let mut later = t.browser();
        let path = asking("app", "&scope=openid&acr_values=2");
        assert_eq!(later.open_once(&path).await.location(), Some("/login"));
        t.clock.advance_seconds(30);
        let code = app.at(t.clock.now().seconds());
        let body = json!({ "username": ORDINARY.0, "password": ORDINARY.1, "twoFactorCode": code });
        let answer = later.send(later.request("POST", "/api/42/auth/login").json(&body)).await.json();
        assert_eq!((&answer["loginStatus"], &answer["redirectUrl"]), (&json!("SUCCESS"), &json!(path)));
        assert_eq!(acr(&mut later, "2").await, "2", "signed in with it");
    }
);

both!(
    fn whom_an_id_token_names_answers_and_nobody_else(t) {
        register(t, "app", json!({})).await;
        make_ordinary(t, &[]).await;
        let tokens = tokens(t, "app", "&scope=openid+username").await;
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let hinted = |hint: &str, more: &str| asking("app", &format!("&scope=openid&id_token_hint={hint}{more}"));
        let mine = text("id_token");
        let (mut browser, mut other) = (signed_in(t).await, pages::signed_in(t, ORDINARY).await);
        t.clock.advance_seconds(1801);
        for more in ["", "&prompt=none"] {
            let page = browser.open(&hinted(&mine, more)).await;
            assert!(member(&page, "code").is_some(), "{more}: {:?}, though it has ended", page.answer.location());
        }
        let silent = other.open(&hinted(&mine, "&prompt=none&state=s")).await;
        assert_eq!(member(&silent, "error").as_deref(), Some("login_required"));
        for (username, password, told) in [(ORDINARY.0, ORDINARY.1, "error"), (ADMIN, ADMIN_PASSWORD, "code")] {
            assert_eq!(typed(&mut other, &hinted(&mine, "")).await, ADMIN, "whom it names");
            let login = other.open("/login").await;
            let page = fill_login(&mut other, &login, username, password).await;
            assert!(member(&page, told).is_some(), "{username}: {:?}", page.answer.location());
        }
        let mut other = pages::signed_in(t, ORDINARY).await;
        for unknown in ["x.y.z", &text("access_token")] {
            let silent = other.open(&hinted(unknown, "&prompt=none")).await;
            assert_eq!(member(&silent, "error").as_deref(), Some("login_required"), "nobody can tell");
            assert!(member(&other.open(&hinted(unknown, "")).await, "code").is_some(), "{unknown} names nobody");
        }
        let page = other.open(&asking("app", "&scope=username")).await;
        let mut form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
        form.fields.push(("id_token_hint".to_owned(), mine));
        assert_eq!(other.submit(&page, &form).await.path, "/login", "by form alone");
    }
);
