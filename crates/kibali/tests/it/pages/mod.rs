//! The pages, as somebody with a browser meets them.

mod client_connect;
mod client_list;
mod client_more;
mod client_secret;
mod clients;
mod hostile;
mod invitations;
mod login;
mod setup;
mod tokens;

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, import};
use kibali_testkit::{Answer, Browser, Page, TestApp, both};
use serde_json::json;

pub(crate) const CLIENTS: &str = "/settings/oauth2-clients";
/// Somebody without any authority.
pub(crate) const ORDINARY: (&str, &str) = ("ordinary", "Kibali_2026");

/// Fills in the login page.
pub(crate) async fn fill_login(browser: &mut Browser, page: &Page, username: &str, password: &str) -> Page {
    let form = page.form("/login").fill("username", username).fill("password", password);
    browser.submit(page, &form).await
}

/// A browser that has signed in through the login page.
pub(crate) async fn signed_in(t: &TestApp, (username, password): (&str, &str)) -> Browser {
    let mut browser = t.browser();
    let base = t.app.settings.context_path().to_owned();
    let page = browser.open(&format!("{base}/login")).await;
    let page = fill_login(&mut browser, &page, username, password).await;
    assert_eq!((page.answer.status, page.path.as_str()), (200, format!("{base}/apps").as_str()));
    browser
}

pub(crate) async fn admin(t: &TestApp) -> Browser {
    signed_in(t, (ADMIN, ADMIN_PASSWORD)).await
}

/// Makes [`ORDINARY`], with `authorities`.
pub(crate) async fn make_ordinary(t: &TestApp, authorities: &[&str]) {
    import(
        &t.app,
        &json!({
            "userRoles": [{ "id": "roleordin01", "name": "Ordinary", "authorities": authorities }],
            "users": [{
                "id": "userordin01", "username": ORDINARY.0, "password": ORDINARY.1, "firstName": "Amani",
                "surname": "Baraka", "userRoles": [{ "id": "roleordin01" }],
            }],
        }),
    )
    .await;
}

/// What holds for every page: its headers, its size with style and script, nothing inline.
pub(crate) async fn assert_page(t: &TestApp, answer: &Answer, what: &str) {
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}");
    let policy = answer.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
    let html = answer.text();
    let mut size = html.len();
    for file in html.split('"').filter(|text| text.contains("/static/")) {
        let loaded = t.get(file).send().await;
        assert_eq!(loaded.status, 200, "{what}: {file}");
        size += loaded.body.len();
    }
    assert!(size < 30 * 1024, "{what}: {size} bytes");
    assert!(html.contains("<html lang=\"en\">") && html.contains("href=\"#content\""), "{what}");
    assert!(!html.contains(" style=") && !html.contains(" onclick="), "{what}");
}

both!(
    fn every_page_is_small_and_strict(t) {
        let mut browser = t.browser();
        let login = browser.open("/login").await;
        assert_page(t, &login.answer, "login").await;
        let wrong = fill_login(&mut browser, &login, ADMIN, "wrong").await;
        assert_page(t, &wrong.answer, "login, wrong").await;
        let mut browser = admin(t).await;
        let one = format!("{CLIENTS}/e0jkVfDkSMT");
        let pages = ["/apps", "/logout", "/account/tokens", "/account/tokens/new", CLIENTS, &format!("{CLIENTS}/new"), &one, &format!("{one}/delete")];
        for path in pages {
            let page = browser.open(path).await;
            assert_eq!((page.answer.status, page.path.as_str()), (200, path));
            assert_page(t, &page.answer, path).await;
        }
        for path in ["/nowhere", &format!("{CLIENTS}/nosuchclie1")] {
            let page = browser.open(path).await;
            assert_eq!(page.answer.status, 404, "{path}");
            assert_page(t, &page.answer, path).await;
        }
    }
);

both!(
    fn apps_shows_what_the_user_may_open(t) {
        make_ordinary(t, &[]).await;
        let page = admin(t).await.open("/apps").await.answer.text();
        assert!(page.contains("John Admin") && page.contains("href=\"/settings\""), "{page}");
        let page = signed_in(t, ORDINARY).await.open("/apps").await.answer.text();
        assert!(page.contains("Amani Baraka") && page.contains("href=\"/api/me\""), "{page}");
        assert!(!page.contains("/settings"), "{page}");
    }
);

both!(
    fn old_addresses_lead_to_the_pages_that_replaced_them(t) {
        for (old, page) in [
            ("/", "/apps"),
            ("/dhis-web-login", "/login"),
            ("/dhis-web-login/index.html?redirect=https://evil.example", "/login"),
            ("/dhis-web-settings", CLIENTS),
            ("/dhis-web-settings/index.html", CLIENTS),
            ("/dhis-web-dashboard/index.action", "/apps"),
            ("/dhis-web-commons/security/login.action", "/login"),
            ("/dhis-web-commons-security/login.action", "/login"),
            ("/dhis-web-commons/security/logout.action", "/logout"),
            ("/dhis-web-commons-security/logout.action", "/logout"),
            ("/dhis-web-commons/oust.action", "/apps"),
            ("/dhis-web-user-profile/", "/apps"),
        ] {
            let answer = t.get(old).send().await;
            assert_eq!((answer.status, answer.location()), (302, Some(page)), "{old}");
        }
        let below = t.another(3, |settings| settings.base_url = "https://example.org/dhis".parse().unwrap()).await;
        for path in ["/dhis/dhis-web-settings", "/dhis-web-settings"] {
            assert_eq!(below.get(path).send().await.location(), Some("/dhis/settings/oauth2-clients"));
        }
    }
);
