//! Places for connections: so many at once, and of one network at most half of them, so that no single host keeps out
//! all others. A proxy that is trusted speaks for many and may have all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kibali_web::identity::Network;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All of them.
pub(super) struct Places {
    free: Arc<Semaphore>,
    half: usize,
    trusted: Vec<IpAddr>,
    /// How many a network has, where it has any.
    taken: Mutex<HashMap<Network, usize>>,
}

/// One; given back when it goes.
pub(super) struct Place {
    places: Arc<Places>,
    network: Option<Network>,
    _free: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(most: usize, trusted: &[IpAddr]) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            half: most.div_ceil(2),
            trusted: trusted.to_vec(),
            taken: Mutex::default(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Network, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for whoever comes next.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// A place for this peer; none where its network has half of all.
    pub(super) fn take(self: &Arc<Self>, free: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let network = (!self.trusted.contains(&peer.to_canonical())).then(|| Network::of(peer));
        if let Some(network) = network {
            let mut taken = self.taken();
            let before = taken.get(&network).copied().unwrap_or_default();
            if before >= self.half {
                return None;
            }
            taken.insert(network, before + 1);
        }
        Some(Place { places: Arc::clone(self), network, _free: free })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut taken = self.places.taken();
        match taken.get_mut(&network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    #[test]
    fn a_network_has_half_of_the_places_and_a_trusted_proxy_all() {
        let places = Places::new(5, &["192.0.2.1".parse().unwrap()]);
        let take = |peer: &str| {
            places.take(Arc::clone(&places.free).try_acquire_owned().unwrap(), peer.parse().unwrap())
        };
        let mut held: Vec<Place> = (1..=3).map(|n| take(&format!("2001:db8::{n}")).unwrap()).collect();
        assert!(take("2001:db8::4").is_none());
        assert!(take("2001:db8:0:1::1").is_some(), "another network");
        held.pop();
        assert!(take("2001:db8::4").is_some(), "it was given back");
        held.clear();
        assert!(places.taken().is_empty(), "nobody is remembered");
        let all: Vec<Place> = (0..5).map(|_| take("::ffff:192.0.2.1").unwrap()).collect();
        assert!(places.free.try_acquire().is_err());
        drop(all);
        assert_eq!(places.free.available_permits(), 5);
    }
}
