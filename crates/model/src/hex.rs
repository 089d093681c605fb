//! Bytes written as hexadecimal digits.

/// The bytes, two small digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The bytes that are written so, in small digits or large ones. None: something else stands there, or half a byte.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let pairs = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_two_digits_and_comes_back() {
        let every: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&every)), Some(every));
        assert_eq!(hex(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
        assert_eq!(unhex("000FA0fF"), Some(vec![0, 0x0f, 0xa0, 0xff]));
        assert_eq!(unhex(""), Some(Vec::new()));
        for wrong in ["0", "000", "0g", "+1", " 1", "é0"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
