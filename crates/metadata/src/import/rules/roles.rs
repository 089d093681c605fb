//! Roles: what one may put into them and take out of them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::import::facts::Needs;
use crate::import::plan::{Action, Draft, Work};
use crate::import::{Code, Fault};

/// Nobody grows by editing a role: every authority added must be the caller's own (or `ALL`), and so must
/// every one taken away. Whoever could empty the role of a superuser could then manage that user, set the
/// password, and hold the role when it is filled again. DHIS2 asks only for the right to edit roles; noted
/// in compatibility.md.
#[allow(clippy::unnecessary_wraps)] // The signature all rules share.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    let caller = work.context.caller;
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at).filter(|draft| draft.action != Action::Delete) else {
            continue;
        };
        let stored = draft.detail.map(|detail| names(detail.doc.get("authorities"))).unwrap_or_default();
        let next = names(draft.next.doc.get("authorities"));
        if next.symmetric_difference(&stored).any(|name| !caller.authorities.has(name)) {
            let name = label(draft);
            work.fail(at, Fault::new(Code::E3003, [&caller.username, &name]).at("authorities"));
        }
    }
    Ok(())
}

fn names(value: Option<&Value>) -> BTreeSet<String> {
    value
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

fn label(draft: &Draft<'_>) -> String {
    draft.next.name.clone().unwrap_or_else(|| draft.uid.to_string())
}
