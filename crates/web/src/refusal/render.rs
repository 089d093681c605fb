//! From a row of the table to bytes, in the format of the room.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kibali_model::{Dialect, SigningAlgorithm};
use serde_json::json;

use super::Refusal;
use super::table::{Challenge, Row, row};
use crate::api::WebMessage;
use crate::speech::{Format, Room, Speech};
use crate::{Settings, pages};

/// The header that gives a nonce (RFC 9449 section 8).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The answer that refuses, as the caller's room and format have it.
pub(crate) fn render(refusal: &Refusal, speech: &Speech, settings: &Settings, request_id: &str) -> Response {
    let row = row(refusal);
    let mut response = match speech.room {
        Room::Token => oauth(&row, row.oauth_status, speech.format),
        Room::OAuth2 => oauth2(&row),
        Room::Api if is_of_token(&row) && speech.version.dialect() == Dialect::Legacy => {
            oauth(&row, row.web_status, speech.format)
        }
        Room::Api => web_message(&row, speech.format),
        Room::Page => pages::error_page(settings, row.web_status, &row.message, request_id),
    };
    let headers = response.headers_mut();
    if let Some(challenge) = challenge(&row, speech) {
        insert(headers, WWW_AUTHENTICATE, &challenge);
    }
    if let Some(seconds) = row.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Refusal::DpopNonce { nonce, .. } = refusal {
        insert(headers, DPOP_NONCE, nonce);
    }
    if let Refusal::MethodNotAllowed { allow, .. } = refusal {
        insert(headers, ALLOW, allow);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Another access token, or another proof of its key, would do.
fn is_of_token(row: &Row) -> bool {
    matches!(row.challenge, Challenge::Token | Challenge::Dpop)
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The OAuth pair (RFC 6749 section 5.2), or DHIS2's XML form of it, whose root is the name of a Java
/// exception (legacy reference 5.3).
fn oauth(row: &Row, status: StatusCode, format: Format) -> Response {
    if format == Format::Xml {
        let mut xml = crate::api::xml::Elements::new(exception(row));
        xml.text("error", row.error);
        xml.text("error_description", &row.description);
        if let Some((name, value)) = row.extra {
            xml.text(name, value);
        }
        return answer(status, "application/xml;charset=UTF-8", xml.finish());
    }
    let mut body = json!({ "error": row.error, "error_description": row.description });
    if let (Some((name, value)), Some(members)) = (row.extra, body.as_object_mut()) {
        members.insert(name.to_owned(), value.into());
    }
    answer(status, "application/json;charset=UTF-8", body.to_string())
}

/// The OAuth pair as RFC 6749 has it.
fn oauth2(row: &Row) -> Response {
    let (status, error) = row.modern.unwrap_or((row.oauth_status, row.error));
    let body = json!({ "error": error, "error_description": row.description });
    answer(status, "application/json", body.to_string())
}

/// The Java exception under whose name DHIS2 writes an OAuth error as XML.
fn exception(row: &Row) -> &'static str {
    match row.error {
        "invalid_client" if row.challenge == Challenge::Client => "BadClientCredentialsException",
        "invalid_client" => "InvalidClientException",
        "invalid_grant" => "InvalidGrantException",
        "invalid_request" => "InvalidRequestException",
        "invalid_scope" => "InvalidScopeException",
        "invalid_token" => "InvalidTokenException",
        "insufficient_scope" => "InsufficientScopeException",
        "unsupported_grant_type" => "UnsupportedGrantTypeException",
        "access_denied" => "OAuth2AccessDeniedException",
        "unauthorized" => "UnauthorizedException",
        "method_not_allowed" => "MethodNotAllowed",
        "server_error" => "ServerErrorException",
        _ => "OAuth2Exception",
    }
}

fn web_message(row: &Row, format: Format) -> Response {
    let mut message = WebMessage::error(row.web_status, row.message.clone());
    message.error_code = row.code;
    if is_of_token(row) {
        message.message = Some(row.error.into());
        message.dev_message = Some(row.description.clone());
    }
    match format {
        Format::Xml => answer(row.web_status, "application/xml;charset=UTF-8", message.to_xml()),
        _ => answer(row.web_status, "application/json", message.to_json().to_string()),
    }
}

/// The `WWW-Authenticate` header, if there is one. The Web API never offers `Basic`: a browser would ask
/// for a password in a window of its own (web-api reference 1.2).
fn challenge(row: &Row, speech: &Speech) -> Option<String> {
    let pair = || format!("error=\"{}\", error_description=\"{}\"", row.error, quoted(&row.description));
    match (speech.room, row.challenge) {
        (Room::Token | Room::OAuth2, Challenge::Client) => Some("Basic realm=\"oauth2/client\"".to_owned()),
        (Room::Token, _) if row.oauth_status == StatusCode::UNAUTHORIZED => {
            Some(format!("Bearer {}", pair()))
        }
        (Room::Api | Room::OAuth2, Challenge::Token) => Some(format!("Bearer realm=\"oauth\", {}", pair())),
        (Room::Api | Room::OAuth2, Challenge::Dpop) => {
            let algorithms = SigningAlgorithm::EVERY
                .iter()
                .map(|algorithm| algorithm.as_str())
                .collect::<Vec<_>>()
                .join(" ");
            Some(format!("DPoP realm=\"oauth\", {}, algs=\"{algorithms}\"", pair()))
        }
        (Room::Api, Challenge::ApiToken) => Some("ApiToken".to_owned()),
        (Room::Api, Challenge::Any) if row.web_status == StatusCode::UNAUTHORIZED => {
            Some("Bearer realm=\"oauth\"".to_owned())
        }
        _ => None,
    }
}

/// Text as it may stand in a quoted string of a header.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}
