//! What an authenticator says, for its signature: the authenticator data (WebAuthn section 6.1).

use super::cbor::Cbor;
use super::{WebauthnError, key};
use crate::Digest;
use crate::jose::PublicKey;

/// Bytes of the name of a credential, at most (section 7.1, step 25).
pub(super) const LONGEST_CREDENTIAL: usize = 1023;

/// The authenticator data, read and not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the site it is for.
    pub site: Digest,
    /// Somebody was there.
    pub present: bool,
    /// The authenticator made sure who: a PIN, a finger, a face.
    pub verified: bool,
    /// The credential may be copied to other devices of its owner.
    pub eligible: bool,
    /// It is copied.
    pub backed_up: bool,
    /// How often the authenticator signed; 0 where it does not count.
    pub counter: u32,
    /// The credential that was made just now.
    pub made: Option<Made>,
}

/// A credential that was made just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its name.
    pub credential: Vec<u8>,
    /// What checks its signatures.
    pub key: PublicKey,
}

impl AuthenticatorData {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WebauthnError> {
        let (site, rest) = bytes.split_first_chunk().ok_or(WebauthnError::Malformed)?;
        let (&[flags], rest) = rest.split_first_chunk().ok_or(WebauthnError::Malformed)?;
        let (counter, mut rest) = rest.split_first_chunk().ok_or(WebauthnError::Malformed)?;
        let set = |bit: u8| flags & bit != 0;
        let (eligible, backed_up) = (set(0x08), set(0x10));
        if backed_up && !eligible {
            return Err(WebauthnError::Malformed);
        }
        let made = if set(0x40) { Some(made(&mut rest)?) } else { None };
        let mut extensions = Cbor::new(rest);
        if set(0x80) {
            // What extensions say decides nothing here.
            let mut ahead = extensions;
            ahead.map().and_then(|_| extensions.skip()).ok_or(WebauthnError::Malformed)?;
        }
        if !extensions.is_empty() {
            return Err(WebauthnError::Malformed);
        }
        Ok(Self {
            site: *site,
            present: set(0x01),
            verified: set(0x04),
            eligible,
            backed_up,
            counter: u32::from_be_bytes(*counter),
            made,
        })
    }
}

/// The credential at the beginning of `rest`, which goes on behind it.
fn made(rest: &mut &[u8]) -> Result<Made, WebauthnError> {
    let malformed = WebauthnError::Malformed;
    // The model of the authenticator comes first; nobody asked for it.
    let (_, after) = rest.split_at_checked(16).ok_or(malformed)?;
    let (length, after) = after.split_first_chunk().ok_or(malformed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (credential, after) = after.split_at_checked(length).ok_or(malformed)?;
    if !(1..=LONGEST_CREDENTIAL).contains(&length) {
        return Err(malformed);
    }
    let mut cbor = Cbor::new(after);
    let key = key::read(&mut cbor)?;
    *rest = cbor.rest();
    Ok(Made { credential: credential.to_vec(), key })
}
