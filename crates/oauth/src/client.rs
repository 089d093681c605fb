//! What a client says to prove itself.

use kibali_model::{Client, ClientAuthentication, Dialect};

use crate::{OAuthError, Parameters};

/// The type of assertions that are taken (RFC 7523 section 2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's claim, to be checked against what is registered.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof<'a> {
    /// An id and a secret.
    Secret {
        /// `client_id`.
        id: &'a str,
        /// `client_secret`.
        secret: &'a str,
        /// Where they stood: a header or the form.
        by: ClientAuthentication,
    },
    /// An assertion (RFC 7523).
    Assertion {
        /// The `client_id` beside it, if there is one; it must be the assertion's subject.
        id: Option<&'a str>,
        /// The JWT.
        assertion: &'a str,
    },
    /// A public client says only who it is; PKCE stands in for the proof.
    Nothing {
        /// `client_id`.
        id: &'a str,
    },
}

/// Reads the claim of a request: HTTP Basic where there is one, an assertion, a secret in the form, or an
/// id alone. One proof is enough: at `/uaa` a secret in the form is ignored beside Basic, as DHIS2 did; at
/// `/oauth2` two proofs are refused (RFC 6749 section 2.3, rules of the door 2).
///
/// # Errors
/// [`OAuthError::InvalidClient`] where there is no claim; [`OAuthError::TwoProofs`];
/// [`OAuthError::Malformed`] for an assertion of another type; [`OAuthError::Repeated`].
pub fn proof<'a>(
    basic: Option<(&'a str, &'a str)>,
    parameters: &'a Parameters,
    dialect: Dialect,
) -> Result<Proof<'a>, OAuthError> {
    let id = parameters.get("client_id")?;
    let secret = parameters.get("client_secret")?;
    let assertion = parameters.get("client_assertion")?;
    match (basic, secret, assertion) {
        (Some(_), None, Some(_)) | (_, Some(_), Some(_)) => Err(OAuthError::TwoProofs),
        (Some(_), Some(_), None) if dialect == Dialect::Modern => Err(OAuthError::TwoProofs),
        (Some((id, secret)), _, None) => {
            Ok(Proof::Secret { id, secret, by: ClientAuthentication::SecretBasic })
        }
        (None, None, Some(assertion)) => {
            if parameters.require("client_assertion_type")? != JWT_BEARER {
                return Err(OAuthError::Malformed { name: "client_assertion_type", why: JWT_BEARER });
            }
            Ok(Proof::Assertion { id, assertion })
        }
        (None, Some(secret), None) => {
            let id = id.ok_or(OAuthError::InvalidClient)?;
            Ok(Proof::Secret { id, secret, by: ClientAuthentication::SecretPost })
        }
        (None, None, None) => id.map(|id| Proof::Nothing { id }).ok_or(OAuthError::InvalidClient),
    }
}

/// May `client` prove itself with a secret that stands there? At `/uaa` it is one secret, wherever it stands (legacy
/// reference 3.2).
#[must_use]
pub fn takes_secret(client: &Client, by: ClientAuthentication, dialect: Dialect) -> bool {
    use ClientAuthentication::{SecretBasic, SecretPost};
    let anywhere =
        dialect == Dialect::Legacy && [SecretBasic, SecretPost].iter().any(|by| client.may_prove_by(*by));
    anywhere || client.may_prove_by(by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClientAuthentication::{SecretBasic, SecretPost};

    const BASIC: Option<(&str, &str)> = Some(("demo", "s"));

    #[test]
    fn one_proof_counts() {
        let secret = |id, secret, by| Ok(Proof::Secret { id, secret, by });
        let assertion = format!("client_assertion_type={JWT_BEARER}&client_assertion=a.b.c");
        let with_secret = format!("{assertion}&client_secret=y");
        for (basic, body, legacy, modern) in [
            (BASIC, "", secret("demo", "s", SecretBasic), secret("demo", "s", SecretBasic)),
            (
                BASIC,
                "client_id=x&client_secret=y",
                secret("demo", "s", SecretBasic),
                Err(OAuthError::TwoProofs),
            ),
            (None, "client_id=x&client_secret=y", secret("x", "y", SecretPost), secret("x", "y", SecretPost)),
            (None, "client_id=x", Ok(Proof::Nothing { id: "x" }), Ok(Proof::Nothing { id: "x" })),
            (None, "client_secret=y", Err(OAuthError::InvalidClient), Err(OAuthError::InvalidClient)),
            (None, "", Err(OAuthError::InvalidClient), Err(OAuthError::InvalidClient)),
            (BASIC, &assertion, Err(OAuthError::TwoProofs), Err(OAuthError::TwoProofs)),
            (None, &with_secret, Err(OAuthError::TwoProofs), Err(OAuthError::TwoProofs)),
            (
                None,
                &assertion,
                Ok(Proof::Assertion { id: None, assertion: "a.b.c" }),
                Ok(Proof::Assertion { id: None, assertion: "a.b.c" }),
            ),
            (
                None,
                "client_assertion=a.b.c",
                Err(OAuthError::Missing("client_assertion_type")),
                Err(OAuthError::Missing("client_assertion_type")),
            ),
        ] {
            let parameters = Parameters::read([body.as_bytes()]);
            assert!(proof(basic, &parameters, Dialect::Legacy) == legacy, "{body}");
            assert!(proof(basic, &parameters, Dialect::Modern) == modern, "{body}");
        }
    }
}
