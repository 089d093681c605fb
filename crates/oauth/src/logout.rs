//! What a client is told when a session ends, and how often that is tried (OpenID Connect Back-Channel Logout 1.0).

use kibali_model::Timestamp;
use serde_json::{Map, Value, json};

/// `typ` of a logout token (section 2.4).
pub const TYPE: &str = "logout+jwt";
/// The member of `events` that makes it one.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds that a logout token lives: it is made when it is sent.
const SECONDS: i64 = 120;
/// Seconds from one attempt to the next; after the last, it is given up.
const PAUSES: [i64; 6] = [10, 60, 300, 1800, 7200, 14_400];

/// What a logout token says, but for its number: `subject` signed out of the session `sid`.
#[must_use]
pub fn claims(issuer: &str, client_id: &str, subject: &str, sid: &str, now: Timestamp) -> Map<String, Value> {
    let members = [
        ("iss", json!(issuer)),
        ("aud", json!(client_id)),
        ("sub", json!(subject)),
        ("sid", json!(sid)),
        ("iat", json!(now.seconds())),
        ("exp", json!(now.plus_seconds(SECONDS).seconds())),
        ("events", json!({ EVENT: {} })),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// When to try again after as many attempts, the one that begins now among them; none: it was the last.
#[must_use]
pub fn again(attempts: i64, now: Timestamp) -> Option<Timestamp> {
    let pause = usize::try_from(attempts).ok().and_then(|made| PAUSES.get(made.checked_sub(1)?));
    pause.map(|pause| now.plus_seconds(*pause))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    #[test]
    fn a_logout_token_says_who_left_which_session_and_never_a_nonce() {
        let said = claims("https://dhis2.example.org/", "app", "amina", "s", Timestamp::from_millis(5000));
        let wanted = json!({
            "iss": "https://dhis2.example.org/", "aud": "app", "sub": "amina", "sid": "s", "iat": 5, "exp": 125,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(Value::Object(said), wanted);
    }

    #[test]
    fn it_is_tried_again_ever_more_seldom_and_then_given_up() {
        let begun = Timestamp::from_millis(0);
        let pauses: Vec<i64> = (1..10).map_while(|made| again(made, begun)).map(|at| at.seconds()).collect();
        assert_eq!(pauses, PAUSES);
        assert_eq!((again(0, begun), again(-1, begun), again(7, begun)), (None, None, None));
        assert!(PAUSES.is_sorted() && PAUSES.first().unwrap() > &3, "longer than a call takes");
    }
}
