//! The tag of an answer that is not hashed, because it is long or tells the time: it moves with everything that
//! may change the answer (rules of the metadata 3).

use axum::body::Body;
use axum::response::Response;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, Uri};
use kibali_metadata::Kind;
use kibali_metadata::kind::Storage;
use kibali_metadata::read::Shape;
use kibali_store::door::accounts;
use kibali_store::door::installation::{self, Fact};

use super::read::Ask;
use crate::Refusal;
use crate::api::finish::{has_tag, short_hash};
use crate::speech::Speech;

/// What an answer may be tagged with instead of a hash of its content.
#[derive(Debug, Clone)]
pub(crate) struct WeakTag {
    /// In quotes, without the `W/`.
    pub(crate) tag: String,
    /// Holds for a short answer too.
    pub(crate) always: bool,
}

impl WeakTag {
    /// The tag of what `ask` is answered now. To be made before the answer is read: then it is too old at worst,
    /// and the next request has another.
    pub(super) async fn of(
        ask: &Ask<'_>,
        speech: Speech,
        uri: &Uri,
        RestsOnAccounts(rests_on_accounts): RestsOnAccounts,
    ) -> Result<Self, Refusal> {
        let mut reader = ask.app.store.reader().await?;
        let state = installation::find(&mut reader, Fact::MetadataState).await?;
        let moved = if rests_on_accounts { Some(accounts::last_moved(&mut reader).await?) } else { None };
        let settings = &ask.app.settings;
        let rests_on = format!(
            "{} {} {} {speech:?} {uri} {:?} {:?} {state:?} {moved:?}",
            env!("CARGO_PKG_VERSION"),
            settings.base_url,
            settings.as_version,
            ask.caller.user,
            ask.locale(),
        );
        Ok(Self { tag: format!("\"{}\"", short_hash(rests_on.as_bytes())), always: false })
    }

    /// Does the caller have what this tag stands for?
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        known.is_some_and(|list| has_tag(list, &self.tag))
    }

    /// The answer to a caller who has it: nothing is read.
    pub(super) fn unchanged(mut self) -> Response {
        self.always = true;
        self.on(Response::new(Body::empty()))
    }

    /// Marks an answer.
    pub(super) fn on(self, mut answer: Response) -> Response {
        answer.extensions_mut().insert(self);
        answer
    }
}

/// Does the answer show, sort or choose by what accounts hold? That also moves when somebody signs in.
pub(super) struct RestsOnAccounts(pub(super) bool);

/// Does a list of these objects rest on accounts? A dotted filter may lead to them.
pub(super) fn rests_on_accounts(ask: &Ask<'_>, kind: &Kind, shape: &Shape<'_>) -> bool {
    let is_person = kind.properties.iter().any(|property| matches!(property.storage, Storage::Account(_)));
    is_person || shape.shows_accounts() || ask.query.filters.iter().any(|filter| filter.path.len() > 1)
}
