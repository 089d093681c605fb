//! What the pages show.

use askama::Template;
use kibali_crypto::TotpSeed;
use kibali_store::door::factors::SecondFactor;

use crate::factor::RecoveryCodes;
use crate::pages::code::code_field;
use crate::pages::frame::Frame;
use crate::pages::parts::{Copy, Field};

#[derive(Template)]
#[template(path = "two_factor.html")]
pub(in crate::pages) struct TwoFactor {
    pub(super) frame: Frame,
    /// A role demands a second factor, and nothing else opens before there is one.
    pub(super) demanded: bool,
    pub(super) notice: Option<&'static str>,
    pub(super) problem: Option<String>,
    pub(super) stage: Stage,
}

/// How far the user is.
pub(super) enum Stage {
    /// There is none.
    Off {
        /// The installation lets users set one up.
        may_enrol: bool,
    },
    /// The app is to be given its seed and to show a first code.
    Enrolling {
        /// The code to scan, an SVG element made of numbers.
        qr: String,
        /// The seed to type.
        seed: Copy,
        /// Where the first code is typed.
        code: Field,
    },
    /// It protects the account.
    On {
        /// The day it was set up.
        since: String,
        /// Recovery codes that were not used yet.
        left: i64,
        /// The code that allows new recovery codes.
        for_codes: Field,
        /// The code that allows to switch it off.
        for_off: Field,
    },
}

impl Stage {
    pub(super) fn enrolling(qr: String, seed: &TotpSeed) -> Self {
        let letters = seed.base32();
        let mut spaced = String::new();
        for (place, letter) in letters.expose().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                spaced.push(' ');
            }
            spaced.push(letter);
        }
        let hint = "The six digits that your app shows after scanning.";
        Self::Enrolling {
            qr,
            seed: Copy::new("seed", "key", spaced),
            code: Field { hint: hint.into(), ..code_field("code", true) },
        }
    }

    pub(super) fn on(factor: &SecondFactor) -> Self {
        let since = factor.confirmed.unwrap_or(factor.begun).to_dhis2();
        Self::On {
            since: since.chars().take(10).collect(),
            left: factor.recovery_codes,
            for_codes: code_field("code-for-codes", false),
            for_off: code_field("code-for-off", false),
        }
    }
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub(in crate::pages) struct Codes {
    frame: Frame,
    notice: &'static str,
    codes: Copy,
    /// Where to go from here, below the context path.
    next: String,
}

impl Codes {
    pub(super) fn new(frame: Frame, notice: &'static str, codes: &RecoveryCodes, next: &str) -> Self {
        let codes = Copy::secret("recovery-codes", "recovery codes", codes.lines());
        Self { frame, notice, codes, next: next.to_owned() }
    }
}

#[derive(Template)]
#[template(path = "prove.html")]
pub(in crate::pages) struct Prove {
    frame: Frame,
    problem: Option<String>,
    code: Field,
}

impl Prove {
    pub(super) fn new(frame: Frame, problem: Option<String>) -> Self {
        Self { frame, problem, code: code_field("code", true) }
    }
}

/// Every state of these pages.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]
pub(in crate::pages) fn samples(text: &str) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::pages::samples::signed_in;
    use kibali_model::{Timestamp, TwoFactorType};

    let page = |stage, demanded| TwoFactor {
        frame: signed_in(super::TITLE),
        demanded,
        notice: None,
        problem: Some(text.to_owned()),
        stage,
    };
    let factor = SecondFactor {
        state: TwoFactorType::TotpEnabled,
        seed: None,
        begun: Timestamp::from_millis(0),
        confirmed: None,
        recovery_codes: 9,
    };
    let seed = TotpSeed::from_bytes(b"12345678901234567890");
    let qr =
        crate::factor::svg(crate::factor::address("DHIS 2", "admin", &seed).expose(), "QR code").unwrap();
    let codes = Codes {
        frame: signed_in(super::TITLE),
        notice: "Your account is protected now.",
        codes: Copy::secret("recovery-codes", "recovery codes", ["k7dq-x3mz-2vbo-p4aw"; 10].join("\n")),
        next: "/apps".to_owned(),
    };
    vec![
        ("two-factor-off", page(Stage::Off { may_enrol: true }, true).render()),
        ("two-factor-none", page(Stage::Off { may_enrol: false }, false).render()),
        ("two-factor-enrolling", page(Stage::enrolling(qr, &seed), false).render()),
        ("two-factor-on", page(Stage::on(&factor), false).render()),
        ("two-factor-lost", page(Stage::on(&SecondFactor { recovery_codes: 0, ..factor }), false).render()),
        ("recovery-codes", codes.render()),
        ("prove", Prove::new(signed_in(super::TITLE), Some(text.to_owned())).render()),
    ]
}
