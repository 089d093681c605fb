//! Bearer tokens: live rows, nothing else (rules of the door 1).

use http::Method;
use kibali_crypto::sha256;
use kibali_model::{Credential, Principal, Scopes};
use kibali_store::door::{accounts, principals, tokens};

use crate::{App, Refusal};

/// The principal of an access token.
pub(super) async fn verify(app: &App, token: &str, method: &Method) -> Result<Principal, Refusal> {
    let mut reader = app.store.reader().await?;
    let found = tokens::find_access(&mut reader, sha256(token)).await?.ok_or(Refusal::InvalidToken)?;
    let now = app.now();
    if found.ended {
        return Err(Refusal::InvalidToken);
    }
    if now >= found.expires {
        return Err(Refusal::ExpiredToken);
    }
    let client = found.client_uid.ok_or(Refusal::InvalidToken)?;
    let account = accounts::by_user(&mut reader, found.user).await?.ok_or(Refusal::InvalidToken)?;
    if !account.is_open(now) || !found.outlives(account.credential_version) {
        return Err(Refusal::InvalidToken);
    }
    opens(&found.scopes, method)?;
    let credential = Credential::Bearer { client, scopes: found.scopes };
    Ok(principals::load(&mut reader, &account, credential).await?)
}

/// Do the scopes open the Web API for this method?
fn opens(scopes: &Scopes, method: &Method) -> Result<(), Refusal> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if scopes.opens_api() || (reads && scopes.opens_api_read()) {
        Ok(())
    } else {
        Err(Refusal::InsufficientScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_opens_what_it_says() {
        for (scopes, get, post) in [
            ("ALL", true, true),
            ("username", true, true),
            ("api:read", true, false),
            ("openid", false, false),
            ("", false, false),
            ("openid api:read", true, false),
        ] {
            let scopes = Scopes::parse(scopes);
            assert_eq!(opens(&scopes, &Method::GET).is_ok(), get, "{scopes}");
            assert_eq!(opens(&scopes, &Method::HEAD).is_ok(), get, "{scopes}");
            assert_eq!(opens(&scopes, &Method::POST).is_ok(), post, "{scopes}");
        }
    }
}
