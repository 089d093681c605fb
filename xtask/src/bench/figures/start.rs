//! What a start takes, and what an idle server holds.

use std::time::{Duration, Instant};

use kibali_testkit::TempDir;

use crate::bench::Outcome;
use crate::bench::load::{Client, form};
use crate::bench::report::{Figure, Limit, Report};
use crate::bench::seed;
use crate::bench::server::{self, Installation, Running};

/// Starts measured.
const STARTS: usize = 11;
/// How long a server is left alone before its memory is read.
const ALONE: Duration = Duration::from_secs(5);

/// `kibali dev`, from the start of the process until a token is there.
pub(super) async fn dev(report: &mut Report) -> Outcome<()> {
    let (mut walls, mut processors) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let directory = TempDir::new("bench-dev");
        let begun = Instant::now();
        let running = server::dev(directory.path())?;
        let mut client = loop {
            match Client::connect(running.address).await {
                Ok(client) => break client,
                Err(_) if begun.elapsed() < Duration::from_secs(30) => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Err(why) => return Err(why),
            }
        };
        let body = "grant_type=password&username=admin&password=district".to_owned();
        client.ask(form("/uaa/oauth/token", seed::CLIENT, body)).await?;
        walls.push(super::ms(begun.elapsed()));
        processors.push(super::ms(running.processor_time()?));
    }
    let processor = crate::bench::report::spread(&processors).middle;
    report.add(&Figure {
        what: "`kibali dev` to the first token, one bcrypt included",
        engine: "SQLite",
        values: walls,
        unit: " ms",
        limit: Limit::Most(200.0),
        note: format!("{processor:.0} ms of it processor time"),
    });
    Ok(())
}

/// Memory of a server that has answered a readiness check and nothing else.
pub(super) async fn idle(report: &mut Report, installation: &Installation, server: &Running) -> Outcome<()> {
    tokio::time::sleep(ALONE).await;
    let (all, own) = server.memory()?;
    report.add(&Figure {
        what: "Memory when idle",
        engine: installation.engine_name(),
        values: vec![all],
        unit: " MiB",
        limit: Limit::Most(25.0),
        note: format!("resident set; {own:.1} MiB of it is not pages of the binary"),
    });
    Ok(())
}
