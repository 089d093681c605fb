//! How every refusal looks in every room and format, as one snapshot.

// Tests may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fmt::Write as _;

use http::Method;
use http_body_util::BodyExt as _;
use kibali_model::ApiVersion;
use url::Url;

use super::{Refusal, render};
use crate::Settings;
use crate::guard::{Limit, Measure, Over};
use crate::speech::{Format, Room, Speech};

fn every() -> Vec<Refusal> {
    use Refusal as R;
    vec![
        R::NoCredentials,
        R::WrongCredentials,
        R::AccountDisabled,
        R::AccountExpired,
        R::AccountLocked,
        R::PasswordExpired,
        R::ExternalAccount,
        R::SecondFactorActive,
        R::SecondFactorDemanded,
        R::TooManyAttempts { seconds: 8 },
        R::OverLimit(Over { limit: Limit::User, measure: Measure::PerMinute, most: 60_000, seconds: 3 }),
        R::OverLimit(Over { limit: Limit::Address, measure: Measure::AtOnce, most: 500, seconds: 1 }),
        R::TwoCredentials,
        R::UnreadableCredentials("it is not Base64"),
        R::InvalidToken,
        R::ExpiredToken,
        R::InsufficientScope,
        R::TokenScheme("The access token is bound to no key: send it as Bearer"),
        R::DpopProofOfToken("it is missing".to_owned()),
        R::DpopNonce { nonce: "n".to_owned(), of_token: true },
        R::ApiTokenMalformed,
        R::ApiTokenChecksum,
        R::ApiTokenUnknown,
        R::ApiTokenExpired,
        R::ApiTokenOwner,
        R::ApiTokenLimit("ip address is"),
        R::CrossSite,
        R::FormExpired,
        R::InvalidClient,
        R::ClientKeys("it answered with an error"),
        R::ClientIdMismatch,
        R::GrantNotAllowed("password"),
        R::ClientNotBound,
        R::BindingLapsed,
        R::UnsupportedGrantType,
        R::ImplicitAtTokenEndpoint,
        R::InvalidScope,
        R::MissingParameter("grant_type"),
        R::MissingParameter("code"),
        R::MissingParameter("refresh_token"),
        R::RepeatedParameter("scope"),
        R::MalformedParameter { name: "code_challenge_method", why: "write S256 or plain" },
        R::RefreshTokenUnknown,
        R::RefreshTokenOfAnotherClient,
        R::RefreshTokenOfAnotherKey,
        R::RefreshTokenCopied,
        R::RefreshTokenExpired,
        R::CodeUnknown,
        R::CodeOfAnotherClient,
        R::SubjectRefused,
        R::InvalidTarget,
        R::CodeOfAnotherKey,
        R::DpopProof("it was used already".to_owned()),
        R::NoDpopProof,
        R::DpopNonce { nonce: "n".to_owned(), of_token: false },
        R::DeviceCodeUnknown,
        R::DeviceCodeExpired,
        R::DeviceDenied,
        R::AuthorizationPending,
        R::SlowDown,
        R::RedirectMismatch,
        R::WrongVerifier,
        R::RequestRefused { error: "invalid_scope", description: "Invalid scope" },
        R::RegistrationRefused { error: "invalid_client_metadata", description: "no such method".to_owned() },
        R::NoMoreRegistrations,
        R::UnknownClient,
        R::RedirectNotRegistered,
        R::NoRedirectRegistered,
        R::RedirectNotAllowed,
        R::NothingToApprove,
        R::PostLogoutNotRegistered,
        R::PostLogoutOfNobody,
        R::NotFound,
        R::PathNotPlain("it has two slashes in a row"),
        R::ObjectNotFound { kind: "Data Element", uid: "<b>&\"".to_owned() },
        R::Missing("Setting does not exist: keyNope".to_owned()),
        R::AccessDenied,
        R::Lacks(&["F_SYSTEM_SETTING"]),
        R::MayNot("update"),
        R::Forbidden { code: Some("E1006"), message: "Not yours".to_owned() },
        R::NotServed("analytics"),
        R::MethodNotAllowed { method: Method::PATCH, allow: "GET,HEAD".to_owned() },
        R::NotAcceptable(".pdf".to_owned()),
        R::CompressedBody,
        R::UnsupportedMediaType("application/json in UTF-8"),
        R::bad_request("page must be a number"),
        R::BadRequestCode { code: "E2014", message: "Unable to parse filter".to_owned() },
        R::NotOneOf { name: "mergeMode", value: "x".repeat(300), allowed: "REPLACE, MERGE".to_owned() },
        R::UnreadableBody("The body is not JSON: EOF at line 1 column 0".to_owned()),
        R::conflict("In use"),
        R::conflict_code("E4030", "Object could not be deleted"),
        R::TooLarge { limit: 1_048_576 },
        R::TooSlow,
        R::PreconditionFailed,
        R::Busy { seconds: 1 },
        R::internal("the disk is full: /secret/path"),
    ]
}

fn speech(room: Room, format: Format, minor: u16) -> Speech {
    let version = ApiVersion::from_number(minor);
    Speech { room, format, gzip: false, version, versioned: false, suffix: "" }
}

async fn shown(refusal: &Refusal, speech: Speech) -> String {
    let settings = Settings::new(Url::parse("https://kibali.example.org").unwrap());
    let answer = render(refusal, &speech, &settings, "0011223344556677");
    let mut text = answer.status().to_string();
    for name in ["www-authenticate", "retry-after", "allow", "dpop-nonce"] {
        if let Some(value) = answer.headers().get(name) {
            write!(text, " | {name}: {}", value.to_str().unwrap()).unwrap();
        }
    }
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(!body.contains("/secret/path"), "a cause reached the caller");
    write!(text, " | {body}").unwrap();
    text
}

#[tokio::test]
async fn every_refusal_in_every_format() {
    let mut all = String::new();
    for refusal in every() {
        writeln!(all, "{}", refusal.name()).unwrap();
        for (label, room, format, minor) in [
            ("token json", Room::Token, Format::Json, 41),
            ("token xml ", Room::Token, Format::Xml, 41),
            ("oauth2    ", Room::OAuth2, Format::Json, 41),
            ("api json  ", Room::Api, Format::Json, 41),
            ("api xml   ", Room::Api, Format::Xml, 41),
            ("api 42    ", Room::Api, Format::Json, 42),
        ] {
            writeln!(all, "  {label} {}", shown(&refusal, speech(room, format, minor)).await).unwrap();
        }
        let page = shown(&refusal, speech(Room::Page, Format::Json, 41)).await;
        writeln!(all, "  page       {}", page.split(" | <").next().unwrap()).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn the_web_api_never_offers_basic() {
    for refusal in every() {
        let text = shown(&refusal, speech(Room::Api, Format::Json, 41)).await;
        assert!(!text.contains("Basic realm"), "{text}");
    }
}
