//! Finding one token among many, and the memory held meanwhile.

use std::time::Instant;

use crate::bench::load::{self, Until, get};
use crate::bench::populate::{populate, token};
use crate::bench::report::{Figure, Limit, Report, spread};
use crate::bench::server::{Installation, Running};
use crate::bench::{Outcome, seed};

/// Live tokens, first and then.
const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;
/// Calls in one measurement, each with a token that no call before it used.
const CALLS: u64 = 3000;
/// Measurements of each; together they use every token of the few at most once.
const REPEATS: u64 = 3;
/// Connections that call at once while memory is driven up.
const CONNECTIONS: u64 = 64;

/// Both figures, since they need the same million rows.
pub(super) async fn lookup(report: &mut Report, installation: &Installation) -> Outcome<()> {
    populate(installation, 0..FEW).await?;
    let server = installation.serve().await?;
    let few = p99s(&server, FEW).await?;
    server.stop()?;

    let begun = Instant::now();
    populate(installation, FEW..MANY).await?;
    println!("10⁶ tokens on {} in {} s", installation.engine_name(), begun.elapsed().as_secs());
    let server = installation.serve().await?;
    let many = p99s(&server, MANY).await?;
    let few = spread(&few).middle;
    report.add(&Figure {
        what: "Token lookup: p99 among 10⁶ live tokens as a multiple of that among 10⁴",
        engine: installation.engine_name(),
        values: many.iter().map(|many| many / few).collect(),
        unit: "×",
        limit: Limit::Most(2.0),
        note: format!("{few:.2} ms and {:.2} ms; no token twice", spread(&many).middle),
    });
    memory(report, installation, &server).await?;
    server.stop()
}

/// p99 in ms of calls one after the other, each with another token.
async fn p99s(server: &Running, live: u64) -> Outcome<Vec<f64>> {
    let mut p99s = Vec::new();
    // Warm: statements and connections.
    calls(server, live, REPEATS * CALLS, 500).await?;
    for repeat in 0..REPEATS {
        p99s.push(super::ms(calls(server, live, repeat * CALLS, CALLS).await?.quantile(0.99)));
    }
    Ok(p99s)
}

async fn calls(server: &Running, live: u64, from: u64, count: u64) -> Outcome<load::Calls> {
    load::run(server.address, 1, Until::Calls(count), move |number| call(live, from + number)).await
}

/// A call with the token in this place of an order that visits all and jumps about.
fn call(live: u64, place: u64) -> load::Call {
    // A prime, so that places meet different tokens.
    get("/api/me/authorities/ALL", Some(&token(place * 7919 % live)))
}

/// Memory after every connection to the database was busy with tokens all over the table.
async fn memory(report: &mut Report, installation: &Installation, server: &Running) -> Outcome<()> {
    let busy = move |number| call(MANY, REPEATS * CALLS + 500 + number);
    load::run(server.address, CONNECTIONS, Until::Calls(100_000), busy).await?;
    let grants = |_| super::password_grant(seed::CLERK);
    load::run(server.address, 4, Until::Calls(40), grants).await?;
    let (all, own) = server.memory()?;
    report.add(&Figure {
        what: "Memory with 10⁶ live tokens, after 10⁵ of them were used",
        engine: installation.engine_name(),
        values: vec![all],
        unit: " MiB",
        limit: Limit::Most(64.0),
        note: format!("resident set; {own:.1} MiB of it is not pages of the binary"),
    });
    Ok(())
}
