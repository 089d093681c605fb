//! Codes by e-mail, on the pages.

use kibali_testkit::both;
use serde_json::json;

use super::login_status;
use super::mail::{WHO, amina, mailed};
use crate::account::{AMINA, Office, PASSWORD, with_amina};
use crate::pages::{assert_page, fill_login};

both!(
    fn somebody_verifies_their_address_on_the_pages_and_has_codes_mailed_there(t) {
        with_amina(t, json!({ "email": null })).await;
        let office = Office::open(t, json!({})).await;
        let mut browser = crate::pages::signed_in(&office.node, WHO).await;
        let page = browser.open("/account/two-factor").await;
        assert!(page.answer.text().contains("href=\"/account/profile\""), "{}", page.answer.text());
        let page = browser.open("/account/profile").await;
        assert_page(&office.node, &page.answer, "profile").await;
        assert!(!page.answer.text().contains("Send me the link"), "there is no address");
        let wrong = browser.submit(&page, &page.form("/account/profile").fill("email", "no address")).await;
        assert_eq!(wrong.answer.status, 400, "{}", wrong.answer.text());
        assert!(wrong.answer.text().contains("value=\"no address\""), "{}", wrong.answer.text());
        let page = browser.submit(&wrong, &wrong.form("/account/profile").fill("email", "amina@example.org")).await;
        assert!(page.answer.text().contains("Your profile is saved."), "{}", page.answer.text());
        let page = browser.submit(&page, &page.form("/account/profile/verify")).await;
        assert!(page.answer.text().contains("A message is on its way."), "{}", page.answer.text());
        let mail = office.mail().await;
        let link = mail[0].lines().find_map(|line| line.strip_prefix("http://localhost:8080")).unwrap().trim().to_owned();
        let page = browser.open(&link).await;
        browser.submit(&page, &page.form("/verify-email")).await;
        let page = browser.open("/account/profile").await;
        assert!(page.answer.text().contains("You have shown that you read amina@example.org."), "{}", page.answer.text());
        let page = browser.open("/account/two-factor").await;
        let page = browser.submit(&page, &page.form("/begin-mail")).await;
        let code = mailed(&office).await;
        let done = browser.submit(&page, &page.form("/confirm").fill("code", &code)).await;
        assert!(done.answer.text().contains("Your account is protected now"), "{}", done.answer.text());
        t.clock.advance_seconds(300);
        assert_eq!(browser.open("/account/profile").await.path, "/account/two-factor/prove");
    }
);

both!(
    fn the_pages_offer_codes_by_mail_ask_for_them_and_switch_them_off(t) {
        let (office, mut browser) = amina(t).await;
        let node = &office.node;
        let page = browser.open("/account/two-factor").await;
        assert_page(node, &page.answer, "off").await;
        assert!(page.answer.text().contains("Codes by e-mail"), "{}", page.answer.text());
        let page = browser.submit(&page, &page.form("/begin-mail")).await;
        assert_page(node, &page.answer, "mailed").await;
        let code = mailed(&office).await;
        let done = browser.submit(&page, &page.form("/confirm").fill("code", &code)).await;
        assert!(done.answer.text().contains("Your account is protected now"), "{}", done.answer.text());
        let page = browser.open("/account/two-factor").await;
        assert!(page.answer.text().contains("Mail me a code"), "{}", page.answer.text());

        t.clock.advance_seconds(60);
        let mut other = node.browser();
        let login = other.open("/login").await;
        let asked = fill_login(&mut other, &login, AMINA, PASSWORD).await;
        assert_eq!(asked.path, "/login/code");
        assert_page(node, &asked.answer, "code").await;
        assert!(asked.answer.text().contains("A code was mailed to you"), "{}", asked.answer.text());
        let first = mailed(&office).await;
        t.clock.advance_seconds(60);
        // Another one, by the button.
        let csrf = asked.form("/login/code").value("csrf").unwrap().to_owned();
        let fields = [("csrf", csrf.as_str()), ("to", "sign-in"), ("code", "")];
        let request = other.request("POST", "/login/code/send").header("origin", "http://localhost:8080").form(&fields);
        assert_eq!(other.send(request).await.location(), Some("/login/code"));
        let second = mailed(&office).await;
        let refused = other.submit(&asked, &asked.form("/login/code").fill("code", &first)).await;
        assert!(refused.answer.text().contains("too old"), "{}", refused.answer.text());
        let entered = other.submit(&refused, &refused.form("/login/code").fill("code", &second)).await;
        assert_eq!(entered.path, "/apps");

        t.clock.advance_seconds(60);
        let page = other.open("/account/two-factor").await;
        let csrf = page.form("/off").value("csrf").unwrap().to_owned();
        let fields = [("csrf", csrf.as_str()), ("to", "page"), ("code-for-off", "")];
        let request = other.request("POST", "/account/two-factor/send").header("origin", "http://localhost:8080").form(&fields);
        assert_eq!(other.send(request).await.location(), Some("/account/two-factor"));
        let code = mailed(&office).await;
        let off = other.submit(&page, &page.form("/off").fill("code-for-off", &code)).await;
        assert!(off.answer.text().contains("Two-factor authentication is off"), "{}", off.answer.text());
        assert_eq!(login_status(&mut node.browser(), WHO, None).await, "SUCCESS");
        // Without mail, or where the operator does not want it, it is not offered.
        let page = crate::pages::signed_in(t, WHO).await.open("/account/two-factor").await;
        assert!(!page.answer.text().contains("Codes by e-mail"));
    }
);
