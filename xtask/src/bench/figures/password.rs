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
    for _ in 0..REPEATS {
        let alone = hashes_alone(&hash)?;
        idle.push(super::ms(others(server, &token).await?));
        let before = server.processor_time()?;
        let flood = load::run(server.address, CONNECTIONS, Until::After(TIME), grant);
        let (flood, others) = tokio::join!(flood, others(server, &token));
        let used = server.processor_time()?.saturating_sub(before);
        #[allow(clippy::cast_precision_loss)]
        let granted = flood?.times.len() as f64;
        shares.push(granted / used.as_secs_f64() / alone * 100.0);
        meanwhile.push(super::ms(others?));
    }
    report.add(&Figure {
        what: "Password grants per processor second, share of what bcrypt alone would do",
        engine: installation.engine_name(),
        values: shares,
        unit: " %",
        limit: Limit::Least(95.0),
        note: "cost 10; other calls on the same server's bill".to_owned(),
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

/// p99 of somebody who calls now and then.
async fn others(server: &Running, token: &str) -> Outcome<Duration> {
    let mut client = Client::connect(server.address).await?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < TIME {
        let sent = Instant::now();
        client.ask(get("/api/me/authorities/F_BENCH_AUTHORITY_7", Some(token))).await?;
        times.push(sent.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(load::quantile(&times, 0.99))
}
