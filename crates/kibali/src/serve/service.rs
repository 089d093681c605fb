//! What answers a request: the process itself for health and metrics, else the rooms of the application. Each
//! answer is counted and has its line in the log.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::Request;
use kibali_web::speech::Room;
use kibali_web::{App, Rooms};
use tower::Service as _;

use super::health::Readiness;
use super::metrics::{self, Metrics};
use super::{health, log};

const LIVE: &str = "/health/live";
const READY: &str = "/health/ready";
const METRICS: &str = "/metrics";

/// Everything that answers on the socket. Cheap to clone.
#[derive(Clone)]
pub(super) struct Service(Arc<Inner>);

struct Inner {
    /// What belongs to the process, with the context path before it and without.
    own: Router,
    context: String,
    rooms: Rooms,
    metrics: Metrics,
}

impl Service {
    pub(super) fn new(app: &App) -> Self {
        let metrics = Metrics::new();
        let own = Router::new()
            .route(METRICS, get(metrics::show))
            .with_state((app.clone(), metrics.clone()))
            .route(LIVE, get(health::live))
            .merge(
                Router::new()
                    .route(READY, get(health::ready))
                    .with_state((app.clone(), Readiness::default())),
            );
        let context = app.settings.context_path().to_owned();
        let own = if context.is_empty() { own } else { own.clone().nest(&context, own) };
        Self(Arc::new(Inner { own, context, rooms: Rooms::new(app.clone()), metrics }))
    }

    /// Answers, counts, and writes the line of the log.
    pub(super) async fn answer(self, request: Request<Body>) -> Response {
        let begun = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let answer = match self.0.is_own(uri.path()) {
            true => match self.0.own.clone().call(request).await {
                Ok(answer) => answer,
            },
            false => self.0.rooms.answer(request).await,
        };
        let took = begun.elapsed();
        let room = answer.extensions().get().map_or("process", |room: &Room| room.as_str());
        self.0.metrics.count(room, answer.status(), took);
        log::answered(&method, uri.path(), &answer, took);
        answer
    }
}

impl Inner {
    fn is_own(&self, path: &str) -> bool {
        let is_own = |path: &str| [LIVE, READY, METRICS].contains(&path);
        is_own(path) || path.strip_prefix(&*self.context).is_some_and(is_own)
    }
}
