//! What tokens are for (RFC 8707), whichever way they come.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Answer, TestApp, both};
use serde_json::{Value, json};

use super::{
    AUTHORIZE, CALLBACK, SECRET, VERIFIER, allow, asking, device, itself, member, register, said, signed_in,
};

const OTHER: &str = "https://other.example.org/api";
const OURS: &str = "http://localhost:8080/api";
const LEGACY: &str = "/uaa/oauth/token";
const MODERN: &str = "/oauth2/token";

async fn ask(
    t: &TestApp,
    path: &str,
    client: (&str, &str),
    fields: &[(&str, &str)],
    resource: &str,
) -> Answer {
    let fields = [fields, &[("resource", resource)]].concat();
    t.post(path).basic(client.0, client.1).form(&fields).send().await
}

/// Does it open the Web API?
async fn opens(t: &TestApp, tokens: &Value) -> bool {
    let token = tokens["access_token"].as_str().unwrap();
    t.get("/api/me").bearer(token).send().await.status == 200
}

async fn audience(t: &TestApp, tokens: &Value) -> Value {
    let fields = [("token", tokens["access_token"].as_str().unwrap())];
    t.post("/oauth2/introspect").basic("app", SECRET).form(&fields).send().await.json()["aud"].clone()
}

fn refused(answer: &Answer, why: &str) {
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (400, &json!("invalid_target")),
        "{why}: {}",
        answer.text()
    );
}

both!(
    fn a_token_is_for_what_was_asked_whichever_grant_it_comes_by(t) {
        register(t, "app", json!({})).await;
        itself::bound(t).await;
        device::television(t).await;
        let (nightly, demo) = (("nightly-job", SECRET), (CLIENT, CLIENT_SECRET));
        let alone = [("grant_type", "client_credentials")];
        let password = [("grant_type", "password"), ("username", ADMIN), ("password", ADMIN_PASSWORD)];
        for (resource, here, aud) in [(OTHER, false, Some(OTHER)), (OURS, true, Some(OURS)), ("", true, None)] {
            for (path, client, fields) in
                [(MODERN, nightly, &alone[..]), (LEGACY, nightly, &alone), (LEGACY, demo, &password)]
            {
                let tokens = ask(t, path, client, fields, resource).await.json();
                assert_eq!(audience(t, &tokens).await, aud.unwrap_or(client.0), "{path} {client:?}");
                assert_eq!(opens(t, &tokens).await, here, "{path} {client:?} {resource}");
            }
            let told = ask(t, "/oauth2/device_authorization", ("tv", SECRET), &[("scope", "username")], resource).await.json();
            let (code, shown) = (told["device_code"].as_str().unwrap(), told["user_code"].as_str().unwrap());
            device::answer(&mut signed_in(t).await, shown, "allow").await;
            let poll = [("grant_type", device::GRANT), ("device_code", code)];
            refused(&ask(t, MODERN, ("tv", SECRET), &poll, "https://third.example.org/").await, "another than the device asked for");
            t.clock.advance_seconds(5);
            let tokens = ask(t, MODERN, ("tv", SECRET), &poll, resource).await.json();
            assert_eq!(said(&tokens["access_token"])["aud"], aud.unwrap_or("tv"));
            assert_eq!(opens(t, &tokens).await, here, "a device, {resource}");
        }
    }
);

both!(
    fn what_was_granted_for_one_resource_is_had_for_no_other(t) {
        register(t, "app", json!({})).await;
        let app = ("app", SECRET);
        for (authorize, token) in [(AUTHORIZE, MODERN), ("/uaa/oauth/authorize", LEGACY)] {
            let code = async |resource: &str| {
                let path = asking("app", &format!("&scope=openid+username&resource={resource}")).replace(AUTHORIZE, authorize);
                let mut browser = signed_in(t).await;
                let page = if authorize == AUTHORIZE {
                    allow(&mut browser, &path).await
                } else {
                    let page = browser.open(&path).await;
                    browser.submit(&page, &page.form(authorize).press("user_oauth_approval", "true")).await
                };
                member(&page, "code").unwrap()
            };
            let redeem = async |code: &str, resource: &str| {
                let fields = [
                    ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK),
                    ("code_verifier", VERIFIER),
                ];
                ask(t, token, app, &fields, resource).await
            };
            refused(&redeem(&code(OTHER).await, OURS).await, "a code for another");
            refused(&redeem(&code("").await, OTHER).await, "a code for none");
            let tokens = redeem(&code(OTHER).await, OTHER).await.json();
            assert_eq!((audience(t, &tokens).await, opens(t, &tokens).await), (json!(OTHER), false), "{token}");
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
            refused(&ask(t, token, app, &refresh, OURS).await, "a refresh for another");
            for resource in [OTHER, ""] {
                let again = ask(t, token, app, &refresh, resource).await.json();
                assert_eq!((audience(t, &again).await, opens(t, &again).await), (json!(OTHER), false), "{token} {resource}");
            }
            let plain = redeem(&code("").await, "").await.json();
            assert!(opens(t, &plain).await);
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", plain["refresh_token"].as_str().unwrap())];
            refused(&ask(t, token, app, &refresh, OTHER).await, "a refresh for what was never granted");
        }
    }
);

both!(
    fn what_is_no_address_is_no_resource(t) {
        register(t, "app", json!({})).await;
        device::television(t).await;
        let mut browser = signed_in(t).await;
        for wrong in ["reports", "/api", "https://other.example.org/#part"] {
            let encoded = wrong.replace('#', "%23");
            for authorize in [AUTHORIZE, "/uaa/oauth/authorize"] {
                let page = browser.open(&asking("app", &format!("&resource={encoded}")).replace(AUTHORIZE, authorize)).await;
                assert_eq!(member(&page, "error").as_deref(), Some("invalid_target"), "{authorize} {wrong}");
            }
            let push = [("response_type", "code"), ("redirect_uri", CALLBACK)];
            let code = [("grant_type", "authorization_code"), ("code", "unknown")];
            for (path, client, fields) in [
                (MODERN, "app", &code[..]), (LEGACY, "app", &code), ("/oauth2/device_authorization", "tv", &[]),
            ] {
                refused(&ask(t, path, (client, SECRET), fields, wrong).await, path);
            }
            let challenge = [
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256"),
            ];
            refused(&ask(t, "/oauth2/par", ("app", SECRET), &[push, challenge].concat(), wrong).await, "pushed");
        }
    }
);
