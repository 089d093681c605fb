//! Signing in and out.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT};
use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::{CLIENTS, ORDINARY, admin, assert_page, fill_login, make_ordinary, signed_in};

async fn set_user(t: &TestApp, property: &str, value: serde_json::Value) {
    let patch = json!([{ "op": "add", "path": format!("/{property}"), "value": value }]);
    let patch = t.patch("/api/users/userordin01").body("application/json-patch+json", patch.to_string());
    let done = patch.basic(ADMIN, ADMIN_PASSWORD).send().await;
    assert_eq!(done.status, 200, "{}", done.text());
}

both!(
    fn the_page_that_asked_is_returned_to(t) {
        let mut browser = t.browser();
        let asked = format!("{CLIENTS}?page=1&x=%2F%2Fevil.example");
        let page = browser.open(&asked).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, "/login"));
        assert!(page.answer.text().contains("Sign in to open the page you asked for."));
        let before = browser.cookies.clone();
        let wrong = fill_login(&mut browser, &page, ADMIN, "wrong").await;
        let page = fill_login(&mut browser, &wrong, ADMIN, ADMIN_PASSWORD).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, asked.as_str()));
        assert_ne!(browser.cookies, before, "the cookie of the stranger is worthless after signing in");

        let asked = format!("/uaa/oauth/authorize?client_id={CLIENT}&response_type=code&state=a%20b");
        let mut browser = t.browser();
        let page = browser.open(&asked).await;
        assert!(page.answer.text().contains("An application asks to act for you."));
        let page = fill_login(&mut browser, &page, ADMIN, ADMIN_PASSWORD).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, asked.as_str()));
        let again = browser.open_once("/login").await;
        assert_eq!((again.status, again.location()), (303, Some("/apps")));
    }
);

both!(
    fn a_page_is_remembered_once_and_the_first_page_not_at_all(t) {
        let mut browser = t.browser();
        let first = browser.open_once("/apps").await;
        assert_eq!((first.status, first.location(), first.header("set-cookie")), (303, Some("/login"), None));
        assert!(browser.open_once(CLIENTS).await.header("set-cookie").is_some());
        let again = browser.open_once(CLIENTS).await;
        assert_eq!((again.status, again.location(), again.header("set-cookie")), (303, Some("/login"), None));
        let page = browser.open("/login").await;
        assert_eq!(fill_login(&mut browser, &page, ADMIN, ADMIN_PASSWORD).await.path, CLIENTS);
    }
);

both!(
    fn the_page_to_return_to_is_sealed_for_one_browser_and_half_an_hour(t) {
        // Whoever signs in with these cookies, after this time, on this node, arrives where?
        let arrives = async |node: &TestApp, cookies: &BTreeMap<String, String>, seconds: i64| {
            let mut browser = node.browser();
            browser.cookies = cookies.clone();
            t.clock.advance_seconds(seconds);
            let page = browser.open("/login").await;
            let arrived = fill_login(&mut browser, &page, ADMIN, ADMIN_PASSWORD).await.path;
            assert!(!browser.cookies.contains_key("kibali-return") || arrived == "/apps", "it has served");
            arrived
        };
        let mut browser = t.browser();
        let answer = browser.open_once(CLIENTS).await;
        let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.ends_with("; Path=/; HttpOnly; SameSite=Lax")), "{lines:?}");
        let cookies = browser.cookies.clone();
        let sealed = cookies["kibali-return"].clone();
        assert!(!sealed.contains("oauth2") && !sealed.contains(&STANDARD_NO_PAD.encode("oauth2-clients")));

        let node = t.another(2, |_| {}).await;
        assert_eq!(arrives(&node, &cookies, 1799).await, CLIENTS, "every node opens it");
        assert_eq!(arrives(t, &cookies, 1).await, "/apps", "it is too old");

        let mut victim = t.browser();
        victim.open("/login").await;
        let mut attacker = t.browser();
        attacker.open_once(CLIENTS).await;
        victim.cookies.insert("kibali-return".to_owned(), attacker.cookies["kibali-return"].clone());
        assert_eq!(arrives(t, &victim.cookies, 0).await, "/apps", "it was sealed for another browser");
        for forged in ["/settings", "L3NldHRpbmdz", &sealed.replace(&sealed[40..44], "AAAA")] {
            let mut forger = t.browser();
            forger.open_once(CLIENTS).await;
            forger.cookies.insert("kibali-return".to_owned(), forged.to_owned());
            assert_eq!(arrives(t, &forger.cookies, 0).await, "/apps", "{forged}");
        }
    }
);

both!(
    fn no_parameter_chooses_where_to_go(t) {
        for query in [
            "redirect=https://evil.example", "returnTo=//evil.example", "continue=%5C%5Cevil.example",
            "redirectUrl=javascript:alert(1)", "next=/%09/evil.example",
        ] {
            let mut browser = t.browser();
            let page = browser.open(&format!("/login?{query}")).await;
            assert!(!page.answer.text().contains("evil.example"), "{query}");
            let (name, value) = query.split_once('=').unwrap();
            let form = page.form("/login").fill("username", ADMIN).fill("password", ADMIN_PASSWORD).fill(name, value);
            let request = browser.request("POST", "/login").header("origin", "http://localhost:8080");
            let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = browser.send(request.form(&fields)).await;
            assert_eq!((answer.status, answer.location()), (303, Some("/apps")), "{query}");
        }
        // A path that looks like another host is refused, so nothing remembers it.
        for path in ["//evil.example/apps", "/%2F%2Fevil.example", "/\\evil.example", "/apps//evil.example"] {
            let answer = t.get(path).send().await;
            assert_eq!((answer.status, answer.location()), (400, None), "{path}");
        }
    }
);

both!(
    fn each_failure_says_what_to_do_and_keeps_the_name(t) {
        make_ordinary(t, &[]).await;
        let (name, password) = ORDINARY;
        let attempt = async |password: &str, said: &str, status: u16| {
            let mut browser = t.browser();
            let page = browser.open("/login").await;
            let page = fill_login(&mut browser, &page, name, password).await;
            let text = page.answer.text();
            assert_eq!(page.answer.status, status, "{text}");
            assert!(text.contains(said) && text.contains("role=\"alert\""), "{text}");
            assert_eq!(page.form("/login").value("username"), Some(name));
            assert_eq!(page.form("/login").value("password"), Some(""));
            assert!(!text.contains(password), "a password is never sent back");
            page.answer
        };
        attempt("wrong!", "The user name or the password is wrong.", 401).await;
        set_user(t, "disabled", json!(true)).await;
        // What the account's state is, is told only to whoever knows its password.
        attempt("wrong!", "The user name or the password is wrong.", 401).await;
        attempt(password, "This account is disabled.", 401).await;
        set_user(t, "disabled", json!(false)).await;
        set_user(t, "accountExpiry", json!("2001-01-01")).await;
        attempt(password, "This account has expired.", 401).await;
        set_user(t, "accountExpiry", json!(null)).await;
        attempt("wrong!", "The user name or the password is wrong.", 401).await;
        let answer = attempt(password, "Too many failed attempts. Wait", 429).await;
        let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
        t.clock.advance_seconds(seconds);
        signed_in(t, ORDINARY).await;
    }
);

both!(
    fn a_locked_account_is_told_so(t) {
        make_ordinary(t, &[]).await;
        let lock = t.post("/api/systemSettings/keyLockMultipleFailedLogins?value=true");
        assert_eq!(lock.basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        let mut browser = t.browser();
        for _ in 0..4 {
            let page = browser.open("/login").await;
            fill_login(&mut browser, &page, ORDINARY.0, "wrong").await;
            t.clock.advance_seconds(10);
        }
        let page = browser.open("/login").await;
        let page = fill_login(&mut browser, &page, ORDINARY.0, ORDINARY.1).await;
        assert!(page.answer.text().contains("This account is locked for a while"), "{}", page.answer.text());
        t.clock.advance_seconds(15 * 60);
        signed_in(t, ORDINARY).await;
    }
);

both!(
    fn a_login_form_without_its_token_signs_nobody_in(t) {
        let mut browser = t.browser();
        let page = browser.open("/login").await;
        let stolen = t.browser().open("/login").await.form("/login").value("csrf").unwrap().to_owned();
        for token in ["", "x", stolen.as_str()] {
            let form = page.form("/login").fill("username", ADMIN).fill("password", ADMIN_PASSWORD).fill("csrf", token);
            let page = browser.submit(&page, &form).await;
            assert_eq!(page.answer.status, 403);
            assert!(page.answer.text().contains("open for too long"));
            assert_eq!(page.form("/login").value("username"), Some(ADMIN));
        }
        assert_eq!(browser.open("/apps").await.path, "/login");
        // From a page of another site it is not even read.
        let request = t.post("/login").header("origin", "https://evil.example").form(&[("username", ADMIN)]);
        let answer = request.send().await;
        assert_eq!(answer.status, 403);
        assert_page(t, &answer, "cross-site").await;
    }
);

both!(
    fn signing_out_takes_a_post_with_the_token(t) {
        let mut browser = admin(t).await;
        let kept = browser.cookies.clone();
        let asked = browser.open("/logout").await;
        assert!(asked.answer.text().contains("Sign out?"));
        assert_eq!(browser.open("/apps").await.answer.status, 200, "a link signs nobody out");
        let refused = browser.submit(&asked, &asked.form("/logout").fill("csrf", "x")).await;
        assert_eq!(refused.answer.status, 403);
        let page = browser.open("/apps").await;
        let out = browser.submit(&page, &page.form("/logout")).await;
        assert_eq!((out.answer.status, out.path.as_str()), (200, "/login"));
        assert!(browser.cookies.values().all(|cookie| !kept.values().any(|old| old == cookie)));
        browser.cookies = kept;
        assert_eq!(browser.open("/apps").await.path, "/login", "the cookie is worthless");
        assert_eq!(browser.open("/logout").await.path, "/login");
    }
);

both!(
    fn a_login_app_is_led_below_the_context_path_too(t) {
        let below = t.another(4, |settings| settings.base_url = "https://example.org/dhis".parse().unwrap()).await;
        let credentials = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        for (page, leads) in [(None, "/dhis/dhis-web-dashboard"), (Some("/dhis/account?x=1"), "/dhis/account?x=1")] {
            let mut browser = below.browser();
            if let Some(page) = page {
                assert_eq!(browser.open_once(page).await.location(), Some("/dhis/login"));
            }
            let request = browser.request("POST", "/dhis/api/auth/login").json(&credentials);
            assert_eq!(browser.send(request).await.json()["redirectUrl"], leads, "it opens it as it stands");
        }
    }
);

both!(
    fn below_a_context_path_everything_stays_below_it(t) {
        let t = &t.another(4, |settings| settings.base_url = "https://example.org/dhis".parse().unwrap()).await;
        let mut browser = t.browser();
        let asked = browser.open_once("/dhis/settings/oauth2-clients").await;
        assert_eq!((asked.status, asked.location()), (303, Some("/dhis/login")));
        let cookie = asked.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Secure-kibali=") && cookie.contains("Path=/dhis; HttpOnly; SameSite=Lax; Secure"));
        let page = browser.open("/dhis/login").await;
        assert_page(t, &page.answer, "login below a context path").await;
        let page = fill_login(&mut browser, &page, ADMIN, ADMIN_PASSWORD).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, "/dhis/settings/oauth2-clients"));
        let text = page.answer.text();
        for attribute in ["href=\"", "action=\"", "src=\""] {
            for value in text.split(attribute).skip(1) {
                assert!(value.starts_with("/dhis/") || value.starts_with(['#', '?']), "{attribute}{}", &value[..40]);
            }
        }
    }
);
