//! Events as CSV: read and sent a piece at a time, a bounded number of them, and nothing that a spreadsheet
//! would run.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use kibali_store::door::trail::{self, Filter, Shown};

use super::events::filter;
use super::guard::AdministratorForm;
use crate::{App, Refusal};

/// Rows of one file, at most.
const MOST: i64 = 100_000;
/// Rows of one piece.
const PIECE: i64 = 1_000;
/// Questions for one file, at most: each looks at a bounded number of rows.
const QUESTIONS: usize = 500;

const HEAD: [&str; 6] = ["time", "event", "user", "client", "address", "detail"];

/// Where the writing stands.
struct Writing {
    app: App,
    filter: Filter,
    before: i64,
    left: i64,
    questions: usize,
}

/// `POST /administration/events/csv`.
pub(super) async fn write(State(app): State<App>, form: AdministratorForm) -> Result<Response, Refusal> {
    let fields = form.checked()?;
    let text = |name| Some(fields.text(name).trim()).filter(|text| !text.is_empty() && !text.contains('\0'));
    let mut reader = app.store.reader().await?;
    let Ok(filter) = filter(&mut reader, text).await? else { return Err(Refusal::NotFound) };
    let before = trail::beginning(&mut reader, filter.until).await?;
    drop(reader);
    let head = line(HEAD.iter().map(|name| (*name).to_owned()))?;
    let writing = Writing { app, filter, before, left: MOST, questions: QUESTIONS };
    let pieces = stream::unfold(Some((Some(head), writing)), |state| async {
        let (head, writing) = state?;
        match head {
            Some(head) => Some((Ok(Bytes::from(head)), Some((None, writing)))),
            None => match piece(writing).await {
                Ok((bytes, rest)) => Some((Ok(bytes), rest.map(|rest| (None, rest)))),
                // The connection breaks, so that nobody takes a part for the whole.
                Err(refusal) => Some((Err(std::io::Error::other(format!("{refusal:?}"))), None)),
            },
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"events.csv\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// The next piece, and where to go on.
async fn piece(writing: Writing) -> Result<(Bytes, Option<Writing>), Refusal> {
    let limit = PIECE.min(writing.left);
    let mut reader = writing.app.store.reader().await?;
    let part = trail::read(&mut reader, &writing.filter, writing.before, limit).await?;
    drop(reader);
    let mut bytes = Vec::new();
    for event in &part.events {
        bytes.extend(row(event)?);
    }
    let left = writing.left - i64::try_from(part.events.len()).unwrap_or(limit);
    let questions = writing.questions - 1;
    let next = part.next.filter(|_| left > 0 && questions > 0);
    Ok((bytes.into(), next.map(|before| Writing { before, left, questions, ..writing })))
}

fn row(event: &Shown) -> Result<Vec<u8>, Refusal> {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        format!("{}Z", event.at.to_dhis2()),
        event.event.clone(),
        some(&event.username),
        some(&event.client_id),
        some(&event.address),
        event.detail.clone(),
    ];
    line(cells.into_iter().map(defused))
}

fn line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>, Refusal> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(Refusal::internal)?;
    writer.into_inner().map_err(|error| Refusal::internal(error.to_string()))
}

/// A cell that no spreadsheet takes for a formula.
fn defused(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(defused(text.to_owned()), format!("'{text}"));
        }
        for text in ["", "amani", "2001:db8::1", "{\"by\":\"session\"}"] {
            assert_eq!(defused(text.to_owned()), text);
        }
    }
}
