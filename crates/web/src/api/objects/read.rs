//! What every read of objects shares: from a request's parameters to JSON.

use kibali_metadata::Kind;
use kibali_metadata::kind::Storage;
use kibali_metadata::language::{FieldItem, Fields, ListQuery, ListQueryError, Preset};
use kibali_metadata::read::{
    Loaded, Predicate, Projector, ReadError, Shape, SortKey, View, resolve_fields, resolve_filters,
    resolve_order,
};
use kibali_model::Principal;
use kibali_store::door::settings;
use kibali_store::objects::{Listing, ReadFailure, Reading, Visibility, visible_to};
use serde_json::Value;

use crate::{App, Refusal};

/// One caller's reads of objects, as the query asks for them.
pub(super) struct Ask<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Principal,
    pub(super) query: ListQuery,
    locale: Option<String>,
}

impl<'a> Ask<'a> {
    /// Reads the parameters of a list or of one object.
    pub(super) async fn new(
        app: &'a App,
        caller: &'a Principal,
        pairs: &[(String, String)],
    ) -> Result<Self, Refusal> {
        let query = ListQuery::parse(pairs)?;
        let locale = match &query.locale {
            _ if query.untranslated => None,
            Some(locale) => Some(locale.clone()),
            None => display_locale(app, caller).await?,
        };
        Ok(Self { app, caller, query, locale })
    }

    /// In which language names are shown, if one was chosen.
    pub(super) fn locale(&self) -> Option<&str> {
        self.locale.as_deref()
    }

    /// Starts reading: all statements see one state.
    pub(super) async fn reading(&self) -> Result<Reading<'_>, Refusal> {
        self.reading_through(visible_to(self.caller)).await
    }

    /// As [`Ask::reading`], through other eyes.
    pub(super) async fn reading_through<'s>(
        &'s self,
        visibility: Visibility<'s>,
    ) -> Result<Reading<'s>, Refusal> {
        Ok(self.app.store.reading(&self.app.registry, visibility, self.locale.as_deref()).await?)
    }

    /// What `fields` shows of objects of a kind; `absent` when the query does not say.
    pub(super) fn shape<'s>(&'s self, kind: &'s Kind, absent: &Fields) -> Result<Shape<'s>, Refusal> {
        let fields = self.query.fields.as_ref().unwrap_or(absent);
        Ok(resolve_fields(&self.app.registry, kind, fields, self.locale.is_some())?)
    }

    /// The list the query asks for, narrowed by a view of the tree.
    pub(super) fn listing<'s>(
        &'s self,
        kind: &'s Kind,
        shape: Shape<'s>,
        narrowed: Predicate<'s>,
        first: Option<SortKey<'s>>,
    ) -> Result<Listing<'s>, Refusal> {
        let mut all = vec![narrowed];
        if let Some(text) = &self.query.query {
            all.push(Predicate::query(kind, text));
        }
        // `query` stands for the filters, except where a kind answers it itself (web-api reference 1.5).
        if self.query.query.is_none() || has_own_query(kind) {
            all.push(resolve_filters(&self.app.registry, kind, &self.query.filters, self.query.junction)?);
        }
        if self.query.exclude_defaults {
            all.push(Predicate::not_default(kind));
        }
        let mut order = resolve_order(&self.app.registry, kind, &self.query.order);
        order.splice(0..0, first);
        Ok(Listing { shape, predicate: Predicate::All(all), order, paging: self.query.paging })
    }

    /// Writes what was loaded; the names of people are looked up first.
    pub(super) async fn project(
        &self,
        reading: &mut Reading<'_>,
        shape: &Shape<'_>,
        level: &Loaded,
    ) -> Result<Vec<Value>, Refusal> {
        let people = reading.people(level.people()).await?;
        let api = self.app.settings.absolute("/api");
        let view = View {
            caller: self.caller,
            api: &api,
            locale: self.locale.as_deref(),
            exclude_defaults: self.query.exclude_defaults,
            old_sharing: self.app.settings.as_version.number() <= 40,
        };
        Ok(Projector::new(view, &people).list(shape, level))
    }
}

/// In which language the caller reads names, if one was chosen (web-api reference 1.12).
async fn display_locale(app: &App, caller: &Principal) -> Result<Option<String>, Refusal> {
    let mut reader = app.store.reader().await?;
    Ok(settings::of_user(&mut reader, caller.user).await?.remove("keyDbLocale"))
}

/// Users and organisation units combine `query` with filters.
fn has_own_query(kind: &Kind) -> bool {
    kind.properties.iter().any(|property| matches!(property.storage, Storage::Account(_) | Storage::Tree(_)))
}

/// The caller's own user object with these fields, without any authority.
///
/// # Errors
/// The limits of [`ReadError`], or the database.
pub async fn own_user(app: &App, caller: &Principal, fields: &Fields) -> Result<Value, Refusal> {
    let ask = Ask::new(app, caller, &[]).await?;
    let kind = app.registry.kind("user").ok_or(Refusal::NotFound)?;
    let shape = resolve_fields(&app.registry, kind, fields, ask.locale.is_some())?;
    let mut reading = ask.reading().await?;
    let level = reading.own(&shape).await?.ok_or(Refusal::NotFound)?;
    ask.project(&mut reading, &shape, &level).await?.pop().ok_or(Refusal::NotFound)
}

/// Refuses a caller who may not read any object of the kind.
pub(super) fn require_kind(caller: &Principal, kind: &Kind) -> Result<(), Refusal> {
    if visible_to(caller).may_read_kind(kind) {
        return Ok(());
    }
    let message = "You don't have the proper permissions to read objects of this type.";
    Err(Refusal::Forbidden { code: None, message: message.to_owned() })
}

/// `*`.
pub(super) fn everything() -> Fields {
    Fields(vec![FieldItem::Preset(Preset::All)])
}

/// `id,displayName`.
pub(super) fn list_default() -> Fields {
    Fields(["id", "displayName"].map(|name| field(name, None)).to_vec())
}

/// One property, with what is shown inside it.
pub(super) fn field(name: &str, inner: Option<Fields>) -> FieldItem {
    FieldItem::Field { name: name.to_owned(), transformers: Vec::new(), inner }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        if error.is_limit() {
            Self::conflict(error.to_string())
        } else {
            Self::bad_request(error.to_string())
        }
    }
}

impl From<ReadFailure> for Refusal {
    fn from(failure: ReadFailure) -> Self {
        match failure {
            ReadFailure::Refused(error) => error.into(),
            ReadFailure::Store(error) => error.into(),
        }
    }
}

impl From<ListQueryError> for Refusal {
    fn from(error: ListQueryError) -> Self {
        Self::bad_request(error.to_string())
    }
}
