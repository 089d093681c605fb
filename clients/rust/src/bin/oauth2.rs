//! The crate `oauth2`: the password grant of old; and of the modern generation the authorization code with PKCE,
//! refresh, introspection, revocation, client credentials and the device code.

use kibali_clients::{
    CALLBACK, DEVICE, Outcome, SECRET, base, me, member, person, register, register_robot, send,
};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl, HttpRequest,
    HttpResponse, IntrospectionUrl, PkceCodeChallenge, RedirectUrl, ResourceOwnerPassword,
    ResourceOwnerUsername, RevocationUrl, Scope, StandardDeviceAuthorizationResponse, StandardRevocableToken,
    TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use serde_json::json;

fn main() -> Outcome<()> {
    password()?;
    println!("ok password");
    code()?;
    println!("ok authorization code with PKCE, refresh, introspection, revocation");
    client_credentials()?;
    println!("ok client credentials");
    device()?;
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

fn password() -> Outcome<()> {
    let client = BasicClient::new(ClientId::new("demo".to_owned()))
        .set_client_secret(secret())
        .set_token_uri(TokenUrl::new(at("/uaa/oauth/token")?)?);
    let (user, password) =
        (ResourceOwnerUsername::new("admin".to_owned()), ResourceOwnerPassword::new("district".to_owned()));
    let tokens = client.exchange_password(&user, &password).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let renewed = client.exchange_refresh_token(refresh).request(&send)?;
    assert_eq!(me(renewed.access_token().secret())?, "admin");
    Ok(())
}

fn code() -> Outcome<()> {
    register("app", json!({}))?;
    let client = BasicClient::new(ClientId::new("app".to_owned()))
        .set_client_secret(secret())
        .set_auth_uri(AuthUrl::new(at("/oauth2/authorize")?)?)
        .set_token_uri(TokenUrl::new(at("/oauth2/token")?)?)
        .set_introspection_url(IntrospectionUrl::new(at("/oauth2/introspect")?)?)
        .set_revocation_url(RevocationUrl::new(at("/oauth2/revoke")?.replacen("http:", "https:", 1))?)
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(scope("username"))
        .set_pkce_challenge(challenge)
        .url();
    let back = person("consent", address.as_str())?;
    assert_eq!(&member(&back, "state")?, state.secret());
    let code = AuthorizationCode::new(member(&back, "code")?);
    let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let renewed = client.exchange_refresh_token(refresh).request(&send)?;
    assert_ne!(renewed.access_token().secret(), tokens.access_token().secret());
    let told = client.introspect(renewed.access_token()).request(&send)?;
    assert_eq!((told.active(), told.username()), (true, Some("admin")));
    let token = StandardRevocableToken::from(renewed.access_token().clone());
    client.revoke_token(token)?.request(&without_tls)?;
    assert!(!client.introspect(renewed.access_token()).request(&send)?.active());
    Ok(())
}

/// The library revokes at https alone; this is a test on loopback.
fn without_tls(mut request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let plain = request.uri().to_string().replacen("https:", "http:", 1);
    *request.uri_mut() = plain.parse().map_err(ureq::http::Error::from)?;
    send(request)
}

fn client_credentials() -> Outcome<()> {
    register_robot("robot")?;
    let client = BasicClient::new(ClientId::new("robot".to_owned()))
        .set_client_secret(secret())
        .set_token_uri(TokenUrl::new(at("/oauth2/token")?)?);
    let tokens = client.exchange_client_credentials().add_scope(scope("username")).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    Ok(())
}

fn device() -> Outcome<()> {
    register("television", json!({ "authorizationGrantTypes": DEVICE }))?;
    let client = BasicClient::new(ClientId::new("television".to_owned()))
        .set_client_secret(secret())
        .set_token_uri(TokenUrl::new(at("/oauth2/token")?)?)
        .set_device_authorization_url(DeviceAuthorizationUrl::new(at("/oauth2/device_authorization")?)?);
    let asked = client.exchange_device_code().add_scope(scope("username"));
    let shown: StandardDeviceAuthorizationResponse = asked.request(&send)?;
    let page = shown.verification_uri_complete().ok_or("no address with the code in it")?;
    person("connect", page.secret())?;
    let tokens = client.exchange_device_access_token(&shown).request(&send, std::thread::sleep, None)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    Ok(())
}
