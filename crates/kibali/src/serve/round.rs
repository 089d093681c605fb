//! What is done from time to time: writing down what was gathered, taking away what has
//! expired, keeping the signing keys.

use std::time::Duration;

use kibali_store::door::purge;
use kibali_web::audit::{self, Head};
use kibali_web::{App, identity, logout, why};
use tokio::task::JoinSet;

/// Time between two rounds.
const PAUSE: Duration = Duration::from_secs(30);
/// Time between two of the short ones.
const SECOND: Duration = Duration::from_secs(1);
/// Seconds between two heads of the audit trail in the log, where it moved.
const TELL_HEAD_SECONDS: u64 = 60;

/// Makes rounds until it is dropped. Taking away may last; what was gathered is written in time all the same,
/// since the first use of a refresh token is among it.
pub(super) struct Rounds(JoinSet<()>);

impl Rounds {
    pub(super) fn begin(app: &App) -> Self {
        let mut rounds = JoinSet::new();
        let (one, two, three, four) = (app.clone(), app.clone(), app.clone(), app.clone());
        rounds.spawn(async move { write_down(&one).await });
        rounds.spawn(async move { tend_and_take_away(&two).await });
        rounds.spawn(async move { every_second(&three).await });
        rounds.spawn(async move { tell_of_logouts(&four).await });
        Self(rounds)
    }

    /// One that does nothing, and this one.
    #[cfg(test)]
    pub(super) fn of(round: impl Future<Output = ()> + Send + 'static) -> Self {
        let mut rounds = JoinSet::new();
        rounds.spawn(std::future::pending());
        rounds.spawn(round);
        Self(rounds)
    }

    /// Ends when one of them does, which none is to: without it events stay unsealed, or tables grow.
    pub(super) async fn ended(&mut self) {
        let how = self.0.join_next().await;
        tracing::error!(?how, "what is done from time to time ended: the server stops");
    }
}

/// What somebody waits for, and what is not to lie open for long.
async fn every_second(app: &App) {
    let mut head = None;
    for second in 1_u64.. {
        tokio::time::sleep(SECOND).await;
        if let Err(error) = why::answer_questions(app).await {
            tracing::warn!(%error, "questions about refused calls were not answered");
        }
        head = seal(app).await.or(head);
        if second.is_multiple_of(TELL_HEAD_SECONDS) {
            tell(head.take());
        }
    }
}

/// Closes what came to the audit trail.
async fn seal(app: &App) -> Option<Head> {
    match audit::seal(app).await {
        Ok(head) => head,
        Err(refusal) => {
            tracing::error!(cause = ?refusal, "the audit trail was not sealed");
            None
        }
    }
}

/// A copy of the log outside is what the trail can be held against later.
fn tell(head: Option<Head>) {
    if let Some(head) = head {
        tracing::info!(%head, "the audit trail is sealed");
    }
}

/// Apart from the rest: whoever is told may take their time.
async fn tell_of_logouts(app: &App) {
    loop {
        tokio::time::sleep(SECOND).await;
        if let Err(error) = logout::tell(app).await {
            tracing::warn!(%error, "applications were not told of logouts");
        }
    }
}

async fn write_down(app: &App) {
    loop {
        tokio::time::sleep(PAUSE).await;
        last(app).await;
    }
}

async fn tend_and_take_away(app: &App) {
    // At once, so that the first token does not wait for its key.
    tend(app).await;
    loop {
        tokio::time::sleep(PAUSE).await;
        tend(app).await;
        let seconds = app.settings.access_token_seconds;
        match purge::run(&app.store, app.now(), seconds).await {
            Ok(0) => {}
            Ok(rows) => tracing::debug!(rows, "expired rows were taken away"),
            Err(error) => tracing::warn!(%error, "expired rows were not taken away"),
        }
        if let Err(error) = audit::cut(app).await {
            tracing::warn!(%error, "old events were not taken away");
        }
    }
}

/// Makes the signing keys that are due, and takes away those of no more use.
async fn tend(app: &App) {
    if let Err(refusal) = app.signer().tend().await {
        tracing::warn!(cause = ?refusal, "the signing keys could not be tended");
    }
}

/// Writes down what was gathered in memory, which must not be lost when the server stops.
async fn last(app: &App) {
    match identity::flush(app).await {
        Ok(identity::Flushed { unnoted: 0, .. }) => {}
        Ok(flushed) => tracing::warn!(unnoted = flushed.unnoted, "too much happened to note all of it"),
        Err(error) => tracing::warn!(%error, "what was gathered was not written"),
    }
}

/// The same, and closes the audit trail behind it. Where it ends then is told, also where nothing came to it: it may have
/// moved since it was told last.
pub(super) async fn end(app: &App) {
    last(app).await;
    seal(app).await;
    tell(audit::newest_seen(app));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_round_that_panics_is_noticed() {
        let mut rounds = Rounds::of(async { assert_eq!(1, 2, "on purpose") });
        assert!(
            tokio::time::timeout(Duration::from_secs(5), rounds.ended()).await.is_ok(),
            "noticed at once"
        );
        assert_eq!(rounds.0.len(), 1);
    }
}
