//! The crate `openidconnect`: discovery, the authorization code with PKCE, an ID token with every check there is,
//! userinfo, refresh, and tokens of each algorithm the library can check.

use kibali_clients::{CALLBACK, Outcome, SECRET, base, me, member, person, register, send};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
};
use serde_json::json;

fn main() -> Outcome<()> {
    let issuer = IssuerUrl::new(format!("{}/", base()?))?;
    let told = CoreProviderMetadata::discover(&issuer, &send)?;
    println!("ok discovery");
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        sign_in(told.clone(), algorithm)?;
        println!("ok authorization code with PKCE, ID token, userinfo, refresh, signed {algorithm}");
    }
    Ok(())
}

fn sign_in(told: CoreProviderMetadata, algorithm: &str) -> Outcome<()> {
    let client_id = format!("app-{algorithm}");
    let settings = json!({ "settings.token.id-token-signature-algorithm": algorithm }).to_string();
    register(&client_id, json!({ "tokenSettings": settings }))?;
    let (id, secret) = (ClientId::new(client_id), ClientSecret::new(SECRET.to_owned()));
    let client = CoreClient::from_provider_metadata(told, id, Some(secret))
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (address, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("username".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = person("consent", address.as_str())?;
    assert_eq!(&member(&back, "state")?, state.secret());
    let code = AuthorizationCode::new(member(&back, "code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");

    let id_token = tokens.id_token().ok_or("no ID token")?;
    let checks = client.id_token_verifier();
    let claims = id_token.claims(&checks, &nonce)?;
    assert_eq!(claims.subject().as_str(), "admin");
    let told = claims.access_token_hash().ok_or("no at_hash")?;
    let made = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg()?,
        id_token.signing_key(&checks)?,
    )?;
    assert_eq!(*told, made);
    let subject = Some(claims.subject().clone());
    let user: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), subject)?.request(&send)?;
    assert_eq!(user.subject().as_str(), "admin");

    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let renewed = client.exchange_refresh_token(refresh)?.request(&send)?;
    let again = renewed.id_token().ok_or("no ID token after a refresh")?;
    // A refreshed ID token need not repeat the nonce (OpenID Connect Core section 12.2).
    let again = again.claims(&checks, |_: Option<&Nonce>| Ok(()))?;
    assert_eq!(again.subject(), claims.subject());
    assert_eq!(me(renewed.access_token().secret())?, "admin");
    Ok(())
}
