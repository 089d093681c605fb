//! One script that asks for a token before every call and never stops.

use std::time::Duration;

use crate::bench::load::{Client, quantile};
use crate::bench::report::{Figure, Limit, Report};
use crate::bench::server::{Installation, Running};
use crate::bench::{Outcome, seed};

/// Tokens asked for.
const TOKENS: usize = 100_000;
/// Asked for before anything is measured: enough that old grants make place for new ones.
const WARM: usize = 300;
/// Calls at each end that are compared.
const END: usize = 1000;

/// 10⁵ tokens, one after the other, by a user whose hash has the least cost: bcrypt at DHIS2's cost would
/// take well over an hour, and is not what is asked about here.
pub(super) async fn one_script(
    report: &mut Report,
    installation: &Installation,
    server: &Running,
) -> Outcome<()> {
    let mut client = Client::connect(server.address).await?;
    let mut times: Vec<Duration> = Vec::with_capacity(TOKENS);
    let (mut first, mut last) = (String::new(), String::new());
    for number in 0..WARM + TOKENS {
        let sent = std::time::Instant::now();
        let body = client.ask(super::password_grant(seed::SCRIPT)).await?;
        if number >= WARM {
            times.push(sent.elapsed());
        } else if number == 0 {
            first = super::access_token(&body)?;
        }
        last = super::access_token(&body)?;
    }
    let half_and_99 =
        |times: &[Duration]| (super::ms(quantile(times, 0.5)), super::ms(quantile(times, 0.99)));
    let (half_before, before) = half_and_99(times.get(..END).unwrap_or_default());
    let (half_after, after) = half_and_99(times.get(TOKENS - END..).unwrap_or_default());
    report.add(&Figure {
        what: "One script, 10⁵ tokens: p99 of the last thousand as a multiple of the first thousand's",
        engine: installation.engine_name(),
        values: vec![after / before],
        unit: "×",
        limit: Limit::Most(1.25),
        note: format!(
            "bcrypt cost 4; p50 {half_before:.2} then {half_after:.2} ms, p99 {before:.2} then {after:.2} ms"
        ),
    });
    live_rows(report, installation, &mut client, &first, &last).await
}

/// How many of the script's tokens still live, as the tables say and as calls with them show.
async fn live_rows(
    report: &mut Report,
    installation: &Installation,
    client: &mut Client,
    first: &str,
    last: &str,
) -> Outcome<()> {
    let path = "/api/me/authorities/ALL";
    let answers = [first, last].map(|token| crate::bench::load::get(path, Some(token)));
    let mut statuses = Vec::new();
    for call in answers {
        statuses.push(client.send(call).await?.0.as_u16());
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
