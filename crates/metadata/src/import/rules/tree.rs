//! Organisation units: path and level follow the parent, moves are allowed or not, nobody becomes its own
//! ancestor.

use std::collections::HashMap;

use kibali_model::ObjectId;

use crate::import::changes::TreeMove;
use crate::import::facts::Needs;
use crate::import::plan::{Action, Work};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, End, Property};

const PARENT: &str = "parent";
const MOVE: &str = "F_ORGANISATIONUNIT_MOVE";

/// Derives path and level of every unit whose parent is new.
pub(super) fn apply(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    let Some(edge) =
        concerned.first().and_then(|at| work.drafts.get(*at)).and_then(|draft| parent_edge(draft.kind()))
    else {
        return Ok(());
    };
    let mut placed: HashMap<ObjectId, Option<(String, i64)>> = HashMap::new();
    for at in concerned.iter().copied() {
        let Some(draft) = work.drafts.get(at).filter(|draft| draft.action != Action::Delete) else {
            continue;
        };
        let id = draft.id;
        let touched = draft.is_new() || work.rows.is_whole(edge, id);
        if !touched {
            continue;
        }
        match place(work, edge, id, &mut placed, 0)? {
            Some((path, level)) => settle(work, at, path, level),
            None => {
                let label = work.drafts.get(at).map(|draft| draft.uid.to_string()).unwrap_or_default();
                work.fail(at, Fault::new(Code::E4031, [&label, PARENT]).at(PARENT));
            }
        }
        check_move(work, at, edge)?;
    }
    work.moved.sort_by_key(|moved| moved.old_path.len());
    Ok(())
}

fn parent_edge(kind: &crate::Kind) -> Option<EdgeNumber> {
    match kind.property(PARENT).and_then(Property::edge) {
        Some((edge, End::Source)) => Some(edge),
        _ => None,
    }
}

/// Levels below which nobody goes.
const DEEPEST: i64 = 64;

/// The place of a unit as it will be: from its parent's place, or as stored where its parent stays.
/// `None` where a unit would be above itself.
fn place(
    work: &mut Work<'_>,
    edge: EdgeNumber,
    unit: ObjectId,
    placed: &mut HashMap<ObjectId, Option<(String, i64)>>,
    depth: i64,
) -> Result<Option<(String, i64)>, Box<Needs>> {
    if let Some(known) = placed.get(&unit) {
        return Ok(known.clone());
    }
    if depth > DEEPEST {
        return Ok(None);
    }
    let draft = work.by_id.get(&unit).and_then(|at| work.drafts.get(*at));
    let uid = match draft {
        Some(draft) => draft.uid.to_string(),
        None => {
            let head = work.ask.heads(unit);
            work.ask.settled()?;
            head.and_then(Option::as_ref).map(|head| head.uid.to_string()).unwrap_or_default()
        }
    };
    let is_new = draft.is_some_and(super::super::plan::Draft::is_new);
    let parent = if is_new || work.rows.is_whole(edge, unit) {
        work.rows.targets(edge, unit).first().copied()
    } else {
        // Its own parent stays, but that one may move.
        let stored = work.ask.targets((edge, unit));
        work.ask.settled()?;
        stored.into_iter().flatten().map(|row| row.target).next()
    };
    placed.insert(unit, None);
    let found = match parent {
        None => Some((format!("/{uid}"), 1)),
        Some(parent) => place(work, edge, parent, placed, depth + 1)?
            .map(|(path, level)| (format!("{path}/{uid}"), level + 1)),
    };
    placed.insert(unit, found.clone());
    Ok(found)
}

fn settle(work: &mut Work<'_>, at: usize, path: String, level: i64) {
    let Some(draft) = work.drafts.get(at) else { return };
    match draft.detail.and_then(|detail| detail.tree.as_ref()) {
        None => work.planted.push((draft.id, path, level)),
        Some((old_path, old_level)) if *old_path != path => {
            // The subtree follows; an outer move of the same import may already carry this one.
            let moved = TreeMove { old_path: old_path.clone(), new_path: path, levels: level - old_level };
            work.moved.push(moved);
        }
        Some(_) => {}
    }
}

/// A change of parent asks for the authority, and for both places to be in the caller's hierarchy.
fn check_move(work: &mut Work<'_>, at: usize, edge: EdgeNumber) -> Result<(), Box<Needs>> {
    let caller = work.context.caller;
    let Some(draft) = work.drafts.get(at) else { return Ok(()) };
    if draft.is_new() || caller.is_superuser() || !work.rows.changes_source(edge, draft.id) {
        return Ok(());
    }
    let (id, uid) = (draft.id, draft.uid.to_string());
    if !caller.authorities.has(MOVE) {
        work.fail(at, Fault::new(Code::E1520, []).at(PARENT));
        return Ok(());
    }
    let old = work.ask.targets((edge, id)).into_iter().flatten().map(|row| row.target).next();
    let new = work.rows.targets(edge, id).first().copied();
    for (parent, code) in [(old, Code::E1522), (new, Code::E1523)] {
        let Some(parent) = parent else { continue };
        if !in_hierarchy(work, parent)? {
            let name = match work.ask.heads(parent) {
                Some(Some(head)) => head.uid.to_string(),
                _ => uid.clone(),
            };
            work.fail(at, Fault::new(code, [&name]).at(PARENT));
        }
    }
    Ok(())
}

fn in_hierarchy(work: &Work<'_>, unit: ObjectId) -> Result<bool, Box<Needs>> {
    // A unit that this import makes is where its own creation was allowed.
    if work
        .by_id
        .get(&unit)
        .and_then(|at| work.drafts.get(*at))
        .is_some_and(super::super::plan::Draft::is_new)
    {
        return Ok(true);
    }
    let detail = work.ask.details(unit);
    work.ask.settled()?;
    let path = detail.and_then(Option::as_ref).and_then(|detail| detail.tree.as_ref()).map(|(path, _)| path);
    let capture = &work.context.caller.org_units.capture;
    Ok(path.is_some_and(|path| path.split('/').any(|part| capture.iter().any(|unit| unit.as_str() == part))))
}
