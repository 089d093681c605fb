//! One node of the real application.

use std::sync::Arc;

use kibali_crypto::MasterKey;
use kibali_metadata::{Kind, Registry};
use kibali_store::{Engine, Location, Store, StoreOptions};
use kibali_web::guard::Limits;
use kibali_web::{App, Parts, Rooms, Settings};

use crate::database::Database;
use crate::{Browser, Request, TestClock, TestRandom};

/// The running application, without a socket: the real rooms on a real database.
pub struct TestApp {
    /// What handlers see.
    pub app: App,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// Its random bytes.
    pub random: Arc<TestRandom>,
    database: Database,
    rooms: Rooms,
}

impl TestApp {
    /// A node on a fresh, seeded database. None where PostgreSQL is not installed.
    pub async fn start(engine: Engine) -> Option<Self> {
        let database = Database::create(engine).await?;
        Some(Self::node(database, Arc::default(), 1, |_, _| {}).await)
    }

    /// A node on a fresh database without any object: nobody can sign in. None where PostgreSQL is not
    /// installed.
    pub async fn start_empty(engine: Engine) -> Option<Self> {
        let database = Database::create_empty(engine).await?;
        Some(Self::node(database, Arc::default(), 1, |_, _| {}).await)
    }

    /// A second node on the same database, with the same clock. `seed` keeps its random bytes apart from
    /// the others'.
    pub async fn another(&self, seed: u64, choose: impl FnOnce(&mut Settings)) -> Self {
        self.another_with(seed, |settings, _| choose(settings)).await
    }

    /// A second node whose store is chosen too.
    pub async fn another_with(
        &self,
        seed: u64,
        choose: impl FnOnce(&mut Settings, &mut StoreOptions),
    ) -> Self {
        Self::node(self.database.clone(), Arc::clone(&self.clock), seed, choose).await
    }

    async fn node(
        database: Database,
        clock: Arc<TestClock>,
        seed: u64,
        choose: impl FnOnce(&mut Settings, &mut StoreOptions),
    ) -> Self {
        let random = Arc::new(TestRandom::new(seed));
        let app = open(&database.location(), &clock, &random, every_kind(Vec::new()), choose).await;
        let rooms = Rooms::new(app.clone());
        Self { app, clock, random, database, rooms }
    }

    /// A second node that knows these kinds beside DHIS2's.
    pub async fn another_with_kinds(&self, seed: u64, kinds: Vec<Kind>) -> Self {
        let (database, clock) = (self.database.clone(), Arc::clone(&self.clock));
        let random = Arc::new(TestRandom::new(seed));
        let app = open(&database.location(), &clock, &random, every_kind(kinds), |_, _| {}).await;
        let rooms = Rooms::new(app.clone());
        Self { app, clock, random, database, rooms }
    }

    /// Which database stands behind.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.app.store.engine()
    }

    /// Where its data lives.
    #[must_use]
    pub fn location(&self) -> Location {
        self.database.location()
    }

    /// A request; it goes out with [`Request::send`].
    #[must_use]
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.rooms.clone(), method, path)
    }

    /// A GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A POST.
    #[must_use]
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    /// A PUT.
    #[must_use]
    pub fn put(&self, path: &str) -> Request {
        self.request("PUT", path)
    }

    /// A PATCH.
    #[must_use]
    pub fn patch(&self, path: &str) -> Request {
        self.request("PATCH", path)
    }

    /// A DELETE.
    #[must_use]
    pub fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }

    /// A person with a browser, without cookies yet.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.rooms.clone(), &self.app.settings)
    }

    /// Closes the store and removes the database.
    pub async fn stop(self) {
        self.app.store.close().await;
        self.database.remove().await;
    }
}

/// The described kinds and some more.
pub(crate) fn every_kind(more: Vec<Kind>) -> Registry {
    let mut kinds = kibali_metadata::kinds::all();
    kinds.extend(more);
    Registry::new(kinds).expect("the descriptions hold")
}

/// The application's parts, on the database at `location`.
pub(crate) async fn open(
    location: &Location,
    clock: &Arc<TestClock>,
    random: &Arc<TestRandom>,
    registry: Registry,
    choose: impl FnOnce(&mut Settings, &mut StoreOptions),
) -> App {
    let mut settings = Settings::new("http://localhost:8080".parse().expect("an address"));
    settings.bcrypt_cost = 4;
    // A clock that stands still gives no quota back.
    settings.limits = Limits::NONE;
    let mut options = StoreOptions { connections: 4, ..StoreOptions::default() };
    choose(&mut settings, &mut options);
    App::new(Parts {
        store: Store::open(location, options).await.expect("the store opens"),
        registry: Arc::new(registry),
        clock: Arc::<TestClock>::clone(clock),
        random: Arc::<TestRandom>::clone(random),
        master_key: MasterKey::from_bytes(&[7; 32]).expect("32 bytes"),
        settings,
    })
}
