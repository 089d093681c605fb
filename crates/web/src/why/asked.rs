//! Asking whichever node refused the call. The question is a row that every node sees; the one that remembers
//! answers with a row. So refusals themselves write nothing, and no port has to be open between nodes.

use kibali_store::StoreError;
use kibali_store::door::questions::{self, AnswerWhy, AskWhy};

use super::{Explanation, explain};
use crate::{App, Refusal};

/// What is known about a refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Why it was refused.
    Known(Box<Explanation>),
    /// The nodes have been asked; the one that knows answers within seconds.
    Asked,
}

/// The characters of a request's number.
fn is_number(request: &str) -> bool {
    request.len() == 16 && request.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Why a call was refused: what this node remembers, or what another has answered, or else every node is asked.
///
/// # Errors
/// [`Refusal::Missing`] for what is no number of a request; the database failed.
pub async fn ask(app: &App, request: &str) -> Result<Answer, Refusal> {
    let request = request.trim().to_ascii_lowercase();
    if !is_number(&request) {
        let text =
            "A request's number has 16 characters, 0 to 9 and a to f; it is the X-Request-Id of its answer";
        return Err(Refusal::bad_request(text));
    }
    if let Some(known) = explain(app, &request).await {
        return Ok(Answer::Known(Box::new(known)));
    }
    let answered = questions::answer(&mut app.store.reader().await?, &request).await?;
    let known = answered.and_then(|text| serde_json::from_str(&text).ok());
    if let Some(known) = known {
        return Ok(Answer::Known(Box::new(known)));
    }
    app.store.write(AskWhy { request, now: app.now() }).await?;
    Ok(Answer::Asked)
}

/// Answers the questions that this node can. Called every second; costs nothing while nothing was refused.
///
/// # Errors
/// The database failed.
pub async fn answer_questions(app: &App) -> Result<(), StoreError> {
    if app.why().fill().remembered == 0 {
        return Ok(());
    }
    let open = questions::open(&mut app.store.reader().await?, app.now()).await?;
    for request in open {
        if let Some(known) = explain(app, &request).await {
            let text =
                serde_json::to_string(&known).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            app.store.write(AnswerWhy { request, text }).await?;
        }
    }
    Ok(())
}
