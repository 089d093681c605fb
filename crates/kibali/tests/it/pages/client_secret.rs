//! A client secret is shown once, in answer to making it.

use kibali_model::Clock;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Browser, Page, TestApp, both};
use serde_json::json;

use super::clients::{add, text_of};
use super::{CLIENTS, admin, assert_page};
use crate::oauth2::{SECRET, register};

const DEMO: &str = "/settings/oauth2-clients/e0jkVfDkSMT";

async fn works(t: &TestApp, secret: &str) -> bool {
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
    t.post("/uaa/oauth/token").basic(CLIENT, secret).form(&form).send().await.status == 200
}

async fn make(browser: &mut Browser, overlap: &str) -> Page {
    let page = browser.open(DEMO).await;
    let form = page.form("/secret");
    assert_eq!(form.value("overlap"), Some("86400"), "24 hours unless chosen otherwise");
    browser.submit(&page, &form.fill("overlap", overlap)).await
}

both!(
    fn no_get_ever_shows_it(t) {
        let mut browser = admin(t).await;
        let page = add(&mut browser, "Registry", "registry", &["password"], "").await;
        assert_eq!(page.answer.header("cache-control"), Some("no-store"));
        let secret = text_of(&page.answer, "client-secret");
        let html = browser.open(CLIENTS).await.answer.text();
        let links = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        let mut seen: Vec<String> = links.filter(|link| link.starts_with(CLIENTS)).collect();
        seen.extend([CLIENTS.to_owned(), "/apps".to_owned()]);
        for path in seen.clone() {
            seen.push(format!("{}/secret", path.split('#').next().unwrap()));
        }
        for path in [
            "/api/oAuth2Clients?fields=*,secret&paging=false", "/api/oAuth2Clients?fields=:all", "/api/metadata?oAuth2Clients=true",
            "/api/oAuth2Clients.csv?fields=*,secret", "/api/oAuth2Clients.xml?fields=:all",
        ] {
            seen.push(path.to_owned());
        }
        assert!(seen.len() > 15, "{seen:?}");
        for path in seen {
            let page = browser.open(path.split('#').next().unwrap()).await;
            assert!(!page.answer.text().contains(&secret), "{path}");
        }
        // Sent again, as a reload would, the form finds the client ID taken and shows no secret.
        let again = add(&mut browser, "Registry", "registry", &["password"], "").await;
        assert_eq!(again.answer.status, 409);
        assert!(!again.answer.text().contains(&secret));
    }
);

both!(
    fn a_new_one_lets_the_old_one_work_as_long_as_chosen(t) {
        let mut browser = admin(t).await;
        let page = make(&mut browser, "86400").await;
        assert_eq!(page.answer.status, 200, "{}", page.answer.text());
        assert_page(t, &page.answer, "new secret").await;
        assert!(page.answer.text().contains("The old secret keeps working for 24 hours."));
        let second = text_of(&page.answer, "client-secret");
        assert!(works(t, &second).await && works(t, CLIENT_SECRET).await);
        t.clock.advance_seconds(24 * 3600);
        assert!(works(t, &second).await && !works(t, CLIENT_SECRET).await);

        let mut browser = admin(t).await;
        let third = text_of(&make(&mut browser, "604800").await.answer, "client-secret");
        t.clock.advance_seconds(7 * 24 * 3600 - 1);
        assert!(works(t, &third).await && works(t, &second).await);
        t.clock.advance_seconds(1);
        assert!(!works(t, &second).await);

        let mut browser = admin(t).await;
        let page = make(&mut browser, "0").await;
        assert!(page.answer.text().contains("The old secret no longer works."));
        assert!(works(t, &text_of(&page.answer, "client-secret")).await && !works(t, &third).await);

        for wrong in ["", "1", "-1", "99999999999999"] {
            assert_eq!(make(&mut browser, wrong).await.answer.status, 400, "{wrong}");
        }
        let back = browser.open(&format!("{DEMO}/secret")).await;
        assert_eq!((back.answer.status, back.path.as_str()), (200, DEMO));
    }
);

both!(
    fn a_secret_sent_by_the_api_ends_the_old_one_at_once_and_no_token(t) {
        let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let token = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await.json();
        let other = "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6";
        let put = async |secret: Option<&str>| {
            let client = json!({ "name": "Demo", "cid": CLIENT, "secret": secret, "grantTypes": ["password", "refresh_token"] });
            let put = t.put("/api/oAuth2Clients/e0jkVfDkSMT").basic(ADMIN, ADMIN_PASSWORD);
            assert_eq!(put.json(&client).send().await.status, 200);
        };
        put(None).await;
        assert!(works(t, CLIENT_SECRET).await, "nothing sent, nothing changed");
        put(Some(other)).await;
        assert!(works(t, other).await && !works(t, CLIENT_SECRET).await);
        let called = t.get("/api/me").bearer(token["access_token"].as_str().unwrap()).send().await;
        assert_eq!(called.status, 200);
    }
);

both!(
    fn a_new_secret_lets_no_secret_live_longer(t) {
        let works = async |secret: &str| {
            let fields = [("token", "unknown")];
            t.post("/oauth2/revoke").basic("app", secret).form(&fields).send().await.status == 200
        };
        let first = SECRET;
        let end = t.clock.now().plus_seconds(3600);
        register(t, "app", json!({ "clientSecretExpiresAt": end.to_dhis2() })).await;
        let shown = async |id: &str| {
            let path = format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}&fields=*");
            t.get(&path).basic(ADMIN, ADMIN_PASSWORD).send().await.json()["oAuth2Clients"][0].clone()
        };
        let address = async |id: &str| format!("{CLIENTS}/{}", shown(id).await["id"].as_str().unwrap());
        let make = async || {
            let mut browser = admin(t).await;
            let page = browser.open(&address("app").await).await;
            let form = page.form("/secret").fill("overlap", "86400");
            browser.submit(&page, &form).await.answer
        };
        let made = make().await;
        assert!(made.text().contains("The old secret keeps working until it expires."), "{}", made.text());
        let second = text_of(&made, "client-secret");
        assert!(works(first).await && works(&second).await);
        t.clock.advance_seconds(3600);
        assert!(!works(first).await && !works(&second).await, "both end on the day that was said");

        let made = make().await;
        assert_eq!(made.status, 409, "a new one would not work either: {}", made.text());

        let none = json!({ "clientAuthenticationMethods": "none", "clientSecret": null });
        register(t, "phone", none).await;
        let mut browser = admin(t).await;
        let csrf = browser.open("/apps").await.form("/logout").value("csrf").unwrap().to_owned();
        let path = format!("{}/secret", address("phone").await);
        let fields = [("csrf", csrf.as_str()), ("overlap", "0")];
        let refused = browser.send(browser.request("POST", &path).form(&fields)).await;
        assert_eq!(refused.status, 409, "a client that has no secret gets none: {}", refused.text());
    }
);
