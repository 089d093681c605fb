//! The crate `openidconnect`: discovery, the authorization code with PKCE, an ID token with every check there is,
//! userinfo, refresh, tokens of each algorithm the library can check, the device code, client credentials, introspection,
//! revocation, a client without a secret, one that registers itself, logout; and the password grant of old.

use kibali_clients::{
    CALLBACK, DEVICE, Outcome, Person, SECRET, base, call, invite, is_dead, me, member, register,
    register_robot, send, without_tls,
};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreClientRegistrationRequest,
    CoreClientRegistrationResponse, CoreDeviceAuthorizationResponse, CoreGrantType, CoreJsonWebKeySet,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::registration::{ClientRegistrationError, EmptyAdditionalClientMetadata};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClientId, ClientName, ClientSecret, CsrfToken,
    DeviceAuthorizationUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, IntrospectionUrl, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl,
    Scope, TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use serde_json::{Value, json};

/// Where a browser goes after logout.
const OUT: &str = "http://127.0.0.1/out";

/// A client as it is after discovery.
type App = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

fn main() -> Outcome<()> {
    let mut person = Person::sign_in()?;
    let issuer = IssuerUrl::new(format!("{}/", base()?))?;
    let told = ProviderMetadataWithLogout::discover(&issuer, &send)?;
    println!("ok discovery");
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let client_id = format!("app-{algorithm}");
        let settings = json!({ "settings.token.id-token-signature-algorithm": algorithm }).to_string();
        register(&client_id, json!({ "tokenSettings": settings }))?;
        walk(&app(&told, &client_id, SECRET)?, &mut person, "username")?;
        println!("ok authorization code with PKCE, ID token, userinfo, refresh, signed {algorithm}");
    }
    device(&told, &mut person)?;
    println!("ok device");
    robot(&told)?;
    println!("ok client credentials, introspection, revocation");
    public(&told, &mut person)?;
    println!("ok public client");
    registration(&told, &mut person)?;
    println!("ok registration, read, changed and taken away by the client itself");
    password(&issuer)?;
    println!("ok password of old, refresh");
    logout(&told, &mut person)?;
    println!("ok logout");
    Ok(())
}

fn app(told: &ProviderMetadataWithLogout, client_id: &str, secret: &str) -> Outcome<App> {
    let (id, secret) = (ClientId::new(client_id.to_owned()), ClientSecret::new(secret.to_owned()));
    let client = CoreClient::from_provider_metadata(told.clone(), id, Some(secret));
    Ok(client.set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?))
}

/// The tokens that the person allowed, and what their ID token must hold.
fn signed_in(client: &App, person: &mut Person, scope: &str) -> Outcome<(CoreTokenResponse, Nonce)> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (address, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new(scope.to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = person.consent(address.as_str())?;
    assert_eq!(&member(&back, "state")?, state.secret());
    let code = AuthorizationCode::new(member(&back, "code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    Ok((tokens, nonce))
}

/// Signs the person in and holds all that is told of them against each other; the last tokens.
fn walk(client: &App, person: &mut Person, scope: &str) -> Outcome<CoreTokenResponse> {
    let (tokens, nonce) = signed_in(client, person, scope)?;
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
    Ok(renewed)
}

fn device(told: &ProviderMetadataWithLogout, person: &mut Person) -> Outcome<()> {
    register("television", json!({ "authorizationGrantTypes": DEVICE }))?;
    let address = DeviceAuthorizationUrl::new(format!("{}/oauth2/device_authorization", base()?))?;
    let client = app(told, "television", SECRET)?.set_device_authorization_url(address);
    let asked = client.exchange_device_code().add_scope(Scope::new("username".to_owned()));
    let shown: CoreDeviceAuthorizationResponse = asked.request(&send)?;
    let page = shown.verification_uri_complete().ok_or("no address with the code in it")?;
    person.connect(page.secret())?;
    let tokens = client.exchange_device_access_token(&shown)?.request(&send, std::thread::sleep, None)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    let id_token = tokens.extra_fields().id_token().ok_or("no ID token")?;
    // Nobody could send a nonce: a device asks by no address.
    let claims = id_token.claims(&client.id_token_verifier(), |_: Option<&Nonce>| Ok(()))?;
    assert_eq!(claims.subject().as_str(), "admin");
    Ok(())
}

fn robot(told: &ProviderMetadataWithLogout) -> Outcome<()> {
    register_robot("robot")?;
    let at = |path: &str| Ok::<_, Box<dyn std::error::Error>>(format!("{}{path}", base()?));
    let client = app(told, "robot", SECRET)?
        .set_introspection_url(IntrospectionUrl::new(at("/oauth2/introspect")?)?)
        .set_revocation_url(RevocationUrl::new(at("/oauth2/revoke")?.replacen("http:", "https:", 1))?);
    let asked = client.exchange_client_credentials()?.add_scope(Scope::new("username".to_owned()));
    let tokens = asked.request(&send)?;
    assert_eq!(me(tokens.access_token().secret())?, "admin");
    let told = client.introspect(tokens.access_token()).request(&send)?;
    assert_eq!((told.active(), told.username()), (true, Some("admin")));
    client.revoke_token(tokens.access_token().clone().into())?.request(&without_tls)?;
    assert!(!client.introspect(tokens.access_token()).request(&send)?.active());
    assert!(is_dead(tokens.access_token().secret())?, "a revoked token still opens the door");
    Ok(())
}

fn public(told: &ProviderMetadataWithLogout, person: &mut Person) -> Outcome<()> {
    register("spa", json!({ "clientSecret": null, "clientAuthenticationMethods": "none" }))?;
    let client = CoreClient::from_provider_metadata(told.clone(), ClientId::new("spa".to_owned()), None);
    walk(&client.set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned())?), person, "username").map(drop)
}

/// What a client says of itself, with the initial access token that its maker was given.
fn asking(initial: Option<String>, more: Vec<CoreGrantType>) -> Outcome<CoreClientRegistrationRequest> {
    let addresses = vec![RedirectUrl::new(CALLBACK.to_owned())?];
    let name = [(None, ClientName::new("Partner".to_owned()))].into_iter().collect();
    let mut grants = vec![CoreGrantType::AuthorizationCode];
    grants.extend(more);
    Ok(CoreClientRegistrationRequest::new(addresses, EmptyAdditionalClientMetadata {})
        .set_client_name(Some(name))
        .set_grant_types(Some(grants))
        .set_token_endpoint_auth_method(Some(CoreClientAuthMethod::ClientSecretPost))
        .set_initial_access_token(initial.map(AccessToken::new)))
}

fn registration(told: &ProviderMetadataWithLogout, person: &mut Person) -> Outcome<()> {
    let endpoint = told.registration_endpoint().ok_or("no registration endpoint")?;
    let initial = Some(invite()?);
    let greedy = asking(initial.clone(), vec![CoreGrantType::ClientCredentials])?.register(endpoint, &send);
    assert!(matches!(greedy, Err(ClientRegistrationError::ServerResponse(_))), "{greedy:?}");
    let asked = asking(initial, vec![CoreGrantType::RefreshToken])?;
    let made: CoreClientRegistrationResponse = asked.register(endpoint, &send)?;
    for spent in [asked, asking(None, Vec::new())?] {
        let answer = spent.register(endpoint, &send);
        assert!(matches!(answer, Err(ClientRegistrationError::Response(status, ..)) if status == 401));
    }

    let secret = made.client_secret().ok_or("no secret")?.secret();
    let client = app(told, made.client_id(), secret)?.set_auth_type(AuthType::RequestBody);
    let tokens = walk(&client, person, "username")?;

    let address = made.registration_client_uri().ok_or("no address of its own")?;
    let token = made.registration_access_token().ok_or("no token of its own")?;
    let manage = |method: &str, body: Option<&Value>| {
        call(method, address.as_str(), &format!("Bearer {}", token.secret()), body)
    };
    let (status, mut said) = manage("GET", None)?;
    assert_eq!((status, said.get("client_secret")), (200, None), "the secret is told once");
    said["client_name"] = json!("Renamed");
    let (status, changed) = manage("PUT", Some(&said))?;
    assert_eq!((status, &changed), (200, &said));
    assert_eq!(manage("DELETE", None)?.0, 204);
    assert_eq!(manage("GET", None)?.0, 401);
    assert!(is_dead(tokens.access_token().secret())?, "a token outlives its client");
    Ok(())
}

/// The old generation tells nothing of itself: its address is written down, and there are no ID tokens.
fn password(issuer: &IssuerUrl) -> Outcome<()> {
    let id = ClientId::new("demo".to_owned());
    let client = CoreClient::new(id, issuer.clone(), CoreJsonWebKeySet::new(Vec::new()))
        .set_client_secret(ClientSecret::new(SECRET.to_owned()))
        .set_token_uri(TokenUrl::new(format!("{}/uaa/oauth/token", base()?))?)
        .disable_openid_scope();
    let user = ResourceOwnerUsername::new("admin".to_owned());
    let password = ResourceOwnerPassword::new("district".to_owned());
    let tokens = client.exchange_password(&user, &password).request(&send)?;
    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let renewed = client.exchange_refresh_token(refresh).request(&send)?;
    assert_ne!(renewed.access_token().secret(), tokens.access_token().secret());
    assert_eq!(me(renewed.access_token().secret())?, "admin");
    Ok(())
}

fn logout(told: &ProviderMetadataWithLogout, person: &mut Person) -> Outcome<()> {
    register("leaving", json!({ "postLogoutRedirectUris": OUT }))?;
    let (tokens, _) = signed_in(&app(told, "leaving", SECRET)?, person, "username")?;
    let endpoint = told.additional_metadata().end_session_endpoint.clone().ok_or("no logout")?;
    let leave = LogoutRequest::from(endpoint)
        .set_id_token_hint(tokens.id_token().ok_or("no ID token")?)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(OUT.to_owned())?)
        .set_state(CsrfToken::new("gone".to_owned()));
    assert_eq!(person.leave(leave.http_get_url().as_str())?, format!("{OUT}?state=gone"));
    Ok(())
}
