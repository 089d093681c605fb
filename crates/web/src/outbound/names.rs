//! Which addresses a host has.

use std::collections::HashSet;
use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names looked up at once; the system may take its time over each, however soon its asker gives up. More than there are
/// calls, so that names of which nothing is heard leave room for others.
const AT_ONCE: usize = 64;

/// The addresses of a host, some time later.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Looks names up. The system's way, unless a test has names of its own.
pub trait Names: Debug + Send + Sync {
    /// Every address of this host. [`io::ErrorKind::WouldBlock`] where it was not looked up: too many are, or it is.
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a>;
}

/// As the system does it.
#[derive(Debug, Clone, Default)]
pub(super) struct SystemNames(Arc<Mutex<HashSet<String>>>);

impl SystemNames {
    fn looking(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for this name; none where too many are looked up, or this one is already.
    fn begin(&self, host: &str) -> Option<Looking> {
        let mut looking = self.looking();
        let begins = looking.len() < AT_ONCE && looking.insert(host.to_owned());
        begins.then(|| Looking { names: self.clone(), host: host.to_owned() })
    }
}

/// A name that is being looked up, until this goes.
struct Looking {
    names: SystemNames,
    host: String,
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.names.looking().remove(&self.host);
    }
}

impl Names for SystemNames {
    fn look_up<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            let looking = self.begin(host).ok_or(io::ErrorKind::WouldBlock)?;
            // Its thread keeps the place for as long as it is busy.
            let looking = tokio::spawn(async move {
                let found = tokio::net::lookup_host((looking.host.as_str(), 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            });
            looking.await.map_err(io::Error::other)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_once_at_a_time_and_so_many_are_at_once() {
        let names = SystemNames::default();
        let one = names.begin("one.example.org");
        assert!(one.is_some() && names.begin("one.example.org").is_none());
        assert!(names.begin("two.example.org").is_some_and(|two| two.host == "two.example.org"));
        let more: Vec<_> = (1..AT_ONCE).map(|number| names.begin(&number.to_string())).collect();
        assert!(more.iter().all(Option::is_some) && names.begin("two.example.org").is_none());
        drop((one, more));
        assert!(names.looking().is_empty());
    }
}
