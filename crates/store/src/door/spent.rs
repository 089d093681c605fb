//! One-time things that were used. Whoever comes second finds them spent, on whatever node (rules of the
//! door 7).

use kibali_model::Timestamp;

use crate::{Statement, StoreError, Tx, Write, values};

const SPEND: Statement = Statement::new(
    "spent.spend",
    "insert into spent (purpose, value, expires) values ($1, $2, $3) on conflict (purpose, value) do nothing",
);

pub(crate) const STATEMENTS: &[Statement] = &[SPEND];

/// What is spent. A value of one purpose means nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A time step of a user's TOTP.
    Totp,
    /// The `jti` of a client's assertion.
    Assertion,
    /// The `jti` of a DPoP proof.
    Dpop,
    /// The challenge that a passkey answered.
    Passkey,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Assertion => "assertion",
            Self::Dpop => "dpop",
            Self::Passkey => "passkey",
        }
    }
}

/// Spends `value`, which nobody accepts after `expires`. False: it is spent already. Part of the write that
/// rests on it.
///
/// # Errors
/// The database failed.
pub(crate) async fn spend(
    tx: &mut Tx,
    purpose: Purpose,
    value: &str,
    expires: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.run(SPEND, values![purpose.as_str(), value, expires]).await? > 0)
}

/// The same as a write of its own, where nothing else is written.
#[derive(Debug, Clone)]
pub struct Spend {
    /// What it is.
    pub purpose: Purpose,
    /// Which one. What is long is hashed first.
    pub value: String,
    /// When nobody accepts it any longer.
    pub expires: Timestamp,
}

impl Write for Spend {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        spend(tx, self.purpose, &self.value, self.expires).await
    }
}
