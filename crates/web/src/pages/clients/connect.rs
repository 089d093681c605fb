//! Ready to paste: the curl lines and the Postman settings of a client.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::GrantType;

use super::super::parts::Copy;
use super::Registered;
use crate::Settings;

/// The panel beside a client.
#[derive(Template)]
#[template(path = "connect.html")]
pub(super) struct Connect {
    knows_secret: bool,
    password: bool,
    curl_token: Copy,
    curl_call: Copy,
    redirect: Option<String>,
    authorize_url: String,
    token_url: String,
    client_id: String,
    secret: String,
}

impl HtmlSafe for Connect {}

impl Connect {
    /// For a client; `secret` is known only on the page that shows it.
    pub(super) fn new(
        settings: &Settings,
        username: &str,
        client: &Registered,
        secret: Option<&str>,
    ) -> Self {
        let client_id = client.client_id.as_str();
        let token_url = settings.absolute("/uaa/oauth/token");
        let call_url = settings.absolute("/api/me");
        let shown = secret.unwrap_or("CLIENT_SECRET");
        let credentials = quoted(&format!("{client_id}:{shown}"));
        let curl_token = format!(
            "curl -u {credentials} -d grant_type=password --data-urlencode {} --data-urlencode 'password=PASSWORD' {}",
            quoted(&format!("username={username}")),
            quoted(&token_url)
        );
        let curl_call = format!("curl -H 'Authorization: Bearer ACCESS_TOKEN' {}", quoted(&call_url));
        Self {
            knows_secret: secret.is_some(),
            password: client.grant_types.iter().any(|name| name == GrantType::Password.as_str()),
            curl_token: Copy::new("curl-token", "curl line that asks for a token", curl_token),
            curl_call: Copy::new("curl-call", "curl line that calls the Web API", curl_call),
            redirect: client.redirect_uris.first().cloned(),
            authorize_url: settings.absolute("/uaa/oauth/authorize"),
            token_url,
            client_id: client_id.to_owned(),
            secret: shown.to_owned(),
        }
    }
}

/// `text` as one word of a POSIX shell.
pub(in crate::pages) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_pasted_line_runs_nothing_but_curl() {
        assert_eq!(quoted("a'; rm -rf ~; '"), r"'a'\''; rm -rf ~; '\'''");
    }
}
