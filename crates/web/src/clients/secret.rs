//! A new secret in the place of one that was lost or has leaked.

use kibali_crypto::{Secret, new_client_secret};
use kibali_metadata::client::Registration;
use kibali_metadata::import::{ImportParams, ImportStrategy, MergeMode};
use kibali_model::{ClientAuthentication, Dialect, Principal};
use serde_json::{Map, Value};

use crate::api::objects;
use crate::{App, Refusal};

/// How long the old secret works on (rules of the door 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldSecret {
    /// What is usual: time to carry the new one to where it is needed.
    Day,
    /// For applications that are changed by others.
    Week,
    /// It has leaked.
    Ends,
}

/// What is told of the old secret of a client that signs with it.
const SIGNS_NO_MORE: &str = "What is signed with the old secret is refused from now on.";

impl OldSecret {
    /// The usual choice first.
    pub const EVERY: [Self; 3] = [Self::Day, Self::Week, Self::Ends];

    /// Seconds that it works on.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Day => 24 * 3600,
            Self::Week => 7 * 24 * 3600,
            Self::Ends => 0,
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Day => "The old secret keeps working for 24 hours.",
            Self::Week => "The old secret keeps working for 7 days.",
            Self::Ends => "The old secret no longer works.",
        }
    }
}

/// A new secret, and what became of the old one.
pub struct Renewed {
    /// The secret, told this once.
    pub secret: Secret<String>,
    /// What became of the old one, in a sentence.
    pub told: &'static str,
}

/// Makes a new secret for the client with this `uid`, in the name of `caller`. The answer is the only place where it
/// can be read.
///
/// # Errors
/// [`Refusal::Conflict`] where the client has no secret, or may not be given one by the caller; the client does not
/// exist, or the database failed.
pub async fn renew(
    app: &App,
    caller: &Principal,
    (uid, client): (&str, &Registration),
    old: OldSecret,
) -> Result<Renewed, Refusal> {
    if !client.has_secret() {
        return Err(Refusal::conflict("This client has no secret: it does not prove itself with one"));
    }
    let secret = new_client_secret(&*app.random);
    let left = client.secret_expires.map(|end| end.seconds() - app.now().seconds());
    if left.is_some_and(|left| left <= 0) {
        return Err(Refusal::conflict(
            "The secret of this client was to end (clientSecretExpiresAt), and did: a new one would not work either. \
             Say first until when it works",
        ));
    }
    // No secret works longer for being replaced.
    let (old_secret_seconds, told) = match left {
        Some(left) if left < old.seconds() => (left, "The old secret keeps working until it expires."),
        _ => (old.seconds(), old.told()),
    };
    // Signatures are checked with one secret, the newest.
    let told = if client.proves_by(ClientAuthentication::SecretJwt) { SIGNS_NO_MORE } else { told };
    let object = Map::from_iter([
        ("id".to_owned(), Value::from(uid)),
        ("clientSecret".to_owned(), Value::from(secret.expose().as_str())),
    ]);
    let params = ImportParams {
        strategy: ImportStrategy::Update,
        merge: MergeMode::Merge,
        old_secret_seconds,
        ..ImportParams::default()
    };
    let app = app.speaking(Dialect::Modern);
    let done = objects::change_one(&app, caller, "oAuth2Clients", &object, params).await?;
    match done.faults.first() {
        None => Ok(Renewed { secret, told }),
        Some(fault) => Err(Refusal::conflict_code(fault.code.as_str(), fault.message())),
    }
}
