//! *Settings > Initial access tokens*: list, make, take back.

use kibali_testkit::{Browser, Page, both};
use serde_json::json;

use super::clients::text_of;
use super::{CLIENTS, ORDINARY, admin, assert_page, make_ordinary, signed_in};
use crate::oauth2::CALLBACK;
use crate::registration::register;
use crate::why::{broken, explained};

const PAGE: &str = "/settings/initial-access-tokens";

/// The form that makes one, filled in.
async fn make(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(PAGE).await;
    let form = fields.iter().fold(form(&page, "hours"), |form, (name, value)| form.fill(name, value));
    browser.submit(&page, &form).await
}

/// The form of a page that has this field.
fn form(page: &Page, field: &str) -> kibali_testkit::Form {
    let mut every = kibali_testkit::Form::all(&page.answer.text()).into_iter();
    every.find(|form| form.value(field).is_some()).unwrap_or_else(|| panic!("{}", page.answer.text()))
}

both!(
    fn an_administrator_makes_shows_and_takes_back_initial_access_tokens(t) {
        let mut browser = admin(t).await;
        let html = browser.open(CLIENTS).await.answer.text();
        assert!(html.contains(&format!("href=\"{PAGE}\"")), "{html}");
        let page = browser.open(PAGE).await;
        assert_page(t, &page.answer, "empty").await;
        assert!(page.answer.text().contains("There are none that work."));
        for (name, value, said) in [
            ("uses", "0", "Enter a number from 1 to 10000."),
            ("uses", "many", "Enter a number from 1 to 10000."),
            ("hours", "-1", "Enter a number from 1 to 2160."),
            ("hours", "2161", "Enter a number from 1 to 2160."),
            ("redirectUrl", "javascript:alert(1)", "whole address"),
            ("name", &"x".repeat(231), "230 characters"),
        ] {
            let wrong = make(&mut browser, &[(name, value)]).await;
            let text = wrong.answer.text();
            assert!(wrong.answer.status == 409 && text.contains(said) && text.contains("role=\"alert\""), "{said}: {text}");
            assert_eq!(form(&wrong, "hours").value(name), Some(value), "nothing typed is lost");
        }
        let made = make(&mut browser, &[("name", " Part\0ners "), ("uses", "2"), ("hours", "1"), ("redirectUrl", CALLBACK)]).await;
        assert_eq!(made.answer.status, 201, "{}", made.answer.text());
        assert_page(t, &made.answer, "made").await;
        let token = text_of(&made.answer, "token");
        assert!(text_of(&made.answer, "curl-register").contains(&format!("Bearer {token}'")), "{}", made.answer.text());
        let elsewhere = register(t, &token, &json!({ "redirect_uris": ["https://other.example/cb"] })).await;
        assert_eq!(elsewhere.status, 400);
        assert_eq!(register(t, &token, &json!({ "redirect_uris": [CALLBACK] })).await.status, 201);
        let page = browser.open(PAGE).await;
        let html = page.answer.text();
        assert_page(t, &page.answer, "list").await;
        for said in ["Partners", CALLBACK, "data-label=\"Clients left\">1<", "2026-01-15"] {
            assert!(html.contains(said), "{said}: {html}");
        }
        assert!(!html.contains(&token), "it was shown once");

        // Another tab signed in again: what was typed is shown once more, and nothing is made or taken back.
        let mut other = admin(t).await;
        let again = other.submit(&page, &form(&page, "hours").fill("name", "Later")).await;
        assert_eq!(broken(&explained(t, 403, &again.answer).await).0, "request");
        assert_eq!((again.answer.status, form(&again, "hours").value("name")), (403, Some("Later")));
        let uid = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let end = page.form("/end").press("token", uid);
        assert_eq!(other.submit(&page, &end).await.answer.status, 403);
        let done = browser.submit(&page, &end).await;
        assert!(done.answer.text().contains("Taken back.") && done.answer.text().contains("There are none"), "{}", done.answer.text());
        assert_eq!(register(t, &token, &json!({ "redirect_uris": [CALLBACK] })).await.status, 401);
        assert!(browser.submit(&page, &end).await.answer.text().contains("It had ended already."));
    }
);

both!(
    fn who_may_only_manage_clients_makes_no_initial_access_token(t) {
        make_ordinary(t, &["F_OAUTH2_CLIENT_MANAGE"]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let page = browser.open(CLIENTS).await;
        assert!(!page.answer.text().contains(PAGE), "{}", page.answer.text());
        let csrf = page.form("/logout").value("csrf").unwrap().to_owned();
        assert_eq!(browser.open(PAGE).await.answer.status, 403);
        let fields = [("csrf", csrf.as_str()), ("uses", "1"), ("hours", "1"), ("token", "x")];
        for path in [PAGE, "/settings/initial-access-tokens/end"] {
            let answer = browser.send(browser.request("POST", path).form(&fields)).await;
            assert_eq!(answer.status, 403, "{path}");
        }
        let live = kibali_store::door::registrations::live(&mut t.app.store.reader().await.unwrap(), t.app.now()).await.unwrap();
        assert_eq!(live, []);
    }
);
