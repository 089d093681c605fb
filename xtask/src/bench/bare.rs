//! The peer of a bearer check: axum alone, answering twenty bytes, in a process of its own.

use std::io::Write as _;
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

/// The word that starts it.
pub(super) const COMMAND: &str = "bare-handler";

/// Serves on a port of the system's choice, which it prints first.
pub(super) fn serve() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return ExitCode::FAILURE };
    let served = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        let app = Router::new().route("/ping", get(|| async { "twenty bytes of text" }));
        axum::serve(listener, app).await
    });
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
