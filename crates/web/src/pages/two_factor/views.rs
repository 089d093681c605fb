//! What the pages show.

use askama::Template;
use kibali_crypto::TotpSeed;
use kibali_model::{Timestamp, TwoFactorType};
use kibali_store::door::factors::SecondFactor;
use kibali_store::door::passkeys::{MOST, Passkey};

use super::CHALLENGE;
use crate::Settings;
use crate::factor::RecoveryCodes;
use crate::pages::frame::Frame;
use crate::pages::parts::{Copy, Field, Moment};
use crate::pages::proof::{Means, ProofFields, code_field, mailed_field};

#[derive(Template)]
#[template(path = "two_factor.html")]
pub(in crate::pages) struct TwoFactor {
    pub(super) frame: Frame,
    /// A role demands a second factor, and nothing else opens before there is one.
    pub(super) demanded: bool,
    pub(super) notice: Option<&'static str>,
    pub(super) problem: Option<String>,
    pub(super) passkeys: Passkeys,
    pub(super) stage: Stage,
    /// Why there is no code to wait for that was mailed.
    pub(super) news: Option<String>,
    /// Where something protects the account.
    pub(super) recovery: Option<Recovery>,
}

/// The passkeys of the user.
pub(super) struct Passkeys {
    /// One can be added.
    pub(super) may_add: bool,
    pub(super) rows: Vec<Row>,
}

impl Passkeys {
    pub(super) fn new(passkeys: &[Passkey], settings: &Settings) -> Self {
        let offered = settings.passkeys && settings.passkey_site().is_some();
        Self { may_add: offered && passkeys.len() < MOST, rows: passkeys.iter().map(Row::new).collect() }
    }
}

/// One passkey.
pub(super) struct Row {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) created: Moment,
    pub(super) used: Option<Moment>,
    /// Where it is.
    pub(super) place: &'static str,
}

impl Row {
    pub(super) fn new(passkey: &Passkey) -> Self {
        Self {
            uid: passkey.uid.to_string(),
            name: passkey.name.clone(),
            created: Moment(passkey.created),
            used: passkey.last_used.map(Moment),
            place: match (passkey.eligible, passkey.backed_up) {
                (false, _) => "In one device",
                (true, false) => "In one device, may be copied",
                (true, true) => "Copied among your devices",
            },
        }
    }
}

/// The codes kept for the day that everything else is lost.
pub(super) struct Recovery {
    /// Those that were not used yet.
    pub(super) left: i64,
    /// Codes are mailed.
    pub(super) mailed: bool,
    /// What allows new ones.
    pub(super) proof: ProofFields,
}

impl Recovery {
    pub(super) fn new(left: i64, means: Means, base: &str) -> Self {
        Self {
            left,
            mailed: means.mail,
            proof: ProofFields::new("code-for-codes", false, means, base, CHALLENGE),
        }
    }
}

/// May a user have codes mailed?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mail {
    /// The installation does not offer it.
    NotOffered,
    /// Once they have shown that they read their address.
    Unverified,
    /// Yes.
    Offered,
}

/// How far the user is with codes.
pub(super) enum Stage {
    /// There are none.
    Off {
        /// The installation lets users set up an authenticator app.
        may_enrol: bool,
        mail: Mail,
    },
    /// The first code was mailed.
    Mailed {
        /// Where it is typed.
        code: Field,
        /// An authenticator app can be taken instead.
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
        /// Codes are mailed; else an app shows them.
        mailed: bool,
        /// The day it was set up.
        since: String,
        /// What allows to switch it off.
        proof: ProofFields,
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

    pub(super) fn mailed(may_enrol: bool) -> Self {
        Self::Mailed { code: mailed_field("code", true), may_enrol }
    }

    pub(super) fn on(factor: &SecondFactor, means: Means, base: &str) -> Self {
        let since = factor.confirmed.map(Timestamp::to_dhis2).unwrap_or_default();
        Self::On {
            mailed: factor.state == TwoFactorType::EmailEnabled,
            since: since.chars().take(10).collect(),
            proof: ProofFields::new("code-for-off", false, means, base, CHALLENGE),
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
    proof: ProofFields,
    means: Means,
    /// Whether a code that was mailed waits, or why none was.
    news: Option<String>,
}

impl Prove {
    pub(super) fn new(frame: Frame, means: Means, news: Option<String>, problem: Option<String>) -> Self {
        let proof = ProofFields::new("code", true, means, &frame.base, CHALLENGE);
        Self { frame, problem, proof, means, news }
    }
}

#[derive(Template)]
#[template(path = "passkey_new.html")]
pub(in crate::pages) struct NewPasskey {
    pub(super) frame: Frame,
    pub(super) problem: Option<String>,
    /// What is called so from now on.
    pub(super) name: Field,
    /// It is the first factor: what else happens is said.
    pub(super) first: bool,
}

#[derive(Template)]
#[template(path = "passkey.html")]
pub(in crate::pages) struct OnePasskey {
    pub(super) frame: Frame,
    pub(super) passkey: Row,
    pub(super) name: Field,
    /// It is the only factor.
    pub(super) last: bool,
}

/// The field for what a passkey is called.
pub(super) fn name_field(value: &str, error: Option<String>) -> Field {
    Field {
        id: "name",
        label: "Name",
        hint: "For you to tell your passkeys apart.".into(),
        value: value.to_owned(),
        error,
        autocomplete: "off",
        required: true,
        max_length: Some(LONGEST_NAME),
        ..Field::default()
    }
}

/// Characters of the name of a passkey, at most.
pub(super) const LONGEST_NAME: usize = 50;

/// Every state of these pages.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]
pub(in crate::pages) fn samples(text: &str) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::pages::samples::{settings, signed_in};
    use kibali_model::ObjectId;

    let passkey = Passkey {
        uid: "abcdefghijk".parse().unwrap(),
        user: ObjectId(1),
        credential: Vec::new(),
        handle: Vec::new(),
        public_key: String::new(),
        counter: 0,
        eligible: true,
        backed_up: true,
        transports: String::new(),
        name: text.to_owned(),
        created: Timestamp::from_millis(0),
        last_used: None,
    };
    let page = |stage, demanded, passkeys: &[Passkey], left: Option<i64>| TwoFactor {
        frame: signed_in(super::TITLE),
        demanded,
        notice: None,
        problem: Some(text.to_owned()),
        passkeys: Passkeys::new(passkeys, &settings()),
        stage,
        news: None,
        recovery: left.map(|left| {
            Recovery::new(left, Means { app: true, mail: false, passkeys: !passkeys.is_empty() }, "/dev")
        }),
    };
    let factor = SecondFactor {
        state: TwoFactorType::TotpEnabled,
        seed: None,
        begun: None,
        email: None,
        confirmed: Some(Timestamp::from_millis(0)),
        recovery_codes: 9,
        passkeys: 0,
    };
    let on = |passkeys| Stage::on(&factor, Means { app: true, mail: false, passkeys }, "/dev");
    let by_mail = SecondFactor { state: TwoFactorType::EmailEnabled, ..factor.clone() };
    let mail_on = Stage::on(&by_mail, Means { app: false, mail: true, passkeys: false }, "/dev");
    let seed = TotpSeed::from_bytes(b"12345678901234567890");
    let qr =
        crate::factor::svg(crate::factor::address("DHIS 2", "admin", &seed).expose(), "QR code").unwrap();
    let codes = Codes {
        frame: signed_in(super::TITLE),
        notice: "Your account is protected now.",
        codes: Copy::secret("recovery-codes", "recovery codes", ["k7dq-x3mz-2vbo-p4aw"; 10].join("\n")),
        next: "/apps".to_owned(),
    };
    let two = [passkey.clone(), Passkey { last_used: Some(Timestamp::from_millis(0)), ..passkey.clone() }];
    let new = |first| NewPasskey {
        frame: signed_in(super::TITLE),
        problem: Some(text.to_owned()),
        name: name_field(text, Some(text.to_owned())),
        first,
    };
    let one = |last| OnePasskey {
        frame: signed_in(super::TITLE),
        passkey: Row::new(&passkey),
        name: name_field(text, None),
        last,
    };
    let prove = |passkeys: bool| {
        let means = Means { app: !passkeys, mail: false, passkeys };
        Prove::new(signed_in(super::TITLE), means, Some(text.to_owned()), Some(text.to_owned()))
    };
    vec![
        (
            "two-factor-off",
            page(Stage::Off { may_enrol: true, mail: Mail::Offered }, true, &[], None).render(),
        ),
        (
            "two-factor-none",
            page(Stage::Off { may_enrol: false, mail: Mail::NotOffered }, false, &[], None).render(),
        ),
        ("two-factor-enrolling", page(Stage::enrolling(qr, &seed), false, &[], None).render()),
        (
            "two-factor-unverified",
            page(Stage::Off { may_enrol: true, mail: Mail::Unverified }, false, &[], None).render(),
        ),
        ("two-factor-mailed", page(Stage::mailed(true), false, &[], None).render()),
        ("two-factor-mail-on", page(mail_on, false, &[], Some(3)).render()),
        ("two-factor-on", page(on(false), false, &[], Some(9)).render()),
        ("two-factor-lost", page(on(false), false, &[], Some(0)).render()),
        ("two-factor-passkeys", page(on(true), false, &two, Some(9)).render()),
        (
            "two-factor-passkey",
            page(Stage::Off { may_enrol: true, mail: Mail::Offered }, false, &two, Some(10)).render(),
        ),
        ("passkey-new", new(true).render()),
        ("passkey-another", new(false).render()),
        ("passkey", one(false).render()),
        ("passkey-last", one(true).render()),
        ("recovery-codes", codes.render()),
        ("prove", prove(false).render()),
        ("prove-passkey", prove(true).render()),
    ]
}
