//! The signals that stop a server.

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Ends when the process is told to stop: SIGTERM or SIGINT.
pub(super) fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::Said(format!("cannot hear signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests under way are finished");
    })
}
