//! Questions about refused calls, from whoever administers to whichever node remembers the call.

use kibali_model::Timestamp;

use crate::{Reader, Statement, StoreError, Tx, Write, values};

/// How long nodes look at a question.
const OPEN_SECONDS: i64 = 60;
/// Questions a node looks at in one go.
const AT_ONCE: i64 = 100;

const ASK: Statement = Statement::new(
    "why_question.ask",
    "insert into why_question (id, expires) values ($1, $2)
     on conflict (id) do update set expires = excluded.expires",
);
const OPEN: Statement = Statement::new(
    "why_question.open",
    "select id from why_question where expires > $1 and answer is null order by expires limit $2",
);
const ANSWER: Statement = Statement::new(
    "why_question.answer",
    "update why_question set answer = $2 where id = $1 and answer is null",
);
const FIND: Statement = Statement::new("why_question.find", "select answer from why_question where id = $1");

pub(crate) const STATEMENTS: &[Statement] = &[ASK, OPEN, ANSWER, FIND];

/// Asks every node about a refused call.
#[derive(Debug, Clone)]
pub struct AskWhy {
    /// The number of the request.
    pub request: String,
    /// When.
    pub now: Timestamp,
}

impl Write for AskWhy {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(ASK, values![self.request.as_str(), self.now.plus_seconds(OPEN_SECONDS)]).await?;
        Ok(())
    }
}

/// Answers a question.
#[derive(Debug, Clone)]
pub struct AnswerWhy {
    /// The number of the request.
    pub request: String,
    /// The answer, as JSON.
    pub text: String,
}

impl Write for AnswerWhy {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.run(ANSWER, values![self.request.as_str(), self.text.as_str()]).await?;
        Ok(())
    }
}

/// The questions that wait for an answer.
///
/// # Errors
/// The database failed.
pub async fn open(reader: &mut Reader, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let rows = reader.rows(OPEN, values![now, AT_ONCE]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// The answer to a question; none while nobody has given one.
///
/// # Errors
/// The database failed.
pub async fn answer(reader: &mut Reader, request: &str) -> Result<Option<String>, StoreError> {
    match reader.row(FIND, values![request]).await? {
        Some(row) => row.text_opt(0),
        None => Ok(None),
    }
}
