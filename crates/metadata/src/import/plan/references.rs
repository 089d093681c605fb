//! Which rows of `reference` come and go.

use kibali_model::ObjectId;
use serde_json::Value;

use super::Work;
use crate::import::facts::{Needs, Reference};
use crate::import::item::{Edit, Given, Ident};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, End, Property, Storage};

impl Work<'_> {
    /// Turns the edits of references into rows. The ends that own an edge speak first, so that the other
    /// end, the member itself, has the last word where a payload contradicts itself.
    pub(super) fn decide_references(&mut self) -> Result<(), Box<Needs>> {
        let writing = self.writing();
        // Members that say their place join in that order, whatever the order of the payload.
        let mut by_place = writing.clone();
        by_place
            .sort_by_key(|at| self.drafts.get(*at).and_then(|draft| draft.item.place).unwrap_or(i64::MAX));
        for (end, order) in [(End::Source, &writing), (End::Target, &by_place)] {
            for at in order.iter().copied() {
                self.decide_end(at, end);
            }
            self.ask.settled()?;
        }
        for at in writing.iter().copied() {
            self.decide_embedded(at);
        }
        self.ask.settled()?;
        self.keep_single_parents()?;
        for at in writing {
            self.check_required_edges(at);
        }
        Ok(())
    }

    fn decide_end(&mut self, at: usize, wanted: End) {
        let Some(draft) = self.drafts.get(at) else { return };
        let (item, id, is_new) = (draft.item, draft.id, draft.is_new());
        for property in &item.kind.properties {
            let Some((edge, end)) = property.edge() else { continue };
            if end != wanted {
                continue;
            }
            let cleared = Edit::Clear;
            let edit = match item.edits.get(property.name) {
                Some(edit) => edit,
                None if is_new && property.default.is_some() => &cleared,
                None => continue,
            };
            match (edit, end) {
                (Edit::Members { remove, add }, _) => {
                    self.change_members(at, property, edge, end, remove, add)
                }
                (edit, End::Source) => {
                    let idents = with_default(property, edit);
                    self.set_targets(at, property, edge, &idents);
                }
                (edit, End::Target) => {
                    let idents = with_default(property, edit);
                    self.set_sources(at, property, edge, id, &idents);
                }
            }
        }
    }

    /// The object owns the edge: afterwards it references exactly these.
    fn set_targets(&mut self, at: usize, property: &Property, edge: EdgeNumber, idents: &[Ident]) {
        let Some(draft) = self.drafts.get(at) else { return };
        let (source, is_new) = (draft.id, draft.is_new());
        let mut stored: Vec<Reference> = Vec::new();
        if !is_new {
            let Some(rows) = self.ask.targets((edge, source)) else { return };
            stored = rows.iter().filter(|row| row.element == 0).copied().collect();
        }
        for row in &stored {
            self.rows.stored(*row);
            self.rows.drop(edge, source, 0, row.target);
        }
        self.rows.told_whole(edge, source);
        let mut wanted = self.resolve_all(at, property, idents, &stored);
        // What the caller cannot read it cannot have meant to remove.
        let hidden = stored
            .iter()
            .filter(|row| !wanted.contains(&row.target) && !self.is_readable(property, row.target));
        wanted.extend(hidden.map(|row| row.target).collect::<Vec<_>>());
        for (number, target) in wanted.into_iter().enumerate() {
            let position = if property.ordered { place(number) } else { 0 };
            self.rows.want(Reference { edge, source, element: 0, position, target });
        }
    }

    /// The object is referenced through the edge: afterwards by exactly these.
    fn set_sources(
        &mut self,
        at: usize,
        property: &Property,
        edge: EdgeNumber,
        target: ObjectId,
        idents: &[Ident],
    ) {
        let is_new = self.drafts.get(at).is_some_and(super::Draft::is_new);
        let mut stored: Vec<Reference> = Vec::new();
        if !is_new {
            let Some(rows) = self.ask.sources((edge, target)) else { return };
            stored = rows.iter().filter(|row| row.element == 0).copied().collect();
        }
        let wanted = self.resolve_all(at, property, idents, &stored);
        for row in &stored {
            self.rows.stored(*row);
            let hidden = !wanted.contains(&row.source) && !self.is_readable(property, row.source);
            if !hidden {
                self.rows.drop(edge, row.source, 0, target);
            }
        }
        // A single parent: whatever lists said of other parents, the member decides.
        if !property.is_collection() && !wanted.is_empty() {
            for place in self.rows.of_target(edge, target).collect::<Vec<_>>() {
                self.rows.drop(edge, place.1, place.2, target);
            }
        }
        for source in wanted {
            let kept = stored.iter().find(|row| row.source == source).map(|row| row.position);
            // A member that was there moves to the place it names, unless the list itself was told.
            let place = self.drafts.get(at).and_then(|draft| draft.item.place);
            let moves = property.edge().is_some() && !self.rows.is_whole(edge, source);
            let kept = kept.map(|kept| place.filter(|_| moves).unwrap_or(kept));
            self.join(at, edge, source, target, kept);
        }
    }

    fn change_members(
        &mut self,
        at: usize,
        property: &Property,
        edge: EdgeNumber,
        end: End,
        remove: &[Ident],
        add: &[Ident],
    ) {
        let Some(id) = self.drafts.get(at).map(|draft| draft.id) else { return };
        let pair = |other| match end {
            End::Source => (id, other),
            End::Target => (other, id),
        };
        let leaving = self.resolve_all(at, property, remove, &[]);
        let joining = self.resolve_all(at, property, add, &[]);
        for other in leaving {
            let (source, target) = pair(other);
            let Some(link) = self.ask.links((edge, source, target)) else { continue };
            if let Some(row) = link {
                self.rows.stored(*row);
                self.rows.drop(edge, source, 0, target);
                self.count_member(at, 0, 1);
            }
        }
        for other in joining {
            let (source, target) = pair(other);
            let Some(link) = self.ask.links((edge, source, target)) else { continue };
            match link {
                Some(row) => {
                    let was_dropped = !self.rows.is_wanted(edge, source, target)
                        && self.rows.was_stored(edge, source, target);
                    self.rows.stored(*row);
                    self.rows.want(*row);
                    if was_dropped {
                        self.count_member(at, 1, 0);
                    }
                }
                None => {
                    self.join(at, edge, source, target, None);
                    self.count_member(at, 1, 0);
                }
            }
        }
    }

    fn count_member(&mut self, at: usize, added: usize, removed: usize) {
        if let Some(draft) = self.drafts.get_mut(at) {
            draft.members_added += added;
            draft.members_removed += removed;
        }
    }

    /// Adds a row at the end of an ordered edge, or anywhere in a set.
    fn join(&mut self, at: usize, edge: EdgeNumber, source: ObjectId, target: ObjectId, kept: Option<i64>) {
        if self.rows.is_wanted(edge, source, target) {
            return;
        }
        let ordered = self.context.registry.edge(edge).is_some_and(|edge| edge.ordered);
        let position = match (kept, ordered) {
            (Some(position), _) => position,
            (None, false) => 0,
            (None, true) => {
                let mut last = self.rows.last_position(edge, source);
                let is_new = self
                    .by_id
                    .get(&source)
                    .and_then(|at| self.drafts.get(*at))
                    .is_some_and(super::Draft::is_new);
                if !is_new && !self.rows.is_whole(edge, source) {
                    let Some(stored) = self.ask.last_positions((edge, source)) else { return };
                    last = last.max(*stored);
                }
                // A member that says its place takes it where it is free.
                let place = self.drafts.get(at).and_then(|draft| draft.item.place);
                place.filter(|place| *place > last).unwrap_or(last + 1)
            }
        };
        self.rows.want(Reference { edge, source, element: 0, position, target });
    }

    /// An edge whose other end is single has one row for each target: a list that takes a member takes it
    /// from whoever had it.
    fn keep_single_parents(&mut self) -> Result<(), Box<Needs>> {
        let registry = self.context.registry;
        let single: Vec<EdgeNumber> = registry
            .edges()
            .filter(|edge| {
                registry
                    .kind(edge.target.kind)
                    .and_then(|kind| kind.property(edge.target.property))
                    .is_some_and(|end| !end.is_collection() && matches!(end.storage, Storage::Inverse(_)))
            })
            .map(|edge| edge.number)
            .collect();
        for edge in single {
            let (_, come) = self.rows.difference();
            for row in come.into_iter().filter(|row| row.edge == edge) {
                let is_new = self
                    .by_id
                    .get(&row.target)
                    .and_then(|at| self.drafts.get(*at))
                    .is_some_and(super::Draft::is_new);
                if is_new {
                    continue;
                }
                let Some(parents) = self.ask.sources((edge, row.target)) else { continue };
                for parent in parents.iter().filter(|parent| parent.source != row.source) {
                    self.rows.stored(*parent);
                    self.rows.drop(edge, parent.source, parent.element, parent.target);
                }
            }
        }
        self.ask.settled()
    }

    fn check_required_edges(&mut self, at: usize) {
        let Some(draft) = self.drafts.get(at) else { return };
        let (item, id, is_new) = (draft.item, draft.id, draft.is_new());
        for property in item.kind.properties.iter().filter(|property| property.required) {
            let Some((edge, End::Source)) = property.edge() else { continue };
            let edited = is_new || item.edits.contains_key(property.name);
            let told = self.drafts.get(at).is_some_and(|draft| {
                draft.faults.iter().any(|fault| fault.property.as_deref() == Some(property.name))
            });
            // Members that leave a collection never loaded leave others behind, or are counted by a rule.
            let whole = is_new || self.rows.is_whole(edge, id);
            if edited && whole && !told && self.rows.targets(edge, id).is_empty() {
                self.fail(at, Fault::new(Code::E4000, [property.name]).at(property.name));
            }
        }
    }
}

fn with_default(property: &Property, edit: &Edit) -> Vec<Ident> {
    match edit {
        Edit::Set(Given::Many(idents)) => idents.clone(),
        Edit::Set(Given::One(ident)) => vec![ident.clone()],
        Edit::Clear => {
            let default: Option<Value> = property.default.and_then(|json| serde_json::from_str(json).ok());
            default.as_ref().and_then(Ident::read).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn place(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX - 1) + 1
}
