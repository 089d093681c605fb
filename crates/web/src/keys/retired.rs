//! Keys that an operator looks at and retires, and what those signed.

use kibali_crypto::jose::Jws;
use kibali_model::{SigningAlgorithm, Timestamp};
use kibali_oauth::keys::KeyFacts;
use kibali_store::door::retired::{self, RetireKey};

use super::{Signer, nothing_signs};
use crate::Refusal;

/// A key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenKey {
    /// What tokens call it by.
    pub kid: String,
    /// `RS256` …
    pub algorithm: String,
    /// What it is for now.
    pub stands: Stands,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It signs tokens.
    Signs,
    /// It will, from then on.
    Waits(Timestamp),
    /// It checks tokens of before, which have ended by then.
    Checks(Timestamp),
    /// An operator retired it then.
    Retired(Timestamp),
}

/// What became of a key that was to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// There is no key of this name.
    Unknown,
    /// It was retired before.
    Before(Timestamp),
    /// It is retired.
    Done {
        /// The other names of the same key, which are retired with it.
        also: Vec<String>,
        /// What it signed with.
        algorithm: SigningAlgorithm,
        /// The key that signs now.
        signs: String,
    },
}

/// Is this access token a JWT, which a key signed? Others are random letters, without a dot.
pub(crate) fn is_signed(token: &str) -> bool {
    token.contains('.')
}

impl Signer {
    /// Was this access token signed with a key that was retired? Whoever has the key could have made it; nothing here
    /// believes it, although its row stands. Asks nothing of the database while the keys are remembered.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn disowns(&self, token: &str) -> Result<bool, Refusal> {
        if !is_signed(token) {
            return Ok(false);
        }
        let retired = self.load().await?.retired;
        if retired.is_empty() {
            return Ok(false);
        }
        Ok(Jws::read(token).is_ok_and(|jws| jws.kid().is_some_and(|kid| retired.contains_key(kid))))
    }

    /// When the key of this name was retired, if it was.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn retired_at(&self, kid: &str) -> Result<Option<Timestamp>, Refusal> {
        Ok(self.load().await?.retired.get(kid).copied())
    }

    /// Every key, those that were retired last.
    ///
    /// # Errors
    /// The database failed.
    pub async fn seen(&self) -> Result<Vec<SeenKey>, Refusal> {
        let (ring, now) = (self.read().await?, self.clock.now());
        let signing = |key: &KeyFacts| {
            let signs = ring.signs(key.algorithm, self.pinned.as_deref(), now);
            signs.is_some_and(|signs| signs.facts.kid == key.kid)
        };
        let held = ring.facts().into_iter().map(|key| SeenKey {
            stands: if signing(&key) {
                Stands::Signs
            } else if now < key.active_from {
                Stands::Waits(key.active_from)
            } else {
                Stands::Checks(key.needed_until)
            },
            kid: key.kid,
            algorithm: key.algorithm.as_str().to_owned(),
        });
        let retired = retired::all(&mut self.store.reader().await?).await?;
        let retired = retired.into_iter().map(|key| SeenKey {
            stands: Stands::Retired(key.retired),
            kid: key.kid,
            algorithm: key.algorithm,
        });
        Ok(held.chain(retired).collect())
    }

    /// Retires a key that somebody else may have: it signs nothing any more, is shown no longer, and its tokens are
    /// not believed; on every node. Another signs at once.
    ///
    /// # Errors
    /// The database failed, or a key cannot be made.
    pub async fn retire(&self, kid: &str, by: &str) -> Result<Retirement, Refusal> {
        let (ring, now) = (self.read().await?, self.clock.now());
        let Some(key) = ring.held.iter().find(|held| held.facts.kid == kid) else {
            let before = ring.retired.get(kid);
            return Ok(before.map_or(Retirement::Unknown, |at| Retirement::Before(*at)));
        };
        let (algorithm, thumbprint) = (key.facts.algorithm, key.public.thumbprint());
        // A keystore may have brought the same key under several names.
        let same = ring.held.iter().filter(|held| held.public.thumbprint() == thumbprint);
        let kids: Vec<String> = same.map(|held| held.facts.kid.clone()).collect();
        let also = kids.iter().filter(|name| *name != kid).cloned().collect();
        let (by, alg) = (by.to_owned(), algorithm.as_str().to_owned());
        if !self.store.write(RetireKey { kids, algorithm: alg, thumbprint, by, now }).await? {
            let before = self.read().await?.retired.get(kid).copied();
            return Ok(before.map_or(Retirement::Unknown, Retirement::Before));
        }
        let ring = self.ring_with(algorithm).await?;
        let signs = ring.signs(algorithm, self.pinned.as_deref(), now).ok_or_else(nothing_signs)?;
        Ok(Retirement::Done { also, algorithm, signs: signs.facts.kid.clone() })
    }
}
