//! One script that asks for a token before every call and never stops.

use std::time::Duration;

use crate::bench::load::{Client, quantile};
use crate::bench::report::{Figure, Limit, Report};
use crate::bench::server::{Installation, Running};
use crate::bench::{Outcome, seed};

/// Tokens asked for.
const TOKENS: usize = 100_000;
/// Asked for before anything is measured.
const WARM: usize = 300;
/// Calls of each that are compared.
const COMPARED: usize = 1000;
/// So many of one, then so many of the other: whatever else the machine does, it does to both.
const IN_TURN: usize = 50;

/// 10⁵ tokens, one after the other, by a user whose hash has the least cost: bcrypt at DHIS2's cost would
/// take well over an hour, and is not what is asked about here. What the next cost is held against an installation that
/// gave a few, asked in turn: minutes lie between the first and the last, and the machine is not the same.
pub(super) async fn one_script(
    report: &mut Report,
    installation: &Installation,
    server: &Running,
) -> Outcome<()> {
    let mut script = Script::begin(server).await?;
    script.ask(TOKENS).await?;
    let fresh = Installation::make(installation.engine)?;
    seed::fill(&fresh).await?;
    let beside = fresh.serve().await?;
    let mut new = Script::begin(&beside).await?;
    let (mut aged_times, mut new_times) = (Vec::new(), Vec::new());
    for _ in 0..COMPARED / IN_TURN {
        new_times.extend(new.ask(IN_TURN).await?);
        aged_times.extend(script.ask(IN_TURN).await?);
    }
    beside.stop()?;
    let half_and_99 =
        |times: &[Duration]| (super::ms(quantile(times, 0.5)), super::ms(quantile(times, 0.99)));
    let ((half_new, new), (half_aged, aged)) = (half_and_99(&new_times), half_and_99(&aged_times));
    report.add(&Figure {
        what: "One script, 10⁵ tokens: p99 of the next thousand as a multiple of a fresh installation's, asked in turn",
        engine: installation.engine_name(),
        values: vec![aged / new],
        unit: "×",
        limit: Limit::Most(1.25),
        note: format!(
            "bcrypt cost 4; fresh p50 {half_new:.2}, p99 {new:.2} ms; then p50 {half_aged:.2}, p99 {aged:.2} ms"
        ),
    });
    live_rows(report, installation, script).await
}

/// What asks.
struct Script {
    client: Client,
    /// The first token, and the newest.
    first: String,
    last: String,
}

impl Script {
    /// Begins, and asks for enough tokens that old ones make place for new ones.
    async fn begin(server: &Running) -> Outcome<Self> {
        let client = Client::connect(server.address).await?;
        let mut script = Self { client, first: String::new(), last: String::new() };
        script.ask(1).await?;
        script.first.clone_from(&script.last);
        script.ask(WARM).await?;
        Ok(script)
    }

    /// Asks for so many tokens, and says how long each took.
    async fn ask(&mut self, tokens: usize) -> Outcome<Vec<Duration>> {
        let mut times = Vec::with_capacity(tokens);
        for _ in 0..tokens {
            let sent = std::time::Instant::now();
            let body = self.client.ask(super::password_grant(seed::SCRIPT)).await?;
            times.push(sent.elapsed());
            self.last = super::access_token(&body)?;
        }
        Ok(times)
    }
}

/// How many of the script's tokens still live, as the tables say and as calls with them show.
async fn live_rows(report: &mut Report, installation: &Installation, mut script: Script) -> Outcome<()> {
    let path = "/api/me/authorities/ALL";
    let answers = [&script.first, &script.last].map(|token| crate::bench::load::get(path, Some(token)));
    let mut statuses = Vec::new();
    for call in answers {
        statuses.push(script.client.send(call).await?.0.as_u16());
    }
    if statuses != [401, 200] {
        return Err(format!("the first and the last token should answer 401 and 200, not {statuses:?}"));
    }
    let app = seed::open(installation, 4).await?;
    let failed = |error: kibali_store::StoreError| error.to_string();
    let mut reader = app.store.reader().await.map_err(failed)?;
    let mut counts = Vec::new();
    for table in ["access_token", "refresh_token"] {
        let sql = format!(
            "select count(*) from {table} t join oauth_grant g on g.id = t.grant_id
             join account a on a.object = g.user_object where a.username = '{}'",
            seed::SCRIPT
        );
        let rows = reader.rows_composed(&sql, Vec::new()).await.map_err(failed)?;
        counts.push(rows.first().map_or(Ok(0), |row| row.int(0)).map_err(failed)?);
    }
    drop(reader);
    app.store.close().await;
    #[allow(clippy::cast_precision_loss)]
    let most = counts.iter().copied().max().unwrap_or_default() as f64;
    report.add(&Figure {
        what: "One script, 10⁵ tokens: live rows",
        engine: installation.engine_name(),
        values: vec![most],
        unit: "",
        limit: Limit::Most(100.0),
        note: format!("access and refresh tokens: {counts:?}"),
    });
    Ok(())
}
