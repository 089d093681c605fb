//! Families: the refresh tokens of one grant, each spent for the next (rules of the door 5).
//!
//! A spent token stays until it expires, so that it is known when it comes back: with its successor, which is
//! sealed under the token itself and opens with nothing that is stored.

use kibali_model::Timestamp;
use serde_json::json;

use super::audit;
use super::ends;
use super::grants::TOUCH;
use super::past::EndedWhy;
use super::tokens::{self, FoundToken, Hash, NewTokens};
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const LINE: Statement = Statement::new(
    "refresh_token.line",
    tokens::refresh_token!(
        ", g.created, t.sealed, t.successor, s.expires, s.used, s.jkt, g.refreshed",
        " left join refresh_token s on s.hash = t.successor"
    ),
);
const SPEND: Statement = Statement::new(
    "refresh_token.spend",
    "update refresh_token set spent = $2, used = coalesce(used, $2), successor = $3, sealed = $4
     where hash = $1 and spent is null",
);
const USE: Statement = Statement::new(
    "refresh_token.use",
    "update refresh_token set used = $2 where hash = $1 and used is null",
);
const USED: Statement =
    Statement::new("refresh_token.used", "select used from refresh_token where hash = $1");
const MARK: Statement = Statement::new(
    "refresh_token.mark",
    "update refresh_token set used = $2 where hash = $1 and (used is null or used > $2)",
);

pub(crate) const STATEMENTS: &[Statement] = &[LINE, SPEND, USE, USED, MARK];

/// Where a refresh token stands in its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the family began.
    pub began: Timestamp,
    /// When its grant was refreshed last, within a minute.
    pub refreshed: Option<Timestamp>,
    /// What it was spent for.
    pub spent: Option<Successor>,
}

/// The token that one was spent for.
#[derive(Clone, PartialEq, Eq)]
pub struct Successor {
    /// SHA-256 of it.
    pub hash: Hash,
    /// The token itself, sealed under the one before.
    pub sealed: Vec<u8>,
    /// When it stops working; none: it has gone.
    pub expires: Option<Timestamp>,
    /// When it, or an access token issued with it, was first used.
    pub used: Option<Timestamp>,
    /// Thumbprint of the key that was shown when it was issued (RFC 9449).
    pub jkt: Option<String>,
}

impl std::fmt::Debug for Successor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Successor").field("expires", &self.expires).field("used", &self.used).finish()
    }
}

/// The refresh token with this hash, live or not, and where it stands.
///
/// # Errors
/// The database failed.
pub async fn line(reader: &mut Reader, hash: Hash) -> Result<Option<(FoundToken, Line)>, StoreError> {
    let [began, sealed, successor, expires, used, jkt, refreshed] =
        [0, 1, 2, 3, 4, 5, 6].map(|at| FoundToken::COLUMNS + at);
    let Some(row) = reader.row(LINE, values![hash]).await? else { return Ok(None) };
    let spent = match (row.bytes_opt(successor)?, row.bytes_opt(sealed)?) {
        (Some(hash), Some(sealed)) => {
            let hash = hash.try_into().map_err(|_| StoreError::Corrupt("a hash has 32 bytes".into()))?;
            let (expires, used) = (row.time_opt(expires)?, row.time_opt(used)?);
            Some(Successor { hash, sealed, expires, used, jkt: row.text_opt(jkt)? })
        }
        _ => None,
    };
    let (began, refreshed) = (row.time(began)?, row.time_opt(refreshed)?);
    Ok(Some((FoundToken::read(&row)?, Line { began, refreshed, spent })))
}

/// Mints within a grant for a refresh token that was presented, as was decided; nothing where what the
/// decision rests on has moved.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The grant.
    pub grant: i64,
    /// SHA-256 of the refresh token presented.
    pub presented: Hash,
    /// What becomes of it.
    pub becomes: Becomes,
    /// The new access token, and the successor of a token that is spent.
    pub tokens: NewTokens,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

/// What becomes of a refresh token that is presented.
#[derive(Clone)]
pub enum Becomes {
    /// It stays; `first`: this is its first use.
    Kept {
        /// This is its first use.
        first: bool,
    },
    /// It is spent for the refresh token minted, which is `sealed` under it.
    Spent {
        /// The successor.
        sealed: Vec<u8>,
    },
    /// It was spent, and gets its successor again.
    Repeated {
        /// SHA-256 of the successor.
        successor: Hash,
        /// When that was first used, as the decision saw it.
        used: Option<Timestamp>,
    },
}

impl Becomes {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Kept { .. } => "kept",
            Self::Spent { .. } => "spent",
            Self::Repeated { .. } => "repeated",
        }
    }
}

/// How the audit trail calls tokens that a refresh token brings.
pub const REFRESHED: &str = "token.refreshed";

impl Becomes {
    /// What the audit trail says of it.
    #[must_use]
    pub fn detail(&self, grant: i64) -> serde_json::Value {
        json!({ "grant": grant.to_string(), "refresh_token": self.as_str() })
    }
}

impl std::fmt::Debug for Becomes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The tokens are there.
    Done,
    /// The token was spent, or its successor used, since the decision: decide again.
    Moved,
    /// The grant has ended.
    Ended,
}

impl Write for Refresh {
    type Output = Refreshed;

    async fn apply(&self, tx: &mut Tx) -> Result<Refreshed, StoreError> {
        // The grant's row first: whoever else refreshes or ends it waits here.
        if tx.run(TOUCH, values![self.grant, self.now]).await? == 0 {
            return Ok(Refreshed::Ended);
        }
        let successor = match &self.becomes {
            Becomes::Kept { first } => {
                if *first {
                    tx.run(USE, values![self.presented, self.now]).await?;
                }
                None
            }
            Becomes::Spent { sealed } => {
                let successor = self.tokens.refresh.map(|successor| successor.hash);
                let hash = successor.map(|hash| hash.to_vec());
                if tx.run(SPEND, values![self.presented, self.now, hash, sealed.clone()]).await? == 0 {
                    return Ok(Refreshed::Moved);
                }
                successor
            }
            Becomes::Repeated { successor, used } => {
                let row = tx.row(USED, values![*successor]).await?;
                let now = row.map(|row| row.time_opt(0)).transpose()?;
                if now != Some(*used) {
                    return Ok(Refreshed::Moved);
                }
                Some(*successor)
            }
        };
        tokens::insert(tx, self.grant, &self.tokens, successor, self.now).await?;
        let (detail, address) = (self.becomes.detail(self.grant), Some(self.address.as_str()));
        audit::record_of_grant(tx, REFRESHED, self.grant, address, detail, self.now).await?;
        Ok(Refreshed::Done)
    }
}

/// Ends a family that two hold: a spent token was presented where only a copy can have come from.
#[derive(Debug, Clone)]
pub struct EndCopied {
    /// The grant.
    pub grant: i64,
    /// Where the copy was presented.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

impl Write for EndCopied {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let detail = json!({ "grant": self.grant.to_string() });
        let address = Some(self.address.as_str());
        audit::record_of_grant(tx, "refresh_token.copied", self.grant, address, detail, self.now).await?;
        ends::end(tx, self.grant, EndedWhy::RefreshTokenCopied, self.now).await?;
        Ok(())
    }
}

/// Writes when refresh tokens were first used, by an access token issued with them; the earliest time stays.
#[derive(Debug, Clone)]
pub struct MarkFirstUse {
    /// SHA-256 of each token, and when. Sorted, so that two nodes take their rows in the same order.
    pub uses: Vec<(Hash, Timestamp)>,
}

impl Write for MarkFirstUse {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (hash, at) in &self.uses {
            tx.run(MARK, values![*hash, *at]).await?;
        }
        Ok(())
    }
}
