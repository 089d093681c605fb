//! What option combos are called: by their options.

use std::collections::BTreeSet;

use kibali_model::{ObjectId, Uid};

use super::{Edges, OPTION, draft, targets};
use crate::import::facts::Needs;
use crate::import::plan::{Action, Work};

/// The names of options, joined.
pub(super) fn option_names(work: &Work<'_>, options: &[ObjectId]) -> Result<String, Box<Needs>> {
    for option in options {
        if draft(work, *option).is_none() {
            let _ = work.ask.heads(*option);
        }
    }
    work.ask.settled()?;
    let names: Result<Vec<String>, Box<Needs>> =
        options.iter().map(|option| name_of(work, *option)).collect();
    Ok(names?.join(", "))
}

/// The name an object will have.
pub(super) fn name_of(work: &Work<'_>, id: ObjectId) -> Result<String, Box<Needs>> {
    if let Some(draft) = draft(work, id) {
        return Ok(draft.next.name.clone().unwrap_or_else(|| draft.uid.to_string()));
    }
    let head = work.ask.heads(id);
    work.ask.settled()?;
    Ok(head.and_then(Option::as_ref).and_then(|head| head.name.clone()).unwrap_or_default())
}

/// The identifier of an object.
pub(super) fn uid_of(work: &Work<'_>, id: ObjectId) -> Result<Option<Uid>, Box<Needs>> {
    if let Some(draft) = draft(work, id) {
        return Ok(Some(draft.uid));
    }
    let head = work.ask.heads(id);
    work.ask.settled()?;
    Ok(head.and_then(Option::as_ref).map(|head| head.uid))
}

/// Option combos are called by their options, so they follow a renamed one.
pub(super) fn rename(work: &mut Work<'_>, edges: Edges) -> Result<(), Box<Needs>> {
    let renamed: Vec<ObjectId> = work
        .live()
        .filter(|(_, draft)| draft.item.kind.singular == OPTION && draft.action == Action::Update)
        .filter(|(_, draft)| draft.head.is_some_and(|head| head.name != draft.next.name))
        .map(|(_, draft)| draft.id)
        .collect();
    let mut concerned = BTreeSet::new();
    for option in &renamed {
        concerned.extend(
            work.ask.sources((edges.options_of, *option)).into_iter().flatten().map(|row| row.source),
        );
    }
    work.ask.settled()?;
    for id in concerned {
        if work.by_id.contains_key(&id) || work.made.deleted.contains(&id) {
            continue;
        }
        let combo = targets(work, edges.combo_of, id)?;
        let mine = targets(work, edges.options_of, id)?;
        let mut order = Vec::with_capacity(mine.len());
        for combo in combo {
            for category in targets(work, edges.combo_categories, combo)? {
                let options = targets(work, edges.category_options, category)?;
                order.extend(mine.iter().copied().filter(|option| options.contains(option)));
            }
        }
        let name = option_names(work, &order)?;
        work.made.renamed.push((id, name));
    }
    Ok(())
}
