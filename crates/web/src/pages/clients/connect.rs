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
    /// Something of `/oauth2` can be pasted.
    modern: bool,
    curl_token: Copy,
    curl_call: Copy,
    /// For a client that works alone.
    curl_alone: Option<Copy>,
    /// For one that people sign in to: where they begin, and what the code is exchanged by.
    code: Option<(Copy, Copy)>,
    redirect: Option<String>,
    authorize_url: String,
    token_url: String,
    client_id: String,
    secret: String,
    scope: String,
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
        let registered = &client.registration;
        let client_id = registered.client_id.as_str();
        let has = |grant| registered.grants(grant);
        let token_url = settings.absolute("/uaa/oauth/token");
        let modern_url = settings.absolute("/oauth2/token");
        let call_url = settings.absolute("/api/me");
        let shown = secret.unwrap_or("CLIENT_SECRET");
        let credentials = quoted(&format!("{client_id}:{shown}"));
        let curl_token = format!(
            "curl -u {credentials} -d grant_type=password --data-urlencode {} --data-urlencode 'password=PASSWORD' {}",
            quoted(&format!("username={username}")),
            quoted(&token_url)
        );
        let curl_call = format!("curl -H 'Authorization: Bearer ACCESS_TOKEN' {}", quoted(&call_url));
        // A client without a secret says who it is in the form.
        let who = match registered.has_secret() {
            true => format!("-u {credentials}"),
            false => format!("--data-urlencode {}", quoted(&format!("client_id={client_id}"))),
        };
        let alone = has(GrantType::ClientCredentials).then(|| {
            let line = format!("curl {who} -d grant_type=client_credentials {}", quoted(&modern_url));
            Copy::new("curl-alone", "curl line that asks for a token as the user it works as", line)
        });
        let redirect = registered.redirect_uris.first().cloned();
        let code = redirect.as_ref().filter(|_| has(GrantType::AuthorizationCode)).map(|redirect| {
            let scope = registered.scopes.join(" ");
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("response_type", "code")
                .append_pair("client_id", client_id)
                .append_pair("redirect_uri", redirect)
                .append_pair("scope", &scope)
                .append_pair("state", "STATE")
                .append_pair("code_challenge_method", "S256")
                .append_pair("code_challenge", "CHALLENGE")
                .finish();
            let begin = format!("{}?{query}", settings.absolute("/oauth2/authorize"));
            let line = format!(
                "curl {who} -d grant_type=authorization_code -d code=CODE -d code_verifier=VERIFIER --data-urlencode {} {}",
                quoted(&format!("redirect_uri={redirect}")),
                quoted(&modern_url)
            );
            (
                Copy::new("authorize-url", "address where people begin", begin),
                Copy::new("curl-code", "curl line that exchanges the code", line),
            )
        });
        let password = has(GrantType::Password);
        Self {
            knows_secret: secret.is_some(),
            password,
            modern: alone.is_some() || code.is_some(),
            curl_token: Copy::new("curl-token", "curl line that asks for a token", curl_token),
            curl_call: Copy::new("curl-call", "curl line that calls the Web API", curl_call),
            curl_alone: alone,
            code,
            redirect,
            authorize_url: settings.absolute("/uaa/oauth/authorize"),
            token_url,
            client_id: client_id.to_owned(),
            secret: shown.to_owned(),
            scope: if password { "ALL".to_owned() } else { registered.scopes.join(" ") },
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
