//! *Account > Personal access tokens*.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Browser, Page, TestApp, both};
use kibali_web::identity::flush;
use serde_json::json;

use super::clients::text_of;
use super::{ORDINARY, admin, assert_page, make_ordinary, signed_in};
use crate::api_tokens::{TOKENS as API, call};

const TOKENS: &str = "/account/tokens";

async fn make(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(&format!("{TOKENS}/new")).await;
    let form = fields.iter().fold(page.form(TOKENS), |form, (name, value)| form.fill(name, value));
    browser.submit(&page, &form).await
}

async fn list(t: &TestApp) -> serde_json::Value {
    let list =
        t.get(&format!("{API}?fields=code,attributes,expire")).basic(ADMIN, ADMIN_PASSWORD).send().await;
    list.json()["apiToken"].clone()
}

both!(
    fn a_person_makes_uses_and_deletes_a_token(t) {
        let mut browser = admin(t).await;
        let apps = browser.open("/apps").await;
        assert!(apps.answer.text().contains(&format!("href=\"{TOKENS}\"")));
        let empty = browser.open(TOKENS).await;
        assert!(empty.answer.text().contains("You have no personal access tokens."));
        let form = browser.open(&format!("{TOKENS}/new")).await.form(TOKENS);
        assert_eq!(form.value("lifetime"), Some("30"), "30 days unless chosen otherwise");

        let page = make(&mut browser, &[("code", "Nightly <export>"), ("lifetime", "7")]).await;
        assert_eq!(page.answer.status, 201, "{}", page.answer.text());
        assert_page(t, &page.answer, "token made").await;
        let key = text_of(&page.answer, "token");
        assert_eq!(call(t, &key).await.status, 200);
        let curl = text_of(&page.answer, "curl").replace("&#39;", "'");
        assert_eq!(curl, format!("curl -H 'Authorization: ApiToken {key}' 'http://localhost:8080/api/me'"));
        assert!(page.answer.text().contains("2026-01-22 08:00 UTC"));

        flush(&t.app).await.unwrap();
        let shown = browser.open(TOKENS).await.answer.text();
        for text in ["Nightly &#60;export&#62;", "2026-01-15 08:00 UTC", "2026-01-22 08:00 UTC", "What you may do"] {
            assert!(shown.contains(text), "{text} in {shown}");
        }
        assert!(!shown.contains("Never"), "it was used");
        for path in [TOKENS, "/account/tokens/new", "/apps"] {
            assert!(!browser.open(path).await.answer.text().contains(&key), "{path}");
        }
        t.clock.advance_seconds(7 * 86_400 - 60);
        let mut browser = admin(t).await;
        assert!(!browser.open(TOKENS).await.answer.text().contains("<strong>expired"));
        t.clock.advance_seconds(60);
        assert!(browser.open(TOKENS).await.answer.text().contains("<strong>expired"));

        let page = browser.open(TOKENS).await.answer.text();
        let delete = page.split('"').find(|text| text.ends_with("/delete")).unwrap().to_owned();
        let ask = browser.open(&delete).await;
        assert_page(t, &ask.answer, "delete").await;
        assert!(ask.answer.text().contains("Delete Nightly &#60;export&#62;?"));
        let done = browser.submit(&ask, &ask.form("/delete")).await;
        assert_eq!((done.answer.status, done.path.as_str()), (200, "/account/tokens?done=deleted"));
        assert!(done.answer.text().contains("Token deleted"));
        assert_eq!(call(t, &key).await.json()["message"], "The API token does not exists");
        assert_eq!(browser.open(&delete).await.answer.status, 404);
    }
);

both!(
    fn limits_can_be_chosen_on_the_page(t) {
        let mut browser = admin(t).await;
        let page = make(&mut browser, &[
            ("code", "limited"), ("lifetime", "365"), ("allowedIps", " 127.0.0.1\r\n\r\n2001:db8::1 "),
            ("allowedMethods", "GET"), ("allowedReferrers", ""),
        ]).await;
        assert_eq!(page.answer.status, 201, "{}", page.answer.text());
        let expire = t.app.now().plus_seconds(365 * 86_400).millis();
        assert_eq!(list(t).await, json!([{ "code": "limited", "expire": expire, "attributes": [
            { "type": "IpAllowedList", "allowedIps": ["127.0.0.1", "2001:db8::1"] },
            { "type": "MethodAllowedList", "allowedMethods": ["GET"] },
        ]}]));
        let shown = browser.open(TOKENS).await.answer.text();
        assert!(shown.contains("only from 127.0.0.1, 2001:db8::1; by GET"), "{shown}");
    }
);

both!(
    fn what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(t) {
        let mut browser = admin(t).await;
        let page = make(&mut browser, &[
            ("code", ""), ("allowedIps", "192.0.2"), ("allowedReferrers", "app.example.org"), ("lifetime", "90"),
        ]).await;
        assert_eq!(page.answer.status, 409);
        assert_page(t, &page.answer, "wrong").await;
        let html = page.answer.text();
        for text in ["Enter a name.", "192.0.2 is no IP address.", "app.example.org is no address of a page", "<details class=\"field\" open>"] {
            assert!(html.contains(text), "{text} in {html}");
        }
        let form = page.form(TOKENS);
        assert_eq!((form.value("allowedIps"), form.value("lifetime")), (Some("192.0.2"), Some("90")));
        assert_eq!(list(t).await, json!([]));
        let unlikely = make(&mut browser, &[("code", "x"), ("lifetime", "36500")]).await;
        assert_eq!(unlikely.answer.status, 409);
        make(&mut browser, &[("code", "twice")]).await;
        let again = make(&mut browser, &[("code", "twice")]).await;
        assert_eq!(again.answer.status, 409, "as a reload would send it");
        assert!(again.answer.text().contains("Another token of yours already has this name."));
    }
);

both!(
    fn tokens_are_made_by_their_owner_and_no_other_page(t) {
        make_ordinary(t, &[]).await;
        let mut theirs = signed_in(t, ORDINARY).await;
        assert_eq!(make(&mut theirs, &[("code", "own")]).await.answer.status, 201, "it takes no authority");
        let page = theirs.open(TOKENS).await.answer.text();
        let delete = page.split('"').find(|text| text.ends_with("/delete")).unwrap().to_owned();
        let mut browser = admin(t).await;
        assert!(!browser.open(TOKENS).await.answer.text().contains("own"));
        assert_eq!(browser.open(&delete).await.answer.status, 404);

        let page = browser.open(&format!("{TOKENS}/new")).await;
        let stale = browser.submit(&page, &page.form(TOKENS).fill("code", "kept").fill("csrf", "other")).await;
        assert_eq!(stale.answer.status, 403);
        assert_eq!(stale.form(TOKENS).value("code"), Some("kept"), "it can be sent again");
        let form = [("code", "evil"), ("lifetime", "30"), ("csrf", "x")];
        let request = browser.request("POST", "/account/tokens/new").header("origin", "https://evil.example");
        assert_eq!(browser.send(request.form(&form)).await.status, 403);
        assert_eq!(list(t).await, json!([]));
        let anonymous = t.browser().open(TOKENS).await;
        assert_eq!(anonymous.path, "/login");
    }
);
