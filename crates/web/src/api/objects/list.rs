//! `GET /api/{resource}`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Uri};
use kibali_metadata::Kind;
use kibali_metadata::language::{ListQuery, Paging};
use kibali_metadata::read::{Pager, Predicate, Shape};
use kibali_model::Principal;
use kibali_store::objects::{Chosen, PIECE, Reading};
use serde_json::Value;

use super::csv::Table;
use super::out::{Answer, Out, body};
use super::read::{Ask, list_default, require_kind};
use super::tree::TreeView;
use super::verbs::{Pairs, kind};
use super::weak::{RestsOnAccounts, WeakTag, rests_on_accounts};
use super::{people, tree};
use crate::identity::Caller;
use crate::speech::{Format, Speech};
use crate::{App, Refusal};

/// `GET /api/{resource}`.
pub(super) async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(resource): Path<String>,
    speech: Speech,
    uri: Uri,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    if resource.strip_suffix(".geojson").is_some_and(|plural| kind(&app, plural).is_ok()) {
        return Err(Refusal::NotServed("lists as GeoJSON"));
    }
    let kind = kind(&app, &resource)?;
    require_kind(&caller, &kind)?;
    let address = app.settings.absolute(&format!("{}/{}{}", root(speech), kind.plural, speech.suffix));
    let form = if speech.format == Format::Csv { Form::Csv } else { Form::Json { address } };
    let list = List { app, caller, kind, part: Part::ByParameters, form, pairs };
    match list.weak_tag(speech, &uri).await? {
        None => list.answer().await,
        Some(weak) if weak.is_known(&headers) => Ok(weak.unchanged()),
        Some(weak) => Ok(weak.on(list.answer().await?)),
    }
}

/// Which part of a kind is listed.
pub(super) enum Part {
    /// What the parameters leave.
    ByParameters,
    /// A part of the tree.
    Of(TreeView<'static>),
}

/// In which form a list is written.
pub(super) enum Form {
    /// A table.
    Csv,
    /// With a pager whose links lead to this address.
    Json {
        /// Without parameters.
        address: String,
    },
}

/// A list to be answered, with all it takes to write it elsewhere.
pub(super) struct List {
    pub(super) app: App,
    pub(super) caller: Arc<Principal>,
    pub(super) kind: Arc<Kind>,
    pub(super) part: Part,
    pub(super) form: Form,
    pub(super) pairs: Vec<(String, String)>,
}

impl List {
    /// The tag that stands in for a hash where the list turns out long; none where it cannot, or where the
    /// answer changes as time goes by.
    async fn weak_tag(&self, speech: Speech, uri: &Uri) -> Result<Option<WeakTag>, Refusal> {
        if self.is_short()? || people::rests_on_time(&self.kind, &self.pairs) {
            return Ok(None);
        }
        let ask = Ask::new(&self.app, &self.caller, &self.pairs).await?;
        let shape = ask.shape(&self.kind, &list_default())?;
        let accounts = RestsOnAccounts(rests_on_accounts(&ask, &self.kind, &shape));
        WeakTag::of(&ask, speech, uri, accounts).await.map(Some)
    }

    /// Does one piece hold it?
    fn is_short(&self) -> Result<bool, Refusal> {
        Ok(match ListQuery::parse(&self.pairs)?.paging {
            Paging::Off => false,
            Paging::Page { size, .. } => usize::try_from(size).is_ok_and(|size| size <= PIECE),
        })
    }

    /// The answer: from memory when one piece holds it, else streamed.
    pub(super) async fn answer(self) -> Result<Response, Refusal> {
        let media = match self.form {
            Form::Csv => "text/csv;charset=UTF-8",
            Form::Json { .. } => "application/json",
        };
        let body = if self.is_short()? {
            let mut out = Out::memory();
            self.write(&mut out).await?;
            Body::from(out.into_bytes())
        } else {
            let turns = self.app.turns().clone();
            body(&turns, self).await?
        };
        let mut answer = Response::new(body);
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
        Ok(answer)
    }
}

impl Answer for List {
    async fn write(self, out: &mut Out) -> Result<(), Refusal> {
        let Self { app, caller, kind, part, form, pairs } = self;
        let ask = Ask::new(&app, &caller, &pairs).await?;
        let shape = ask.shape(&kind, &list_default())?;
        let view = match part {
            Part::Of(view) => view,
            Part::ByParameters => {
                let view = tree::of_list(&kind, &caller, &pairs)?;
                let people = people::of_list(&app, &kind, &caller, &pairs).await?;
                TreeView { predicate: Predicate::All(vec![view.predicate, people]), order: view.order }
            }
        };
        let table = match form {
            Form::Csv => Some(Table::new(&shape, &pairs)?),
            Form::Json { .. } => None,
        };
        let listing = ask.listing(&kind, shape.clone(), view.predicate, view.order)?;
        let mut reading = ask.reading().await?;
        let chosen = reading.choose(listing).await?;
        match (table, form) {
            (Some(table), _) => {
                table.head(out.buffer())?;
                each(&ask, &mut reading, &shape, &chosen, out, |object, _, buffer| table.row(object, buffer))
                    .await
            }
            (None, Form::Csv) => Ok(()),
            (None, Form::Json { address }) => {
                out.buffer().push(b'{');
                if let Paging::Page { page, size } = ask.query.paging {
                    let pager = Pager::new(page, size, chosen.total).to_json(&address, &pairs);
                    out.buffer().extend(format!("\"pager\":{pager},").into_bytes());
                }
                out.buffer().extend(format!("\"{}\":[", kind.plural).into_bytes());
                each(&ask, &mut reading, &shape, &chosen, out, json_row).await?;
                out.buffer().extend(b"]}");
                Ok(())
            }
        }
    }
}

/// Appends an object of a JSON array.
pub(super) fn json_row(object: &Value, place: usize, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
    if place > 0 {
        buffer.push(b',');
    }
    serde_json::to_writer(buffer, object).map_err(Refusal::internal)
}

/// Writes each object that was chosen, piece by piece.
pub(super) async fn each(
    ask: &Ask<'_>,
    reading: &mut Reading<'_>,
    shape: &Shape<'_>,
    chosen: &Chosen,
    out: &mut Out,
    row: impl Fn(&Value, usize, &mut Vec<u8>) -> Result<(), Refusal> + Send,
) -> Result<(), Refusal> {
    reading.measure(shape, chosen).await?;
    let mut place = 0;
    for piece in chosen.pieces() {
        let level = reading.load_piece(shape, piece).await?;
        for object in ask.project(reading, shape, &level).await? {
            row(&object, place, out.buffer())?;
            place += 1;
        }
        out.hand_over().await?;
    }
    Ok(())
}

/// `/api`, with the version where the caller named one.
pub(super) fn root(speech: Speech) -> String {
    if speech.versioned { format!("/api/{}", speech.version.number()) } else { "/api".to_owned() }
}
