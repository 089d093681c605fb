//! `GET /api/{resource}`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Uri};
use kibali_metadata::Kind;
use kibali_metadata::language::{Fields, ListQuery, Paging};
use kibali_metadata::read::{Pager, Predicate, Shape};
use kibali_model::Principal;
use kibali_store::objects::{Chosen, PIECE, Reading};
use serde_json::Value;

use super::csv::Table;
use super::geojson::Features;
use super::members::Members;
use super::out::{Answer, Out, body};
use super::read::{Ask, list_default, require_kind};
use super::tree::TreeView;
use super::verbs::{Pairs, kind};
use super::weak::{RestsOnAccounts, WeakTag, rests_on_accounts};
use super::{geojson, people, tree};
use crate::identity::Caller;
use crate::speech::{Format, Speech, Spoken};
use crate::{App, Refusal};

/// `GET /api/{resource}`.
pub(super) async fn list(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    Path(resource): Path<String>,
    speech: Speech,
    uri: Uri,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    if resource == geojson::RESOURCE {
        return map(app, caller, pairs, speech, &uri, &headers).await;
    }
    let kind = kind(&app, &resource)?;
    require_kind(&caller, &kind)?;
    let address = app.settings.absolute(&format!("{}/{}{}", root(speech), kind.plural, speech.suffix));
    let form = if speech.format == Format::Csv { Form::Csv } else { Form::Json { address } };
    let list = List { app, caller, kind, part: Part::ByParameters, form, pairs };
    list.answer_tagged(speech, &uri, &headers).await
}

/// `GET /api/organisationUnits.geojson`, whose parameters are its own: never in pages.
async fn map(
    app: App,
    caller: Arc<Principal>,
    pairs: Vec<(String, String)>,
    speech: Speech,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let kind = kind(&app, "organisationUnits")?;
    require_kind(&caller, &kind)?;
    let (part, form) = (Part::Of(geojson::view(&pairs)?), Form::GeoJson(Features::of(&caller, &pairs)?));
    let pairs = vec![("paging".to_owned(), "false".to_owned())];
    List { app, caller, kind, part, form, pairs }.answer_tagged(speech, uri, headers).await
}

/// Which part of a kind is listed.
#[allow(clippy::large_enum_variant)] // one for each request
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
    /// A map.
    GeoJson(Features),
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

impl Form {
    /// What is shown where `fields` does not say.
    fn fields(&self) -> Fields {
        match self {
            Self::GeoJson(features) => features.fields(),
            Self::Csv | Self::Json { .. } => list_default(),
        }
    }
}

impl List {
    /// The answer, with a tag that stands in for a hash of a long one; nothing is read for a caller who has it.
    async fn answer_tagged(
        self,
        speech: Speech,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        match self.weak_tag(speech, uri).await? {
            None => self.answer().await,
            Some(weak) if weak.is_known(headers) => Ok(weak.unchanged()),
            Some(weak) => Ok(weak.on(self.answer().await?)),
        }
    }

    /// The tag that stands in for a hash where the list turns out long; none where it cannot, or where the
    /// answer changes as time goes by.
    async fn weak_tag(&self, speech: Speech, uri: &Uri) -> Result<Option<WeakTag>, Refusal> {
        if self.is_short()? || people::rests_on_time(&self.kind, &self.pairs) {
            return Ok(None);
        }
        let ask = Ask::new(&self.app, &self.caller, &self.pairs).await?;
        let shape = ask.shape(&self.kind, &self.form.fields())?;
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
            Form::Json { .. } | Form::GeoJson(_) => "application/json",
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
        let shape = ask.shape(&kind, &form.fields())?;
        let members = Members::of(&app, &caller, &kind, &pairs).await?;
        let view = match part {
            Part::Of(view) => view,
            Part::ByParameters => {
                let view = tree::of_list(&kind, &caller, &pairs)?;
                let people = people::of_list(&app, &kind, &caller, &pairs).await?;
                TreeView { predicate: Predicate::All(vec![view.predicate, people]), order: view.order }
            }
        };
        let table = match form {
            Form::Csv if members.is_some() => return Err(Refusal::NotServed("member counts in a table")),
            Form::Csv => Some(Table::new(&shape, &pairs)?),
            Form::GeoJson(_) | Form::Json { .. } => None,
        };
        let listing = ask.listing(&kind, shape.clone(), view.predicate, view.order)?;
        let mut reading = ask.reading().await?;
        let chosen = reading.choose(listing).await?;
        match (table, form) {
            (Some(table), _) => {
                table.head(out.buffer())?;
                let row = |object: &Value, _, buffer: &mut Vec<u8>| table.row(object, buffer);
                each(&ask, &mut reading, &shape, (&chosen, None), out, row).await
            }
            (None, Form::Csv) => Ok(()),
            (None, Form::GeoJson(features)) => {
                out.buffer().extend(br#"{"type":"FeatureCollection","features":["#);
                let row = |object: &Value, _, buffer: &mut Vec<u8>| features.row(object, buffer);
                each(&ask, &mut reading, &shape, (&chosen, None), out, row).await?;
                out.buffer().extend(b"]}");
                Ok(())
            }
            (None, Form::Json { address }) => {
                out.buffer().push(b'{');
                if let Paging::Page { page, size } = ask.query.paging {
                    let pager = Pager::new(page, size, chosen.total).to_json(&address, &pairs);
                    out.buffer().extend(format!("\"pager\":{pager},").into_bytes());
                }
                out.buffer().extend(format!("\"{}\":[", kind.plural).into_bytes());
                each(&ask, &mut reading, &shape, (&chosen, members.as_ref()), out, json_row).await?;
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

/// Writes each object that was chosen, piece by piece; where members were counted, with their number.
pub(super) async fn each(
    ask: &Ask<'_>,
    reading: &mut Reading<'_>,
    shape: &Shape<'_>,
    (chosen, members): (&Chosen, Option<&Members>),
    out: &mut Out,
    row: impl Fn(&Value, usize, &mut Vec<u8>) -> Result<(), Refusal> + Send,
) -> Result<(), Refusal> {
    reading.measure(shape, chosen).await?;
    let mut place = 0;
    for piece in chosen.pieces() {
        let level = reading.load_piece(shape, piece).await?;
        let shown = ask.project(reading, shape, &level).await?;
        for (mut object, record) in shown.into_iter().zip(&level.records) {
            if let Some(members) = members {
                members.tell(&record.uid, &mut object);
            }
            row(&object, place, out.buffer())?;
            place += 1;
        }
        out.hand_over().await?;
    }
    Ok(())
}

/// `/api`, with the version where the caller named one.
pub(crate) fn root(speech: Speech) -> String {
    if speech.versioned { format!("/api/{}", speech.version.number()) } else { "/api".to_owned() }
}
