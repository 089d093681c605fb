//! base64url without padding (RFC 7515 section 2), one spelling for each value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes, unless the text holds padding, a foreign character, or bits that say nothing: two texts never
/// mean the same, so that a token cannot be respelt.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_is_read() {
        assert_eq!(encode([3, 236, 255, 224, 193]), "A-z_4ME"); // RFC 7515 appendix C
        assert_eq!(decode("A-z_4ME"), Some(vec![3, 236, 255, 224, 193]));
        for text in ["A-z_4ME=", "A-z_4MF", "A+z/4ME", "A-z_4M\n", "A", " A-z_4ME"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
