//! What stands beside a client to paste: chosen by its grants and its proof, and it works.

use kibali_model::SigningAlgorithm;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::clients::text_of;
use super::{CLIENTS, admin, assert_page};
use crate::oauth2::assertion::{SIGNING_SECRET, key, proof, with_keys};
use crate::oauth2::{CALLBACK, SECRET, register};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const LINES: [&str; 9] = [
    "curl-token",
    "curl-alone",
    "curl-push",
    "authorize-url",
    "curl-code",
    "curl-device",
    "curl-device-token",
    "curl-exchange",
    "curl-call",
];

async fn panel(t: &TestApp, id: &str) -> Answer {
    let path = format!("/api/42/oAuth2Clients?filter=clientId:eq:{id}&fields=id");
    let found = t.get(&path).basic(ADMIN, ADMIN_PASSWORD).send().await.json();
    let uid = found["oAuth2Clients"][0]["id"].as_str().unwrap().to_owned();
    admin(t).await.open(&format!("{CLIENTS}/{uid}")).await.answer
}

fn lines(page: &Answer) -> Vec<&'static str> {
    let text = page.text();
    LINES.into_iter().filter(|id| text.contains(&format!("id=\"{id}\""))).collect()
}

/// The words of a line, as a shell parts them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => quoted = !quoted,
            '\\' if !quoted => words.last_mut().unwrap().extend(letters.next()),
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words
}

/// Sends what curl would.
async fn run(t: &TestApp, line: &str) -> Answer {
    let words = words(line);
    assert_eq!(words[0], "curl", "{line}");
    let path = words.last().unwrap().strip_prefix("http://localhost:8080").unwrap();
    let (mut fields, mut basic) = (Vec::new(), None);
    for pair in words[1..words.len() - 1].chunks(2) {
        let (name, value) = pair[1].split_once(if pair[0] == "-u" { ':' } else { '=' }).unwrap();
        match &*pair[0] {
            "-u" => basic = Some((name, value)),
            "-d" | "--data-urlencode" => fields.push((name, value)),
            other => panic!("{other} in {line}"),
        }
    }
    let request = t.post(path).form(&fields);
    match basic {
        Some((name, secret)) => request.basic(name, secret).send().await,
        None => request.send().await,
    }
}

both!(
    fn each_client_gets_the_lines_of_its_grants_and_they_work(t) {
        let signing = key(SigningAlgorithm::Es256);
        let robot = json!({ "authorizationGrantTypes": "client_credentials", "actsAs": { "id": "M5zQapPyTZI" }, "scopes": "username" });
        let with = |more: Value| {
            let mut all = robot.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        register(t, "header", robot.clone()).await;
        register(t, "form", with(json!({ "clientAuthenticationMethods": "client_secret_post" }))).await;
        register(t, "signs", with(json!({
            "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
            "clientSettings": with_keys(&[&signing], json!({})),
        }))).await;
        for id in ["header", "form", "signs"] {
            let page = panel(t, id).await;
            assert_page(t, &page, id).await;
            assert_eq!(lines(&page), ["curl-alone", "curl-call"], "{id}");
            let assertion = proof(t, &signing, id, "once", &json!({}));
            let line = text_of(&page, "curl-alone").replace("CLIENT_SECRET", SECRET).replace("ASSERTION", &assertion);
            let token = run(t, &line).await;
            assert_eq!(token.status, 200, "{id}: {line}: {}", token.text());
            let text = page.text();
            let secret = text.contains("Put the client secret where it says");
            assert_eq!((secret, text.contains("It proves itself by signing.")), (id != "signs", id == "signs"), "{id}");
            let postman = match id {
                "header" => Some("Send as Basic Auth header"),
                "form" => Some("Send client credentials in body"),
                _ => None,
            };
            assert_eq!(text.contains("<dd>Client Credentials</dd>"), postman.is_some(), "{text}");
            assert_eq!(text.contains("Postman"), postman.is_some(), "{text}");
            assert!(postman.is_none_or(|said| text.contains(said)) && !text.contains("Auth URL"), "{text}");
        }

        register(t, "signs-by-secret", with(json!({
            "clientAuthenticationMethods": "client_secret_jwt", "clientSecret": SIGNING_SECRET,
        }))).await;
        let page = panel(t, "signs-by-secret").await;
        assert!(text_of(&page, "curl-alone").contains("client_assertion=ASSERTION"), "a secret that signs is not sent");

        let public = json!({ "clientAuthenticationMethods": "none", "clientSecret": null, "authorizationGrantTypes": DEVICE });
        register(t, "television", public).await;
        let page = panel(t, "television").await;
        assert_eq!(lines(&page), ["curl-device", "curl-device-token", "curl-call"]);
        let codes = run(t, &text_of(&page, "curl-device")).await;
        assert_eq!(codes.status, 200, "{}", codes.text());
        let line = text_of(&page, "curl-device-token").replace("DEVICE_CODE", codes.json()["device_code"].as_str().unwrap());
        assert_eq!(run(t, &line).await.json()["error"], "authorization_pending");
        assert!(!page.text().contains("Postman") && !page.text().contains("CLIENT_SECRET"), "{}", page.text());

        register(t, "service", json!({ "authorizationGrantTypes": EXCHANGE, "exchangesFor": ["header"], "scopes": "username" })).await;
        let page = panel(t, "service").await;
        assert_eq!(lines(&page), ["curl-exchange", "curl-call"]);
        let line = text_of(&panel(t, "header").await, "curl-alone").replace("CLIENT_SECRET", SECRET);
        let theirs = run(t, &line).await.json()["access_token"].as_str().unwrap().to_owned();
        let line = text_of(&page, "curl-exchange").replace("CLIENT_SECRET", SECRET).replace("SUBJECT_TOKEN", &theirs);
        let token = run(t, &line).await;
        assert_eq!(token.status, 200, "{line}: {}", token.text());

        register(t, "web", json!({ "clientAuthenticationMethods": "none", "clientSecret": null })).await;
        let page = panel(t, "web").await;
        assert_eq!(lines(&page), ["authorize-url", "curl-code", "curl-call"]);
        for said in ["Authorization Code (With PKCE)", "http://localhost:8080/oauth2/authorize", CALLBACK, "Send client credentials in body"] {
            assert!(page.text().contains(said), "{said}: {}", page.text());
        }
        assert!(!page.text().contains("Client Secret"), "{}", page.text());

        register(t, "strict", json!({
            "profile": "fapi2", "clientAuthenticationMethods": "private_key_jwt", "clientSecret": null,
            "clientSettings": with_keys(&[&signing], json!({})),
        })).await;
        let page = panel(t, "strict").await;
        assert_eq!(lines(&page), ["curl-push", "authorize-url", "curl-code", "curl-call"]);
        assert!(text_of(&page, "authorize-url").ends_with("/oauth2/authorize?client_id=strict&request_uri=REQUEST_URI"));
        assert!(page.text().contains("Put a new proof (RFC 9449)"), "{}", page.text());

        register(t, "nothing", json!({ "authorizationGrantTypes": "refresh_token" })).await;
        let page = panel(t, "nothing").await;
        assert_eq!(lines(&page), [""; 0]);
        assert!(page.text().contains("There is nothing to paste yet"), "{}", page.text());
    }
);
