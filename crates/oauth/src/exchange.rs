//! The token endpoint: what is asked, and whether it may be had.

use kibali_model::{Client, Dialect, GrantType};

use crate::{OAuthError, Parameters, scopes};

/// What an authenticated client asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenGrant<'a> {
    /// A token for the password of a user.
    Password {
        /// Login name.
        username: &'a str,
        /// Password.
        password: &'a str,
        /// The code of a second factor, where the client sends one.
        otp: Option<&'a str>,
    },
    /// Another access token.
    Refresh {
        /// The refresh token.
        token: &'a str,
    },
    /// A token for a code.
    Code {
        /// The code.
        code: &'a str,
        /// The redirect URI, if it is repeated.
        redirect_uri: Option<&'a str>,
        /// The PKCE verifier, if one is sent.
        verifier: Option<&'a str>,
    },
    /// A token as the user the client is bound to.
    Itself,
    /// A token for a device code that its user approved.
    Device {
        /// The device code.
        code: &'a str,
    },
    /// A token for a token.
    Exchange,
}

/// Reads what `client`, already authenticated, asks for. At `/uaa` the order of checks is that of DHIS2 2.35
/// to 2.41 (legacy reference 3.7); at `/oauth2` a user's password is never taken (rules of the door 2).
///
/// # Errors
/// The first check that fails.
pub fn token_request<'a>(
    parameters: &'a Parameters,
    client: &Client,
    dialect: Dialect,
) -> Result<TokenGrant<'a>, OAuthError> {
    if parameters.get("client_id")?.is_some_and(|id| id != client.client_id) {
        return Err(OAuthError::ClientIdMismatch);
    }
    if dialect == Dialect::Legacy {
        scopes::requested(parameters, client)?;
    }
    let name = parameters.require("grant_type")?;
    if dialect == Dialect::Legacy && name == "implicit" {
        return Err(OAuthError::ImplicitAtTokenEndpoint);
    }
    if name == GrantType::RefreshToken.as_str() {
        parameters.require("refresh_token")?;
    }
    let known = GrantType::from_name(name)
        .filter(|grant| *grant != GrantType::Password || dialect == Dialect::Legacy);
    let grant_type = known.ok_or(OAuthError::UnsupportedGrantType)?;
    let forbidden = grant_type == GrantType::Password && client.rules().without_password;
    if forbidden || !client.grant_types.contains(&grant_type) {
        return Err(OAuthError::GrantNotAllowed(grant_type.as_str()));
    }
    Ok(match grant_type {
        GrantType::Password => TokenGrant::Password {
            username: parameters.require("username")?,
            password: parameters.require("password")?,
            otp: parameters.get("otp")?,
        },
        GrantType::RefreshToken => TokenGrant::Refresh { token: parameters.require("refresh_token")? },
        GrantType::AuthorizationCode => TokenGrant::Code {
            code: parameters.require("code")?,
            redirect_uri: parameters.get("redirect_uri")?,
            verifier: parameters.get("code_verifier")?,
        },
        GrantType::ClientCredentials => TokenGrant::Itself,
        GrantType::DeviceCode => TokenGrant::Device { code: parameters.require("device_code")? },
        GrantType::TokenExchange => TokenGrant::Exchange,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use kibali_model::{ObjectId, Uid};
    use proptest::prelude::*;

    pub(crate) fn client(grants: &[GrantType], redirect_uris: &[&str]) -> Client {
        Client {
            grant_types: grants.iter().copied().collect(),
            redirect_uris: redirect_uris.iter().map(|uri| (*uri).to_owned()).collect(),
            ..Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Demo", "demo")
        }
    }

    fn refused(text: &str, grants: &[GrantType]) -> Option<OAuthError> {
        token_request(&Parameters::read([text.as_bytes()]), &client(grants, &[]), Dialect::Legacy).err()
    }

    #[test]
    fn checks_run_in_the_order_dhis2_has_them() {
        use OAuthError as E;
        let every = GrantType::LEGACY;
        for (text, grants, error) in [
            ("client_id=x&scope=x", every, E::ClientIdMismatch),
            ("client_id=demo&scope=x", every, E::InvalidScope),
            ("scope=ALL+read", every, E::InvalidScope),
            ("scope=", every, E::Missing("grant_type")),
            ("", every, E::Missing("grant_type")),
            ("grant_type=implicit", every, E::ImplicitAtTokenEndpoint),
            ("grant_type=refresh_token", &[], E::Missing("refresh_token")),
            ("grant_type=x", every, E::UnsupportedGrantType),
            ("grant_type=client_credentials", every, E::GrantNotAllowed("client_credentials")),
            ("grant_type=client_credentials", &[], E::GrantNotAllowed("client_credentials")),
            ("grant_type=password", &[], E::GrantNotAllowed("password")),
            ("grant_type=password", every, E::Missing("username")),
            ("grant_type=password&username=a", every, E::Missing("password")),
            ("grant_type=authorization_code", every, E::Missing("code")),
            ("grant_type=password&grant_type=refresh_token", every, E::Repeated("grant_type")),
        ] {
            assert_eq!(refused(text, grants), Some(error), "{text}");
        }
        for text in [
            "grant_type=password&username=a&password=b&scope=ALL&scope=ALL",
            "grant_type=refresh_token&refresh_token=x&client_id=demo",
            "grant_type=authorization_code&code=x",
        ] {
            assert_eq!(refused(text, every), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_request_is_decided(text in "((grant_type|scope|client_id|code|username)(=[a-z]{0,4})?&){0,6}.{0,20}") {
            let _ = refused(&text, GrantType::LEGACY);
        }
    }
}
