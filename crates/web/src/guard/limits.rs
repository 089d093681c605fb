//! How much one caller may ask for: the limits by name, and what the operator chose.

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Every request from one address.
    Address,
    /// Requests from one address at the doors: for tokens, to sign in, to register, forms of pages.
    Doors,
    /// Requests for tokens of one client; of a public one, which anybody can name, from one address.
    Tokens,
    /// Calls with the access tokens of one client, and what it asks about tokens.
    Client,
    /// Calls of one user, with whatever credential.
    User,
}

impl Limit {
    pub(super) const EVERY: [Self; 5] = [Self::Address, Self::Doors, Self::Tokens, Self::Client, Self::User];

    /// Its name, in headers and in `kibali.conf`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Doors => "doors",
            Self::Tokens => "tokens",
            Self::Client => "client",
            Self::User => "user",
        }
    }

    /// Its place in a set of limits.
    pub(super) const fn bit(self) -> u8 {
        1 << match self {
            Self::Address => 0,
            Self::Doors => 1,
            Self::Tokens => 2,
            Self::Client => 3,
            Self::User => 4,
        }
    }

    /// Which requests it counts, for people.
    const fn counts(self) -> &'static str {
        match self {
            Self::Address => "requests from this address",
            Self::Doors => "requests from this address to sign in, register or get tokens",
            Self::Tokens => "token requests of this client",
            Self::Client => "requests of this client",
            Self::User => "requests of this user",
        }
    }
}

/// How much of it; 0 for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests that are being answered at once.
    pub at_once: u32,
}

const fn bound(per_minute: u32, at_once: u32) -> Bound {
    Bound { per_minute, at_once }
}

/// The operator's choice. What holds when nothing is chosen, and why, is in decision 14.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For [`Limit::Address`].
    pub address: Bound,
    /// For [`Limit::Doors`].
    pub doors: Bound,
    /// For [`Limit::Tokens`].
    pub tokens: Bound,
    /// For [`Limit::Client`].
    pub client: Bound,
    /// For [`Limit::User`].
    pub user: Bound,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address: bound(120_000, 500),
            doors: bound(1200, 200),
            tokens: bound(6000, 200),
            client: bound(120_000, 500),
            user: bound(60_000, 64),
        }
    }
}

impl Limits {
    /// Anybody may ask for any number.
    pub const NONE: Self = Self {
        address: bound(0, 0),
        doors: bound(0, 0),
        tokens: bound(0, 0),
        client: bound(0, 0),
        user: bound(0, 0),
    };

    /// How much of this is allowed.
    #[must_use]
    pub const fn of(&self, limit: Limit) -> Bound {
        match limit {
            Limit::Address => self.address,
            Limit::Doors => self.doors,
            Limit::Tokens => self.tokens,
            Limit::Client => self.client,
            Limit::User => self.user,
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Requests within a minute.
    PerMinute,
    /// Requests that are being answered at once.
    AtOnce,
}

/// One request too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// Of what.
    pub limit: Limit,
    /// How it is measured.
    pub measure: Measure,
    /// How many are allowed.
    pub most: u32,
    /// When to come back, in seconds.
    pub seconds: u32,
}

impl Over {
    /// The key of `kibali.conf` that would allow more.
    #[must_use]
    pub fn key(&self) -> String {
        let measure = match self.measure {
            Measure::PerMinute => "per_minute",
            Measure::AtOnce => "at_once",
        };
        format!("limits.{}.{measure}", self.limit.name())
    }
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limit, measure, most, seconds } = self;
        let measure = match measure {
            Measure::PerMinute => "a minute",
            Measure::AtOnce => "at once",
        };
        write!(f, "Too many {}: {most} {measure} are allowed, try again in {seconds} s", limit.counts())
    }
}
