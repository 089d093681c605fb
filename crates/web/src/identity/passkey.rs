//! Passkeys: asked for with a challenge that stands in a sealed cookie, and held against what is kept of them
//! (rules of the door 9, 10).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use kibali_crypto::jose::{PublicKey, parse_object};
use kibali_crypto::webauthn::{Assertion, AuthenticatorData, COSE_ALGORITHMS, Registration};
use kibali_crypto::{new_token, sha256};
use kibali_model::{ObjectId, Timestamp};
use kibali_oauth::passkey::{Asked, Ceremony, Known, PasskeyFault, Shown, answers, may_be_kept, proves};
use kibali_store::door::factors::Proof;
use kibali_store::door::passkeys::{self, Passkey, UsedPasskey};
use serde_json::{Value, json};

use super::refused::Refused;
use super::sealed::Sealed;
use super::session::{Session, SetCookie, sent};
use crate::{App, Refusal, Settings};

/// How long a challenge may be answered.
const SECONDS: i64 = 300;
/// Random bytes by which authenticators know a user.
const HANDLE_BYTES: usize = 32;
const COOKIE: Sealed = Sealed { name: "-passkey", place: "passkey", seconds: SECONDS };

/// Why a passkey proves nothing, or is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasskeyRefusal {
    /// Nothing was asked of this browser, or too long ago, or it was answered before.
    Late,
    /// It is not one of ours, or not this user's.
    Unknown,
    /// The answer cannot be read, or its signature is wrong.
    Wrong,
    /// It says what it must not.
    Fault(PasskeyFault),
    /// Nothing could be decided.
    Undecided(Refusal),
}

impl PasskeyRefusal {
    /// Its name in the audit trail.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Late => "PasskeyLate".to_owned(),
            Self::Unknown => "PasskeyUnknown".to_owned(),
            Self::Wrong => "PasskeyWrong".to_owned(),
            Self::Fault(fault) => format!("Passkey{fault:?}"),
            Self::Undecided(refusal) => refusal.name(),
        }
    }
}

impl From<Refusal> for PasskeyRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Undecided(refusal)
    }
}

impl From<PasskeyFault> for PasskeyRefusal {
    fn from(fault: PasskeyFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<PasskeyRefusal> for Refusal {
    fn from(refusal: PasskeyRefusal) -> Self {
        match refusal {
            PasskeyRefusal::Undecided(refusal) => refusal,
            _ => Self::WrongCredentials,
        }
    }
}

/// What a browser is asked, for its script.
pub(crate) struct Question {
    /// The challenge, sealed.
    pub(crate) cookies: SetCookie,
    /// `publicKey` of `navigator.credentials`, with bytes in base64url.
    pub(crate) options: Value,
}

/// Asks for a passkey: one of `known`, or, where none are named, whichever the authenticator has for this site.
/// `alone`: nothing else is proved, so that it must make sure who uses it.
///
/// # Errors
/// This server has no name that passkeys could be for.
pub(crate) fn ask_to_use(
    app: &App,
    session: &Session,
    known: &[Passkey],
    alone: bool,
) -> Result<Question, Refusal> {
    let challenge = new_token(&*app.random);
    let options = json!({
        "challenge": challenge.expose(),
        "rpId": site(&app.settings)?,
        "timeout": SECONDS * 1000,
        "allowCredentials": described(known),
        "userVerification": if alone { "required" } else { "preferred" },
    });
    let cookies = seal(app, session, &format!("use {}", challenge.expose()))?;
    Ok(Question { cookies, options })
}

/// Whom a passkey is for.
pub(crate) struct Holding<'a> {
    /// What they have already.
    pub(crate) known: &'a [Passkey],
    /// The name of the installation.
    pub(crate) site: &'a str,
    /// Login name.
    pub(crate) username: &'a str,
    /// First name and surname.
    pub(crate) name: &'a str,
}

/// Asks to make a passkey.
///
/// # Errors
/// This server has no name that passkeys could be for.
pub(crate) fn ask_to_make(app: &App, session: &Session, who: &Holding<'_>) -> Result<Question, Refusal> {
    let challenge = new_token(&*app.random);
    // All passkeys of a user call them the same: an authenticator then keeps one for each user.
    let handle = match who.known.first() {
        Some(passkey) => passkey.handle.clone(),
        None => {
            let mut handle = vec![0; HANDLE_BYTES];
            app.random.fill(&mut handle);
            handle
        }
    };
    let parameters = COSE_ALGORITHMS.map(|(number, _)| json!({ "type": "public-key", "alg": number }));
    let options = json!({
        "rp": { "id": site(&app.settings)?, "name": who.site },
        "user": { "id": URL_SAFE_NO_PAD.encode(&handle), "name": who.username, "displayName": who.name },
        "challenge": challenge.expose(),
        "pubKeyCredParams": parameters,
        "timeout": SECONDS * 1000,
        "excludeCredentials": described(who.known),
        "authenticatorSelection": { "residentKey": "preferred", "userVerification": "preferred" },
        "attestation": "none",
    });
    let cookies =
        seal(app, session, &format!("make {} {}", challenge.expose(), URL_SAFE_NO_PAD.encode(&handle)))?;
    Ok(Question { cookies, options })
}

/// What a browser answered, and what it had been asked.
#[derive(Debug, Clone)]
pub(crate) struct Answered<'a> {
    text: &'a str,
    asked: Option<String>,
}

impl<'a> Answered<'a> {
    /// The answer that a form carries, in the browser that has this session.
    pub(crate) fn new(app: &App, session: &Session, headers: &HeaderMap, text: &'a str) -> Self {
        Self { text, asked: COOKIE.sent(app, headers, session.cookie()) }
    }

    /// What was asked for this purpose: the challenge and what stands behind it.
    fn asked(&self, purpose: &str) -> Result<(&str, &str), PasskeyRefusal> {
        let asked = self.asked.as_deref().and_then(|asked| asked.strip_prefix(purpose)?.strip_prefix(' '));
        let asked = asked.ok_or(PasskeyRefusal::Late)?;
        Ok(asked.split_once(' ').unwrap_or((asked, "")))
    }
}

/// A passkey that proved its user. Worth something once, to the write that spends the proof.
#[derive(Debug, Clone)]
pub(super) struct Proved {
    /// It.
    pub(super) passkey: Passkey,
    /// What is to be spent.
    pub(super) proof: Proof,
}

/// Holds an answer against what is kept: of `user`, or, where none is named, of whoever the authenticator names;
/// then the passkey is all that is proved.
///
/// # Errors
/// [`PasskeyRefusal`], with the user whose passkey signed it, whatever else it says.
pub(super) async fn check(
    app: &App,
    answered: &Answered<'_>,
    user: Option<ObjectId>,
) -> Result<Proved, Refused<PasskeyRefusal>> {
    let (challenge, _) = answered.asked("use")?;
    let answer = Assertion::read(answered.text).map_err(|_| PasskeyRefusal::Wrong)?;
    let passkey = signed(app, &answer, user).await?;
    let proof = said(app, challenge, &answer, &passkey, user.is_none());
    let proof = proof.map_err(Refused::of(Some(passkey.user)))?;
    Ok(Proved { passkey, proof })
}

/// The passkey that signed the answer.
async fn signed(app: &App, answer: &Assertion, user: Option<ObjectId>) -> Result<Passkey, PasskeyRefusal> {
    let mut reader = app.store.reader().await.map_err(Refusal::from)?;
    let passkey = passkeys::by_credential(&mut reader, &answer.credential).await.map_err(Refusal::from)?;
    drop(reader);
    let passkey = passkey.filter(|passkey| is_of(passkey, answer, user)).ok_or(PasskeyRefusal::Unknown)?;
    // What an authenticator says counts for nothing without its signature.
    if !answer.is_by(&key_of(&passkey)?) {
        return Err(PasskeyRefusal::Wrong);
    }
    Ok(passkey)
}

/// What a signed answer proves. `alone`: nothing else is proved.
fn said(
    app: &App,
    challenge: &str,
    answer: &Assertion,
    passkey: &Passkey,
    alone: bool,
) -> Result<Proof, PasskeyRefusal> {
    let origin = origin(&app.settings);
    answers(&answer.client, Asked { ceremony: Ceremony::Use, challenge, origin: &origin })?;
    let known = Known { eligible: passkey.eligible, counter: passkey.counter };
    proves(shown(&app.settings, &answer.data), known, alone)?;
    Ok(Proof::Passkey(UsedPasskey {
        uid: passkey.uid,
        factor: passkey.factor(),
        counter: answer.data.counter,
        backed_up: answer.data.backed_up,
        challenge: sha256(challenge),
        until: until(app.now()),
    }))
}

/// A passkey that was made, for its user to name and keep.
pub(crate) struct MadePasskey {
    /// What it is.
    pub(crate) registration: Registration,
    /// What authenticators call the user.
    pub(crate) handle: Vec<u8>,
    /// SHA-256 of the challenge, to be spent.
    pub(crate) challenge: kibali_crypto::Digest,
    /// When nobody takes an answer to it any longer.
    pub(crate) until: Timestamp,
}

/// Reads the answer to the wish for a new passkey.
///
/// # Errors
/// [`PasskeyRefusal`].
pub(crate) fn made(app: &App, answered: &Answered<'_>) -> Result<MadePasskey, PasskeyRefusal> {
    let (challenge, handle) = answered.asked("make")?;
    let registration = Registration::read(answered.text).map_err(|_| PasskeyRefusal::Wrong)?;
    let origin = origin(&app.settings);
    answers(&registration.client, Asked { ceremony: Ceremony::Make, challenge, origin: &origin })?;
    may_be_kept(shown(&app.settings, &registration.data))?;
    let handle = URL_SAFE_NO_PAD.decode(handle).map_err(|_| PasskeyRefusal::Late)?;
    Ok(MadePasskey { registration, handle, challenge: sha256(challenge), until: until(app.now()) })
}

/// Also removes the cookie, where the browser sent it.
pub(super) fn forget(app: &App, headers: &HeaderMap, cookies: SetCookie) -> SetCookie {
    match sent(headers, &app.settings, COOKIE.name) {
        Some(_) => COOKIE.forget(&app.settings, cookies),
        None => cookies,
    }
}

fn is_of(passkey: &Passkey, answer: &Assertion, user: Option<ObjectId>) -> bool {
    match (user, &answer.handle) {
        (Some(user), None) => passkey.user == user,
        (Some(user), Some(handle)) => passkey.user == user && passkey.handle == *handle,
        (None, handle) => handle.as_ref() == Some(&passkey.handle),
    }
}

fn key_of(passkey: &Passkey) -> Result<PublicKey, Refusal> {
    let jwk = parse_object(passkey.public_key.as_bytes());
    let key = jwk.and_then(|jwk| PublicKey::from_jwk(&jwk).ok());
    key.ok_or_else(|| Refusal::internal("the key of a passkey cannot be read"))
}

fn shown(settings: &Settings, data: &AuthenticatorData) -> Shown {
    Shown {
        for_us: settings.passkey_site().is_some_and(|site| sha256(site) == data.site),
        present: data.present,
        verified: data.verified,
        eligible: data.eligible,
        counter: data.counter,
    }
}

/// How browsers are told of passkeys.
fn described(known: &[Passkey]) -> Value {
    let described = known.iter().map(|passkey| {
        let transports: Vec<&str> = passkey.transports.split_ascii_whitespace().collect();
        json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(&passkey.credential), "transports": transports })
    });
    described.collect()
}

fn site(settings: &Settings) -> Result<&str, Refusal> {
    let why = "Passkeys need a server that is reached by https, under a name and not a number";
    settings.passkey_site().ok_or_else(|| Refusal::bad_request(why))
}

fn origin(settings: &Settings) -> String {
    settings.base_url.origin().ascii_serialization()
}

/// A cookie that was sent was sealed less than this long ago.
fn until(now: Timestamp) -> Timestamp {
    now.plus_seconds(SECONDS)
}

fn seal(app: &App, session: &Session, text: &str) -> Result<SetCookie, Refusal> {
    let cookies = session.set_cookie(&app.settings).unwrap_or(SetCookie::nothing());
    COOKIE.set(app, cookies, session.cookie(), text)
}
