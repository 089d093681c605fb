//! What a call with a bearer token costs.

use super::cost::cost;
use crate::bench::Outcome;
use crate::bench::load::{self, Call, get};
use crate::bench::report::{Figure, Limit, Report, spread};
use crate::bench::seed;
use crate::bench::server::{Installation, Running, bare_handler};

/// Measurements of each.
const REPEATS: usize = 5;

/// A bearer check with a small answer, against axum alone.
pub(super) async fn check(report: &mut Report, installation: &Installation, server: &Running) -> Outcome<()> {
    let token = super::a_token(server, seed::CLERK).await?;
    let bare = bare_handler()?;
    let (mut ratios, mut costs, mut bare_costs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let alone = cost(&bare, repeated("/ping", None)).await?;
        let call = repeated("/api/me/authorities/F_BENCH_AUTHORITY_7", Some(&token));
        let ours = cost(server, call).await?;
        ratios.push(alone / ours);
        costs.push(ours);
        bare_costs.push(alone);
    }
    let (ours, alone) = (spread(&costs).middle, spread(&bare_costs).middle);
    report.add(&Figure {
        what: "Bearer check with a small answer, requests per processor second, share of a bare axum handler's",
        engine: installation.engine_name(),
        values: ratios,
        unit: "",
        limit: Limit::Least(0.5),
        note: format!("{ours:.1} µs against {alone:.1} µs a request"),
    });
    Ok(())
}

/// The whole of `/api/me`.
pub(super) async fn me(report: &mut Report, installation: &Installation, server: &Running) -> Outcome<()> {
    let token = super::a_token(server, seed::CLERK).await?;
    let mut costs = Vec::new();
    for _ in 0..REPEATS {
        costs.push(cost(server, repeated("/api/me", Some(&token))).await?);
    }
    let length = load::Client::connect(server.address).await?.ask(get("/api/me", Some(&token))).await?.len();
    report.add(&Figure {
        what: "Full `/api/me`, processor time",
        engine: installation.engine_name(),
        values: costs,
        unit: " µs",
        limit: Limit::Most(150.0),
        note: format!("{} authorities, 10 data sets, {length} bytes", seed::AUTHORITIES),
    });
    Ok(())
}

fn repeated(path: &str, token: Option<&str>) -> impl Fn(u64) -> Call + Clone + Send + Sync + 'static {
    let (path, token) = (path.to_owned(), token.map(str::to_owned));
    move |_| get(&path, token.as_deref())
}
