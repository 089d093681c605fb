//! A database for each test, copied from a template that is migrated and seeded once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use kibali_store::{Engine, Location};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tokio::sync::OnceCell;

use crate::postgres::{CLUSTER_VARIABLE, Cluster, ClusterError, Durability};
use crate::{TempDir, TestRandom, app, seed};

/// A database of its own; the nodes of one test share it.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(Arc<TempDir>),
    Postgres(String),
}

impl Database {
    /// Makes one, seeded. None where PostgreSQL is not installed: the test says that it was skipped.
    pub(crate) async fn create(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(Self::create_sqlite().await),
            Engine::Postgres => Self::create_postgres().await,
        }
    }

    /// Makes one without anything in it, as a new installation finds it.
    pub(crate) async fn create_empty(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(Self::Sqlite(Arc::new(TempDir::new("empty")))),
            Engine::Postgres => Some(Self::create_on(base_url()?, "").await),
        }
    }

    pub(crate) fn location(&self) -> Location {
        match self {
            Self::Sqlite(directory) => Location::sqlite(directory.path().join("kibali.db")),
            Self::Postgres(url) => Location::Postgres(url.clone()),
        }
    }

    async fn create_sqlite() -> Self {
        static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
        let template = TEMPLATE
            .get_or_init(async || {
                let directory = TempDir::new("template");
                let file = directory.path().join("kibali.db");
                fill(&Location::sqlite(&file)).await;
                std::fs::read(&file).expect("the template is readable")
            })
            .await;
        let directory = TempDir::new("test");
        std::fs::write(directory.path().join("kibali.db"), template).expect("the copy is writable");
        Self::Sqlite(Arc::new(directory))
    }

    async fn create_postgres() -> Option<Self> {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let base = base_url()?;
        let template = TEMPLATE
            .get_or_init(async || {
                let name = format!("template_{}", std::process::id());
                administer(base, &format!("create database {name}")).await;
                fill(&Location::Postgres(with_database(base, &name))).await;
                name
            })
            .await;
        // Files are copied in half the time that their pages take through the log (PostgreSQL 15 and newer can say so).
        Some(Self::create_on(base, &format!("template {template} strategy = file_copy")).await)
    }

    async fn create_on(base: &str, options: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        administer(base, &format!("create database {name} {options}")).await;
        Self::Postgres(with_database(base, &name))
    }

    /// Removes it. Nothing happens for SQLite, whose directory goes by itself; what a failed test leaves
    /// on PostgreSQL goes with the cluster.
    pub(crate) async fn remove(&self) {
        if let (Self::Postgres(url), Some(base)) = (self, base_url()) {
            let name = url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a database name");
            administer(base, &format!("drop database {name} with (force)")).await;
        }
    }
}

async fn fill(location: &Location) {
    let app = app::open(
        location,
        &Arc::default(),
        &Arc::new(TestRandom::new(0)),
        app::every_kind(Vec::new()),
        |_, _| {},
    )
    .await;
    seed::everything(&app).await;
    app.store.close().await;
}

async fn administer(base: &str, sql: &str) {
    let options: sqlx::postgres::PgConnectOptions = base.parse().expect("an address of PostgreSQL");
    let mut connection = options.connect().await.expect("the cluster answers");
    connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("the cluster obeys");
    connection.close().await.expect("the connection closes");
}

/// `base` with another database.
fn with_database(base: &str, name: &str) -> String {
    let (address, query) = base.split_once('?').unwrap_or((base, ""));
    let (server, _) = address.rsplit_once('/').expect("an address names a database");
    format!("{server}/{name}?{query}")
}

/// The cluster of this process: the one that is named, or one started for it.
fn base_url() -> Option<&'static str> {
    static BASE: OnceLock<Option<(String, Option<Cluster>)>> = OnceLock::new();
    let base = BASE.get_or_init(|| {
        if let Ok(url) = std::env::var(CLUSTER_VARIABLE) {
            return Some((url, None));
        }
        match Cluster::start(Durability::None) {
            Ok(cluster) => Some((cluster.url(), Some(cluster))),
            Err(ClusterError::NotFound) if std::env::var_os("CI").is_none() => {
                #[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
                {
                    eprintln!("skipped: {}", ClusterError::NotFound);
                }
                None
            }
            Err(error) => panic!("{error}"),
        }
    });
    base.as_ref().map(|(url, _)| url.as_str())
}
