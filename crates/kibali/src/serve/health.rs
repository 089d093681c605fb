//! `/health/live` and `/health/ready`, for whoever starts and stops the process.

use axum::extract::State;
use http::StatusCode;
use kibali_web::App;

use super::metrics::Metrics;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// The database answers, and the log of changes is being followed.
pub(super) async fn ready(State((app, _)): State<(App, Metrics)>) -> (StatusCode, &'static str) {
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
