//! Which addresses a host has.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Names looked up at once; the system may take its time over each, however soon its asker gives up.
const AT_ONCE: usize = 16;

/// The addresses of a host, some time later.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Looks names up. The system's way, unless a test has names of its own.
pub trait Names: Debug + Send + Sync {
    /// Every address of this host.
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a>;
}

/// As the system does it.
#[derive(Debug, Clone)]
pub(super) struct SystemNames(Arc<Semaphore>);

impl Default for SystemNames {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Names for SystemNames {
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        let (places, host) = (Arc::clone(&self.0), host.to_owned());
        Box::pin(async move {
            let place = places.acquire_owned().await.map_err(io::Error::other)?;
            // Its thread keeps the place for as long as it is busy.
            let looking = tokio::spawn(async move {
                let found = tokio::net::lookup_host((host, 0)).await;
                drop(place);
                found.map(|addresses| addresses.map(|address| address.ip()).collect())
            });
            looking.await.map_err(io::Error::other)?
        })
    }
}
