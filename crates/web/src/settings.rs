//! What the operator chose, as the web rooms need it.

use std::time::Duration;

use kibali_model::ApiVersion;
use url::Url;

use crate::guard::Limits;
use crate::mail::MailSettings;
use crate::outbound::OutboundSettings;

/// The operator's choices. Built by the binary from `kibali.conf`, the environment and flags.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The only source of absolute addresses, its context path included (rules of the door 9).
    pub base_url: Url,
    /// The DHIS2 version Kibali speaks as.
    pub as_version: ApiVersion,
    /// The endpoints of DHIS2 up to 2.41 are there: `/uaa/oauth/*`, and the password grant with them.
    pub old_generation: bool,
    /// Those of 2.42 and later are there: `/oauth2/*`, `/userinfo`, `/connect/*` and discovery.
    pub new_generation: bool,
    /// Peers whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Life of an access token in seconds; 43 200 in DHIS2.
    pub access_token_seconds: i64,
    /// Life of a refresh token in seconds; 2 592 000 in DHIS2.
    pub refresh_token_seconds: i64,
    /// Life of an authorization code in seconds.
    pub code_seconds: i64,
    /// Life of a session without use, in seconds.
    pub session_seconds: i64,
    /// Sessions of one user; the least recently used end. 10 in DHIS2.
    pub sessions_per_user: u32,
    /// How long ago, in seconds, an administrator may have proved the second factor who sees or cuts what others
    /// have open.
    pub administration_proof_seconds: i64,
    /// Live grants per user and client from the password grant.
    pub password_grants_per_user: u32,
    /// `access_token` is accepted as a query parameter.
    pub query_token: bool,
    /// How long the body of a request may take to arrive whole; an import fifteen times as long.
    pub body_patience: Duration,
    /// How much one caller may ask for.
    pub limits: Limits,
    /// Personal access tokens are taken.
    pub api_tokens: bool,
    /// Users may protect their account with an authenticator app.
    pub totp: bool,
    /// Users may make passkeys.
    pub passkeys: bool,
    /// Users may protect their account with codes that are mailed; off in DHIS2 too.
    pub mailed_codes: bool,
    /// bcrypt cost of new passwords; 10 in DHIS2.
    pub bcrypt_cost: u32,
    /// Threads that hash passwords.
    pub hash_threads: usize,
    /// How mail leaves.
    pub mail: MailSettings,
    /// What may be called where a client names an address.
    pub outbound: OutboundSettings,
    /// The name of the signing key that the operator brought, if they did.
    pub signing_key: Option<String>,
    /// Life of a refresh token of a client that registered itself, in seconds.
    pub registered_refresh_seconds: i64,
    /// Anybody may register a client, without an initial access token.
    pub open_registration: bool,
    /// How much of the audit trail one file holds.
    pub events_file: EventsFile,
    /// `kibali dev`: serves `/dev/callback`, and the pages say that this is a sandbox.
    pub dev: bool,
}

/// How much of the audit trail one file holds, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsFile {
    /// Events.
    pub events: i64,
    /// Questions asked for it: each looks at a bounded number of rows.
    pub questions: u32,
}

impl Settings {
    /// The defaults, for a server at `base_url`.
    #[must_use]
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            as_version: ApiVersion::DEFAULT,
            old_generation: true,
            new_generation: true,
            trusted_proxies: Vec::new(),
            access_token_seconds: 43_200,
            refresh_token_seconds: 2_592_000,
            code_seconds: 300,
            session_seconds: 3600,
            sessions_per_user: 10,
            administration_proof_seconds: 900,
            password_grants_per_user: 100,
            query_token: false,
            body_patience: Duration::from_secs(20),
            limits: Limits::default(),
            api_tokens: true,
            totp: true,
            mailed_codes: false,
            passkeys: true,
            bcrypt_cost: 10,
            hash_threads: 1,
            mail: MailSettings::default(),
            outbound: OutboundSettings::default(),
            signing_key: None,
            registered_refresh_seconds: 2_592_000,
            open_registration: false,
            events_file: EventsFile { events: 100_000, questions: 500 },
            dev: false,
        }
    }

    /// The context path, empty or beginning with `/` and not ending with one.
    #[must_use]
    pub fn context_path(&self) -> &str {
        self.base_url.path().trim_end_matches('/')
    }

    /// The name that passkeys are for: our own, where browsers let passkeys be used at all, which they do by https
    /// and on the same machine, and never at a number.
    #[must_use]
    pub fn passkey_site(&self) -> Option<&str> {
        let name = self.base_url.domain()?;
        (self.base_url.scheme() == "https" || name == "localhost" || name.ends_with(".localhost"))
            .then_some(name)
    }

    /// The issuer of tokens: the base address with a slash at its end, as DHIS2 has it (modern reference 3.1).
    #[must_use]
    pub fn issuer(&self) -> String {
        self.absolute("/")
    }

    /// Does a token for this `resource` (RFC 8707) serve here?
    #[must_use]
    pub fn is_ours(&self, resource: &str) -> bool {
        let resource = resource.trim_end_matches('/');
        [self.absolute(""), self.absolute("/api")].iter().any(|ours| ours == resource)
    }

    /// The absolute address of `path`, which begins with `/`.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    #[test]
    fn passkeys_are_for_a_name_that_browsers_trust() {
        for (address, name) in [
            ("https://dhis2.example.org/dhis", Some("dhis2.example.org")),
            ("https://dhis2.example.org:8443", Some("dhis2.example.org")),
            ("http://localhost:8080", Some("localhost")),
            ("http://kibali.localhost", Some("kibali.localhost")),
            ("http://dhis2.example.org", None),
            ("https://192.0.2.1", None),
            ("http://127.0.0.1:8080", None),
            ("https://[2001:db8::1]", None),
        ] {
            assert_eq!(Settings::new(address.parse().unwrap()).passkey_site(), name, "{address}");
        }
    }
}
