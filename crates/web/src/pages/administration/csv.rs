//! Events as CSV: read and sent a piece at a time, a bounded number of them, which the last line says, and nothing
//! that a spreadsheet would run.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use kibali_model::Timestamp;
use kibali_store::door::trail::{self, Filter, Shown};

use super::events::filter;
use super::guard::AdministratorForm;
use crate::settings::EventsFile;
use crate::{App, Refusal};

/// Rows of one piece.
const PIECE: i64 = 1_000;

const HEAD: [&str; 6] = ["time", "event", "user", "client", "address", "detail"];

/// Where the writing stands.
struct Writing {
    app: App,
    filter: Filter,
    before: i64,
    /// What the file may still hold.
    left: EventsFile,
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
    let left = app.settings.events_file;
    let writing = Writing { app, filter, before, left };
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
    let EventsFile { events, questions } = writing.left;
    // One more than fits: were there none, the file would be whole.
    let limit = PIECE.min(events.saturating_add(1));
    let mut reader = writing.app.store.reader().await?;
    let part = trail::read(&mut reader, &writing.filter, writing.before, limit).await?;
    drop(reader);
    let mut bytes = Vec::new();
    for event in part.events.iter().take(usize::try_from(events).unwrap_or(0)) {
        bytes.extend(row(event)?);
    }
    let left = EventsFile {
        events: events - i64::try_from(part.events.len()).unwrap_or(limit),
        questions: questions.saturating_sub(1),
    };
    let fits = left.events >= 0 && left.questions > 0;
    match part.next {
        Some(before) if fits => Ok((bytes.into(), Some(Writing { before, left, ..writing }))),
        Some(_) => {
            bytes.extend(cut(&writing.app.settings.events_file, part.back_to)?);
            Ok((bytes.into(), None))
        }
        None => Ok((bytes.into(), None)),
    }
}

/// The last line of a file that does not hold all that was asked for.
fn cut(most: &EventsFile, back_to: Option<Timestamp>) -> Result<Vec<u8>, Refusal> {
    let back_to = back_to.map(|at| at.to_dhis2()).unwrap_or_default();
    let day = back_to.split('T').next().unwrap_or_default();
    let text = format!(
        "Not all: a file holds {} events at most. For older ones, save again until {day}.",
        most.events
    );
    let none = String::new;
    line([none(), "cut off".to_owned(), none(), none(), none(), text].into_iter())
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
