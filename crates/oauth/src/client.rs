//! What a client says to prove itself.

use crate::{OAuthError, Parameters};

/// A client's claim: an id and a secret to check.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim<'a> {
    /// `client_id`.
    pub id: &'a str,
    /// `client_secret`.
    pub secret: &'a str,
}

/// The claim of a request to the legacy token endpoint: HTTP Basic decides where there is one, and a
/// secret in the body is ignored beside it; without Basic, `client_id` and `client_secret` in the
/// parameters are accepted, which DHIS2 did not do (legacy reference 7.10).
///
/// # Errors
/// [`OAuthError::InvalidClient`] where there is no claim; [`OAuthError::Repeated`].
pub fn claim<'a>(
    basic: Option<(&'a str, &'a str)>,
    parameters: &'a Parameters,
) -> Result<Claim<'a>, OAuthError> {
    if let Some((id, secret)) = basic {
        return Ok(Claim { id, secret });
    }
    match (parameters.get("client_id")?, parameters.get("client_secret")?) {
        (Some(id), Some(secret)) => Ok(Claim { id, secret }),
        _ => Err(OAuthError::InvalidClient),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_goes_before_the_body() {
        let body = Parameters::read([b"client_id=x&client_secret=y".as_slice()]);
        let claimed = |basic| claim(basic, &body).map(|claim| (claim.id.to_owned(), claim.secret.to_owned()));
        assert_eq!(claimed(Some(("demo", "s"))), Ok(("demo".into(), "s".into())));
        assert_eq!(claimed(None), Ok(("x".into(), "y".into())));
        let id_only = Parameters::read([b"client_id=x".as_slice()]);
        assert!(claim(None, &id_only).is_err_and(|error| error == OAuthError::InvalidClient));
    }
}
