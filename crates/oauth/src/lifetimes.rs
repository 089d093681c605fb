//! How long codes and tokens live, what form they have, and what signs them.

use kibali_model::{Client, ClientProfile, Dialect, SigningAlgorithm, TokenFormat};

/// Lifetimes in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an access token.
    pub access: i64,
    /// Of a refresh token.
    pub refresh: i64,
}

/// Those of an ID token (modern reference 3.4).
pub const ID_TOKEN_SECONDS: i64 = 1800;

impl Lifetimes {
    /// What `/oauth2` gives (modern reference 3.4).
    pub const MODERN: Self = Self { access: 300, refresh: 3600 };

    /// What a client gets: its own, or those of the endpoint. `legacy` are the installation's for `/uaa`.
    #[must_use]
    pub fn of(client: &Client, dialect: Dialect, legacy: Self) -> Self {
        let of_endpoint = match dialect {
            Dialect::Legacy => legacy,
            Dialect::Modern => Self::MODERN,
        };
        Self {
            access: client.tokens.access_seconds.unwrap_or(of_endpoint.access),
            refresh: client.refresh_seconds(of_endpoint.refresh),
        }
    }
}

/// Seconds that a code of a client lives: what it says or else the installation, as far as its profile allows that.
#[must_use]
pub fn code_seconds(client: &Client, of_installation: i64) -> i64 {
    let seconds = client.tokens.code_seconds.unwrap_or(of_installation);
    client.rules().code_seconds.map_or(seconds, |most| seconds.min(most))
}

/// The form of a client's access tokens: its own, or that of the endpoint.
#[must_use]
pub fn format(client: &Client, dialect: Dialect) -> TokenFormat {
    client.tokens.format.unwrap_or(match dialect {
        Dialect::Legacy => TokenFormat::Opaque,
        Dialect::Modern => TokenFormat::Jwt,
    })
}

/// What every token of a client is signed with that says who it is for: access tokens, ID tokens, logout tokens. The
/// algorithm it names, as far as its profile allows that.
#[must_use]
pub fn algorithm(profile: ClientProfile, named: Option<&str>) -> SigningAlgorithm {
    let rules = profile.rules();
    let named = named.and_then(SigningAlgorithm::from_name);
    named.filter(|named| rules.algorithms.contains(named)).unwrap_or(rules.algorithm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::client;

    #[test]
    fn what_a_client_says_goes_before_what_the_endpoint_gives() {
        let legacy = Lifetimes { access: 43_200, refresh: 2_592_000 };
        let mut demo = client(&[], &[]);
        assert_eq!(Lifetimes::of(&demo, Dialect::Legacy, legacy), legacy);
        assert_eq!(Lifetimes::of(&demo, Dialect::Modern, legacy), Lifetimes::MODERN);
        assert_eq!(format(&demo, Dialect::Legacy), TokenFormat::Opaque);
        assert_eq!(format(&demo, Dialect::Modern), TokenFormat::Jwt);
        demo.tokens.access_seconds = Some(60);
        demo.tokens.format = Some(TokenFormat::Opaque);
        let its_own = Lifetimes { access: 60, ..Lifetimes::MODERN };
        assert_eq!(Lifetimes::of(&demo, Dialect::Modern, legacy), its_own);
        assert_eq!(format(&demo, Dialect::Modern), TokenFormat::Opaque);
    }

    #[test]
    fn a_code_lives_as_long_as_the_profile_allows() {
        for profile in ClientProfile::EVERY {
            let mut demo = Client { profile: *profile, ..client(&[], &[]) };
            let at_most =
                |seconds: i64| if *profile == ClientProfile::Fapi2 { seconds.min(60) } else { seconds };
            assert_eq!(code_seconds(&demo, 300), at_most(300), "{profile:?}");
            for own in [30, 600] {
                demo.tokens.code_seconds = Some(own);
                assert_eq!(code_seconds(&demo, 300), at_most(own), "{profile:?} {own}");
            }
        }
    }

    #[test]
    fn the_strictest_clients_name_what_they_may_and_get_es256_otherwise() {
        use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
        for (named, others, fapi2) in [
            (None, Rs256, Es256),
            (Some("RS256"), Rs256, Es256),
            (Some("PS256"), Ps256, Ps256),
            (Some("ES256"), Es256, Es256),
            (Some("EdDSA"), EdDsa, EdDsa),
            (Some("none"), Rs256, Es256),
        ] {
            assert_eq!(algorithm(ClientProfile::Legacy, named), others, "{named:?}");
            assert_eq!(algorithm(ClientProfile::Standard, named), others, "{named:?}");
            assert_eq!(algorithm(ClientProfile::Fapi2, named), fapi2, "{named:?}");
        }
    }
}
