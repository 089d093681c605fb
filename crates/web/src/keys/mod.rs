//! Signing tokens: the keys of the installation, held in memory, made when they are needed.

mod retired;

pub(crate) use retired::is_signed;
pub use retired::{Retirement, SeenKey, Stands};

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kibali_crypto::jose::{Claims, Jwks, Jws, PublicKey, SigningError, SigningKey, parse_object};
use kibali_crypto::{Random, SealKey, Secret};
use kibali_model::{Clock, SigningAlgorithm, Timestamp};
use kibali_oauth::keys::{self, KeyFacts, NextKey};
use kibali_store::Store;
use kibali_store::door::changes::Topic;
use kibali_store::door::keys::{self as stored, DropKey, ImportKey, Imported, InsertKey, KeepKey, StoredKey};
use kibali_store::door::retired::{self as gone, RetiredKey};
use kibali_store::fresh::{Cached, Change, RestsOn};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::{Parts, Refusal};

/// How often is tried what another node overtook.
const TRIES: usize = 5;

/// Signs tokens. Its keys are shared by all nodes, sealed in the database, and outlive every restart.
pub struct Signer {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    seal: SealKey,
    /// The name of the key that the operator brought.
    pinned: Option<String>,
    ring: Cached<(), Ring>,
    /// Held while a key is made, so that one process makes it once.
    making: Mutex<()>,
}

/// The keys of one moment.
#[derive(Clone)]
struct Ring {
    held: Arc<Vec<Held>>,
    /// The names of those that were retired, and when.
    retired: Arc<HashMap<String, Timestamp>>,
}

/// A key in memory. Its private half is unsealed when it signs for the first time.
struct Held {
    facts: KeyFacts,
    public: PublicKey,
    sealed: Vec<u8>,
    signing: OnceLock<SigningKey>,
}

impl RestsOn for Ring {
    fn rests_on(&self, change: &Change) -> bool {
        change.topic == Topic::Key
    }
}

impl Ring {
    fn facts(&self) -> Vec<KeyFacts> {
        self.held.iter().map(|held| held.facts.clone()).collect()
    }

    fn signs(&self, algorithm: SigningAlgorithm, pinned: Option<&str>, now: Timestamp) -> Option<&Held> {
        let kid = &keys::signs(self.held.iter().map(|held| &held.facts), algorithm, pinned, now)?.kid;
        self.held.iter().find(|held| held.facts.kid == *kid)
    }
}

impl Signer {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            store: parts.store.clone(),
            clock: Arc::clone(&parts.clock),
            random: Arc::clone(&parts.random),
            seal: parts.master_key.seal_key(),
            pinned: parts.settings.signing_key.clone(),
            ring: Cached::new(parts.store.feed(), 1),
            making: Mutex::new(()),
        }
    }

    /// A JWT of these claims, under a number (`jti`) that no other has. Its header names the key, and `typ` where there
    /// is one. The key is kept at least until `exp`.
    ///
    /// # Errors
    /// The database failed, or a key cannot be made or unsealed.
    pub async fn sign(
        &self,
        algorithm: SigningAlgorithm,
        typ: Option<&str>,
        mut claims: Claims,
    ) -> Result<Secret<String>, Refusal> {
        let now = self.clock.now();
        let mut number = [0; 16];
        self.random.fill(&mut number);
        claims.insert("jti".to_owned(), URL_SAFE_NO_PAD.encode(number).into());
        let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
        let expires = Timestamp::from_millis(0).plus_seconds(expires);
        let mut ring = self.ring_with(algorithm).await?;
        for _ in 0..TRIES {
            let held = ring.signs(algorithm, self.pinned.as_deref(), now).ok_or_else(nothing_signs)?;
            if let Some(until) = keys::keep(&held.facts, expires) {
                let kid = held.facts.kid.clone();
                if !self.store.write(KeepKey { kid, until, now }).await? {
                    // Another node took it away, so that a newer one signs; the notice is on its way.
                    ring = self.read().await?;
                    continue;
                }
            }
            let mut header = Map::new();
            header.insert("kid".to_owned(), held.facts.kid.as_str().into());
            header.extend(typ.map(|typ| ("typ".to_owned(), typ.into())));
            return self.private(held)?.sign(&header, &claims).map_err(Refusal::internal);
        }
        Err(nothing_signs())
    }

    /// The claims of a token that this installation signed, whatever became of it since; none for any other
    /// text. Says nothing about whether it has ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn own_claims(&self, token: &str) -> Result<Option<Claims>, Refusal> {
        let Ok(jws) = Jws::read(token) else { return Ok(None) };
        let ring = self.load().await?;
        let keys: Jwks = ring.held.iter().map(|held| held.public.clone()).collect();
        Ok(jws.verified_claims(&keys, SigningAlgorithm::EVERY).ok())
    }

    /// The public keys to show: those that sign, will sign, or signed a token that may live. There is one of each
    /// algorithm, whether or not it signed yet: who keeps the answer meets no key that it lacks.
    ///
    /// # Errors
    /// The database failed, or a first key cannot be made.
    pub async fn shown(&self) -> Result<Vec<PublicKey>, Refusal> {
        let mut ring = self.load().await?;
        for algorithm in SigningAlgorithm::EVERY {
            ring = self.ring_with(*algorithm).await?;
        }
        let (facts, now) = (ring.facts(), self.clock.now());
        let is_done = |held: &&Held| keys::is_done(&held.facts, &facts, self.pinned.as_deref(), now);
        let mut shown: Vec<&Held> = ring.held.iter().filter(|held| !is_done(held)).collect();
        // Whoever takes the first key without looking takes one that DHIS2 could show.
        shown.sort_by_key(|held| held.facts.algorithm != SigningAlgorithm::DEFAULT);
        Ok(shown.into_iter().map(|held| held.public.clone()).collect())
    }

    /// Makes what is due and takes away what is of no more use; for the background round.
    ///
    /// # Errors
    /// The database failed, or a key cannot be made.
    pub async fn tend(&self) -> Result<(), Refusal> {
        let ring = self.ring_with(SigningAlgorithm::DEFAULT).await?;
        for algorithm in SigningAlgorithm::EVERY {
            if ring.held.iter().any(|held| held.facts.algorithm == *algorithm) {
                self.make_next(*algorithm).await?;
            }
        }
        let (facts, now) = (ring.facts(), self.clock.now());
        for key in facts.iter().filter(|key| keys::is_done(key, &facts, self.pinned.as_deref(), now)) {
            self.store.write(DropKey { kid: key.kid.clone(), now }).await?;
        }
        Ok(())
    }

    /// Keeps a key that the operator brought, under their name for it; it signs from now on.
    ///
    /// # Errors
    /// The database failed, or the key cannot be sealed.
    pub async fn import(&self, kid: &str, key: &SigningKey) -> Result<Imported, Refusal> {
        let now = self.clock.now();
        let next = NextKey {
            algorithm: key.algorithm(),
            sequence: 0,
            active_from: now,
            needed_until: now.plus_seconds(keys::SIGNS_SECONDS),
        };
        let (key, thumbprint) = (self.sealed(kid, key, next, now)?, key.public().thumbprint());
        let import = ImportKey { key, thumbprint };
        for _ in 0..TRIES {
            match self.store.write(import.clone()).await? {
                Imported::Overtaken => {}
                imported => return Ok(imported),
            }
        }
        Ok(Imported::Overtaken)
    }

    /// The keys, among which one signs with this algorithm.
    async fn ring_with(&self, algorithm: SigningAlgorithm) -> Result<Ring, Refusal> {
        let ring = self.load().await?;
        if ring.signs(algorithm, self.pinned.as_deref(), self.clock.now()).is_some() {
            return Ok(ring);
        }
        self.make_next(algorithm).await?;
        // Past the cache: the key may be another node's, of which no notice has come yet.
        self.read().await
    }

    /// Makes the key of this algorithm that is to be made now, if one is.
    async fn make_next(&self, algorithm: SigningAlgorithm) -> Result<(), Refusal> {
        let _turn = self.making.lock().await;
        let now = self.clock.now();
        let facts = self.read().await?.facts();
        let Some(next) = keys::next(&facts, algorithm, self.pinned.as_deref(), now) else { return Ok(()) };
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm));
        let key = made.await.map_err(Refusal::internal)?.map_err(Refusal::internal)?;
        let stored = self.sealed(&key.public().thumbprint(), &key, next, now)?;
        // False: another node was faster, and its key is read from now on.
        self.store.write(InsertKey(stored)).await?;
        Ok(())
    }

    async fn load(&self) -> Result<Ring, Refusal> {
        self.ring.get_or_load(&(), || self.read()).await
    }

    async fn read(&self) -> Result<Ring, Refusal> {
        let mut reader = self.store.reader().await?;
        let keys = stored::all(&mut reader).await?;
        // Read last: a key that is retired meanwhile is among these.
        let retired = gone::all(&mut reader).await?;
        let retired: HashMap<_, _> =
            retired.into_iter().map(|RetiredKey { kid, retired, .. }| (kid, retired)).collect();
        let keys = keys.into_iter().filter(|key| !retired.contains_key(&key.kid));
        let held: Option<Vec<Held>> = keys.map(held).collect();
        let held = held.ok_or_else(|| Refusal::internal("a signing key is damaged"))?;
        Ok(Ring { held: Arc::new(held), retired: Arc::new(retired) })
    }

    fn sealed(
        &self,
        kid: &str,
        key: &SigningKey,
        next: NextKey,
        now: Timestamp,
    ) -> Result<StoredKey, Refusal> {
        let pkcs8 = key.to_pkcs8().map_err(Refusal::internal)?;
        let sealed = self.seal.seal(&*self.random, &place(kid), pkcs8.expose()).map_err(Refusal::internal)?;
        let public = key.public().clone().named(kid, key.algorithm());
        Ok(StoredKey {
            kid: kid.to_owned(),
            algorithm: key.algorithm().as_str().to_owned(),
            sequence: next.sequence,
            jwk: Value::Object(public.to_jwk()).to_string(),
            sealed,
            created: now,
            active_from: next.active_from,
            needed_until: next.needed_until,
        })
    }

    fn private<'h>(&self, held: &'h Held) -> Result<&'h SigningKey, Refusal> {
        if let Some(key) = held.signing.get() {
            return Ok(key);
        }
        let pkcs8 = self.seal.unseal(&place(&held.facts.kid), &held.sealed).map_err(Refusal::internal)?;
        let key = SigningKey::from_pkcs8(held.facts.algorithm, pkcs8.expose()).map_err(Refusal::internal)?;
        Ok(held.signing.get_or_init(|| key))
    }
}

/// Where the private half is sealed for.
fn place(kid: &str) -> String {
    format!("signing_key:{kid}")
}

fn held(stored: StoredKey) -> Option<Held> {
    let public = PublicKey::from_jwk(&parse_object(stored.jwk.as_bytes())?).ok()?;
    let facts = KeyFacts {
        algorithm: SigningAlgorithm::from_name(&stored.algorithm)?,
        kid: stored.kid,
        sequence: stored.sequence,
        active_from: stored.active_from,
        needed_until: stored.needed_until,
    };
    Some(Held { facts, public, sealed: stored.sealed, signing: OnceLock::new() })
}

fn nothing_signs() -> Refusal {
    Refusal::internal(SigningError::Failed)
}
