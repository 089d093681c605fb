//! Signature algorithms, by their names in JOSE (RFC 7518 section 3, RFC 8037).

/// Members of a JSON Web Key that only a private or shared key has (RFC 7518 section 6).
pub const PRIVATE_KEY_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// An algorithm that tokens and assertions are signed with: a private key signs, anybody may check. `HS256`
/// is none of them, since whoever checks it could sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SigningAlgorithm {
    /// RSA with PKCS #1 padding and SHA-256; what DHIS2 signs with.
    Rs256,
    /// RSA with PSS padding and SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// Every algorithm, DHIS2's first.
    pub const EVERY: &[Self] = &[Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// What signs where nothing else is asked for: DHIS2's only one.
    pub const DEFAULT: Self = Self::Rs256;

    /// Those that the FAPI 2.0 security profile allows (section 5.4.1).
    pub const FAPI2: &[Self] = &[Self::Ps256, Self::Es256, Self::EdDsa];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm with this name on the wire. Newer libraries call what `EdDSA` is here by its curve (RFC 9864).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { Self::EdDsa.as_str() } else { name };
        Self::EVERY.iter().copied().find(|algorithm| algorithm.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_lead_back() {
        for algorithm in SigningAlgorithm::EVERY {
            assert_eq!(SigningAlgorithm::from_name(algorithm.as_str()), Some(*algorithm));
        }
        assert_eq!(SigningAlgorithm::from_name("Ed25519"), Some(SigningAlgorithm::EdDsa));
        for name in ["none", "HS256", "rs256", "Ed448", ""] {
            assert_eq!(SigningAlgorithm::from_name(name), None, "{name}");
        }
    }
}
