//! Public keys as authenticators write them (RFC 9053 section 7, RFC 8812).

use kibali_model::SigningAlgorithm;

use super::WebauthnError;
use super::cbor::{Cbor, Value};
use crate::jose::PublicKey;

/// Algorithms that may be asked for, by their number in COSE, the best first.
pub const COSE_ALGORITHMS: [(i64, SigningAlgorithm); 3] =
    [(-7, SigningAlgorithm::Es256), (-8, SigningAlgorithm::EdDsa), (-257, SigningAlgorithm::Rs256)];

/// Members of a key, at most.
const MOST_MEMBERS: u64 = 16;

#[derive(Default)]
struct Members<'a> {
    kind: Option<Value<'a>>,
    algorithm: Option<Value<'a>>,
    /// The members -1, -2 and -3, which mean something else for each kind.
    own: [Option<Value<'a>>; 3],
}

/// The key that is next.
pub(super) fn read(cbor: &mut Cbor<'_>) -> Result<PublicKey, WebauthnError> {
    let members = members(cbor).ok_or(WebauthnError::Malformed)?;
    let algorithm =
        COSE_ALGORITHMS.into_iter().find(|(number, _)| members.algorithm == Some(Value::Int(*number)));
    let (_, algorithm) = algorithm.ok_or(WebauthnError::Key)?;
    let key = match (members.kind, algorithm, members.own) {
        (
            Some(Value::Int(2)),
            SigningAlgorithm::Es256,
            [Some(Value::Int(1)), Some(Value::Bytes(x)), Some(Value::Bytes(y))],
        ) if x.len() == y.len() => PublicKey::p256(&[x, y].concat()),
        (
            Some(Value::Int(1)),
            SigningAlgorithm::EdDsa,
            [Some(Value::Int(6)), Some(Value::Bytes(x)), None],
        ) => PublicKey::ed25519(x),
        (
            Some(Value::Int(3)),
            SigningAlgorithm::Rs256,
            [Some(Value::Bytes(n)), Some(Value::Bytes(e)), None],
        ) => PublicKey::rsa(n, e),
        _ => return Err(WebauthnError::Key),
    };
    Ok(key.map_err(|_| WebauthnError::Key)?.only(algorithm))
}

/// None where a member stands twice.
fn members<'a>(cbor: &mut Cbor<'a>) -> Option<Members<'a>> {
    let mut members = Members::default();
    for _ in 0..Some(cbor.map()?).filter(|pairs| *pairs <= MOST_MEMBERS)? {
        let Value::Int(label) = cbor.next()? else { return None };
        let place = match label {
            1 => &mut members.kind,
            3 => &mut members.algorithm,
            -3..=-1 => members.own.get_mut(usize::try_from(-1 - label).ok()?)?,
            _ => {
                cbor.skip()?;
                continue;
            }
        };
        if place.is_some() {
            return None;
        }
        *place = Some(match cbor.next()? {
            value @ (Value::Int(_) | Value::Bytes(_)) => value,
            _ => return None,
        });
    }
    Some(members)
}
