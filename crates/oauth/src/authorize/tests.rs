//! Tests of authorization requests, of both generations.

#![allow(clippy::unwrap_used)] // a test may stop at the first surprise
use super::*;
use crate::exchange::tests::client;
use kibali_model::{ClientProfile, Timestamp};
use proptest::prelude::*;

const ONE: &[&str] = &["https://a.example/cb"];
const LEGACY: Endpoint<'_> =
    Endpoint { dialect: Dialect::Legacy, issuer: "https://k.example/", pushed: false };
const MODERN: Endpoint<'_> = Endpoint { dialect: Dialect::Modern, ..LEGACY };

fn ask(text: &str, uris: &[&str]) -> Result<Authorization, AuthorizeRefusal> {
    authorize(&Parameters::read([text.as_bytes()]), &client(GrantType::LEGACY, uris), LEGACY)
}

fn modern_client() -> Client {
    Client { scopes: Scopes::parse("openid username email"), ..client(GrantType::LEGACY, ONE) }
}

fn ask_modern(more: &str) -> Result<Authorization, AuthorizeRefusal> {
    let text = format!("response_type=code&redirect_uri=https://a.example/cb&state=s{more}");
    authorize(&Parameters::read([text.as_bytes()]), &modern_client(), MODERN)
}

#[test]
fn the_answer_carries_code_and_state() {
    let asked = ask("response_type=code&state=a%20b", ONE).unwrap();
    assert!(!asked.redirect_sent);
    assert_eq!(asked.granted("c").address(), "https://a.example/cb?code=c&state=a%20b");
    assert_eq!(
        asked.denied().address(),
        "https://a.example/cb?error=access_denied&error_description=User%20denied%20access&state=a%20b"
    );
}

#[test]
fn the_modern_answer_names_its_issuer() {
    let asked = ask_modern("").unwrap();
    let address = "https://a.example/cb?code=c&state=s&iss=https%3A%2F%2Fk.example%2F";
    assert_eq!(asked.granted("c").address(), address);
    assert!(asked.denied().address().ends_with("&state=s&iss=https%3A%2F%2Fk.example%2F"));
    let posted = ask_modern("&response_mode=form_post").unwrap();
    assert_eq!(posted.granted("c").mode, ResponseMode::FormPost);
}

#[test]
fn nothing_is_sent_to_a_uri_that_is_not_the_clients() {
    use OAuthError as E;
    let page = |error| Err(AuthorizeRefusal::Page(error));
    assert_eq!(ask("response_type=x", &[]), page(E::NoRedirectRegistered));
    assert_eq!(ask("response_type=x", &["a:/1", "a:/2"]), page(E::RedirectNotRegistered));
    assert_eq!(ask("redirect_uri=https://evil.example", ONE), page(E::RedirectNotRegistered));
    assert_eq!(ask("redirect_uri=a:/1&redirect_uri=a:/2", ONE), page(E::Repeated("redirect_uri")));
    let no_codes = client(&[GrantType::Password], ONE);
    let refused = authorize(&Parameters::read([b"response_type=code".as_slice()]), &no_codes, LEGACY);
    assert_eq!(refused, page(E::RedirectNotAllowed));
}

#[test]
fn everything_else_wrong_goes_to_the_client() {
    for (text, error) in [
        ("state=s", "unsupported_response_type"),
        ("response_type=token&state=s", "unsupported_response_type"),
        ("response_type=code&scope=read&state=s", "invalid_scope"),
        ("response_type=code&code_challenge=x&state=s", "invalid_request"),
        ("response_type=code&code_challenge=x&code_challenge_method=S256&state=s", "invalid_request"),
        ("response_type=code&code_challenge_method=S256&state=s", "invalid_request"),
        ("response_type=code&resource=https://other.example/%23a&state=s", "invalid_target"),
    ] {
        let Err(AuthorizeRefusal::Answer { answer, .. }) = ask(text, ONE) else { unreachable!("{text}") };
        let to = answer.address();
        assert!(to.starts_with(&format!("https://a.example/cb?error={error}&")), "{to}");
        assert!(to.ends_with("&state=s"), "{to}");
    }
    let Err(AuthorizeRefusal::Answer { error, .. }) = authorize(
        &Parameters::read([b"redirect_uri=https://a.example/cb".as_slice()]),
        &modern_client(),
        MODERN,
    ) else {
        unreachable!("without response_type")
    };
    assert_eq!(error, "invalid_request");
    for (more, error) in [
        ("&scope=ALL", "invalid_scope"),
        ("&prompt=none+login", "invalid_request"),
        ("&prompt=create", "invalid_request"),
        ("&max_age=-1", "invalid_request"),
        ("&max_age=soon", "invalid_request"),
        ("&max_age=4294967296", "invalid_request"),
        ("&response_mode=fragment", "invalid_request"),
        ("&request=a.b.c", "request_not_supported"),
        ("&nonce=1&nonce=2", "invalid_request"),
        ("&resource=reports", "invalid_target"),
        ("&resource=https://a&resource=https://b", "invalid_request"),
    ] {
        let Err(AuthorizeRefusal::Answer { answer, .. }) = ask_modern(more) else { unreachable!("{more}") };
        assert!(answer.address().contains(&format!("error={error}&")), "{more} {answer:?}");
    }
}

#[test]
fn a_challenge_is_kept_and_asked_of_clients_that_need_one() {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let text = format!("response_type=code&code_challenge={challenge}&code_challenge_method=S256");
    assert_eq!(ask(&text, ONE).unwrap().challenge, Some(Challenge(challenge.to_owned())));
    let standard = Client { profile: ClientProfile::Standard, ..client(GrantType::LEGACY, ONE) };
    let asked = |text: &str| authorize(&Parameters::read([text.as_bytes()]), &standard, LEGACY);
    assert!(asked(&text).is_ok());
    assert!(asked("response_type=code").is_err());
}

#[test]
fn openid_names_its_redirect_uri_and_fapi_pushes() {
    let asked = |client: &Client, endpoint| {
        authorize(&Parameters::read([b"response_type=code".as_slice()]), client, endpoint).is_ok()
    };
    assert!(!asked(&modern_client(), MODERN));
    let plain = Client { scopes: Scopes::parse("username"), ..modern_client() };
    assert!(asked(&plain, MODERN));
    let challenge = "code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let text = format!("response_type=code&{challenge}");
    let fapi = Client { profile: ClientProfile::Fapi2, ..plain };
    let sent = Parameters::read([text.as_bytes()]);
    let asked = |endpoint| authorize(&sent, &fapi, endpoint).is_ok();
    assert!(!asked(MODERN));
    assert!(asked(Endpoint { pushed: true, ..MODERN }));
    assert!(!asked(LEGACY));
}

fn name(next: Next) -> String {
    match next {
        Next::SignIn => "sign in".to_owned(),
        Next::Ask => "ask".to_owned(),
        Next::Grant => "grant".to_owned(),
        Next::Refuse(answer) => answer.members.into_iter().next().unwrap().1,
    }
}

#[test]
fn whoever_is_there_is_bothered_as_asked() {
    let at = Timestamp::from_millis;
    let now = at(100_000);
    let all = Scopes::parse("openid username email");
    let some = Scopes::parse("openid");
    let present = |consented| {
        Some(Present { since: at(40_000), consented, second_factor: false, hinted: Hinted::Fits })
    };
    let unasked = {
        let mut client = modern_client();
        client.settings.require_consent = false;
        client
    };
    for (more, who, client, expected) in [
        ("", None, modern_client(), "sign in"),
        ("&prompt=none", None, modern_client(), "login_required"),
        ("", present(None), modern_client(), "ask"),
        ("", present(Some(&some)), modern_client(), "ask"),
        ("", present(Some(&all)), modern_client(), "grant"),
        ("&prompt=none", present(Some(&all)), modern_client(), "grant"),
        ("&prompt=none", present(None), modern_client(), "consent_required"),
        ("&prompt=consent", present(Some(&all)), modern_client(), "ask"),
        ("&prompt=login", present(Some(&all)), modern_client(), "sign in"),
        ("&prompt=select_account", present(Some(&all)), modern_client(), "sign in"),
        ("&prompt=login+consent", present(Some(&all)), modern_client(), "sign in"),
        ("&max_age=59", present(Some(&all)), modern_client(), "sign in"),
        ("&max_age=60", present(Some(&all)), modern_client(), "grant"),
        ("&max_age=4294967295", present(Some(&all)), modern_client(), "grant"),
        ("&max_age=59&prompt=none", present(Some(&all)), modern_client(), "login_required"),
        ("&scope=openid", present(None), modern_client(), "grant"),
        ("", present(None), unasked.clone(), "grant"),
        ("&prompt=consent", present(None), unasked, "ask"),
    ] {
        let asked = ask_modern(more).unwrap();
        assert_eq!(name(asked.next(&client, who, Dialect::Modern, now)), expected, "{more}");
    }
    // Nobody reads and answers a page in no time.
    let young = ask_modern("&max_age=0").unwrap();
    assert!(young.demands_sign_in());
    assert_eq!(name(young.signed_in().next(&modern_client(), present(None), Dialect::Modern, now)), "ask");
    let both = ask_modern("&prompt=consent+login").unwrap().signed_in();
    assert_eq!(name(both.next(&modern_client(), present(Some(&all)), Dialect::Modern, now)), "ask");
    let login = ask_modern("&prompt=login").unwrap().signed_in();
    assert_eq!(name(login.next(&modern_client(), present(Some(&all)), Dialect::Modern, now)), "grant");
    let legacy = ask("response_type=code", ONE).unwrap();
    let demo = client(GrantType::LEGACY, ONE);
    assert_eq!(legacy.next(&demo, present(Some(&Scopes::all())), Dialect::Legacy, now), Next::Ask);
}

/// RFC 8252 section 8.6.
#[test]
fn what_any_program_on_the_machine_could_catch_is_asked_every_time() {
    let all = Scopes::parse("openid username email");
    let present = Some(Present {
        since: Timestamp::from_millis(0),
        consented: Some(&all),
        second_factor: false,
        hinted: Hinted::Fits,
    });
    let confidential = modern_client();
    let mut public = modern_client();
    public.authentication = [kibali_model::ClientAuthentication::None].into();
    for (address, client, expected) in [
        ("https://a.example/cb", &confidential, ["grant", "grant"]),
        ("http://127.0.0.1:4711/cb", &confidential, ["grant", "grant"]),
        ("https://a.example/cb", &public, ["grant", "grant"]),
        ("http://127.0.0.1:4711/cb", &public, ["ask", "consent_required"]),
        ("dhis2oauth://oauth", &public, ["ask", "consent_required"]),
    ] {
        for (more, expected) in ["", "&prompt=none"].into_iter().zip(expected) {
            for scopes in ["openid username", "openid"] {
                let asked = Authorization {
                    redirect_uri: address.to_owned(),
                    scopes: Scopes::parse(scopes),
                    ..ask_modern(more).unwrap()
                };
                let next = asked.next(client, present, Dialect::Modern, Timestamp::from_millis(1));
                assert_eq!(name(next), expected, "{address} {more} {scopes}");
            }
        }
    }
}

#[test]
fn whom_the_client_expects_answers_and_nobody_with_less_than_it_asks_for() {
    let all = Scopes::parse("openid username email");
    let now = Timestamp::from_millis(100_000);
    let there =
        |second_factor, hinted| Some(Present { since: now, consented: Some(&all), second_factor, hinted });
    let (mine, other, unknown) = (Hinted::Fits, Hinted::Another, Hinted::Unknown);
    for (more, who, first, answered) in [
        ("&id_token_hint=x", None, "sign in", "sign in"),
        ("&id_token_hint=x", there(false, mine), "grant", "grant"),
        ("&id_token_hint=x", there(false, other), "sign in", "login_required"),
        ("&id_token_hint=x", there(false, unknown), "grant", "grant"),
        ("&id_token_hint=x&prompt=none", there(false, mine), "grant", "grant"),
        ("&id_token_hint=x&prompt=none", there(false, other), "login_required", "login_required"),
        ("&id_token_hint=x&prompt=none", there(false, unknown), "login_required", "login_required"),
        ("&id_token_hint=x&prompt=login", there(false, mine), "sign in", "grant"),
        ("&acr_values=2", None, "sign in", "sign in"),
        ("&acr_values=2", there(true, mine), "grant", "grant"),
        (
            "&acr_values=2",
            there(false, mine),
            "unmet_authentication_requirements",
            "unmet_authentication_requirements",
        ),
        ("&acr_values=2&prompt=login", there(false, mine), "sign in", "unmet_authentication_requirements"),
        (
            "&acr_values=2+2+silver",
            there(false, mine),
            "unmet_authentication_requirements",
            "unmet_authentication_requirements",
        ),
        ("&acr_values=2+1", there(false, mine), "grant", "grant"),
        ("&acr_values=1+2", there(false, mine), "grant", "grant"),
        ("&acr_values=1", there(true, mine), "grant", "grant"),
        ("&acr_values=silver", there(false, mine), "grant", "grant"),
    ] {
        let asked = ask_modern(more).unwrap();
        let next = |asked: &Authorization| name(asked.next(&modern_client(), who, Dialect::Modern, now));
        assert_eq!(next(&asked), first, "{more} {who:?}");
        assert_eq!(next(&asked.signed_in()), answered, "{more} {who:?}, signed in for it");
    }
    assert!(ask_modern("&id_token_hint=x").unwrap().demands_sign_in());
    assert!(!ask_modern("&id_token_hint=x").unwrap().signed_in().demands_sign_in());
    let legacy = ask("response_type=code&id_token_hint=x&acr_values=2&login_hint=a", ONE).unwrap();
    assert_eq!((legacy.id_token_hint, legacy.login_hint, legacy.second_factor), (None, None, false));
}

proptest! {
    #[test]
    fn any_request_is_decided(
        text in "((redirect_uri|state|scope|response_type|code_challenge|prompt|max_age|nonce)=.{0,8}&){0,6}",
        modern: bool,
    ) {
        let endpoint = if modern { MODERN } else { LEGACY };
        let asked = authorize(&Parameters::read([text.as_bytes()]), &modern_client(), endpoint);
        if let Ok(asked) = asked {
            prop_assert_eq!(asked.redirect_uri, "https://a.example/cb");
        }
    }
}
