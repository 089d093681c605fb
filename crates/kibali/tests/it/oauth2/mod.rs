//! The modern authorization server: `/oauth2/*` (modern reference 1, 3).

pub(crate) mod assertion;
mod authorizations;
mod authorize;
mod backchannel;
mod device;
mod discovery;
pub(crate) mod dpop;
mod exchange;
mod expected;
mod generations;
mod introspect;
mod itself;
pub(crate) mod jwks_uri;
mod keys_of_refresh;
mod late;
mod lifetimes;
mod logout;
mod notices;
mod par;
mod profiles;
mod resource;
mod retired_key;

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, Browser, Page, TestApp};
use serde_json::{Value, json};

pub(crate) const AUTHORIZE: &str = "/oauth2/authorize";
pub(crate) const CALLBACK: &str = "https://app.example.org/cb";
pub(crate) const SECRET: &str = "a secret of sixteen or more";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str =
    "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// Registers a client in the modern dialect; `more` replaces or adds members.
pub(crate) async fn register(t: &TestApp, client_id: &str, more: Value) {
    let mut client = json!({
        "name": format!("App {client_id}"),
        "clientId": client_id,
        "clientSecret": SECRET,
        "clientAuthenticationMethods": "client_secret_basic,client_secret_post",
        "authorizationGrantTypes": "authorization_code,refresh_token",
        "redirectUris": CALLBACK,
        "scopes": "openid,username,email,profile",
    });
    client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let created = t.post("/api/42/oAuth2Clients").basic(ADMIN, ADMIN_PASSWORD).json(&client).send().await;
    assert_eq!(created.status, 201, "{}", created.text());
}

/// Somebody signed in as the administrator.
pub(crate) async fn signed_in(t: &TestApp) -> Browser {
    let mut browser = t.browser();
    sign_in(&mut browser).await;
    browser
}

pub(crate) async fn sign_in(browser: &mut Browser) -> Answer {
    let body = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let answer = browser.send(browser.request("POST", "/api/auth/login").json(&body)).await;
    assert_eq!(answer.json()["loginStatus"], "SUCCESS");
    answer
}

/// The address of an authorization request with PKCE; `more` begins with `&`.
pub(crate) fn asking(client_id: &str, more: &str) -> String {
    format!("{AUTHORIZE}?response_type=code&client_id={client_id}&redirect_uri={CALLBACK}&{CHALLENGE}{more}")
}

/// Opens the request and allows what it asks.
pub(crate) async fn allow(browser: &mut Browser, path: &str) -> Page {
    let page = browser.open(path).await;
    let answered = page.answer.location().is_some_and(|to| to.starts_with(CALLBACK));
    if answered || page.answer.text().contains("Back to the application") {
        return page;
    }
    assert_eq!(page.answer.status, 200, "{}", page.answer.text());
    let form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
    browser.submit(&page, &form).await
}

/// A member of the answer that went to the client.
pub(crate) fn member(page: &Page, name: &str) -> Option<String> {
    let location = page.answer.location()?.to_owned();
    let url = url::Url::parse(&location).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Redeems a code with secret and verifier.
pub(crate) async fn redeem(t: &TestApp, client_id: &str, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    t.post("/oauth2/token").basic(client_id, SECRET).form(&fields).send().await
}

/// The tokens of a whole code flow.
pub(crate) async fn tokens(t: &TestApp, client_id: &str, more: &str) -> Value {
    let page = allow(&mut signed_in(t).await, &asking(client_id, more)).await;
    let code = member(&page, "code").unwrap();
    let answer = redeem(t, client_id, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What a JWT says, unverified.
pub(crate) fn said(jwt: &Value) -> Value {
    part(jwt, 1)
}

/// How a JWT says it is signed.
pub(crate) fn header(jwt: &Value) -> Value {
    part(jwt, 0)
}

fn part(jwt: &Value, number: usize) -> Value {
    use base64::Engine as _;
    let part = jwt.as_str().unwrap().split('.').nth(number).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
