//! The keys of clients that say where they are: fetched by one hand at a time, and remembered.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kibali_crypto::jose::Jwks;
use kibali_model::Timestamp;
use kibali_oauth::client_keys::{Lifetime, may_ask};
use quick_cache::sync::Cache;

use crate::App;
use crate::outbound::OutboundFault;

/// Addresses whose keys are remembered.
const MOST: usize = 500;

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeysFault {
    /// They could not be fetched.
    #[error("{0}")]
    Outbound(OutboundFault),
    /// What was fetched is something else.
    #[error("its answer is no JWK set with a public key that can be used")]
    NoKeys,
}

impl KeysFault {
    /// The same for whoever is responsible for the address.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Outbound(fault) => fault.told(),
            Self::NoKeys => "its answer is no JWK set with a public key that can be used",
        }
    }
}

/// What this process remembers of addresses that hold keys.
pub(crate) struct ClientKeys(Cache<String, Arc<Place>>);

impl Default for ClientKeys {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

/// An address.
#[derive(Default)]
struct Place {
    known: Mutex<Known>,
    /// Held while the keys are fetched: whoever needs them waits for the one who fetches.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<(Arc<Jwks>, Lifetime)>,
    /// When the last attempt began, whatever came of it.
    tried: Option<Timestamp>,
    fault: Option<KeysFault>,
}

impl Known {
    fn fresh(&self, now: Timestamp) -> Option<&Jwks> {
        self.keys.as_ref().filter(|(_, lifetime)| lifetime.is_fresh(now)).map(|(keys, _)| &**keys)
    }

    fn serving(&self, now: Timestamp) -> Option<&Jwks> {
        self.keys.as_ref().filter(|(_, lifetime)| lifetime.serves(now)).map(|(keys, _)| &**keys)
    }
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Known {
        self.lock().clone()
    }
}

/// What `prove` finds with the keys at an address. Where it finds nothing with those that are known, they may have
/// changed: they are fetched once more, unless that was tried just now.
///
/// # Errors
/// There are no keys, neither new ones nor old ones that still serve.
pub(super) async fn with_keys_at<T>(
    app: &App,
    address: &str,
    prove: impl Fn(&Jwks) -> Option<T>,
) -> Result<Option<T>, KeysFault> {
    let place = app.client_keys().0.get_or_insert_with(address, || Ok::<_, Infallible>(Arc::default()));
    let place = match place {
        Ok(place) => place,
        Err(never) => match never {},
    };
    if let Some(found) = place.known().fresh(app.now()).and_then(&prove) {
        return Ok(Some(found));
    }
    fetch(app, &place, address).await;
    let known = place.known();
    match known.serving(app.now()) {
        Some(keys) => Ok(prove(keys)),
        None => Err(known.fault.unwrap_or(KeysFault::Outbound(OutboundFault::Busy))),
    }
}

/// Fetches the keys, unless somebody just did. It goes on when the request that began it is given up: else whoever hangs
/// up in time would keep the keys from coming.
async fn fetch(app: &App, place: &Arc<Place>, address: &str) {
    let turn = Arc::clone(&place.turn).lock_owned().await;
    let now = app.now();
    let tried = place.known().tried;
    if !may_ask(tried, now) {
        return;
    }
    place.lock().tried = Some(now);
    let (app, place, address) = (app.clone(), Arc::clone(place), address.to_owned());
    let fetching = tokio::spawn(async move {
        let fetched = match app.outbound().get(&address).await {
            Ok(answer) => {
                let text = std::str::from_utf8(&answer.body).ok();
                let keys = text.and_then(|text| Jwks::parse(text).ok()).ok_or(KeysFault::NoKeys);
                keys.map(|keys| (Arc::new(keys), Lifetime::begin(answer.cache_control.as_deref(), now)))
            }
            Err(fault) => Err(KeysFault::Outbound(fault)),
        };
        let mut known = place.lock();
        match fetched {
            Ok(keys) => *known = Known { keys: Some(keys), tried: Some(now), fault: None },
            Err(fault) => {
                tracing::warn!(%address, %fault, "the keys of a client were not fetched");
                known.fault = Some(fault);
                // Their host was not asked, and may be at once.
                if fault == KeysFault::Outbound(OutboundFault::Busy) {
                    known.tried = tried;
                }
            }
        }
        drop((known, turn));
    });
    // It ends by itself, soon: a call has a bound.
    let _ = fetching.await;
}
