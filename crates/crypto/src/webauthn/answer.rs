//! What a browser answers when it is asked for a passkey: the JSON of WebAuthn sections 5.1.8 and 5.2, as
//! scripts send it.

use serde_json::{Map, Value};

use super::WebauthnError;
use super::cbor::{self, Cbor};
use super::data::{AuthenticatorData, LONGEST_CREDENTIAL, Made};
use crate::jose::{Claims, PublicKey, base64url, parse_object};
use crate::sha256;

/// Bytes of an answer, at most.
const MOST_BYTES: usize = 32 * 1024;
/// Bytes of what a browser says of itself, at most.
const MOST_CLIENT_DATA: usize = 4 * 1024;
/// Bytes of the name that an authenticator knows its user by, at most (section 4).
const LONGEST_HANDLE: usize = 64;
/// Ways to reach an authenticator that are kept, at most.
const MOST_TRANSPORTS: usize = 8;

/// The answer to a wish for a new passkey, which nobody vouches for: what a statement about the maker of the
/// authenticator says is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What the browser says of the request.
    pub client: Claims,
    /// What the authenticator says.
    pub data: AuthenticatorData,
    /// The credential.
    pub made: Made,
    /// How the authenticator can be reached, for the browser to know again.
    pub transports: Vec<String>,
}

impl Registration {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`WebauthnError`].
    pub fn read(json: &str) -> Result<Self, WebauthnError> {
        let answer = Answer::read(json)?;
        let attestation = answer.bytes("attestationObject", MOST_BYTES)?;
        let data = authenticator_data(&attestation).ok_or(WebauthnError::Malformed)?;
        let mut data = AuthenticatorData::read(data)?;
        let made = data.made.take().ok_or(WebauthnError::Malformed)?;
        if made.credential != answer.credential {
            return Err(WebauthnError::Malformed);
        }
        let transports = answer.response.get("transports").and_then(Value::as_array);
        let transports =
            transports.into_iter().flatten().filter_map(Value::as_str).filter(|name| is_word(name));
        let transports = transports.take(MOST_TRANSPORTS).map(str::to_owned).collect();
        Ok(Self { client: answer.client()?.1, data, made, transports })
    }
}

/// The answer to the wish for a passkey that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// The name of the credential.
    pub credential: Vec<u8>,
    /// The name that the authenticator knows its user by, where it keeps one.
    pub handle: Option<Vec<u8>>,
    /// What the browser says of the request.
    pub client: Claims,
    /// What the authenticator says.
    pub data: AuthenticatorData,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Assertion {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`WebauthnError`].
    pub fn read(json: &str) -> Result<Self, WebauthnError> {
        let answer = Answer::read(json)?;
        let data = answer.bytes("authenticatorData", MOST_CLIENT_DATA)?;
        let (text, client) = answer.client()?;
        let handle = match answer.response.get("userHandle") {
            None | Some(Value::Null) => None,
            Some(_) => Some(answer.bytes("userHandle", LONGEST_HANDLE)?),
        };
        Ok(Self {
            data: AuthenticatorData::read(&data)?,
            signed: [data, sha256(text).to_vec()].concat(),
            signature: answer.bytes("signature", MOST_CLIENT_DATA)?,
            client,
            handle,
            credential: answer.credential,
        })
    }

    /// Did the holder of this key sign it?
    #[must_use]
    pub fn is_by(&self, key: &PublicKey) -> bool {
        key.verifies_of_authenticator(&self.signed, &self.signature)
    }
}

/// What both have.
struct Answer {
    credential: Vec<u8>,
    response: Map<String, Value>,
}

impl Answer {
    fn read(json: &str) -> Result<Self, WebauthnError> {
        let malformed = WebauthnError::Malformed;
        let mut members =
            Some(json).filter(|json| json.len() <= MOST_BYTES).and_then(|json| parse_object(json.as_bytes()));
        let members = members.as_mut().ok_or(malformed)?;
        if members.get("type").and_then(Value::as_str) != Some("public-key") {
            return Err(malformed);
        }
        let credential = decode(members, "id", LONGEST_CREDENTIAL)?;
        match members.remove("response") {
            Some(Value::Object(response)) => Ok(Self { credential, response }),
            _ => Err(malformed),
        }
    }

    fn bytes(&self, name: &str, most: usize) -> Result<Vec<u8>, WebauthnError> {
        decode(&self.response, name, most)
    }

    /// What the browser says, as it was hashed and as it is read.
    fn client(&self) -> Result<(Vec<u8>, Claims), WebauthnError> {
        let text = self.bytes("clientDataJSON", MOST_CLIENT_DATA)?;
        let claims = parse_object(&text).ok_or(WebauthnError::Malformed)?;
        Ok((text, claims))
    }
}

fn decode(members: &Map<String, Value>, name: &str, most: usize) -> Result<Vec<u8>, WebauthnError> {
    let bytes = members.get(name).and_then(Value::as_str).and_then(base64url::decode);
    bytes.filter(|bytes| (1..=most).contains(&bytes.len())).ok_or(WebauthnError::Malformed)
}

/// The authenticator data in an attestation object (section 6.5).
fn authenticator_data(bytes: &[u8]) -> Option<&[u8]> {
    let mut cbor = Cbor::new(bytes);
    let mut found = None;
    for _ in 0..Some(cbor.map()?).filter(|pairs| *pairs <= 8)? {
        let cbor::Value::Text(name) = cbor.next()? else { return None };
        if name != "authData" {
            cbor.skip()?;
        } else if let (None, cbor::Value::Bytes(data)) = (found, cbor.next()?) {
            found = Some(data);
        } else {
            return None;
        }
    }
    found.filter(|_| cbor.is_empty())
}

/// Such as `usb` or `smart-card`.
fn is_word(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'-')
}
