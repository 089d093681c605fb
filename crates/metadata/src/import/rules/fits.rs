//! Values that must fit each other.

use serde_json::Value;

use super::users::tell_stored;
use crate::import::facts::Needs;
use crate::import::plan::{Action, Work};
use crate::import::{Code, Fault};
use crate::kind::Property;

const OPENING: &str = "openingDate";
const CLOSED: &str = "closedDate";
const OPTION_SET: &str = "optionSet";
const VALUE_TYPE: &str = "valueType";
const MULTI_TEXT: &str = "MULTI_TEXT";

/// Nothing closes before it opened.
#[allow(clippy::unnecessary_wraps)] // The signature all rules share.
pub(super) fn dates(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at).filter(|draft| draft.action != Action::Delete) else {
            continue;
        };
        let date = |name| draft.next.doc.get(name).and_then(Value::as_str).map(str::to_owned);
        // Dates in their normal form sort as texts.
        if let (Some(opening), Some(closed)) = (date(OPENING), date(CLOSED))
            && closed < opening
        {
            work.fail(at, Fault::new(Code::E4013, [&closed, &opening]).at(CLOSED));
        }
    }
    Ok(())
}

/// A value and the options it is chosen from have one type.
pub(super) fn option_sets(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at).filter(|draft| draft.action != Action::Delete) else {
            continue;
        };
        let edited = [OPTION_SET, VALUE_TYPE].iter().any(|name| draft.item.edits.contains_key(name));
        let (id, is_new) = (draft.id, draft.is_new());
        let edge = draft.kind().property(OPTION_SET).and_then(Property::edge).map(|(edge, _)| edge);
        let own = draft.next.doc.get(VALUE_TYPE).and_then(Value::as_str).map(str::to_owned);
        let (Some(edge), Some(own), true) = (edge, own, edited || is_new) else { continue };
        let told = draft.faults.iter().any(|fault| fault.property.as_deref() == Some(OPTION_SET));
        if !is_new {
            tell_stored(work, edge, id)?;
        }
        let Some(set) = work.rows.targets(edge, id).first().copied() else {
            if own == MULTI_TEXT && !told {
                work.fail(at, Fault::new(Code::E1116, []).at(OPTION_SET));
            }
            continue;
        };
        let drafted = work.by_id.get(&set).and_then(|at| work.drafts.get(*at));
        let found = match drafted {
            Some(draft) => Some((draft.uid, draft.next.doc.get(VALUE_TYPE).cloned())),
            None => {
                let (head, detail) = (work.ask.heads(set), work.ask.details(set));
                work.ask.settled()?;
                head.and_then(Option::as_ref)
                    .zip(detail.and_then(Option::as_ref))
                    .map(|(head, detail)| (head.uid, detail.doc.get(VALUE_TYPE).cloned()))
            }
        };
        let Some((uid, Some(Value::String(theirs)))) = found else { continue };
        if theirs != own {
            work.fail(at, Fault::new(Code::E1115, [&own, &theirs, uid.as_str()]).at(VALUE_TYPE));
        }
    }
    Ok(())
}
