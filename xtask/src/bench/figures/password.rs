//! What the password grant costs beside its hash, and what a flood of them does to other calls.

use std::time::{Duration, Instant};

use kibali_crypto::{SystemRandom, hash_password, verify_password};

use crate::bench::load::{self, Call, Client, Until, get};
use crate::bench::report::{Figure, Limit, Report, spread};
use crate::bench::server::{Installation, Running};
use crate::bench::{Outcome, process, seed};

/// Connections that ask for tokens at once.
const CONNECTIONS: u64 = 4;
/// How long each measurement lasts.
const TIME: Duration = Duration::from_secs(6);
/// Measurements of each.
const REPEATS: usize = 5;
/// Time between two calls of somebody else.
const PAUSE: Duration = Duration::from_millis(3);

/// Both figures, since they come from the same load.
pub(super) async fn grants(
    report: &mut Report,
    installation: &Installation,
    server: &Running,
) -> Outcome<()> {
    // Not the one whose grants flood: of those the oldest end.
    let token = super::a_token(server, seed::SCRIPT).await?;
    let hash = hash_password(&SystemRandom, seed::PASSWORD, 10).map_err(|error| error.to_string())?;
    let (mut shares, mut idle, mut meanwhile) = (Vec::new(), Vec::new(), Vec::new());
    let mut with_others = Vec::new();
    for _ in 0..REPEATS {
        let alone = hashes_alone(&hash)?;
        let before = server.processor_time()?;
        let quiet = others(server, &token).await?;
        let each = seconds_since(server, before)? / count(&quiet);
        idle.push(p99(&quiet));
        let before = server.processor_time()?;
        let flood = load::run(server.address, CONNECTIONS, Until::After(TIME), grant);
        let (flood, others) = tokio::join!(flood, others(server, &token));
        let used = seconds_since(server, before)?;
        let (granted, others) = (count(&flood?.times), others?);
        with_others.push(granted / used / alone * 100.0);
        shares.push(granted / (used - each * count(&others)) / alone * 100.0);
        meanwhile.push(p99(&others));
    }
    report.add(&Figure {
        what: "Password grants per processor second, share of what bcrypt alone would do",
        engine: installation.engine_name(),
        values: shares,
        unit: " %",
        limit: Limit::Least(95.0),
        note: format!(
            "cost 10; less what the other calls cost when idle; {:.1} % with them on the bill",
            spread(&with_others).middle
        ),
    });
    let quiet = spread(&idle).middle;
    report.add(&Figure {
        what: "p99 of other calls meanwhile",
        engine: installation.engine_name(),
        values: meanwhile,
        unit: " ms",
        limit: Limit::Most((3.0 * quiet).max(10.0)),
        note: format!("{quiet:.2} ms when idle"),
    });
    Ok(())
}

fn grant(_: u64) -> Call {
    super::password_grant(seed::CLERK)
}

/// Hashes per second of processor time, in this process, doing nothing else.
fn hashes_alone(hash: &str) -> Outcome<f64> {
    let myself = std::process::id();
    let (before, begun) = (process::processor_time(myself)?, Instant::now());
    let mut hashes = 0.0;
    while begun.elapsed() < TIME / 2 {
        if !verify_password(seed::PASSWORD, hash) {
            return Err("a hash does not fit its password".to_owned());
        }
        hashes += 1.0;
    }
    Ok(hashes / process::processor_time(myself)?.saturating_sub(before).as_secs_f64())
}

/// How long each call took of somebody who calls now and then.
async fn others(server: &Running, token: &str) -> Outcome<Vec<Duration>> {
    let mut client = Client::connect(server.address).await?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < TIME {
        let sent = Instant::now();
        client.ask(get("/api/me/authorities/F_BENCH_AUTHORITY_7", Some(token))).await?;
        times.push(sent.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(times)
}

fn p99(times: &[Duration]) -> f64 {
    super::ms(load::quantile(times, 0.99))
}

#[allow(clippy::cast_precision_loss)]
fn count(times: &[Duration]) -> f64 {
    times.len() as f64
}

/// Processor time of the server since it was `before`, in seconds.
fn seconds_since(server: &Running, before: Duration) -> Outcome<f64> {
    Ok(server.processor_time()?.saturating_sub(before).as_secs_f64())
}
