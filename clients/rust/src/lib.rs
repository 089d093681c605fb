//! What the Rust clients share: an HTTP client without TLS, a registered client, and the person of `node/person.js`.

use std::error::Error;
use std::process::Command;

use oauth2::http::{Request, Response};
use serde_json::{Value, json};
use ureq::Agent;

/// What goes wrong stops the program and is printed.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The secret of every client.
pub const SECRET: &str = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
/// Where answers go.
pub const CALLBACK: &str = "http://127.0.0.1/callback";
/// The grant of devices.
pub const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Where the server is.
pub fn base() -> Outcome<String> {
    Ok(std::env::var("KIBALI_URL")?)
}

/// Sends a request as both libraries have it sent.
pub fn send(request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ureq::Error> {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent = Agent::new_with_config(config.build());
    let mut answer = agent.run(request)?;
    let body = answer.body_mut().read_to_vec()?;
    let (parts, _) = answer.into_parts();
    Ok(Response::from_parts(parts, body))
}

/// Sends JSON, or nothing but a question, with these credentials; the answer is JSON.
fn ask(method: &str, path: &str, authorization: &str, body: Option<&Value>) -> Outcome<Value> {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", base()?))
        .header("authorization", authorization)
        .header("content-type", "application/json");
    let body = body.map(Value::to_string).unwrap_or_default();
    let answer = send(request.body(body.into_bytes())?)?;
    if !answer.status().is_success() {
        let said = String::from_utf8_lossy(answer.body());
        return Err(format!("{method} {path}: {}: {said}", answer.status()).into());
    }
    Ok(serde_json::from_slice(answer.body())?)
}

/// admin:district
const ADMIN: &str = "Basic YWRtaW46ZGlzdHJpY3Q=";

/// Registers a client as DHIS2 2.42 words it; `more` replaces or adds members.
pub fn register(client_id: &str, more: Value) -> Outcome<()> {
    let mut client = json!({
        "clientId": client_id,
        "clientSecret": SECRET,
        "clientAuthenticationMethods": "client_secret_basic",
        "authorizationGrantTypes": "authorization_code,refresh_token",
        "redirectUris": CALLBACK,
        "scopes": "openid,profile,email,username",
    });
    if let (Some(client), Value::Object(more)) = (client.as_object_mut(), more) {
        client.extend(more);
    }
    ask("POST", "/api/42/oAuth2Clients", ADMIN, Some(&client)).map(drop)
}

/// Registers a client that acts as the administrator, nobody asked.
pub fn register_robot(client_id: &str) -> Outcome<()> {
    let admin = ask("GET", "/api/me?fields=id", ADMIN, None)?;
    let own =
        json!({ "authorizationGrantTypes": "client_credentials", "actsAs": admin, "scopes": "username" });
    register(client_id, own)
}

/// Who the Web API says is calling.
pub fn me(token: &str) -> Outcome<String> {
    let told = ask("GET", "/api/me", &format!("Bearer {token}"), None)?;
    Ok(told["username"].as_str().unwrap_or_default().to_owned())
}

/// Lets the person consent, or connect a device; answers what stands in the query of where they are led.
pub fn person(does: &str, address: &str) -> Outcome<Vec<(String, String)>> {
    let asked = Command::new("node").args(["node/person.js", does, address]).output()?;
    if !asked.status.success() {
        return Err(String::from_utf8_lossy(&asked.stderr).into_owned().into());
    }
    let led = String::from_utf8(asked.stdout)?;
    if led.trim().is_empty() {
        return Ok(Vec::new());
    }
    let led = openidconnect::url::Url::parse(led.trim())?;
    Ok(led.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

/// One member of such a query.
pub fn member(query: &[(String, String)], name: &str) -> Outcome<String> {
    let found = query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    found.ok_or_else(|| format!("no {name} in {query:?}").into())
}
