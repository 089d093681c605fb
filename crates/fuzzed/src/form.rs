//! The form body of the token endpoints and of `/oauth2/par`, with the query beside it, and what is read out of it.

use std::collections::BTreeSet;

use kibali_model::{Client, ClientAuthentication, ClientProfile, Dialect, GrantType, ObjectId, Scopes, Uid};
use kibali_oauth::token_exchange::{SubjectFacts, exchange, subject_token};
use kibali_oauth::{
    AuthorizeRefusal, Endpoint, JWT_BEARER, OAuthError, Parameters, Proof, TokenGrant, authorize, device,
    matches, proof, token_request,
};
use url::form_urlencoded::parse;

use crate::keys::NOW;

const ISSUER: &str = "https://dhis2.example.org/";
const BASIC: (&str, &str) = ("demo", "a secret");
const DIALECTS: [Dialect; 2] = [Dialect::Legacy, Dialect::Modern];
/// Parameters that are read somewhere.
const NAMES: [&str; 24] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "dpop_jkt",
    "grant_type",
    "max_age",
    "nonce",
    "otp",
    "password",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "resource",
    "response_type",
    "scope",
    "state",
    "subject_token",
    "username",
];

/// The first line is the query, the rest the form.
pub fn form(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (query, body) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let sent = Parameters::read([query, body]);
    // Query first or body first: that decides nothing.
    let turned = Parameters::read([body, query]);
    written_and_read_again(&sent, [query, body]);
    for name in NAMES {
        let values: BTreeSet<&str> = sent.every(name).filter(|value| !value.is_empty()).collect();
        let expected = match values.len() {
            0 => Ok(None),
            1 => Ok(values.first().copied()),
            _ => Err(OAuthError::Repeated(name)),
        };
        assert_eq!(sent.get(name), expected);
        assert_eq!(turned.get(name), expected);
    }
    for dialect in DIALECTS {
        one_proof(&sent, &turned, dialect);
        for client in clients() {
            let read = token_request(&sent, &client, dialect);
            assert!(read == token_request(&turned, &client, dialect), "the order decides");
            if let Ok(grant) = read {
                one_grant(&sent, &client, dialect, &grant);
            }
            one_answer(&sent, &client, dialect);
        }
    }
    exchanged(&sent);
    let typed = device::typed_code(&sent.every("user_code").collect::<String>());
    assert_eq!(device::typed_code(&typed), typed);
    assert!(typed.len() <= 16);
}

/// What was read, written as a form, is the same when it is read again; what is left out is not in it; and it shows
/// names only.
fn written_and_read_again(sent: &Parameters, sources: [&[u8]; 2]) {
    let written = sent.without(&[]);
    let pairs: Vec<(String, String)> = sources.into_iter().flat_map(parse).map(owned).collect();
    assert_eq!(parse(written.as_bytes()).map(owned).collect::<Vec<_>>(), pairs);
    assert_eq!(Parameters::read([written.as_bytes()]).without(&[]), written);
    let names: Vec<&String> = pairs.iter().map(|(name, _)| name).collect();
    assert_eq!(format!("{sent:?}"), format!("{names:?}"));
    let without = sent.without(&["client_secret", "password"]);
    let secret = |name: &str| ["client_secret", "password"].contains(&name);
    let others: Vec<_> = pairs.iter().filter(|(name, _)| !secret(name)).cloned().collect();
    assert_eq!(parse(without.as_bytes()).map(owned).collect::<Vec<_>>(), others);
}

fn owned((name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)) -> (String, String) {
    (name.into_owned(), value.into_owned())
}

/// Never two proofs of a client, but for a secret in the form that `/uaa` passes over beside Basic.
fn one_proof(sent: &Parameters, turned: &Parameters, dialect: Dialect) {
    let there = |name| sent.every(name).any(|value| !value.is_empty());
    let (secret, assertion) = (there("client_secret"), there("client_assertion"));
    for basic in [None, Some(BASIC)] {
        let read = proof(basic, sent, dialect);
        assert!(read == proof(basic, turned, dialect), "the order decides");
        match read {
            Ok(Proof::Secret { id, secret: said, by: ClientAuthentication::SecretBasic }) => {
                assert_eq!(basic, Some((id, said)));
                assert!(!assertion && (!secret || dialect == Dialect::Legacy));
            }
            Ok(Proof::Secret { id, secret: said, .. }) => {
                assert!(basic.is_none() && !assertion);
                assert_eq!(
                    (sent.get("client_id"), sent.get("client_secret")),
                    (Ok(Some(id)), Ok(Some(said)))
                );
            }
            Ok(Proof::Assertion { id, assertion: said }) => {
                assert!(basic.is_none() && !secret);
                assert_eq!(sent.get("client_id"), Ok(id));
                assert_eq!(sent.get("client_assertion"), Ok(Some(said)));
                assert_eq!(sent.get("client_assertion_type"), Ok(Some(JWT_BEARER)));
            }
            Ok(Proof::Nothing { id }) => {
                assert!(basic.is_none() && !secret && !assertion);
                assert_eq!(sent.get("client_id"), Ok(Some(id)));
            }
            Err(_) => {}
        }
    }
}

fn one_grant(sent: &Parameters, client: &Client, dialect: Dialect, grant: &TokenGrant<'_>) {
    let name = sent.get("grant_type").unwrap().unwrap();
    let expected = match grant {
        TokenGrant::Password { username, password, otp } => {
            assert_eq!((dialect, client.profile == ClientProfile::Fapi2), (Dialect::Legacy, false));
            assert_eq!(sent.get("username"), Ok(Some(*username)));
            assert_eq!(sent.get("password"), Ok(Some(*password)));
            assert_eq!(sent.get("otp"), Ok(*otp));
            GrantType::Password
        }
        TokenGrant::Refresh { token } => {
            assert_eq!(sent.get("refresh_token"), Ok(Some(*token)));
            GrantType::RefreshToken
        }
        TokenGrant::Code { code, redirect_uri, verifier } => {
            assert_eq!(sent.get("code"), Ok(Some(*code)));
            assert_eq!(sent.get("redirect_uri"), Ok(*redirect_uri));
            assert_eq!(sent.get("code_verifier"), Ok(*verifier));
            GrantType::AuthorizationCode
        }
        TokenGrant::Itself => GrantType::ClientCredentials,
        TokenGrant::Device { code } => {
            assert_eq!(sent.get("device_code"), Ok(Some(*code)));
            GrantType::DeviceCode
        }
        TokenGrant::Exchange => GrantType::TokenExchange,
    };
    assert_eq!(GrantType::from_name(name), Some(expected));
    assert!(client.grant_types.contains(&expected), "a grant that the client may not use");
    assert!(sent.get("client_id").unwrap().is_none_or(|id| id == client.client_id));
}

/// Whatever is asked of the authorization page, its answer goes where the client registered, or nowhere.
fn one_answer(sent: &Parameters, client: &Client, dialect: Dialect) {
    let endpoint = Endpoint { dialect, issuer: ISSUER, pushed: client.profile == ClientProfile::Fapi2 };
    let registered = |uri: &str| client.redirect_uris.iter().any(|known| matches(known, uri));
    match authorize(sent, client, endpoint) {
        Ok(asked) => {
            assert!(registered(&asked.redirect_uri));
            assert!(asked.scopes.is_within(&client.scopes));
            assert!(asked.challenge.is_some() || !client.requires_proof_key());
            assert!(asked.challenge.is_none_or(|challenge| challenge.0.len() == 43));
            assert!(asked.max_age.is_none_or(|seconds| seconds >= 0));
            assert_eq!(asked.state.as_deref(), sent.get("state").unwrap());
        }
        Err(AuthorizeRefusal::Page(_)) => {}
        Err(AuthorizeRefusal::Answer { answer, .. }) => {
            assert!(registered(&answer.redirect_uri));
            assert!(answer.members.iter().all(|(name, _)| *name != "code"));
        }
    }
}

/// A token for a token opens no more than that one did, nor is it for something else.
fn exchanged(sent: &Parameters) {
    let Ok(token) = subject_token(sent) else { return };
    assert_eq!(sent.get("subject_token"), Ok(Some(token)));
    let scopes = Scopes::parse("openid username");
    for resource in [None, Some("https://lab.example.org/")] {
        let subject = SubjectFacts {
            client_id: "other",
            scopes: &scopes,
            resource,
            expires: NOW,
            bound: false,
            act: None,
        };
        for client in clients() {
            let Ok(made) = exchange(sent, &client, Some(subject.clone())) else { continue };
            assert!(made.scopes.is_within(&scopes) && made.scopes.is_within(&client.scopes));
            assert!(resource.is_none() || made.resource.as_deref() == resource);
            assert!(made.expires <= NOW);
        }
    }
}

/// One of each profile, that may do everything.
fn clients() -> impl Iterator<Item = Client> {
    let every = Client {
        grant_types: GrantType::EVERY.iter().copied().collect(),
        redirect_uris: ["https://app.example.org/cb", "http://127.0.0.1/cb"].map(str::to_owned).into(),
        scopes: Scopes::parse("openid profile username ALL"),
        exchanges_for: BTreeSet::from(["other".to_owned()]),
        ..Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Demo", "demo")
    };
    ClientProfile::EVERY.iter().map(move |profile| Client { profile: *profile, ..every.clone() })
}
