//! Which scopes a request gets.

use kibali_model::{Client, Scopes};

use crate::{OAuthError, Parameters};

/// The scopes asked for, of those the client is registered for; one that asks for none gets all of them
/// (RFC 6749 section 3.3). For a client of DHIS2 2.41 that is `ALL`.
///
/// # Errors
/// [`OAuthError::InvalidScope`], [`OAuthError::Repeated`].
pub fn requested(parameters: &Parameters, client: &Client) -> Result<Scopes, OAuthError> {
    match asked(parameters)? {
        None => Ok(client.scopes.clone()),
        Some(scopes) if scopes.is_within(&client.scopes) => Ok(scopes),
        Some(_) => Err(OAuthError::InvalidScope),
    }
}

/// The scopes a refresh or an exchange asks for, of those granted (RFC 6749 section 6).
///
/// # Errors
/// [`OAuthError::InvalidScope`], [`OAuthError::Repeated`].
pub fn narrowed(parameters: &Parameters, granted: &Scopes) -> Result<Scopes, OAuthError> {
    match asked(parameters)? {
        None => Ok(granted.clone()),
        Some(scopes) if scopes.is_within(granted) => Ok(scopes),
        Some(_) => Err(OAuthError::InvalidScope),
    }
}

fn asked(parameters: &Parameters) -> Result<Option<Scopes>, OAuthError> {
    let asked = parameters.get("scope")?.map(Scopes::parse);
    Ok(asked.filter(|scopes| !scopes.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::client;

    #[test]
    fn no_scope_means_all_that_is_registered_and_nothing_more_is_had() {
        let demo = client(&[], &[]);
        let modern = Client { scopes: Scopes::parse("openid username"), ..demo.clone() };
        for (client, text, scopes) in [
            (&demo, "", Ok("ALL")),
            (&demo, "scope=", Ok("ALL")),
            (&demo, "scope=+", Ok("ALL")),
            (&demo, "scope=ALL", Ok("ALL")),
            (&demo, "scope=ALL+read", Err(OAuthError::InvalidScope)),
            (&demo, "scope=username", Err(OAuthError::InvalidScope)),
            (&modern, "", Ok("username openid")),
            (&modern, "scope=openid", Ok("openid")),
            (&modern, "scope=ALL", Err(OAuthError::InvalidScope)),
        ] {
            let read = requested(&Parameters::read([text.as_bytes()]), client);
            assert_eq!(read, scopes.map(Scopes::parse), "{text}");
        }
    }
}
