//! What the answer of a passkey must say (WebAuthn level 3 sections 7.1 and 7.2). That it is signed by the
//! passkey is checked elsewhere.

use serde_json::{Map, Value};

/// What is done with a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    /// It is made.
    Make,
    /// It is used.
    Use,
}

impl Ceremony {
    const fn told(self) -> &'static str {
        match self {
            Self::Make => "webauthn.create",
            Self::Use => "webauthn.get",
        }
    }
}

/// What was asked of the browser.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What for.
    pub ceremony: Ceremony,
    /// The challenge, in base64url.
    pub challenge: &'a str,
    /// Where from: our own origin.
    pub origin: &'a str,
}

/// What an authenticator says beside its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// It answers our site.
    pub for_us: bool,
    /// Somebody was there.
    pub present: bool,
    /// It made sure who: a PIN, a finger, a face.
    pub verified: bool,
    /// The passkey may be copied to other devices of its owner.
    pub eligible: bool,
    /// How often it signed; 0 where it does not count.
    pub counter: u32,
}

/// What is known of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// It may be copied to other devices of its owner.
    pub eligible: bool,
    /// The highest count that was seen.
    pub counter: u32,
}

/// Why a passkey proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    /// The browser answers another wish.
    #[error("the answer belongs to something else")]
    Ceremony,
    /// The browser answers another challenge.
    #[error("the answer belongs to another challenge")]
    Challenge,
    /// The browser was asked by another site.
    #[error("the answer was given to another site")]
    Origin,
    /// The page that asked stood in another site's.
    #[error("the answer was given within another site")]
    Embedded,
    /// The authenticator answers another site.
    #[error("the passkey answered another site")]
    Site,
    /// Nobody touched the authenticator.
    #[error("nobody was there")]
    Absent,
    /// The authenticator did not make sure who was there, and had to.
    #[error("the passkey did not make sure who used it")]
    Unverified,
    /// What cannot change about a passkey has changed.
    #[error("the passkey is not the one that was registered")]
    Changed,
    /// The count did not grow: there are two of it.
    #[error("the passkey was copied")]
    Copied,
}

/// Does the browser answer what it was asked, from our own pages?
///
/// # Errors
/// [`PasskeyFault::Ceremony`], [`PasskeyFault::Challenge`], [`PasskeyFault::Origin`], [`PasskeyFault::Embedded`].
pub fn answers(client: &Map<String, Value>, asked: Asked<'_>) -> Result<(), PasskeyFault> {
    let says = |name: &str, wanted: &str| client.get(name).and_then(Value::as_str) == Some(wanted);
    let embedded =
        client.get("crossOrigin").is_some_and(|value| value != false) || client.contains_key("topOrigin");
    let checks = [
        (says("type", asked.ceremony.told()), PasskeyFault::Ceremony),
        (says("challenge", asked.challenge), PasskeyFault::Challenge),
        (says("origin", asked.origin), PasskeyFault::Origin),
        (!embedded, PasskeyFault::Embedded),
    ];
    first_fault(&checks)
}

/// May a passkey that was made so be kept?
///
/// # Errors
/// [`PasskeyFault::Site`], [`PasskeyFault::Absent`].
pub fn may_be_kept(shown: Shown) -> Result<(), PasskeyFault> {
    first_fault(&[(shown.for_us, PasskeyFault::Site), (shown.present, PasskeyFault::Absent)])
}

/// Does a passkey prove its user? One that counts must count on. `alone`: nothing else was proved, so that it
/// must have made sure who used it.
///
/// # Errors
/// [`PasskeyFault`], but for what [`answers`] tells.
pub fn proves(shown: Shown, known: Known, alone: bool) -> Result<(), PasskeyFault> {
    may_be_kept(shown)?;
    let counts = shown.counter > known.counter || (shown.counter == 0 && known.counter == 0);
    first_fault(&[
        (shown.verified || !alone, PasskeyFault::Unverified),
        (shown.eligible == known.eligible, PasskeyFault::Changed),
        (counts, PasskeyFault::Copied),
    ])
}

fn first_fault(checks: &[(bool, PasskeyFault)]) -> Result<(), PasskeyFault> {
    checks.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, fault)| Err(*fault))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)] // a test may stop at the first surprise
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ASKED: Asked<'_> =
        Asked { ceremony: Ceremony::Use, challenge: "Y2hhbGxlbmdl", origin: "https://example.org" };
    const SHOWN: Shown = Shown { for_us: true, present: true, verified: true, eligible: false, counter: 0 };
    const KNOWN: Known = Known { eligible: false, counter: 0 };

    fn told(client: &Value) -> Result<(), PasskeyFault> {
        answers(client.as_object().unwrap_or(&Map::new()), ASKED)
    }

    #[test]
    fn a_browser_answers_what_it_was_asked_and_only_us() {
        let right =
            json!({ "type": "webauthn.get", "challenge": "Y2hhbGxlbmdl", "origin": "https://example.org" });
        assert_eq!(told(&right), Ok(()));
        for (name, value, fault) in [
            ("crossOrigin", json!(false), Ok(())),
            ("extraData", json!("clientDataJSON may be extended"), Ok(())),
            ("type", json!("webauthn.create"), Err(PasskeyFault::Ceremony)),
            ("type", json!(null), Err(PasskeyFault::Ceremony)),
            ("challenge", json!("Y2hhbGxlbmdm"), Err(PasskeyFault::Challenge)),
            ("challenge", json!(""), Err(PasskeyFault::Challenge)),
            ("origin", json!("https://example.org/"), Err(PasskeyFault::Origin)),
            ("origin", json!("http://example.org"), Err(PasskeyFault::Origin)),
            ("origin", json!("https://evil.example.org"), Err(PasskeyFault::Origin)),
            ("crossOrigin", json!(true), Err(PasskeyFault::Embedded)),
            ("crossOrigin", json!("false"), Err(PasskeyFault::Embedded)),
            ("topOrigin", json!("https://example.com"), Err(PasskeyFault::Embedded)),
        ] {
            let mut client = right.clone();
            client[name] = value;
            assert_eq!(told(&client), fault, "{client}");
        }
        assert_eq!(told(&json!({})), Err(PasskeyFault::Ceremony));
    }

    #[test]
    fn an_authenticator_says_that_somebody_was_there_for_us() {
        for alone in [false, true] {
            assert_eq!(proves(SHOWN, KNOWN, alone), Ok(()));
            assert_eq!(proves(Shown { for_us: false, ..SHOWN }, KNOWN, alone), Err(PasskeyFault::Site));
            assert_eq!(proves(Shown { present: false, ..SHOWN }, KNOWN, alone), Err(PasskeyFault::Absent));
            assert_eq!(proves(Shown { eligible: true, ..SHOWN }, KNOWN, alone), Err(PasskeyFault::Changed));
        }
        let unverified = Shown { verified: false, ..SHOWN };
        assert_eq!(proves(unverified, KNOWN, true), Err(PasskeyFault::Unverified));
        assert_eq!(proves(unverified, KNOWN, false), Ok(()), "beside a password it need not");
        assert_eq!(may_be_kept(unverified), Ok(()));
        assert_eq!(may_be_kept(Shown { present: false, ..SHOWN }), Err(PasskeyFault::Absent));
    }

    proptest! {
        #[test]
        fn a_count_grows_or_there_is_none(
            shown in prop_oneof![0..4_u32, any::<u32>()],
            known in prop_oneof![0..4_u32, any::<u32>()],
        ) {
            let proved = proves(Shown { counter: shown, ..SHOWN }, Known { counter: known, ..KNOWN }, true);
            let grows = shown > known || (shown, known) == (0, 0);
            prop_assert_eq!(proved, if grows { Ok(()) } else { Err(PasskeyFault::Copied) });
        }

        #[test]
        fn an_answer_to_another_challenge_is_none(challenge in ".{0,43}") {
            prop_assume!(challenge != ASKED.challenge);
            let client = json!({ "type": "webauthn.get", "challenge": challenge, "origin": ASKED.origin });
            prop_assert_eq!(told(&client), Err(PasskeyFault::Challenge));
        }
    }
}
