//! When devices asked last whether their user has answered (RFC 8628 section 3.5).

use std::sync::{Mutex, PoisonError};

use kibali_crypto::Digest;
use kibali_model::Timestamp;
use quick_cache::unsync::Cache;

/// Devices remembered; one that is pushed out may ask once more often than it should.
const DEVICES: usize = 10_000;

/// Remembered by this process only.
pub(crate) struct DevicePolls(Mutex<Cache<Digest, Timestamp>>);

impl Default for DevicePolls {
    fn default() -> Self {
        Self(Mutex::new(Cache::new(DEVICES)))
    }
}

impl DevicePolls {
    /// When the device with this code asked before; from now on: `now`.
    pub(crate) fn asked(&self, code: Digest, now: Timestamp) -> Option<Timestamp> {
        let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = devices.get(&code).copied();
        devices.insert(code, now);
        before
    }
}
