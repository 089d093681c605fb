//! `version`: raised whenever the object changes otherwise.

use serde_json::Value;

use crate::import::facts::Needs;
use crate::import::plan::{Action, Work};

const VERSION: &str = "version";

/// DHIS2 raises the version at every write of some kinds; here a write that changes nothing leaves it, so
/// that importing what was exported changes nothing (rules of the metadata 4).
#[allow(clippy::unnecessary_wraps)] // The signature all rules share.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at) else { continue };
        let (Action::Update, Some(head), Some(detail)) = (draft.action, draft.head, draft.detail) else {
            continue;
        };
        let stored = detail.doc.get(VERSION).and_then(Value::as_i64).unwrap_or(0);
        let (mut old, mut new) = (detail.doc.clone(), draft.next.doc.clone());
        old.shift_remove(VERSION);
        new.shift_remove(VERSION);
        let changed = old != new
            || head.name != draft.next.name
            || head.code != draft.next.code
            || work
                .context
                .registry
                .edges()
                .filter(|edge| edge.source.kind == draft.item.kind.singular)
                .any(|edge| work.rows.changes_source(edge.number, draft.id));
        let version = stored.saturating_add(i64::from(changed));
        if let Some(draft) = work.drafts.get_mut(at) {
            draft.next.doc.insert(VERSION.to_owned(), Value::from(version));
            let kind = draft.item.kind.clone();
            crate::import::plan::sort_document(&kind, &mut draft.next.doc);
        }
    }
    Ok(())
}
