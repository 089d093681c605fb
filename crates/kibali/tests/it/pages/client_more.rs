//! What is folded away on the page of a client: whose tokens it may exchange, lifetimes, signatures, an end of its
//! secret.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Browser, Page, TestApp, both};
use serde_json::{Value, json};

use super::clients::{text_of, tick};
use super::{CLIENTS, admin, assert_page};
use crate::oauth2::assertion::{key, with_keys};
use crate::oauth2::register;

const NEW: &str = "/settings/oauth2-clients/new";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A client as version 42 shows it, but when it was changed.
async fn shown(t: &TestApp, id: &str) -> Value {
    let path = format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}&fields=*&paging=false");
    let mut client =
        t.get(&path).basic(ADMIN, ADMIN_PASSWORD).send().await.json()["oAuth2Clients"][0].clone();
    client.as_object_mut().unwrap().shift_remove("lastUpdated");
    client
}

fn address(client: &Value) -> String {
    format!("{CLIENTS}/{}", client["id"].as_str().unwrap())
}

/// Opens a client and saves it with these fields, the first as the only grant types where they are named.
async fn save(browser: &mut Browser, address: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.open(address).await;
    let form = fields.iter().fold(page.form(address), |form, (name, value)| form.fill(name, value));
    browser.submit(&page, &form).await
}

fn assert_wrong(page: &Page, field: &str, said: &str) {
    let text = page.answer.text();
    assert_eq!(page.answer.status, 409, "{said}: {text}");
    assert!(text_of(&page.answer, &format!("{field}-error")).contains(said), "{said}: {text}");
    assert!(
        text.contains(&format!("href=\"#{field}\"")) && text.contains("<details class=\"more\" open>"),
        "{text}"
    );
}

both!(
    fn a_client_that_exchanges_tokens_names_whose_and_then_does(t) {
        let mut browser = admin(t).await;
        let many: String = (0..51).map(|number| format!("app-{number}\n")).collect();
        for (proof, names, field, said) in [
            ("secret", "", "exchangesFor", "Enter a client ID"),
            ("secret", " \r\n ", "exchangesFor", "Enter a client ID"),
            ("secret", "demo\r\nno-such-client", "exchangesFor", "There is no client with the ID no-such-client."),
            ("secret", &many, "exchangesFor", "50 client IDs at most"),
            ("none", "demo", "proof", "only a client that proves itself"),
        ] {
            let page = browser.open(NEW).await;
            let form = page.form(NEW).fill("name", "Service").fill("cid", "service").fill("proof", proof);
            let wrong = browser.submit(&page, &tick(form.fill("exchangesFor", names), &[EXCHANGE])).await;
            assert_wrong(&wrong, field, said);
            assert_eq!(wrong.form(NEW).value("exchangesFor").map(str::trim), Some(names.trim()), "nothing typed is lost");
        }
        let page = browser.open(NEW).await;
        let form = page.form(NEW).fill("name", "Service").fill("cid", "service").fill("exchangesFor", " demo \r\nservice\r\n");
        let made = browser.submit(&page, &tick(form, &[EXCHANGE])).await;
        assert_eq!(made.answer.status, 201, "{}", made.answer.text());
        let secret = text_of(&made.answer, "client-secret");
        let before = shown(t, "service").await;
        assert_eq!(before["exchangesFor"], json!(["demo", "service"]));

        let form = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        let theirs = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await.json();
        let theirs = theirs["access_token"].as_str().unwrap().to_owned();
        let form = [
            ("grant_type", EXCHANGE), ("subject_token", theirs.as_str()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        let token = t.post("/oauth2/token").basic("service", &secret).form(&form).send().await;
        assert_eq!(token.status, 200, "{}", token.text());
        let called = t.get("/api/me").bearer(token.json()["access_token"].as_str().unwrap()).send().await;
        assert_eq!(called.json()["username"], ADMIN);

        let address = address(&before);
        let done = save(&mut browser, &address, &[]).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        assert_eq!(shown(t, "service").await, before, "opened and saved, nothing changes");
        let wrong = save(&mut browser, &address, &[("exchangesFor", "")]).await;
        assert_wrong(&wrong, "exchangesFor", "Enter a client ID");
        assert_eq!(shown(t, "service").await, before);
        // A client that was named may be gone; the others are saved with it.
        let deleted = t.delete("/api/oAuth2Clients/e0jkVfDkSMT").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        let done = save(&mut browser, &address, &[("exchangesFor", "demo\nservice")]).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        assert_eq!(shown(t, "service").await["exchangesFor"], json!(["demo", "service"]));
    }
);

both!(
    fn lifetimes_signatures_and_the_end_of_a_secret_are_shown_kept_and_changed(t) {
        let mut browser = admin(t).await;
        let page = browser.open(NEW).await;
        assert_page(t, &page.answer, "new").await;
        assert_eq!(page.answer.text().matches("<details class=\"more\">").count(), 2, "both are folded away");
        let signing = key(kibali_model::SigningAlgorithm::Es256);
        let odd = json!({ "settings.client.token-endpoint-authentication-signing-algorithm": "RS512" });
        register(t, "app", json!({
            "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
            "clientSettings": with_keys(&[&signing], odd), "clientSecretExpiresAt": "2030-01-02T03:04:05.678",
            "authorizationGrantTypes": "refresh_token,authorization_code", "scopes": "username,openid,profile,email",
            "backchannelLogoutUri": "https://app.example.org/out", "backchannelLogoutSessionRequired": true,
            "tokenSettings": json!({
                "settings.token.authorization-code-time-to-live": 60, "settings.token.device-code-time-to-live": 120,
                "settings.token.id-token-signature-algorithm": "Ed25519",
            }).to_string(),
        })).await;
        let before = shown(t, "app").await;
        let address = address(&before);
        let page = browser.open(&address).await;
        assert_page(t, &page.answer, "edit").await;
        let form = page.form(&address);
        let values = ["codeSeconds", "deviceCodeSeconds", "secretExpires", "signature", "assertion"].map(|name| form.value(name));
        assert_eq!(values, [Some("60"), Some("120"), Some("2030-01-02T03:04:05.678"), Some("as-is"), Some("as-is")]);
        let done = save(&mut browser, &address, &[]).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        assert_eq!(shown(t, "app").await, before, "opened and saved, nothing changes");

        let fields = [
            ("codeSeconds", "77"), ("deviceCodeSeconds", "88"), ("secretExpires", "2031-05-06"), ("signature", "PS256"),
            ("assertion", "ES256"),
        ];
        let done = save(&mut browser, &address, &fields).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        let after = shown(t, "app").await;
        let (tokens, settings) = (after["tokenSettings"].as_str().unwrap(), after["clientSettings"].as_str().unwrap());
        for (text, part) in [
            (tokens, "\"settings.token.authorization-code-time-to-live\":[\"java.time.Duration\",77]"),
            (tokens, "\"settings.token.device-code-time-to-live\":[\"java.time.Duration\",88]"),
            (tokens, "SignatureAlgorithm\",\"PS256\"]"),
            (settings, "SignatureAlgorithm\",\"ES256\"]"),
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(after["clientSecretExpiresAt"], "2031-05-06T00:00:00.000");
        assert_eq!(after["backchannelLogoutSessionRequired"], true, "what the form does not show stays");
        assert_eq!(browser.open(&address).await.form(&address).value("secretExpires"), Some("2031-05-06"));

        for (name, value, said) in [
            ("codeSeconds", "soon", "number of seconds"),
            ("deviceCodeSeconds", "0", "number of seconds"),
            ("refreshSeconds", "-1", "number of seconds"),
            ("secretExpires", "next year", "Enter a day"),
            ("assertion", "HS256", "proves nothing"),
        ] {
            assert_wrong(&save(&mut browser, &address, &[(name, value)]).await, name, said);
        }
        assert_eq!(shown(t, "app").await, after);
        let usual = ["codeSeconds", "deviceCodeSeconds", "secretExpires", "signature", "assertion"].map(|name| (name, ""));
        let done = save(&mut browser, &address, &usual).await;
        assert_eq!(done.path, "/settings/oauth2-clients?done=saved", "{}", done.answer.text());
        let after = shown(t, "app").await;
        assert!(after.get("clientSecretExpiresAt").is_none_or(Value::is_null), "{after}");
        for gone in ["authorization-code-time", "device-code-time", "signature-algorithm", "signing-algorithm"] {
            assert!(!after.to_string().contains(gone), "{gone}: {after}");
        }
    }
);
