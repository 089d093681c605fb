//! Forgotten passwords.

use kibali_testkit::seed::{CLIENT, CLIENT_SECRET};
use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::*;
use crate::api_tokens::{TOKENS, call, made};
use crate::pages::{assert_page, fill_login, signed_in};
use crate::two_factor::enrol;

const ON: (&str, bool) = ("keyAccountRecovery", true);

async fn ask(t: &TestApp, name: &str) -> Answer {
    send(t, "/api/auth/forgotPassword", json!({ "emailOrUsername": name })).await
}

async fn reset(t: &TestApp, token: &str, password: &str) -> Answer {
    send(t, "/api/auth/passwordReset", json!({ "token": token, "newPassword": password })).await
}

async fn open(t: &TestApp) -> Office {
    with_amina(t, json!({})).await;
    Office::open(t, json!({ ON.0: ON.1 })).await
}

both!(
    fn a_forgotten_password_is_set_anew_by_a_link_that_works_once_and_all_that_was_open_ends(t) {
        let office = open(t).await;
        let node = &office.node;
        let mut browser = signed_in(node, (AMINA, PASSWORD)).await;
        let grant = [("grant_type", "password"), ("username", AMINA), ("password", PASSWORD)];
        let tokens = node.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&grant).send().await.json();
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(node.get("/api/me").bearer(&access).send().await.status, 200);
        let (_, personal) = made(&node.post(TOKENS).basic(AMINA, PASSWORD).json(&json!({})).send().await);
        assert_eq!(call(node, &personal).await.status, 200);

        for name in [AMINA, "amina@EXAMPLE.org"] {
            let answer = ask(node, name).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{name}");
            let mail = office.mail().await;
            assert_eq!(mail.len(), 1, "{name}");
            assert!(mail[0].contains("To: Amina@example.org\r\n"), "{}", mail[0]);
        }
        ask(node, AMINA).await;
        let token = token_in(&office.link().await);
        for (token, password, status, said) in [
            ("", NEW, 400, "Token is required"),
            (&token, " ", 400, "New password is required"),
            (&token, "short", 400, "at least 8 characters"),
            (&token, "Amina_2027", 400, "holds the user name"),
            (&token, PASSWORD, 400, "one of the last 24"),
            ("xyz", NEW, 409, "Account recovery failed"),
        ] {
            let answer = reset(node, token, password).await;
            assert_eq!(answer.status, status, "{said}: {}", answer.text());
            assert!(answer.text().contains(said), "{said}: {}", answer.text());
        }
        assert_eq!(status_as(node, AMINA, PASSWORD).await, 200, "nothing has happened yet");
        let answer = reset(node, &token, NEW).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        assert_eq!(reset(node, &token, "Third_2028").await.status, 409);

        assert_eq!(status_as(node, AMINA, PASSWORD).await, 401);
        assert_eq!(status_as(node, AMINA, NEW).await, 200);
        assert_eq!(node.get("/api/me").bearer(&access).send().await.status, 401);
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let refreshed = node.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        assert_eq!(refreshed.json()["error"], "invalid_grant");
        assert_eq!(call(node, &personal).await.status, 401);
        assert_eq!(browser.open("/apps").await.path, "/login");
    }
);

both!(
    fn a_new_password_by_link_does_not_pass_by_the_second_factor(t) {
        let office = open(t).await;
        let node = &office.node;
        enrol(node, &mut signed_in(node, (AMINA, PASSWORD)).await).await;
        ask(node, AMINA).await;
        let done = reset(node, &token_in(&office.link().await), NEW).await;
        assert_eq!((done.status, done.header("set-cookie")), (200, None), "it signs nobody in");
        let basic = node.get("/api/me").basic(AMINA, NEW).send().await;
        assert!(basic.status == 401 && basic.text().contains("second factor"), "{}", basic.text());
        let login = send(node, "/api/auth/login", json!({ "username": AMINA, "password": NEW })).await;
        assert_eq!(login.json()["loginStatus"], "INCORRECT_TWO_FACTOR_CODE");
        assert_eq!(login.header("set-cookie"), None);
    }
);

both!(
    fn nobody_learns_by_asking_who_has_an_account(t) {
        let office = open(t).await;
        import(&office.node.app, &json!({ "users": [
            { "id": "usernomail1", "username": "nomail", "password": PASSWORD, "firstName": "A", "surname": "B",
              "userRoles": [{ "id": "roleclerk01" }] },
            { "id": "userclosed1", "username": "closed", "password": PASSWORD, "firstName": "A", "surname": "B",
              "email": "closed@example.org", "disabled": true, "userRoles": [{ "id": "roleclerk01" }] },
            { "id": "userextern1", "username": "extern", "firstName": "A", "surname": "B", "externalAuth": true,
              "email": "extern@example.org", "userRoles": [{ "id": "roleclerk01" }] },
            { "id": "usertwin001", "username": "twin.one", "firstName": "A", "surname": "B",
              "email": "twins@example.org", "userRoles": [{ "id": "roleclerk01" }] },
            { "id": "usertwin002", "username": "twin.two", "firstName": "A", "surname": "B",
              "email": "twins@example.org", "userRoles": [{ "id": "roleclerk01" }] },
        ]})).await;
        let known = ask(&office.node, AMINA).await;
        assert_eq!(office.mail().await.len(), 1);
        let long = "x".repeat(2000);
        for (place, name) in ["nobody", "nobody@example.org", "nomail", "closed", "extern@example.org", "twins@example.org", "\0", "", &long]
            .into_iter()
            .enumerate()
        {
            let from = format!("198.51.100.{place}");
            for (path, body, said) in [
                ("/api/auth/forgotPassword", json!({ "emailOrUsername": name }), known.text()),
            ] {
                let answer = office.node.post(path).from(&from).json(&body).send().await;
                assert_eq!((answer.status, answer.text()), (known.status, said), "{name}");
            }
        }
        let old = office.node.post("/api/account/recovery?username=nobody").send().await;
        assert_eq!(old.json()["message"], "Recovery message sent");
        assert!(office.mail().await.is_empty(), "nobody else gets a message");
    }
);

both!(
    fn whoever_writes_anothers_address_into_their_profile_stops_no_recovery_by_it(t) {
        let office = open(t).await;
        let node = &office.node;
        let rival = |email: &str| json!({ "users": [{
            "id": "userrival01", "username": "rival", "password": PASSWORD, "firstName": "R", "surname": "V",
            "email": email, "userRoles": [{ "id": "roleclerk01" }],
        }]});
        import(&node.app, &rival("rival@example.org")).await;
        let write = json!({ "email": "amina@EXAMPLE.org" });
        assert_eq!(node.put("/api/me").basic("rival", PASSWORD).json(&write).send().await.status, 200);
        office.mail().await;
        ask(node, "amina@example.org").await;
        assert!(office.mail().await.is_empty(), "nobody has shown to read it");
        verify_address(&office).await;
        ask(node, "amina@example.org").await;
        assert_eq!(reset(node, &token_in(&office.link().await), NEW).await.status, 200);
        assert_eq!(status_as(node, AMINA, NEW).await, 200);
        assert_eq!(status_as(node, "rival", PASSWORD).await, 200);

        // Who has another address by now is not found by the one before.
        let moved = json!({ "email": "new@example.org" });
        assert_eq!(node.put("/api/me").basic(AMINA, NEW).json(&moved).send().await.status, 200);
        office.mail().await;
        ask(node, "amina@example.org").await;
        assert_eq!(reset(node, &token_in(&office.link().await), "Third_2028").await.status, 200);
        assert_eq!(status_as(node, "rival", "Third_2028").await, 200);
        assert_eq!(status_as(node, AMINA, NEW).await, 200);
    }
);

both!(
    fn recovery_is_there_only_where_it_is_switched_on_and_mail_can_be_sent(t) {
        with_amina(t, json!({})).await;
        let config = async |t: &TestApp| {
            let told = t.get("/api/loginConfig").send().await.json();
            let info = t.get("/api/system/info").basic(AMINA, PASSWORD).send().await.json();
            assert_eq!(told["emailConfigured"], info["emailConfigured"]);
            told
        };
        let off = Office::open(t, json!({})).await;
        assert_eq!(ask(&off.node, AMINA).await.json()["message"], "Account recovery is not enabled");
        assert_eq!(ask(&off.node, AMINA).await.status, 409);
        assert_eq!(reset(&off.node, "x", NEW).await.status, 409);
        assert_eq!(config(&off.node).await["allowAccountRecovery"], false);
        assert_eq!(config(&off.node).await["emailConfigured"], true);
        assert!(!off.node.get("/login").send().await.text().contains("/forgot-password"));
        assert!(off.node.get("/forgot-password").send().await.text().contains("not recovered by mail here"));
        assert!(off.mail().await.is_empty());

        set(t, json!({ ON.0: ON.1 })).await;
        let without = ask(t, AMINA).await;
        assert_eq!((without.status, without.json()["errorCode"].clone()), (409, json!("E6203")), "no mail server");
        assert_eq!(config(t).await["allowAccountRecovery"], false);
        assert_eq!(config(t).await["emailConfigured"], false);
        assert_eq!(config(&off.node).await["allowAccountRecovery"], true);
        assert!(off.node.get("/login").send().await.text().contains("/forgot-password"));

        ask(&off.node, AMINA).await;
        let token = token_in(&off.link().await);
        set(t, json!({ ON.0: false })).await;
        assert_eq!(reset(&off.node, &token, NEW).await.status, 409, "switched off meanwhile");
    }
);

both!(
    fn a_link_ends_with_its_hour_with_the_password_the_address_and_the_account(t) {
        let office = open(t).await;
        let node = &office.node;
        ask(node, AMINA).await;
        let hour = token_in(&office.link().await);
        node.clock.advance_seconds(3599);
        assert_eq!(reset(node, &hour, "weak").await.status, 400, "it works");
        node.clock.advance_seconds(1);
        assert_eq!(reset(node, &hour, NEW).await.status, 409);

        ask(node, AMINA).await;
        let before = token_in(&office.link().await);
        let change = json!({ "oldPassword": PASSWORD, "newPassword": "Changed_2027" });
        let changed = node.put("/api/me/changePassword").basic(AMINA, PASSWORD).json(&change).send().await;
        assert_eq!(changed.status, 202, "{}", changed.text());
        assert_eq!(reset(node, &before, NEW).await.status, 409, "the password is another");

        ask(node, AMINA).await;
        let moved = token_in(&office.link().await);
        let email = json!({ "email": "elsewhere@example.org" });
        let put = node.put("/api/me").basic(AMINA, "Changed_2027").json(&email).send().await;
        assert_eq!(put.status, 200, "{}", put.text());
        assert_eq!(reset(node, &moved, NEW).await.status, 409, "the mailbox is another");
        assert_eq!(office.mail().await.len(), 1, "the one of before is told");

        ask(node, AMINA).await;
        let closed = token_in(&office.link().await);
        assert_eq!(admin(node.post("/api/users/useramina01/disabled")).send().await.status, 204);
        assert_eq!(reset(node, &closed, NEW).await.status, 409);
        assert_eq!(admin(node.delete("/api/users/useramina01")).send().await.status, 200);
        assert_eq!(reset(node, &closed, NEW).await.status, 409);
    }
);

both!(
    fn of_those_who_use_a_link_at_once_on_two_nodes_one_does(t) {
        let office = open(t).await;
        let other = t.another(12, |_| {}).await;
        for round in 0..5 {
            ask(&office.node, AMINA).await;
            let token = token_in(&office.link().await);
            let (one, two) = (format!("First_{round}_one"), format!("Second_{round}_two"));
            let (left, right) = tokio::join!(reset(&office.node, &token, &one), reset(&other, &token, &two));
            let mut statuses = [left.status, right.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409]);
            let (good, bad) = if left.status == 200 { (&one, &two) } else { (&two, &one) };
            assert_eq!(status_as(&office.node, AMINA, good).await, 200);
            assert_eq!(status_as(&office.node, AMINA, bad).await, 401);
            t.clock.advance_seconds(3600);
        }
    }
);

both!(
    fn a_user_gets_five_links_an_hour_and_an_address_asks_ten_times(t) {
        let office = open(t).await;
        let from = async |address: &str| {
            let request = office.node.post("/api/auth/forgotPassword").from(address);
            request.json(&json!({ "emailOrUsername": AMINA })).send().await
        };
        let mut first = None;
        for round in 0..10 {
            assert_eq!(from("198.51.100.1").await.status, 200, "{round}");
            let mail = office.mail().await;
            assert_eq!(mail.len(), usize::from(round < 5), "{round}");
            first = first.or_else(|| mail.first().map(|mail| token_in(&link_in(mail))));
        }
        let refused = from("198.51.100.1").await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
        assert_eq!(from("198.51.100.2").await.status, 200, "others are not held up");
        office.node.clock.advance_seconds(1);
        assert_eq!(from("198.51.100.1").await.status, 200);
        assert!(office.mail().await.is_empty());
        assert_eq!(reset(&office.node, &first.unwrap(), NEW).await.status, 200, "whoever floods a mailbox ends no link");
        office.node.clock.advance_seconds(3600);
        assert_eq!(from("198.51.100.3").await.status, 200);
        assert_eq!(office.mail().await.len(), 1);
    }
);

both!(
    fn the_pages_lead_from_a_forgotten_password_to_a_new_one(t) {
        let office = open(t).await;
        let node = &office.node;
        let mut browser = node.browser();
        let login = browser.open("/login").await;
        assert!(login.answer.text().contains("href=\"/forgot-password\""));
        let page = browser.open("/forgot-password").await;
        assert_page(node, &page.answer, "forgot").await;
        let empty = browser.submit(&page, &page.form("/forgot-password").fill("username", " ")).await;
        assert_eq!(empty.answer.status, 400);
        let sent = browser.submit(&page, &page.form("/forgot-password").fill("username", AMINA)).await;
        assert!(sent.answer.text().contains("Look into your mail"), "{}", sent.answer.text());
        let unknown = browser.submit(&page, &page.form("/forgot-password").fill("username", "nobody")).await;
        assert_eq!(unknown.answer.text(), sent.answer.text());
        let forged = browser.submit(&page, &page.form("/forgot-password").fill("csrf", "x").fill("username", AMINA)).await;
        assert_eq!(forged.answer.status, 403);

        let link = office.link().await;
        assert!(link.starts_with("/restore-password?token="), "{link}");
        let mut phone = node.browser();
        let page = phone.open(&link).await;
        assert_page(node, &page.answer, "restore").await;
        let weak = phone.submit(&page, &page.form("/restore-password").fill("password", "weak")).await;
        assert_eq!(weak.answer.status, 400);
        assert!(weak.answer.text().contains("at least 8 characters"), "{}", weak.answer.text());
        let done = phone.submit(&weak, &weak.form("/restore-password").fill("password", NEW)).await;
        assert!(done.answer.text().contains("Your new password is set"), "{}", done.answer.text());
        for path in [link.as_str(), "/restore-password?token=x", "/restore-password"] {
            let dead = phone.open(path).await;
            assert_eq!(dead.answer.status, 404, "{path}");
            assert_page(node, &dead.answer, "dead link").await;
        }
        let login = phone.open("/login").await;
        assert_eq!(fill_login(&mut phone, &login, AMINA, NEW).await.path, "/apps");
    }
);

both!(
    fn the_older_forms_answer_as_they_did(t) {
        let office = open(t).await;
        let node = &office.node;
        let asked = node.post("/api/account/recovery").form(&[("username", AMINA)]).send().await;
        assert_eq!((asked.status, asked.json()["message"].clone()), (200, json!("Recovery message sent")));
        let token = token_in(&office.link().await);
        let weak = node.post(&format!("/api/account/restore?token={token}&password=weak")).send().await;
        assert_eq!(weak.status, 400);
        let form = [("token", token.as_str()), ("password", NEW)];
        let done = node.post("/api/account/restore").form(&form).send().await;
        assert_eq!((done.status, done.json()["message"].clone()), (200, json!("Account restored")));
        assert_eq!(status_as(node, AMINA, NEW).await, 200);
        assert_eq!(node.post("/api/account/recovery").send().await.status, 400);
        for (password, response) in [(NEW, "success"), ("weak", "error")] {
            let path = format!("/api/account/validatePassword?password={password}");
            assert_eq!(node.post(&path).send().await.json()["response"], response);
        }
    }
);
