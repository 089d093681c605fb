//! `/api/system/id`, `/uid` and `/uuid`: identifiers for payloads that are still to be written.

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use kibali_model::hex;
use serde_json::json;

use super::answer;
use crate::api::query::Pairs;
use crate::identity::Caller;
use crate::speech::{Format, Speech};
use crate::{App, Refusal};

/// Most identifiers in one answer (web-api reference 1.13).
const MOST: usize = 10_000;

pub(super) async fn uids(
    State(app): State<App>,
    _: Caller,
    pairs: Pairs,
    speech: Speech,
) -> Result<Response, Refusal> {
    let codes = (0..limit(&pairs)?).map(|_| app.new_uid().to_string()).collect();
    Ok(list(codes, "uid", speech))
}

pub(super) async fn uuids(
    State(app): State<App>,
    _: Caller,
    pairs: Pairs,
    speech: Speech,
) -> Result<Response, Refusal> {
    let random = |_| {
        let mut bytes = [0; 16];
        app.random.fill(&mut bytes);
        uuid(&bytes)
    };
    Ok(list((0..limit(&pairs)?).map(random).collect(), "uuid", speech))
}

fn limit(pairs: &Pairs) -> Result<usize, Refusal> {
    let Some(text) = pairs.first("limit") else { return Ok(1) };
    let limit: usize = text.parse().map_err(|_| Refusal::bad_request("limit must be a number"))?;
    Ok(limit.clamp(1, MOST))
}

fn list(codes: Vec<String>, header: &str, speech: Speech) -> Response {
    if speech.format == Format::Csv {
        let mut text = answer::text(format!("{header}\n{}\n", codes.join("\n")));
        text.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/csv;charset=UTF-8"));
        return answer::no_store(text);
    }
    answer::no_store(answer::rooted("codes", &json!({ "codes": codes })))
}

/// The first 16 bytes as a version 4 UUID (RFC 9562 section 5.4).
pub(super) fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().take(16).enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match position {
            6 => (byte & 0x0f) | 0x40,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        text.push_str(&hex(&[byte]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes_make_a_version_4_uuid() {
        assert_eq!(uuid(&[0xff; 32]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid(&[0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
