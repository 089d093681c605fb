//! The crate `oauth2`: the password grant and the authorization code of old; and of the modern generation the authorization
//! code with PKCE, of a client with a secret, in the header or in the form, and of one without, refresh, introspection,
//! revocation, client credentials and the device code.

use kibali_clients::{
    CALLBACK, DEVICE, Outcome, Person, SECRET, base, is_dead, me, member, register, register_robot, send,
    without_tls,
};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    EndpointNotSet, EndpointSet, IntrospectionUrl, PkceCodeChallenge, RedirectUrl, ResourceOwnerPassword,
    ResourceOwnerUsername, RevocationUrl, Scope, StandardDeviceAuthorizationResponse, StandardRevocableToken,
    TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use serde_json::json;

/// A client that asks for codes, redeems and revokes.
type App = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointSet>;

fn main() -> Outcome<()> {
    let mut person = Person::sign_in()?;
    password()?;
    println!("ok password, refresh");
    code_of_old(&mut person)?;
    println!("ok authorization code of old, refresh, revocation");
    code(&mut person)?;
    println!("ok authorization code with PKCE, refresh, introspection, revocation");
    in_the_form(&mut person)?;
    println!("ok the secret in the form, where it was registered for it");
    public(&mut person)?;
    println!("ok public client, refresh token spent for its successor");
    client_credentials()?;
    println!("ok client credentials");
    device(&mut person)?;
    println!("ok device");
    Ok(())
}

fn at(path: &str) -> Outcome<String> {
    Ok(format!("{}{path}", base()?))
}

fn secret() -> ClientSecret {
    ClientSecret::new(SECRET.to_owned())
}

fn scope(name: &str) -> Scope {
    Scope::new(name.to_owned())
}

/// A client whose codes, tokens and revocations are at these three addresses.
fn app(client_id: &str, [codes, tokens, revocations]: [&str; 3]) -> Outcome<App> {
    Ok(BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_auth_uri(AuthUrl::new(at(codes)?)?)
        .set_token_uri(TokenUrl::new(at(tokens)?)?)
        .set_revocation_url(RevocationUrl::new(at(revocations)?.replacen("http:", "https:", 1))?)
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?))
}

const OLD: [&str; 3] = ["/uaa/oauth/authorize", "/uaa/oauth/token", "/uaa/oauth/revoke"];
const MODERN: [&str; 3] = ["/oauth2/authorize", "/oauth2/token", "/oauth2/revoke"];

/// The tokens that the person allowed; a code is worth them once.
fn signed_in(client: &App, person: &mut Person, name: &str) -> Outcome<BasicTokenResponse> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(scope(name))
        .set_pkce_challenge(challenge)
        .url();
    let back = person.consent(address.as_str())?;
    assert_eq!(&member(&back, "state")?, state.secret());
    let code = AuthorizationCode::new(member(&back, "code")?);
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    Ok(tokens)
}

/// The next tokens, which open the door as well.
fn renewed(client: &App, tokens: &BasicTokenResponse) -> Outcome<BasicTokenResponse> {
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let renewed = client.exchange_refresh_token(refresh).request(&send)?;
    assert_ne!(renewed.access_token().secret(), tokens.access_token().secret());
    assert_eq!(me(renewed.access_token().secret())?, "admin");
    Ok(renewed)
}

/// Whether it was refused as the standard says.
fn refused<T, E: std::error::Error>(
    answer: Result<T, BasicRequestTokenError<E>>,
    error: &BasicErrorResponseType,
) -> bool {
    matches!(answer, Err(BasicRequestTokenError::ServerResponse(told)) if told.error() == error)
}

/// Revokes the refresh token: neither it nor what it renewed is worth anything.
fn end(client: &App, tokens: &BasicTokenResponse) -> Outcome<()> {
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    client.revoke_token(StandardRevocableToken::from(refresh.clone()))?.request(&without_tls)?;
    assert!(is_dead(tokens.access_token().secret())?, "a revoked token still opens the door");
    let again = client.exchange_refresh_token(refresh).request(&send);
    assert!(refused(again, &BasicErrorResponseType::InvalidGrant), "a revoked refresh token still works");
    Ok(())
}

fn password() -> Outcome<()> {
    let client = app("demo", OLD)?.set_client_secret(secret());
    let user = ResourceOwnerUsername::new("admin".to_owned());
    let password = ResourceOwnerPassword::new("district".to_owned());
    let tokens = client.exchange_password(&user, &password).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    end(&client, &renewed(&client, &tokens)?)?;
    let wrong = ResourceOwnerPassword::new("wrong".to_owned());
    let answer = client.exchange_password(&user, &wrong).request(&send);
    assert!(refused(answer, &BasicErrorResponseType::InvalidGrant));
    Ok(())
}

fn code_of_old(person: &mut Person) -> Outcome<()> {
    let client = app("demo", OLD)?.set_client_secret(secret());
    let tokens = signed_in(&client, person, "ALL")?;
    end(&client, &renewed(&client, &tokens)?)
}

fn code(person: &mut Person) -> Outcome<()> {
    register("app", json!({}))?;
    let client = app("app", MODERN)?.set_client_secret(secret());
    let renewed = renewed(&client, &signed_in(&client, person, "username")?)?;
    let asks = client.clone().set_introspection_url(IntrospectionUrl::new(at("/oauth2/introspect")?)?);
    let told = asks.introspect(renewed.access_token()).request(&send)?;
    assert_eq!((told.active(), told.username()), (true, Some("admin")));
    let token = StandardRevocableToken::from(renewed.access_token().clone());
    client.revoke_token(token)?.request(&without_tls)?;
    assert!(!asks.introspect(renewed.access_token()).request(&send)?.active());
    end(&client, &renewed)
}

fn in_the_form(person: &mut Person) -> Outcome<()> {
    register("poster", json!({ "clientAuthenticationMethods": "client_secret_post" }))?;
    let by_header = app("poster", MODERN)?.set_client_secret(secret());
    let client = by_header.clone().set_auth_type(AuthType::RequestBody);
    let tokens = renewed(&client, &signed_in(&client, person, "username")?)?;
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let answer = by_header.exchange_refresh_token(refresh).request(&send);
    assert!(refused(answer, &BasicErrorResponseType::InvalidClient));
    Ok(())
}

fn public(person: &mut Person) -> Outcome<()> {
    register("spa", json!({ "clientSecret": null, "clientAuthenticationMethods": "none" }))?;
    let client = app("spa", MODERN)?;
    let first = signed_in(&client, person, "username")?;
    let second = renewed(&client, &first)?;
    let spent = |tokens: &BasicTokenResponse| tokens.refresh_token().map(|token| token.secret().clone());
    assert_ne!(spent(&first), spent(&second));
    end(&client, &second)
}

fn client_credentials() -> Outcome<()> {
    register_robot("robot")?;
    let client = BasicClient::new(ClientId::new("robot".to_owned()))
        .set_client_secret(secret())
        .set_token_uri(TokenUrl::new(at("/oauth2/token")?)?);
    let tokens = client.exchange_client_credentials().add_scope(scope("username")).request(&send)?;
    assert!(tokens.refresh_token().is_none());
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    let wrong = client.set_client_secret(ClientSecret::new("wrong".to_owned()));
    let answer = wrong.exchange_client_credentials().request(&send);
    assert!(refused(answer, &BasicErrorResponseType::InvalidClient));
    Ok(())
}

fn device(person: &mut Person) -> Outcome<()> {
    register("television", json!({ "authorizationGrantTypes": DEVICE }))?;
    let client = BasicClient::new(ClientId::new("television".to_owned()))
        .set_client_secret(secret())
        .set_token_uri(TokenUrl::new(at("/oauth2/token")?)?)
        .set_device_authorization_url(DeviceAuthorizationUrl::new(at("/oauth2/device_authorization")?)?);
    let asked = client.exchange_device_code().add_scope(scope("username"));
    let shown: StandardDeviceAuthorizationResponse = asked.request(&send)?;
    let page = shown.verification_uri_complete().ok_or("no address with the code in it")?;
    person.connect(page.secret())?;
    let tokens = client.exchange_device_access_token(&shown).request(&send, std::thread::sleep, None)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    Ok(())
}
