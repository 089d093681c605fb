//! What the Rust clients share: an HTTP client without TLS, a registered client, and the person of `node/person.js`.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

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

/// Sends a revocation. The libraries revoke at https alone; this is a test on loopback.
pub fn without_tls(mut request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ureq::Error> {
    let plain = request.uri().to_string().replacen("https:", "http:", 1);
    *request.uri_mut() = plain.parse().map_err(ureq::http::Error::from)?;
    send(request)
}

/// Sends JSON, or nothing but a question, with these credentials: the status, and an answer in JSON if there is one.
pub fn call(method: &str, address: &str, authorization: &str, body: Option<&Value>) -> Outcome<(u16, Value)> {
    let request = Request::builder()
        .method(method)
        .uri(address)
        .header("authorization", authorization)
        .header("content-type", "application/json");
    let body = body.map(Value::to_string).unwrap_or_default();
    let answer = send(request.body(body.into_bytes())?)?;
    let said = if answer.body().is_empty() { Value::Null } else { serde_json::from_slice(answer.body())? };
    Ok((answer.status().as_u16(), said))
}

/// What is answered with success.
fn ask(method: &str, path: &str, authorization: &str, body: Option<&Value>) -> Outcome<Value> {
    match call(method, &format!("{}{path}", base()?), authorization, body)? {
        (200..=299, said) => Ok(said),
        (status, said) => Err(format!("{method} {path}: {status}: {said}").into()),
    }
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

/// An initial access token of an administrator's: whoever has it registers one client.
pub fn invite() -> Outcome<String> {
    let wanted = json!({ "name": "Partner", "uses": 1, "lifetimeSeconds": 600 });
    let made = ask("POST", "/api/initialAccessTokens", ADMIN, Some(&wanted))?;
    Ok(made["token"].as_str().unwrap_or_default().to_owned())
}

/// Who the Web API says is calling.
pub fn me(token: &str) -> Outcome<String> {
    let told = ask("GET", "/api/me", &format!("Bearer {token}"), None)?;
    Ok(told["username"].as_str().unwrap_or_default().to_owned())
}

/// Does a token open nothing?
pub fn is_dead(token: &str) -> Outcome<bool> {
    let (status, _) = call("GET", &format!("{}/api/me", base()?), &format!("Bearer {token}"), None)?;
    Ok(status == 401)
}

/// The person of `node/person.js` at a browser, signed in; gone when this is dropped.
pub struct Person {
    _process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Person {
    /// Signs in.
    pub fn sign_in() -> Outcome<Self> {
        let piped =
            Command::new("node").arg("node/person.js").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = piped?;
        let (asks, answers) = process.stdin.take().zip(process.stdout.take()).ok_or("no pipes")?;
        Ok(Self { _process: process, asks, answers: BufReader::new(answers) })
    }

    /// Allows what a client asks; gives what stands in the query of where that leads.
    pub fn consent(&mut self, address: &str) -> Outcome<Vec<(String, String)>> {
        let led = openidconnect::url::Url::parse(&self.does("consent", address)?)?;
        Ok(led.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Connects the device that shows this address.
    pub fn connect(&mut self, address: &str) -> Outcome<()> {
        self.does("connect", address).map(drop)
    }

    /// Signs out as an application asks; gives where that leads.
    pub fn leave(&mut self, address: &str) -> Outcome<String> {
        self.does("leave", address)
    }

    fn does(&mut self, what: &str, address: &str) -> Outcome<String> {
        writeln!(self.asks, "{what} {address}")?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer)? {
            0 => Err(format!("{what} {address}: see above").into()),
            _ => Ok(answer.trim().to_owned()),
        }
    }
}

/// One member of such a query.
pub fn member(query: &[(String, String)], name: &str) -> Outcome<String> {
    let found = query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    found.ok_or_else(|| format!("no {name} in {query:?}").into())
}
