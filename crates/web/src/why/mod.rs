//! Why a call was refused (rules of the door 11): the last refused calls of this node, as values, and what
//! would have allowed each. The caller sees only the number of the request; who administers asks by it.
//!
//! A call that is let in pays nothing but a few reference counts. One that is refused is kept at once with what
//! the request says; what the database knows about its credential is read behind its back, by so few at a time
//! that a flood of refusals is no flood of reads. Where it could not be read then, it is when somebody asks.

mod asked;
mod chain;
mod change;
mod facts;
mod refused;
mod ring;
mod words;

pub use asked::{Answer, answer_questions, ask};
pub use chain::{Explanation, Link, Verdict};
pub(crate) use refused::{SentName, SentRefreshToken, Told, Trace};

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use self::facts::Facts;
use self::refused::Refused;
use self::ring::Ring;
use crate::App;

/// Refused calls that are remembered.
const REMEMBERED: usize = 10_000;
/// Refused calls whose facts are read at a time.
const READING: usize = 2;

/// The refused calls of this node.
pub struct Why {
    ring: Mutex<Ring<Kept>>,
    turns: Arc<Semaphore>,
}

/// One of them, with its facts once they were read.
struct Kept {
    refused: Refused,
    facts: OnceLock<Facts>,
}

/// How much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Refused calls that can be asked about.
    pub remembered: usize,
    /// Older ones that made room for them since the node started.
    pub dropped: u64,
}

impl Default for Why {
    fn default() -> Self {
        Self { ring: Mutex::new(Ring::new(REMEMBERED)), turns: Arc::new(Semaphore::new(READING)) }
    }
}

impl Why {
    // Held for a few instructions, whatever is done.
    fn ring(&self) -> MutexGuard<'_, Ring<Kept>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much is remembered.
    #[must_use]
    pub fn fill(&self) -> Fill {
        let ring = self.ring();
        Fill { remembered: ring.len(), dropped: ring.dropped() }
    }

    fn find(&self, request: &str) -> Option<Arc<Kept>> {
        self.ring().get(request)
    }
}

/// Remembers a refused call, and has its facts read if a turn is free.
fn note(app: &App, refused: Refused) {
    let number = refused.request.clone();
    let asks_nothing = refused.asks_nothing();
    let kept = Arc::new(Kept { refused, facts: OnceLock::new() });
    app.why().ring().push(number, Arc::clone(&kept));
    if asks_nothing {
        return;
    }
    let Ok(turn) = Arc::clone(&app.why().turns).try_acquire_owned() else { return };
    let app = app.clone();
    tokio::spawn(async move {
        // What fails is tried again when somebody asks.
        if let Ok(facts) = facts::read(&app, &kept.refused).await {
            let _ = kept.facts.set(facts);
        }
        drop(turn);
    });
}

/// Why this node refused a request, as long as it remembers.
pub async fn explain(app: &App, request: &str) -> Option<Explanation> {
    let kept = app.why().find(request)?;
    if let Some(facts) = kept.facts.get() {
        return Some(chain::explain(&kept.refused, facts));
    }
    match facts::read(app, &kept.refused).await {
        Ok(facts) => Some(chain::explain(&kept.refused, kept.facts.get_or_init(|| facts))),
        Err(refusal) => {
            tracing::warn!(cause = ?refusal, "the facts of a refused call could not be read");
            Some(chain::explain(&kept.refused, &Facts::default()))
        }
    }
}
