//! `GET /api/metadata`: what the caller may read, as a payload that can be imported (web-api reference 5.5).

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::Query;
use axum::response::Response;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Uri};
use kibali_metadata::Kind;
use kibali_metadata::language::{FieldItem, Fields, Paging, Preset};
use kibali_metadata::read::Predicate;
use kibali_model::Principal;
use kibali_store::door::installation::{self, Fact};
use kibali_store::objects::exportable_by;
use serde_json::{Value, json};

use super::list::{each, json_row};
use super::out::{Answer, Out, body};
use super::parameter::truth;
use super::read::Ask;
use super::verbs::Pairs;
use super::weak::{RestsOnAccounts, WeakTag, rests_on_accounts};
use crate::identity::Caller;
use crate::speech::{Speech, Spoken};
use crate::{App, Refusal};

/// Opens an export of everything.
const EXPORT: &str = "F_METADATA_EXPORT";
/// Parameters that may be given for one kind, as `dataElements:fields`.
const PER_KIND: [&str; 3] = ["fields", "filter", "order"];
/// Parameters that may be `true` and choose no kind.
const SWITCHES: [&str; 7] =
    ["download", "skipSharing", "skipTranslation", "paging", "translate", "inclusive", "attachment"];

/// `GET /api/metadata`.
pub(super) async fn export(
    Spoken(app): Spoken,
    Caller(caller): Caller,
    speech: Speech,
    uri: Uri,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Refusal> {
    let kinds: Vec<Arc<Kind>> = selected(&app, &caller, &pairs)?.into_iter().cloned().collect();
    let download = truth(&pairs, "download")?;
    let export = Export { app, caller, kinds, pairs };
    let weak = export.weak_tag(speech, &uri).await?;
    if weak.is_known(&headers) {
        return Ok(weak.unchanged());
    }
    let turns = export.app.turns().clone();
    let body = body(&turns, export).await?;
    let mut answer = Response::new(body);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if download {
        let file = HeaderValue::from_static("attachment; filename=\"metadata.json\"");
        answer.headers_mut().insert(CONTENT_DISPOSITION, file);
    }
    Ok(weak.on(answer))
}

/// An export to be written.
struct Export {
    app: App,
    caller: Arc<Principal>,
    kinds: Vec<Arc<Kind>>,
    pairs: Vec<(String, String)>,
}

impl Export {
    /// What is asked of each kind, and what is shown of it.
    async fn asks(&self) -> Result<Vec<(&Arc<Kind>, Ask<'_>, Fields)>, Refusal> {
        let skip_sharing = truth(&self.pairs, "skipSharing")?;
        let mut asks = Vec::new();
        for kind in &self.kinds {
            let mut ask = Ask::new(&self.app, &self.caller, &parameters(kind, &self.pairs)).await?;
            ask.query.paging = Paging::Off;
            let mut fields = ask.query.fields.take().unwrap_or_else(owner);
            if skip_sharing {
                fields.0.push(FieldItem::Exclude(vec!["sharing".to_owned()]));
            }
            asks.push((kind, ask, fields));
        }
        Ok(asks)
    }

    /// Two exports of the same differ by their date: a hash would never match.
    async fn weak_tag(&self, speech: Speech, uri: &Uri) -> Result<WeakTag, Refusal> {
        let asks = self.asks().await?;
        let mut accounts = false;
        for (kind, ask, fields) in &asks {
            accounts |= rests_on_accounts(ask, kind, &ask.shape(kind, fields)?);
        }
        let ask = Ask::new(&self.app, &self.caller, &[]).await?;
        let weak = WeakTag::of(&ask, speech, uri, RestsOnAccounts(accounts)).await?;
        Ok(WeakTag { always: true, ..weak })
    }
}

impl Answer for Export {
    async fn write(self, out: &mut Out) -> Result<(), Refusal> {
        let asks = self.asks().await?;
        let Self { app, caller, .. } = &self;
        // What refuses a kind refuses the export, so every kind is looked through before the first is told.
        let mut lists = Vec::new();
        for (kind, ask, fields) in &asks {
            let shape = ask.shape(kind, fields)?;
            let listing = ask.listing(kind, shape.clone(), Predicate::All(Vec::new()), None)?;
            lists.push((kind, ask, shape, listing));
        }
        let system = system(app).await?;
        out.buffer().extend(format!("{{\"system\":{system}").into_bytes());
        let Some((_, first, _)) = asks.first() else {
            out.buffer().push(b'}');
            return Ok(());
        };
        let mut reading = first.reading_through(exportable_by(caller)).await?;
        let mut chosen = Vec::new();
        for (kind, ask, shape, listing) in lists {
            reading.begin_list();
            let list = reading.choose(listing).await?;
            reading.measure(&shape, &list).await?;
            chosen.push((kind, ask, shape, list));
        }
        for (kind, ask, shape, list) in chosen.iter().filter(|(_, _, _, list)| !list.is_empty()) {
            out.buffer().extend(format!(",\"{}\":[", kind.plural).into_bytes());
            reading.begin_list();
            each(ask, &mut reading, shape, (list, None), out, json_row).await?;
            out.buffer().push(b']');
        }
        out.buffer().push(b'}');
        Ok(())
    }
}

/// The kinds that are named, or all; in the order of an import. What the caller may not export is a
/// conflict, as DHIS2 has it, and not a refusal of access.
fn selected<'a>(
    app: &'a App,
    caller: &Principal,
    pairs: &[(String, String)],
) -> Result<Vec<&'a Arc<Kind>>, Refusal> {
    let named: BTreeSet<&str> = pairs
        .iter()
        .filter_map(|(name, value)| match name.split_once(':') {
            Some((plural, parameter)) => PER_KIND.contains(&parameter).then_some(plural),
            None => (value.eq_ignore_ascii_case("true") && !SWITCHES.contains(&name.as_str()))
                .then_some(name.as_str()),
        })
        .collect();
    let kinds = || app.registry.kinds();
    let chosen: Vec<&Arc<Kind>> = kinds().filter(|kind| named.contains(kind.plural)).collect();
    // Who names only kinds that Kibali has not asks for less than everything.
    if named.is_empty() {
        return match caller.authorities.has(EXPORT) {
            true => Ok(kinds().filter(|kind| exportable_by(caller).may_read_kind(kind)).collect()),
            false => {
                Err(Refusal::conflict("Unfiltered access to metadata export requires F_METADATA_EXPORT"))
            }
        };
    }
    let closed = chosen.iter().find(|kind| !exportable_by(caller).may_read_kind(kind));
    match closed {
        Some(kind) => {
            let needed = kind.authorities.read.join(" or ");
            Err(Refusal::conflict(format!("Exporting {} requires {needed} or {EXPORT}", kind.plural)))
        }
        None => Ok(chosen),
    }
}

/// The parameters that hold for one kind: its own before those for all.
fn parameters(kind: &Kind, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let own: Vec<(String, String)> = pairs
        .iter()
        .filter_map(|(name, value)| {
            let (plural, parameter) = name.split_once(':')?;
            (plural == kind.plural).then(|| (parameter.to_owned(), value.clone()))
        })
        .collect();
    let for_all = pairs.iter().filter(|(name, _)| {
        let read =
            PER_KIND.contains(&name.as_str()) || ["defaults", "translate", "locale"].contains(&name.as_str());
        read && !own.iter().any(|(parameter, _)| parameter == name)
    });
    for_all.cloned().chain(own.clone()).collect()
}

async fn system(app: &App) -> Result<Value, Refusal> {
    let mut reader = app.store.reader().await?;
    let id = installation::find(&mut reader, Fact::SystemId).await?;
    let mut system = json!({
        "rev": env!("CARGO_PKG_VERSION"),
        "version": app.settings.as_version.to_string(),
        "date": app.now().to_dhis2(),
    });
    if let (Some(id), Some(system)) = (id, system.as_object_mut()) {
        system.shift_insert(0, "id".to_owned(), Value::String(id));
    }
    Ok(system)
}

fn owner() -> Fields {
    Fields(vec![FieldItem::Preset(Preset::Owner)])
}
