//! What nobody should send.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Request, both};

use super::clients::{add, stored, text_of};
use super::{CLIENTS, admin, assert_page, fill_login};

const NEW: &str = "/settings/oauth2-clients/new";
const DEMO: &str = "/settings/oauth2-clients/e0jkVfDkSMT";
const HTML: &str = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>"#;
const SQL: &str = "x'; drop table client; --";

fn assert_inert(html: &str, what: &str) {
    assert!(!html.contains("<script>alert") && !html.contains("<img"), "{what}: {html}");
}

both!(
    fn html_and_sql_are_text_in_every_field(t) {
        let mut browser = admin(t).await;
        for (number, text) in [HTML, SQL, "{{7*7}}", "%00%0d%0a", "\u{202e}gnp", "𐍈é"].into_iter().enumerate() {
            let cid = format!("hostile{number}");
            let page = add(&mut browser, text, &cid, &["password"], "").await;
            assert_eq!(page.answer.status, 201, "{text}: {}", page.answer.text());
            assert_inert(&page.answer.text(), text);
            let client = stored(t, &cid).await;
            assert_eq!(client["name"], text);
            let one = format!("{CLIENTS}/{}", client["id"].as_str().unwrap());
            for path in [CLIENTS.to_owned(), one.clone(), format!("{one}/delete")] {
                let page = browser.open(&path).await;
                assert_eq!(page.answer.status, 200);
                assert_inert(&page.answer.text(), text);
            }
            assert_eq!(browser.open(&one).await.form(&one).value("name"), Some(text));
            let odd = add(&mut browser, &format!("n{number}"), &format!("{text} "), &[text], text).await;
            assert_inert(&odd.answer.text(), text);
            assert!(matches!(odd.answer.status, 201 | 409), "{text}: {}", odd.answer.status);
        }
        // A client ID may hold quotes; the line to paste stays one word of a shell.
        let page = add(&mut browser, "Quote", "a';id;'", &["password"], "").await;
        let line = text_of(&page.answer, "curl-token");
        assert!(line.starts_with(r"curl -u 'a'\'';id;'\'':"), "{line}");
        // A character that PostgreSQL cannot hold is refused on both engines, and nothing fails.
        let nul = add(&mut browser, "a\u{0}b", "nul", &["password"], "").await;
        assert!(matches!(nul.answer.status, 400 | 409), "{}: {}", nul.answer.status, nul.answer.text());

        let mut browser = t.browser();
        let page = browser.open("/login").await;
        for text in [HTML, SQL, "a\u{0}b"] {
            let page = fill_login(&mut browser, &page, text, text).await;
            assert_eq!(page.answer.status, 401, "{text}: {}", page.answer.text());
            assert_inert(&page.answer.text(), text);
        }
    }
);

both!(
    fn what_is_too_large_or_no_form_is_refused_with_a_page(t) {
        let mut browser = admin(t).await;
        let large = "x".repeat(100_000);
        let page = browser.open(NEW).await;
        let form = page.form(NEW).fill("name", &large);
        let answer = browser.submit(&page, &form).await.answer;
        assert_eq!(answer.status, 413);
        assert_page(t, &answer, "too large").await;
        let long = "x".repeat(20_000);
        for field in ["name", "cid", "redirectUris"] {
            let form = page.form(NEW).fill("name", "N").fill("cid", "c").fill(field, &long);
            assert_eq!(browser.submit(&page, &form).await.answer.status, 409, "{field}");
        }
        let post = |body: &'static [u8], kind: &str| browser.request("POST", NEW).body(kind, body);
        let form = "application/x-www-form-urlencoded";
        let cases: [(Request, u16); 4] = [
            (post(b"{}", "application/json"), 415),
            (post(b"name=x", "application/x-www-form-urlencoded; charset=utf-16"), 415),
            (post(b"\xff\xfe%%%=%zz&csrf", form), 403),
            (browser.request("POST", NEW), 415),
        ];
        for (request, status) in cases {
            assert_eq!(request.send().await.status, status);
        }
        let many = "a=1&".repeat(10_000);
        assert_eq!(browser.request("POST", "/login").body(form, many).send().await.status, 403);
        let mut browser = t.browser();
        let page = browser.open("/login").await;
        let page = fill_login(&mut browser, &page, ADMIN, &"x".repeat(5000)).await;
        assert_eq!(page.answer.status, 401);
        for wrong in ["/settings/oauth2-clients/%00", "/settings/oauth2-clients/..%2F..", "/settings/oauth2-clients/%ff"] {
            let status = admin(t).await.open(wrong).await.answer.status;
            assert!(matches!(status, 400 | 404), "{wrong}: {status}");
        }
    }
);

both!(
    fn no_form_works_without_the_token_of_its_session(t) {
        let mut browser = admin(t).await;
        let other = admin(t).await.open(NEW).await.form(NEW).value("csrf").unwrap().to_owned();
        for path in [NEW.to_owned(), DEMO.to_owned(), format!("{DEMO}/secret"), format!("{DEMO}/delete"), "/logout".to_owned()] {
            for token in ["", "x", other.as_str()] {
                let fields = [("csrf", token), ("name", "Forged"), ("cid", "forged"), ("overlap", "0")];
                let request = browser.request("POST", &path).header("origin", "http://localhost:8080").form(&fields);
                let answer = browser.send(request).await;
                assert_eq!(answer.status, 403, "{path}");
                assert!(answer.text().contains("This form has expired"), "{}", answer.text());
            }
            let token = browser.open(NEW).await.form(NEW).value("csrf").unwrap().to_owned();
            let fields = [("csrf", token.as_str()), ("name", "Forged"), ("cid", "forged"), ("overlap", "0")];
            for (header, value) in [("origin", "https://evil.example"), ("origin", "null")] {
                let answer = browser.request("POST", &path).header(header, value).form(&fields).send().await;
                assert_eq!(answer.status, 403, "{path} {value}");
            }
            // Without any session the form has expired as well, and going back keeps what was typed.
            assert_eq!(t.post(&path).form(&fields).send().await.status, if path == "/logout" { 303 } else { 403 });
        }
        assert_eq!(browser.open(NEW).await.answer.status, 200, "still signed in");
        assert!(stored(t, "forged").await.is_null());
        let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let token = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        assert_eq!(token.status, 200, "the secret is the old one");
    }
);
