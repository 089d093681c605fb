//! Addresses whose users show that they read them.

use kibali_testkit::both;
use serde_json::json;

use super::*;
use crate::pages::assert_page;

async fn ask(t: &TestApp, username: &str) -> Answer {
    t.post("/api/account/sendEmailVerification").basic(username, PASSWORD).send().await
}

async fn verified(t: &TestApp, username: &str) -> Value {
    let me = t.get("/api/me").basic(username, PASSWORD).send().await.json();
    me["emailVerified"].clone()
}

/// Presses the button behind a link; the status of what follows.
async fn press(t: &TestApp, link: &str) -> u16 {
    let mut browser = t.browser();
    let page = browser.open(link).await;
    if page.answer.status != 200 {
        return page.answer.status;
    }
    browser.submit(&page, &page.form("/verify-email")).await.answer.status
}

/// Amina shows that she reads her address.
pub(crate) async fn verify_address(office: &Office) {
    assert_eq!(ask(&office.node, AMINA).await.status, 201);
    assert_eq!(press(&office.node, &office.link().await).await, 200);
}

both!(
    fn an_address_is_verified_by_a_button_behind_its_link(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        assert_eq!(verified(node, AMINA).await, false);
        let without = ask(t, AMINA).await;
        assert_eq!((without.status, without.json()["errorCode"].clone()), (409, json!("E6203")));
        assert_eq!(node.post("/api/account/sendEmailVerification").send().await.status, 401);
        assert_eq!(ask(node, AMINA).await.status, 201);
        let link = office.link().await;
        assert!(link.starts_with("/verify-email?token="), "{link}");
        let old = node.get(&format!("/api/account/verifyEmail?token={}", token_in(&link))).send().await;
        assert_eq!((old.status, old.location()), (302, Some(link.as_str())));
        let mut browser = node.browser();
        let page = browser.open(&link).await;
        assert_page(node, &page.answer, "verify").await;
        assert_eq!(verified(node, AMINA).await, false, "whoever only follows the link shows nothing");
        let done = browser.submit(&page, &page.form("/verify-email")).await;
        assert!(done.answer.text().contains("Your e-mail address is verified"), "{}", done.answer.text());
        assert_eq!(verified(node, AMINA).await, true);
        assert_eq!(press(node, &link).await, 404, "once");
        let again = ask(node, AMINA).await;
        assert_eq!((again.status, again.json()["message"].clone()), (409, json!("User has already verified the email address")));
    }
);

both!(
    fn an_address_counts_for_one_user_and_while_it_is_theirs(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let node = &office.node;
        let rival = |email: &str| json!({ "users": [{
            "id": "userrival01", "username": "rival", "password": PASSWORD, "firstName": "R", "surname": "V",
            "email": email, "userRoles": [{ "id": "roleclerk01" }],
        }]});
        import(&node.app, &rival("amina@EXAMPLE.org")).await;
        assert_eq!(ask(node, "rival").await.status, 201);
        let theirs = office.link().await;
        assert_eq!(ask(node, AMINA).await.status, 201);
        assert_eq!(press(node, &office.link().await).await, 200);
        assert_eq!(press(node, &theirs).await, 404, "another user showed it first");
        assert_eq!(verified(node, "rival").await, false);
        assert_eq!(ask(node, "rival").await.status, 409);

        let change = json!({ "email": "new@example.org" });
        let changed = node.put("/api/me").basic(AMINA, PASSWORD).json(&change).send().await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(office.mail().await.len(), 1, "the address of before is told");
        assert_eq!(verified(node, AMINA).await, false, "it is another address now");
        assert_eq!(ask(node, "rival").await.status, 201);
        assert_eq!(press(node, &office.link().await).await, 200);
        assert_eq!(verified(node, "rival").await, true);

        assert_eq!(ask(node, AMINA).await.status, 201);
        let link = office.link().await;
        let back = json!({ "email": "third@example.org" });
        assert_eq!(node.put("/api/me").basic(AMINA, PASSWORD).json(&back).send().await.status, 200);
        assert_eq!(office.mail().await.len(), 1);
        assert_eq!(press(node, &link).await, 404, "the link was sent to another address");
        assert_eq!(ask(node, AMINA).await.status, 201);
        let late = office.link().await;
        node.clock.advance_seconds(3600);
        assert_eq!(press(node, &late).await, 404);
    }
);
