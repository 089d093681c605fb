//! The part of a form in which a second factor is shown: a code to type, or a passkey.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::TwoFactorType;
use kibali_store::door::factors::SecondFactor;

use super::parts::Field;
use crate::identity::{PasskeyRefusal, ProofRefusal};
use kibali_oauth::passkey::PasskeyFault;

/// What an account has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Means {
    /// An authenticator app.
    pub(super) app: bool,
    /// Codes that are mailed.
    pub(super) mail: bool,
    /// Passkeys.
    pub(super) passkeys: bool,
}

impl Means {
    pub(super) fn of(found: Option<&SecondFactor>) -> Self {
        Self {
            app: found.is_some_and(|found| found.state == TwoFactorType::TotpEnabled),
            mail: found.is_some_and(|found| found.state == TwoFactorType::EmailEnabled),
            passkeys: found.is_some_and(|found| found.passkeys > 0),
        }
    }
}

/// What to fill in.
#[derive(Debug, Template)]
#[template(path = "proof.html")]
pub(super) struct ProofFields {
    code: Field,
    /// Where the script asks for a challenge, where there is a passkey.
    challenge: Option<String>,
    /// There is nothing else but codes for recovery, and the page is for this alone.
    prefers_passkey: bool,
}

impl ProofFields {
    /// `challenge` is an address below the context path `base`.
    pub(super) fn new(id: &'static str, autofocus: bool, means: Means, base: &str, challenge: &str) -> Self {
        let code = match (means.app, means.mail) {
            (true, _) => code_field(id, autofocus),
            (false, true) => mailed_field(id, autofocus),
            (false, false) => Field {
                label: "Recovery code",
                hint: "One of those that were shown to you when you made your first passkey.".into(),
                ..code_field(id, autofocus && !means.passkeys)
            },
        };
        Self {
            code,
            challenge: means.passkeys.then(|| format!("{base}{challenge}")),
            prefers_passkey: autofocus && !means.app && !means.mail,
        }
    }
}

/// The field that a code is typed into that was mailed.
pub(super) fn mailed_field(id: &'static str, autofocus: bool) -> Field {
    let hint = "The six digits of the newest message, or one of your recovery codes.";
    Field { hint: hint.into(), ..code_field(id, autofocus) }
}

/// The field that a code is typed into.
pub(super) fn code_field(id: &'static str, autofocus: bool) -> Field {
    Field {
        id,
        label: "Code",
        hint: "The six digits that your authenticator app shows now, or one of your recovery codes.".into(),
        autocomplete: "one-time-code",
        required: true,
        max_length: Some(32),
        autofocus,
        ..Field::default()
    }
}

/// What a person is told about a second factor that proved nothing; nothing where that is no matter of it.
pub(super) fn told(refused: &ProofRefusal) -> Option<String> {
    match refused {
        ProofRefusal::Wrong => {
            let text = "This code is wrong, too old or was used before. Try again with a new one.";
            Some(text.to_owned())
        }
        ProofRefusal::Passkey(refused) => told_of_passkey(refused).map(str::to_owned),
        ProofRefusal::Throttled(1) => Some("Too many wrong codes. Wait a second, then try again.".to_owned()),
        ProofRefusal::Throttled(seconds) => {
            Some(format!("Too many wrong codes. Wait {seconds} seconds, then try again."))
        }
        ProofRefusal::Undecided(_) => None,
    }
}

/// The same about a passkey.
pub(super) const fn told_of_passkey(refused: &PasskeyRefusal) -> Option<&'static str> {
    Some(match refused {
        PasskeyRefusal::Late => "That took too long, or was answered before. Try again.",
        PasskeyRefusal::Unknown => "This passkey is not registered here. It may have been removed.",
        PasskeyRefusal::Fault(PasskeyFault::Unverified) => {
            "This passkey did not make sure that it is you, by a PIN, a finger or a face. Sign in with your password; \
             it serves as the second factor then."
        }
        PasskeyRefusal::Fault(PasskeyFault::Copied) => {
            "This passkey was refused: there seems to be a copy of it. Sign in another way, and remove it."
        }
        PasskeyRefusal::Wrong | PasskeyRefusal::Fault(_) => "This passkey was not accepted. Try again.",
        PasskeyRefusal::Undecided(_) => return None,
    })
}

// What it holds is escaped where it is rendered.
impl HtmlSafe for ProofFields {}
