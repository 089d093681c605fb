//! What every handler shares.

use std::ops::Deref;
use std::sync::Arc;

use kibali_crypto::{MacKey, MasterKey, Random};
use kibali_metadata::Registry;
use kibali_model::{Clock, Dialect, ObjectId, Timestamp, Uid};
use kibali_store::Store;
use kibali_store::fresh::Cached;

use crate::Settings;
use crate::api::me::Remembered;
use crate::api::objects::Turns;
use crate::audit::Seen;
use crate::exchange::{ClientKeys, Granted};
use crate::guard::Guard;
use crate::identity::Identity;
use crate::keys::Signer;
use crate::mail::Mailer;
use crate::outbound::Outbound;
use crate::speech::cors::Origins;
use crate::why::Why;

/// The running application: cheap to clone, handed to every handler.
#[derive(Clone)]
pub struct App {
    running: Arc<Running>,
    /// The kinds of the Web API, as one of the two dialects describes them: that of the installation's version,
    /// unless [`App::speaking`] chose.
    pub registry: Arc<Registry>,
}

struct Running {
    parts: Parts,
    identity: Identity,
    signer: Signer,
    mailer: Mailer,
    outbound: Outbound,
    client_keys: ClientKeys,
    granted: Granted,
    remembered: Remembered,
    turns: Turns,
    why: Why,
    guard: Guard,
    seen: Seen,
    origins: Cached<(), Origins>,
}

/// What an application is made of.
pub struct Parts {
    /// Everything kept.
    pub store: Store,
    /// The kinds of the Web API, in both dialects.
    pub registry: Arc<Registry>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// The key of the installation.
    pub master_key: MasterKey,
    /// The operator's choices.
    pub settings: Settings,
}

impl App {
    /// An application of these parts. Made within a runtime, where its mail is delivered.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let identity = Identity::new(&parts);
        let signer = Signer::new(&parts);
        let mailer = Mailer::start(&parts);
        let outbound = Outbound::new(&parts.settings.outbound);
        let granted = Granted::new(parts.store.feed());
        let remembered = Remembered::new(&parts.store);
        let guard = Guard::new(&parts.settings.limits);
        let origins = Cached::new(parts.store.feed(), 1);
        let registry = parts.registry.spoken(parts.settings.as_version.dialect());
        let running = Running {
            parts,
            identity,
            signer,
            mailer,
            outbound,
            client_keys: ClientKeys::default(),
            granted,
            remembered,
            turns: Turns::default(),
            why: Why::default(),
            guard,
            seen: Seen::default(),
            origins,
        };
        Self { running: Arc::new(running), registry }
    }

    /// The same application, in this dialect.
    #[must_use]
    pub fn speaking(&self, dialect: Dialect) -> Self {
        Self { running: Arc::clone(&self.running), registry: self.running.parts.registry.spoken(dialect) }
    }

    /// Answers this process remembers.
    #[must_use]
    pub(crate) fn remembered(&self) -> &Remembered {
        &self.running.remembered
    }

    /// The refused calls of this node.
    #[must_use]
    pub fn why(&self) -> &Why {
        &self.running.why
    }

    /// Counts the requests of this node.
    #[must_use]
    pub(crate) fn guard(&self) -> &Guard {
        &self.running.guard
    }

    /// Where the audit trail ended when this node looked last.
    #[must_use]
    pub(crate) fn seen(&self) -> &Seen {
        &self.running.seen
    }

    /// The pages of other origins that may call.
    #[must_use]
    pub(crate) fn origins(&self) -> &Cached<(), Origins> {
        &self.running.origins
    }

    /// The turns of long answers.
    #[must_use]
    pub(crate) fn turns(&self) -> &Turns {
        &self.running.turns
    }

    /// Sends mail.
    #[must_use]
    pub fn mailer(&self) -> &Mailer {
        &self.running.mailer
    }

    /// Calls hosts that clients named.
    #[must_use]
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.running.outbound
    }

    /// The keys of clients that say where they are.
    #[must_use]
    pub(crate) fn client_keys(&self) -> &ClientKeys {
        &self.running.client_keys
    }

    /// What is remembered of grants.
    #[must_use]
    pub(crate) fn granted(&self) -> &Granted {
        &self.running.granted
    }

    /// Signs tokens.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.running.signer
    }

    /// What this process remembers of callers, and its pool of password hashing.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.running.identity
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.running.parts
    }
}

impl Parts {
    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new identifier.
    #[must_use]
    pub fn new_uid(&self) -> Uid {
        let mut bytes = [0; 11];
        self.random.fill(&mut bytes);
        Uid::from_random(bytes)
    }

    /// The first of a block of row numbers.
    #[must_use]
    pub fn new_object_id(&self) -> ObjectId {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        ObjectId::block(self.now(), u32::from_be_bytes(bytes))
    }
}

/// A key that lives as long as the process.
pub(crate) fn new_key(random: &dyn Random) -> MacKey {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    MacKey::new(&bytes)
}
