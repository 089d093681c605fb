//! What to set in Postman, for the clients that it can be: those that it asks for people, or that work alone, and that
//! sign nothing.

use kibali_metadata::client::Registration;
use kibali_model::GrantType;

use crate::Settings;
use crate::clients::Proves;

/// The settings, in the order of Postman.
pub(super) struct Postman {
    /// What Postman calls the grant.
    pub(super) grant: &'static str,
    /// Where people begin; none: nobody does.
    pub(super) authorize_url: Option<String>,
    /// Where they come back to, as far as it is known.
    pub(super) callback: Option<String>,
    pub(super) token_url: String,
    pub(super) client_id: String,
    pub(super) has_secret: bool,
    /// The secret, on the page that shows it.
    pub(super) secret: Option<String>,
    /// It asks for a user name and a password.
    pub(super) asks_password: bool,
    pub(super) scope: String,
    /// Where the client says who it is.
    pub(super) authentication: &'static str,
}

impl Postman {
    /// For a client; none: Postman cannot be it.
    pub(super) fn of(settings: &Settings, client: &Registration, secret: Option<&str>) -> Option<Self> {
        let (authentication, has_secret) = match Proves::of(client) {
            Proves::Header => ("Send as Basic Auth header", true),
            Proves::Form => ("Send client credentials in body", true),
            Proves::Nothing => ("Send client credentials in body", false),
            Proves::Assertion => return None,
        };
        let root = if settings.new_generation { "/oauth2" } else { "/uaa/oauth" };
        let with_key = client.settings.require_proof_key || client.asks_proof_key();
        let (grant, root) = if client.grants(GrantType::Password) && settings.old_generation {
            ("Password Credentials", "/uaa/oauth")
        } else if client.grants(GrantType::AuthorizationCode) && with_key {
            ("Authorization Code (With PKCE)", root)
        } else if client.grants(GrantType::AuthorizationCode) {
            ("Authorization Code", root)
        } else if client.grants(GrantType::ClientCredentials) && settings.new_generation {
            ("Client Credentials", root)
        } else {
            return None;
        };
        let is_code = grant.starts_with("Authorization");
        Some(Self {
            grant,
            authorize_url: is_code.then(|| settings.absolute(&format!("{root}/authorize"))),
            callback: client.redirect_uris.first().cloned().filter(|_| is_code),
            token_url: settings.absolute(&format!("{root}/token")),
            client_id: client.client_id.clone(),
            has_secret,
            secret: secret.map(str::to_owned).filter(|_| has_secret),
            asks_password: grant.starts_with("Password"),
            scope: client.scopes.join(" "),
            authentication,
        })
    }
}
