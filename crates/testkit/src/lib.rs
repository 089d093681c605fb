//! The real application on either database, driven in process: requests, a browser, a clock that moves
//! when told, and random bytes that repeat.
//!
//! A dev-dependency only. Tests are written once and run on both engines:
//!
//! ```ignore
//! kibali_testkit::both!(fn nobody_gets_in_without_credentials(t) {
//!     assert_eq!(t.get("/api/me").send().await.status, 401);
//! });
//! ```

// This crate is test code: what cannot happen ends the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // waits for a database to start

mod app;
mod authenticator;
mod browser;
pub mod careless;
mod database;
mod files;
mod forms;
mod known;
mod mail;
pub mod postgres;
mod request;
pub mod seed;
mod site;
pub mod statements;

pub use app::TestApp;
pub use authenticator::Authenticator;
pub use browser::{Browser, Page};
pub use files::TempDir;
pub use forms::Form;
pub use known::{TestClock, TestRandom};
pub use mail::{MailServer, Mood, Received};
pub use request::{Answer, Request};
pub use site::{Asked, Reply, Site, TestNames};

pub use kibali_store::Engine;

/// Runs one test on an engine: a fresh application on a fresh database. Used by [`both!`].
pub async fn run(engine: Engine, test: impl AsyncFnOnce(&TestApp)) {
    let Some(app) = TestApp::start(engine).await else { return };
    test(&app).await;
    app.stop().await;
}

/// Makes two tests of one body, `name::sqlite` and `name::postgres`; the argument is a [`TestApp`].
#[macro_export]
macro_rules! both {
    ($(#[$meta:meta])* fn $name:ident($app:ident) $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[allow(unused_variables)]
            async fn body($app: &$crate::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::run($crate::Engine::Sqlite, body).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::run($crate::Engine::Postgres, body).await;
            }
        }
    };
}
