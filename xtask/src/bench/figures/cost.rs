//! What a call costs the server that answers it.

use std::time::Duration;

use crate::bench::Outcome;
use crate::bench::load::{self, Awake, Call, Until};
use crate::bench::server::Running;

/// Connections that call at once.
const CONNECTIONS: u64 = 32;
/// How long each measurement lasts.
const TIME: Duration = Duration::from_secs(3);
/// How long calls are made before: connections, caches, statements.
const WARM: Duration = Duration::from_millis(300);

/// Processor time of the server for one call, in µs.
pub(super) async fn cost(
    server: &Running,
    call: impl Fn(u64) -> Call + Clone + Send + Sync + 'static,
) -> Outcome<f64> {
    let _awake = Awake::keep();
    load::run(server.address, CONNECTIONS, Until::After(WARM), call.clone()).await?;
    let before = server.processor_time()?;
    let made = load::run(server.address, CONNECTIONS, Until::After(TIME), call).await?.times.len();
    let used = server.processor_time()?.saturating_sub(before);
    #[allow(clippy::cast_precision_loss)]
    Ok(used.as_secs_f64() * 1_000_000.0 / made as f64)
}
