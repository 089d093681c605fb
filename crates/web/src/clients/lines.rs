//! Lines to paste: how a client asks for tokens and what it calls with them, chosen by its grants and by how it proves
//! itself.

use kibali_metadata::client::Registration;
use kibali_model::{ClientAuthentication, GrantType};
use url::form_urlencoded::Serializer;

use crate::Settings;

/// A line to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What no other line of the client is called.
    pub id: &'static str,
    /// The heading above it.
    pub title: &'static str,
    /// What it is, for those who do not see the page.
    pub label: &'static str,
    /// The line.
    pub text: String,
}

/// How a client proves itself in these lines: of the ways it may, the plainest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proves {
    /// With its secret, in the header.
    Header,
    /// With its secret, among the parameters.
    Form,
    /// With a JWT that it signs.
    Assertion,
    /// Not at all.
    Nothing,
}

impl Proves {
    /// How this client does.
    pub(crate) fn of(client: &Registration) -> Self {
        use ClientAuthentication::{PrivateKeyJwt, SecretBasic, SecretJwt, SecretPost};
        let allowed = client.profile.rules().proofs;
        let by = |by| allowed.contains(&by) && client.proves_by(by);
        let signs = by(PrivateKeyJwt) || by(SecretJwt) || !allowed.contains(&ClientAuthentication::None);
        if by(SecretBasic) {
            Self::Header
        } else if by(SecretPost) {
            Self::Form
        } else if signs {
            Self::Assertion
        } else {
            Self::Nothing
        }
    }
}

/// The lines of a client; the last one calls the Web API. None: it gets no first token here. `username` is who signs in
/// by password; `secret` is known only where it is shown.
#[must_use]
pub fn lines(settings: &Settings, client: &Registration, username: &str, secret: Option<&str>) -> Vec<Line> {
    let of = Of::new(settings, client, secret);
    let has = |grant| client.grants(grant);
    let mut lines = Vec::new();
    if has(GrantType::Password) && settings.old_generation {
        lines.push(of.password(username));
    }
    if has(GrantType::ClientCredentials) && settings.new_generation {
        lines.push(of.alone());
    }
    if let Some(redirect) = client.redirect_uris.first().filter(|_| has(GrantType::AuthorizationCode)) {
        lines.extend(of.code(redirect));
    }
    if has(GrantType::DeviceCode) && settings.new_generation {
        lines.extend(of.device());
    }
    if has(GrantType::TokenExchange) && settings.new_generation {
        lines.push(of.exchange());
    }
    if !lines.is_empty() {
        lines.push(of.call());
    }
    lines
}

/// Whose lines they are.
struct Of<'a> {
    settings: &'a Settings,
    client: &'a Registration,
    /// What every question to the server begins with.
    curl: String,
}

impl<'a> Of<'a> {
    fn new(settings: &'a Settings, client: &'a Registration, secret: Option<&str>) -> Self {
        let (id, secret) = (client.client_id.as_str(), secret.unwrap_or("CLIENT_SECRET"));
        let named = pair("client_id", id);
        let who = match Proves::of(client) {
            Proves::Header => format!("-u {}", quoted(&format!("{id}:{secret}"))),
            Proves::Form => format!("{named} {}", pair("client_secret", secret)),
            Proves::Assertion => format!(
                "{named} -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
                 -d client_assertion=ASSERTION"
            ),
            // A client without a secret says who it is in the form.
            Proves::Nothing => named,
        };
        let bound = if is_bound(client) { "-H 'DPoP: PROOF' " } else { "" };
        Self { settings, client, curl: format!("curl {bound}{who}") }
    }

    /// A question to `path`, as one line.
    fn ask(&self, rest: &str, path: &str) -> String {
        format!("{} {rest} {}", self.curl, quoted(&self.settings.absolute(path)))
    }

    fn password(&self, username: &str) -> Line {
        let rest = format!(
            "-d grant_type=password {} --data-urlencode 'password=PASSWORD'",
            pair("username", username)
        );
        Line {
            id: "curl-token",
            title: "Token with curl",
            label: "curl line that asks for a token",
            text: self.ask(&rest, "/uaa/oauth/token"),
        }
    }

    fn alone(&self) -> Line {
        Line {
            id: "curl-alone",
            title: "Token with curl, as the user it works as",
            label: "curl line that asks for a token as the user it works as",
            text: self.ask("-d grant_type=client_credentials", "/oauth2/token"),
        }
    }

    /// Where people begin, and what the code is exchanged by.
    fn code(&self, redirect: &str) -> Vec<Line> {
        let root = if self.settings.new_generation { "/oauth2" } else { "/uaa/oauth" };
        let (id, scope) = (self.client.client_id.as_str(), self.client.scopes.join(" "));
        let mut lines = Vec::new();
        let mut query = Serializer::new(String::new());
        if self.client.profile.rules().pushed {
            // Such a client says nothing in the browser.
            let rest = format!(
                "-d response_type=code {} {} -d state=STATE -d code_challenge_method=S256 -d code_challenge=CHALLENGE",
                pair("redirect_uri", redirect),
                pair("scope", &scope)
            );
            lines.push(Line {
                id: "curl-push",
                title: "Push the request with curl",
                label: "curl line that pushes the request",
                text: self.ask(&rest, "/oauth2/par"),
            });
            query.append_pair("client_id", id).append_pair("request_uri", "REQUEST_URI");
        } else {
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", id)
                .append_pair("redirect_uri", redirect)
                .append_pair("scope", &scope)
                .append_pair("state", "STATE")
                .append_pair("code_challenge_method", "S256")
                .append_pair("code_challenge", "CHALLENGE");
        }
        let begin = self.settings.absolute(&format!("{root}/authorize?{}", query.finish()));
        let rest = format!(
            "-d grant_type=authorization_code -d code=CODE -d code_verifier=VERIFIER {}",
            pair("redirect_uri", redirect)
        );
        lines.push(Line {
            id: "authorize-url",
            title: "Sign in with a browser",
            label: "address where people begin",
            text: begin,
        });
        lines.push(Line {
            id: "curl-code",
            title: "Exchange the code with curl",
            label: "curl line that exchanges the code",
            text: self.ask(&rest, &format!("{root}/token")),
        });
        lines
    }

    /// What shows a code on the device, and what asks until somebody allowed it.
    fn device(&self) -> [Line; 2] {
        let scope = pair("scope", &self.client.scopes.join(" "));
        let rest = format!("-d grant_type={} -d device_code=DEVICE_CODE", GrantType::DeviceCode.as_str());
        [
            Line {
                id: "curl-device",
                title: "Codes for a device with curl",
                label: "curl line that asks for the codes of a device",
                text: self.ask(&scope, "/oauth2/device_authorization"),
            },
            Line {
                id: "curl-device-token",
                title: "Token for the device with curl, once somebody allowed it",
                label: "curl line that asks for the token of a device",
                text: self.ask(&rest, "/oauth2/token"),
            },
        ]
    }

    fn exchange(&self) -> Line {
        let rest = format!(
            "-d grant_type={} -d subject_token=SUBJECT_TOKEN \
             -d subject_token_type=urn:ietf:params:oauth:token-type:access_token",
            GrantType::TokenExchange.as_str()
        );
        Line {
            id: "curl-exchange",
            title: "Token for the token of another client with curl",
            label: "curl line that exchanges the token of another client",
            text: self.ask(&rest, "/oauth2/token"),
        }
    }

    fn call(&self) -> Line {
        let header = match is_bound(self.client) {
            true => "-H 'Authorization: DPoP ACCESS_TOKEN' -H 'DPoP: PROOF'",
            false => "-H 'Authorization: Bearer ACCESS_TOKEN'",
        };
        Line {
            id: "curl-call",
            title: "Call the Web API",
            label: "curl line that calls the Web API",
            text: format!("curl {header} {}", quoted(&self.settings.absolute("/api/me"))),
        }
    }
}

/// Are its tokens bound to a key, whatever it asks for?
fn is_bound(client: &Registration) -> bool {
    client.profile.rules().bound
}

/// A parameter whose value may be anything.
fn pair(name: &str, value: &str) -> String {
    format!("--data-urlencode {}", quoted(&format!("{name}={value}")))
}

/// `text` as one word of a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise

    use super::*;
    use kibali_model::ClientProfile;

    #[test]
    fn a_pasted_line_runs_nothing_but_curl() {
        assert_eq!(quoted("a'; rm -rf ~; '"), r"'a'\''; rm -rf ~; '\'''");
    }

    #[test]
    fn whatever_a_client_is_called_each_line_says_it_to_curl_and_to_nobody_else() {
        use ClientAuthentication as By;
        let settings = Settings::new("https://dhis.example.org/dev".parse().unwrap());
        let (id, secret, username) = ("it's$HOME;`ls`", "s'$(ls)\"", "o'$PATH\\");
        let redirect = "https://app.example.org/cb?a='$(ls)'";
        let words = |line: &Line| {
            // As the shell parts it, with a curl that says what it was given.
            let script = format!("curl() {{ printf '%s\n' \"$@\"; }}; {}", line.text);
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert!(said.status.success() && said.stderr.is_empty(), "{}: {said:?}", line.text);
            let said = String::from_utf8(said.stdout).unwrap();
            said.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let every = [
            GrantType::Password,
            GrantType::ClientCredentials,
            GrantType::AuthorizationCode,
            GrantType::DeviceCode,
            GrantType::TokenExchange,
        ];
        for (profile, by, who) in [
            (ClientProfile::Legacy, By::SecretBasic, vec![format!("{id}:{secret}")]),
            (
                ClientProfile::Legacy,
                By::SecretPost,
                vec![format!("client_id={id}"), format!("client_secret={secret}")],
            ),
            (ClientProfile::Legacy, By::None, vec![format!("client_id={id}")]),
            (ClientProfile::Fapi2, By::PrivateKeyJwt, vec![format!("client_id={id}")]),
        ] {
            let client = Registration {
                client_id: id.to_owned(),
                grant_types: every.iter().map(|grant| grant.as_str().to_owned()).collect(),
                authentication: vec![by.as_str().to_owned()],
                redirect_uris: vec![redirect.to_owned()],
                scopes: vec!["a'$b".to_owned()],
                profile,
                ..Registration::default()
            };
            for line in lines(&settings, &client, username, Some(secret)) {
                if line.id == "authorize-url" {
                    assert!(!line.text.contains(['\'', '$', '`', ';', ' ']), "{}", line.text);
                    continue;
                }
                let words = words(&line);
                let says = |word: String| assert!(words.contains(&word), "{word} in {words:?}");
                if line.id != "curl-call" {
                    who.iter().cloned().for_each(says);
                }
                match line.id {
                    "curl-token" => says(format!("username={username}")),
                    "curl-code" | "curl-push" => says(format!("redirect_uri={redirect}")),
                    "curl-device" => says("scope=a'$b".to_owned()),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_client_gets_the_lines_of_its_grants_where_they_are_served() {
        let mut settings = Settings::new("https://dhis.example.org/dev".parse().unwrap());
        let every = |client: &Registration, settings: &Settings| {
            lines(settings, client, "admin", None).iter().map(|line| line.id).collect::<Vec<_>>().join(" ")
        };
        let client = |grant: GrantType| Registration {
            client_id: "app".to_owned(),
            grant_types: vec![grant.as_str().to_owned()],
            redirect_uris: vec!["https://app.example.org/cb".to_owned()],
            ..Registration::default()
        };
        let table = [
            (GrantType::Password, "curl-token curl-call", ""),
            (GrantType::ClientCredentials, "curl-alone curl-call", ""),
            (
                GrantType::AuthorizationCode,
                "authorize-url curl-code curl-call",
                "authorize-url curl-code curl-call",
            ),
            (GrantType::DeviceCode, "curl-device curl-device-token curl-call", ""),
            (GrantType::TokenExchange, "curl-exchange curl-call", ""),
            (GrantType::RefreshToken, "", ""),
        ];
        for (grant, shown, _) in table {
            assert_eq!(every(&client(grant), &settings), shown, "{grant:?}");
        }
        settings.new_generation = false;
        for (grant, shown, without) in table {
            let shown = if grant == GrantType::Password { shown } else { without };
            assert_eq!(every(&client(grant), &settings), shown, "{grant:?}");
        }
        let text = |client: &Registration, settings: &Settings| {
            lines(settings, client, "admin", None)
                .iter()
                .map(|line| line.text.clone())
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert!(text(&client(GrantType::AuthorizationCode), &settings).contains("/dev/uaa/oauth/authorize?"));
        (settings.new_generation, settings.old_generation) = (true, false);
        assert_eq!(every(&client(GrantType::Password), &settings), "");
        let mut strict = client(GrantType::AuthorizationCode);
        strict.profile = ClientProfile::Fapi2;
        assert_eq!(every(&strict, &settings), "curl-push authorize-url curl-code curl-call");
        let text = text(&strict, &settings);
        assert!(text.contains("Authorization: DPoP ACCESS_TOKEN") && text.contains("DPoP: PROOF"), "{text}");
        assert!(text.contains("client_assertion=ASSERTION") && !text.contains("CLIENT_SECRET"), "{text}");
    }
}
