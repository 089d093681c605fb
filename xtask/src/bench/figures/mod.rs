//! The figures, in the order they are taken: what fills a database comes last.

mod bearer;
mod cost;
mod lookup;
mod modern;
mod password;
mod script;
mod start;

use std::time::Duration;

use kibali_store::Engine;

use super::load::{Client, form};
use super::report::Report;
use super::server::{Installation, Running};
use super::{Outcome, seed};

/// Names by which figures are chosen.
const STARTED: [&str; 6] = ["idle", "bearer", "me", "password", "modern", "script"];
const POPULATED: [&str; 2] = ["lookup", "memory"];

/// Takes every figure that is asked for.
pub(super) fn take_all(report: &mut Report) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        if report.wants("dev") {
            start::dev(report).await?;
        }
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let (started, populated) = (any(report, &STARTED), any(report, &POPULATED));
            if !report.wants_on(engine) || (!started && !populated) {
                continue;
            }
            let installation = Installation::make(engine)?;
            seed::fill(&installation).await?;
            if started {
                on_a_small_database(report, &installation).await?;
            }
            if populated {
                lookup::lookup(report, &installation).await?;
            }
        }
        Ok(())
    })
}

fn any(report: &Report, names: &[&str]) -> bool {
    names.iter().any(|name| report.wants(name))
}

async fn on_a_small_database(report: &mut Report, installation: &Installation) -> Outcome<()> {
    let server = installation.serve().await?;
    if report.wants("idle") {
        start::idle(report, installation, &server).await?;
    }
    if report.wants("bearer") {
        bearer::check(report, installation, &server).await?;
    }
    if report.wants("me") {
        bearer::me(report, installation, &server).await?;
    }
    if report.wants("password") {
        password::grants(report, installation, &server).await?;
    }
    if report.wants("modern") {
        modern::beside_the_peer(report, installation, &server).await?;
    }
    if report.wants("script") {
        script::one_script(report, installation, &server).await?;
    }
    server.stop()
}

/// A token by the password grant.
async fn a_token(server: &Running, user: &str) -> Outcome<String> {
    let mut client = Client::connect(server.address).await?;
    let body = client.ask(password_grant(user)).await?;
    access_token(&body)
}

fn access_token(body: &[u8]) -> Outcome<String> {
    member(body, "access_token")
}

/// A text in an answer of JSON.
fn member(body: &[u8], name: &str) -> Outcome<String> {
    let body: serde_json::Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let text = body.get(name).and_then(serde_json::Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("an answer without {name}"))
}

fn password_grant(user: &str) -> super::load::Call {
    let body = format!("grant_type=password&username={user}&password={}", seed::PASSWORD);
    form("/uaa/oauth/token", seed::CLIENT, body)
}

/// Milliseconds.
fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
