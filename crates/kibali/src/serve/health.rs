//! `/health/live` and `/health/ready`, for whoever starts and stops the process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use http::StatusCode;
use kibali_web::App;
use tokio::sync::Mutex;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// How long it is remembered whether the process is ready: anybody may ask, as often as they like.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Whether the process was ready, and when that was found. Held while it is found anew: who asks meanwhile waits for it.
#[derive(Clone, Default)]
pub(super) struct Readiness(Arc<Mutex<Option<(Instant, Ready)>>>);

type Ready = (StatusCode, &'static str);

/// The database answers, and the log of changes is being followed.
pub(super) async fn ready(State((app, readiness)): State<(App, Readiness)>) -> Ready {
    let mut known = readiness.0.lock().await;
    match *known {
        Some((at, ready)) if at.elapsed() < REMEMBERED => ready,
        _ => {
            let ready = is_ready(&app).await;
            *known = Some((Instant::now(), ready));
            ready
        }
    }
}

async fn is_ready(app: &App) -> Ready {
    let reads = async { kibali_store::door::setup_link::is_needed(&mut app.store.reader().await?).await };
    match reads.await {
        Ok(_) if app.store.feed().is_trusted() => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the log of changes cannot be followed\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use kibali_testkit::both;

    use super::*;

    both! {
        fn whether_it_is_ready_is_asked_once_in_a_while(t) {
            let readiness = Readiness::default();
            let ask = || ready(State((t.app.clone(), readiness.clone())));
            let known: Ready = (StatusCode::IM_A_TEAPOT, "as it was found\n");
            // Found later than any time at which this asks.
            *readiness.0.lock().await = Some((Instant::now() + REMEMBERED * 3600, known));
            assert_eq!(ask().await, known);
            *readiness.0.lock().await = Instant::now().checked_sub(REMEMBERED).map(|at| (at, known));
            let found = ask().await;
            assert_ne!(found, known);
            assert!(readiness.0.lock().await.is_some_and(|(_, remembered)| remembered == found));
        }
    }
}
