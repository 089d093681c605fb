//! `/metrics`, in the text form Prometheus reads.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use kibali_web::App;
use kibali_web::identity::ClientAddress;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the buckets, in seconds.
const BUCKETS: [f64; 10] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Everything counted by this process. Cheap to clone.
#[derive(Clone)]
pub(super) struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Room, Histogram>,
    hashes: Gauge<u64, AtomicU64>,
    commits: Gauge<u64, AtomicU64>,
    mails: Family<Mail, Gauge<u64, AtomicU64>>,
    fresh: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    room: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Room {
    room: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Mail {
    result: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("kibali");
        let requests = Family::<Labels, Counter>::default();
        registry.register("requests", "Requests answered, by room and status", requests.clone());
        let seconds = Family::<Room, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("request_seconds", "Time to the head of an answer", seconds.clone());
        let (hashes, commits, fresh) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("password_hashes", "Passwords hashed since start", hashes.clone());
        registry.register("store_commits", "Transactions committed since start", commits.clone());
        let mails = Family::default();
        registry.register("mails", "Messages delivered and given up since start", mails.clone());
        registry.register("caches_trusted", "1 while the log of changes is followed", fresh.clone());
        Self(Arc::new(Inner { registry, requests, seconds, hashes, commits, mails, fresh }))
    }

    /// Counts an answer. The rooms are few, so that nobody can make the list of counters grow.
    pub(super) fn count(&self, room: &'static str, status: StatusCode, took: Duration) {
        self.0.requests.get_or_create(&Labels { room, status: status.as_u16() }).inc();
        self.0.seconds.get_or_create(&Room { room }).observe(took.as_secs_f64());
    }
}

/// `GET /metrics`, for callers on this machine only: what is counted is nobody else's business. A proxy on
/// this machine is told apart by the header it adds.
pub(super) async fn show(
    State((app, metrics)): State<(App, Metrics)>,
    headers: HeaderMap,
    peer: axum::extract::ConnectInfo<std::net::SocketAddr>,
) -> Response {
    let forwarded =
        ["x-forwarded-for", "forwarded", "x-real-ip"].iter().any(|name| headers.contains_key(*name));
    if forwarded || !ClientAddress(peer.0.ip().to_canonical()).0.is_loopback() {
        return (StatusCode::FORBIDDEN, "metrics are shown to this machine only\n").into_response();
    }
    let inner = &metrics.0;
    inner.hashes.set(app.identity().passwords.hashes());
    inner.commits.set(app.store.commits());
    inner.mails.get_or_create(&Mail { result: "sent" }).set(app.mailer().sent());
    inner.mails.get_or_create(&Mail { result: "lost" }).set(app.mailer().lost());
    inner.fresh.set(i64::from(app.store.feed().is_trusted()));
    let mut text = String::new();
    match encode(&mut text, &inner.registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
