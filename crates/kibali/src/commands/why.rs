//! `kibali why`: asks the nodes that run why they refused a call.

use std::time::Duration;

use kibali_web::App;
use kibali_web::why::{self, Answer, Explanation};

use super::{Absent, open};
use crate::cli::Why;
use crate::failure::Failure;
use crate::terminal::{self, Table};

/// Between two looks for an answer.
const PAUSE: Duration = Duration::from_millis(200);
/// Looks; nodes answer every second.
const LOOKS: usize = 25;

/// Asks, and shows the answer.
///
/// # Errors
/// No node remembers the request.
pub(crate) async fn run(asked: &Why) -> Result<(), Failure> {
    let app = open(&asked.settings, Absent::Refuse).await?;
    let done = wait(&app, &asked.id).await;
    app.store.close().await;
    terminal::say(text(&done?));
    Ok(())
}

async fn wait(app: &App, id: &str) -> Result<Explanation, Failure> {
    for _ in 0..LOOKS {
        if let Answer::Known(found) = why::ask(app, id).await? {
            return Ok(*found);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Failure::Said(format!(
        "no running node remembers the request {id}: each keeps its last 10,000 refused calls until it stops"
    )))
}

fn text(found: &Explanation) -> String {
    let mut table = Table::new(["question", "outcome", "found"]);
    for link in &found.chain {
        table.row([&link.step, link.verdict.as_str(), &link.finding]);
    }
    let Explanation { request, at, call, address, status, told, change, .. } = found;
    format!(
        "Request {request}: {call} from {address} at {at}Z\nRefused with {status}: {told}\n\n{}\n\nWhat would allow it: {change}",
        table.text().trim_end()
    )
}
