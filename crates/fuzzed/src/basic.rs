//! The `Authorization` header, HTTP Basic above all.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use kibali_model::Dialect;
use kibali_oauth::{BasicPair, CredentialFault, Parameters, Proof, SentCredential, proof};
use url::form_urlencoded::byte_serialize;

/// Each line is one header.
pub fn basic(data: &[u8]) {
    let values: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let read = SentCredential::read(values.iter().copied());
    let [value] = values.as_slice() else {
        // One credential decides alone: of two headers none is looked at.
        assert_eq!(read, Err(CredentialFault::Two));
        return;
    };
    spelling_does_not_matter(value, &read);
    match &read {
        Ok(SentCredential::Basic(pair)) => pair_holds(pair),
        Ok(SentCredential::Bearer(token)) => assert!(!token.contains(','), "a comma ends the token"),
        Ok(credential) => assert!(!format!("{credential:?}").contains(' ')),
        Err(fault) => assert_ne!(*fault, CredentialFault::Two),
    }
}

/// Neither the case of the scheme nor spaces around the value.
fn spelling_does_not_matter(value: &[u8], read: &Result<SentCredential<'_>, CredentialFault>) {
    let spaced = [b"  ".as_slice(), value, b" "].concat();
    assert_eq!(SentCredential::read([spaced.as_slice()]), *read);
    let scheme = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let mut other = value.to_vec();
    other[..scheme].iter_mut().for_each(|byte| match byte.is_ascii_lowercase() {
        true => byte.make_ascii_uppercase(),
        false => byte.make_ascii_lowercase(),
    });
    assert_eq!(SentCredential::read([other.as_slice()]), *read);
}

fn pair_holds(pair: &BasicPair) {
    assert!(!pair.name.contains(':'), "the first colon ends the name");
    let hidden = BasicPair { password: String::new(), ..pair.clone() };
    assert_eq!(format!("{pair:?}"), format!("{hidden:?}"), "a password is shown");
    // Written out it is read again, with and without padding.
    let text = format!("{}:{}", pair.name, pair.password);
    for encoded in [STANDARD.encode(&text), STANDARD_NO_PAD.encode(&text)] {
        let header = format!("Basic {encoded}");
        assert_eq!(SentCredential::read([header.as_bytes()]), Ok(SentCredential::Basic(pair.clone())));
    }
    // So it is when its parts were encoded as RFC 6749 has it, and that is undone once.
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let encoded = BasicPair { name: encode(&pair.name), password: encode(&pair.password) };
    assert_eq!(encoded.percent_decoded().unwrap_or(encoded), *pair);
    // What proves the client is this pair, whole.
    let nothing = Parameters::default();
    for dialect in [Dialect::Legacy, Dialect::Modern] {
        let Ok(Proof::Secret { id, secret, .. }) =
            proof(Some((&pair.name, &pair.password)), &nothing, dialect)
        else {
            panic!("a pair that was read proves nothing")
        };
        assert_eq!((id, secret), (pair.name.as_str(), pair.password.as_str()));
    }
}
