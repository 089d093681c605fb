//! The audit trail tells what happened, in the write that did it, and tells no secret (rules of the door 11).

use kibali_crypto::sha256;
use kibali_model::Clock;
use kibali_store::door::audit::{Event, newest};
use kibali_store::door::setup_link::{InsertSetupLink, SpendSetupLink, is_live};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use kibali_web::identity::flush;
use serde_json::json;

const TOKEN: &str = "/uaa/oauth/token";

async fn ask(t: &TestApp, fields: &[(&str, &str)]) -> Answer {
    t.post(TOKEN).basic(CLIENT, CLIENT_SECRET).form(fields).from("192.0.2.44").send().await
}

/// The newest events, oldest first.
async fn trail(t: &TestApp) -> Vec<Event> {
    let mut reader = t.app.store.reader().await.unwrap();
    let mut events = newest(&mut reader, 1000).await.unwrap();
    events.reverse();
    events
}

async fn names(t: &TestApp, after: usize) -> Vec<String> {
    trail(t).await.into_iter().skip(after).map(|event| event.name).collect()
}

both!(
    fn each_security_event_is_told_with_its_write_and_without_its_secrets(t) {
        let seeded = trail(t).await.len();
        let password = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let answer = ask(t, &password).await.json();
        let (access, refresh) = (answer["access_token"].as_str().unwrap(), answer["refresh_token"].as_str().unwrap());
        let again = ask(t, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
        assert_eq!(again.status, 200);
        let revoke = async |token: &str| {
            let request = t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET);
            assert_eq!(request.form(&[("token", token)]).send().await.status, 200);
        };
        revoke(access).await;
        revoke(refresh).await;
        revoke("unknown").await;
        assert_eq!(names(t, seeded).await, ["token.issued", "token.refreshed", "token.revoked", "grant.ended"]);
        let issued = &trail(t).await[seeded];
        assert_eq!(issued.address.as_deref(), Some("192.0.2.44"));
        assert!(issued.user.is_some() && issued.client.is_some());
        assert_eq!(issued.detail["by"], "password");
        assert_eq!(trail(t).await[seeded + 3].detail["why"], "revoked");

        let before = trail(t).await.len();
        let mut browser = t.browser();
        let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let change = json!({ "oldPassword": ADMIN_PASSWORD, "newPassword": "District_2026" });
        let changed = browser.send(browser.request("PUT", "/api/me/changePassword").json(&change)).await;
        assert_eq!(changed.status, 202, "{}", changed.text());
        assert_eq!(names(t, before).await, ["sign_in.accepted", "password.changed"]);

        let before = trail(t).await.len();
        let admin = |request: kibali_testkit::Request| request.basic(ADMIN, "District_2026");
        let user = json!({
            "id": "userordin01", "username": "ordinary", "password": "Kibali_2026", "firstName": "A",
            "surname": "B", "userRoles": [{ "id": "yrB6vc5Ip3r" }],
        });
        assert_eq!(admin(t.post("/api/users")).json(&user).send().await.status, 201);
        let client = json!({ "name": "Other", "cid": "other", "secret": CLIENT_SECRET, "grantTypes": ["password"] });
        let made = admin(t.post("/api/oAuth2Clients")).json(&client).send().await.json();
        let client = format!("/api/oAuth2Clients/{}", made["response"]["uid"].as_str().unwrap());
        assert_eq!(admin(t.delete(&client)).send().await.status, 200);
        assert_eq!(admin(t.delete("/api/users/userordin01")).send().await.status, 200);
        let expected = [
            "user.written", "password.set", "client.written", "client.secret_set", "client.deleted",
            "user.deleted",
        ];
        assert_eq!(names(t, before).await, expected);

        let before = trail(t).await.len();
        let setting = "/api/systemSettings/keyEmailPassword";
        assert_eq!(admin(t.post(&format!("{setting}?value=mail-s3cret"))).send().await.status, 200);
        assert_eq!(admin(t.delete(setting)).send().await.status, 204);
        assert_eq!(names(t, before).await, ["setting.written", "setting.deleted"]);
        let event = &trail(t).await[before];
        assert_eq!((&event.detail, event.user.is_some()), (&json!({ "names": ["keyEmailPassword"] }), true));

        let told = format!("{:?}", trail(t).await);
        for secret in [access, refresh, ADMIN_PASSWORD, "District_2026", "Kibali_2026", CLIENT_SECRET, "$2a$", "mail-s3cret"] {
            assert!(!told.contains(secret), "{secret} is told");
        }
    }
);

both!(
    fn refused_requests_are_counted_by_cause_address_and_minute(t) {
        let seeded = trail(t).await.len();
        let wrong = [("grant_type", "password"), ("username", "nobody"), ("password", "s3cret-guess")];
        for _ in 0..2 {
            assert_eq!(ask(t, &wrong).await.status, 400);
            assert_eq!(t.post(TOKEN).basic(CLIENT, "wrong-secret").from("192.0.2.45").send().await.status, 401);
        }
        // Whoever has one address of an IPv6 network has all: they are one row.
        for number in 1..=3 {
            let request = t.get("/api/me").header("authorization", "ApiToken d2pat_x");
            assert_eq!(request.from(&format!("2001:db8::{number}")).send().await.status, 400);
        }
        t.clock.advance_seconds(60);
        assert_eq!(ask(t, &wrong).await.status, 400);
        assert_eq!(t.get("/api/me").basic(ADMIN, ADMIN_PASSWORD).from("192.0.2.46").send().await.status, 200);
        assert_eq!(names(t, seeded).await, [""; 0], "nothing is written yet");

        assert_eq!(flush(&t.app).await.unwrap().events, 7);
        let mut told: Vec<_> = trail(t).await.into_iter().skip(seeded).map(|event| {
            let minute = t.clock.now().seconds_since(event.at) / 60;
            let cause = event.detail["cause"].as_str().unwrap().to_owned();
            (event.name, cause, event.address.unwrap(), event.user.is_some(), minute, event.detail["count"].clone())
        }).collect();
        told.sort_by_key(|event| format!("{event:?}"));
        let row = |name: &str, cause: &str, address: &str, user, minute, count: u32| {
            (name.to_owned(), cause.to_owned(), address.to_owned(), user, minute, json!(count))
        };
        assert_eq!(told, [
            row("api_token.refused", "ApiTokenChecksum", "2001:db8::/64", false, 1, 3),
            row("client.refused", "InvalidClient", "192.0.2.45", false, 1, 2),
            row("sign_in.accepted", "Basic", "192.0.2.46", true, 0, 1),
            row("sign_in.refused", "WrongCredentials", "192.0.2.44", false, 0, 1),
            row("sign_in.refused", "WrongCredentials", "192.0.2.44", false, 1, 2),
            row("token.refused", "WrongCredentials", "192.0.2.44", false, 0, 1),
            row("token.refused", "WrongCredentials", "192.0.2.44", false, 1, 2),
        ]);
        assert!(!format!("{:?}", trail(t).await).contains("s3cret"));
    }
);

both!(
    fn the_set_up_link_works_once_within_its_hour_and_is_kept_as_a_hash(t) {
        let now = t.clock.now();
        for (token, seconds, works) in [("first", 3599, true), ("second", 3600, false)] {
            let hash = sha256(token);
            let insert = InsertSetupLink { hash, expires: t.clock.now().plus_seconds(3600), now };
            t.app.store.write(insert).await.unwrap();
            t.clock.advance_seconds(seconds);
            let live = async || {
                let mut reader = t.app.store.reader().await.unwrap();
                is_live(&mut reader, hash, t.clock.now()).await.unwrap()
            };
            assert_eq!(live().await, works);
            let spend = async || t.app.store.write(SpendSetupLink { hash, now: t.clock.now() }).await.unwrap();
            assert_eq!(spend().await, works);
            assert!(!live().await);
            assert!(!spend().await, "once");
        }
        let unknown = SpendSetupLink { hash: sha256("third"), now: t.clock.now() };
        assert!(!t.app.store.write(unknown).await.unwrap());
    }
);
