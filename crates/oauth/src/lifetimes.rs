//! How long tokens live, and what form they have.

use kibali_model::{Client, Dialect, TokenFormat};

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

/// The form of a client's access tokens: its own, or that of the endpoint.
#[must_use]
pub fn format(client: &Client, dialect: Dialect) -> TokenFormat {
    client.tokens.format.unwrap_or(match dialect {
        Dialect::Legacy => TokenFormat::Opaque,
        Dialect::Modern => TokenFormat::Jwt,
    })
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
}
