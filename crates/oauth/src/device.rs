//! A device without a browser asks again and again whether its user has answered (RFC 8628).

use kibali_model::{Client, ObjectId, Timestamp};

use crate::OAuthError;

/// Seconds a device waits between two questions.
pub const INTERVAL_SECONDS: i64 = 5;

/// Seconds a device code lives, unless its client says otherwise (modern reference 2.4).
pub const DEVICE_CODE_SECONDS: i64 = 300;

/// Letters of a user code: no vowels, so that no words come out, and none that look alike (section 6.1).
pub const USER_CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters it has.
pub const USER_CODE_LENGTH: usize = 8;

/// What the user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    Pending,
    /// Yes.
    Granted,
    /// No.
    Denied,
}

/// What is known of a device code.
#[derive(Debug, Clone, Copy)]
pub struct DeviceFacts {
    /// The client it was issued to.
    pub client: ObjectId,
    /// When it stops working.
    pub expires: Timestamp,
    /// What the user said.
    pub decision: Decision,
    /// A token was had for it before.
    pub spent: bool,
    /// When the device asked before.
    pub asked: Option<Timestamp>,
}

/// May `client` have a token for the device code these facts are of?
///
/// # Errors
/// [`OAuthError::DeviceCodeUnknown`], [`OAuthError::DeviceCodeExpired`], [`OAuthError::DeviceDenied`],
/// [`OAuthError::AuthorizationPending`], and [`OAuthError::SlowDown`] where it asks too soon.
pub fn poll(facts: Option<DeviceFacts>, client: &Client, now: Timestamp) -> Result<(), OAuthError> {
    let facts = facts.filter(|facts| facts.client == client.object && !facts.spent);
    let facts = facts.ok_or(OAuthError::DeviceCodeUnknown)?;
    if now >= facts.expires {
        return Err(OAuthError::DeviceCodeExpired);
    }
    match facts.decision {
        Decision::Granted => Ok(()),
        Decision::Denied => Err(OAuthError::DeviceDenied),
        Decision::Pending if facts.asked.is_some_and(|at| now.seconds_since(at) < INTERVAL_SECONDS) => {
            Err(OAuthError::SlowDown)
        }
        Decision::Pending => Err(OAuthError::AuthorizationPending),
    }
}

/// A user code as the device shows it, from random bytes: `BCDF-GHJK`.
#[must_use]
pub fn user_code(random: [u8; USER_CODE_LENGTH]) -> String {
    let letters =
        random.iter().filter_map(|byte| USER_CODE_LETTERS.get(usize::from(*byte) % USER_CODE_LETTERS.len()));
    let mut code = String::with_capacity(USER_CODE_LENGTH + 1);
    for (place, letter) in letters.enumerate() {
        if place == USER_CODE_LENGTH / 2 {
            code.push('-');
        }
        code.push(char::from(*letter));
    }
    code
}

/// A user code as it was typed, in the form it is kept in: capitals, without what people put between them.
#[must_use]
pub fn typed_code(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(2 * USER_CODE_LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::client;

    #[test]
    fn a_device_is_told_what_its_user_said() {
        use Decision::{Denied, Granted, Pending};
        let at = Timestamp::from_millis;
        let client = client(&[], &[]);
        let facts = |decision, asked| {
            let facts =
                DeviceFacts { client: ObjectId(1), expires: at(300_000), decision, spent: false, asked };
            Some(facts)
        };
        let now = at(100_000);
        assert_eq!(poll(facts(Granted, Some(at(99_999))), &client, now), Ok(()));
        assert_eq!(poll(facts(Pending, None), &client, now), Err(OAuthError::AuthorizationPending));
        assert_eq!(
            poll(facts(Pending, Some(at(95_000))), &client, now),
            Err(OAuthError::AuthorizationPending)
        );
        assert_eq!(poll(facts(Pending, Some(at(95_001))), &client, now), Err(OAuthError::SlowDown));
        assert_eq!(poll(facts(Denied, None), &client, now), Err(OAuthError::DeviceDenied));
        assert_eq!(poll(facts(Granted, None), &client, at(300_000)), Err(OAuthError::DeviceCodeExpired));
        assert_eq!(poll(None, &client, now), Err(OAuthError::DeviceCodeUnknown));
        let foreign = facts(Granted, None).map(|facts| DeviceFacts { client: ObjectId(2), ..facts });
        assert_eq!(poll(foreign, &client, now), Err(OAuthError::DeviceCodeUnknown));
        let spent = facts(Granted, None).map(|facts| DeviceFacts { spent: true, ..facts });
        assert_eq!(poll(spent, &client, now), Err(OAuthError::DeviceCodeUnknown));
    }

    #[test]
    fn user_codes_survive_how_people_type() {
        let code = user_code([0, 1, 2, 3, 19, 20, 255, 7]);
        assert_eq!(code, "BCDF-ZBTK");
        assert_eq!(typed_code(&code), "BCDFZBTK");
        assert_eq!(typed_code(" bcdf zbtk\n"), "BCDFZBTK");
    }
}
