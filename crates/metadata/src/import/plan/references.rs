//! Which rows of `reference` come and go.

use std::collections::BTreeMap;

use kibali_model::ObjectId;
use serde_json::{Map, Value};

use super::{Action, Work};
use crate::acl::{self, Shared};
use crate::document::ELEMENT_KEY;
use crate::import::facts::{Needs, Reference};
use crate::import::item::{Edit, Element, Given, Ident};
use crate::import::params::{AtomicMode, Identifier};
use crate::import::{Code, Fault};
use crate::kind::{AccessRule, EdgeNumber, End, Property, Storage, Type};

/// What an identifier in a payload leads to.
enum Found {
    Object(ObjectId),
    Nothing,
    /// An item of the payload that is left out because of its errors.
    LeftOut,
}

impl Work<'_> {
    /// Turns the edits of references into rows. The ends that own an edge speak first, so that the other
    /// end, the member itself, has the last word where a payload contradicts itself.
    pub(super) fn decide_references(&mut self) -> Result<(), Needs> {
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

    /// The row numbers behind identifiers. Those that lead nowhere become faults of the draft.
    fn resolve_all(
        &mut self,
        at: usize,
        property: &Property,
        idents: &[Ident],
        stored: &[Reference],
    ) -> Vec<ObjectId> {
        let Some(kind) = property.target() else { return Vec::new() };
        let mut found = Vec::with_capacity(idents.len());
        for ident in idents {
            let Some(object) = self.resolve_for(at, kind, ident, property.name) else { continue };
            if found.contains(&object) && property.ordered {
                let name = shown(ident);
                self.fail(at, Fault::new(Code::E5007, [&name, property.name]).at(property.name));
            } else if !found.contains(&object) {
                self.check_readable(at, property, object, ident, stored);
                found.push(object);
            }
        }
        found
    }

    fn resolve_for(
        &mut self,
        at: usize,
        kind: &'static str,
        ident: &Ident,
        property: &str,
    ) -> Option<ObjectId> {
        match self.resolve(kind, ident)? {
            Found::Object(object) => Some(object),
            Found::LeftOut => None,
            Found::Nothing if self.context.params.atomic == AtomicMode::None => None,
            Found::Nothing => {
                let draft = self.drafts.get_mut(at)?;
                let name = format!("{} ({})", shown(ident), capital(kind));
                let holder = draft.uid.to_string();
                draft.fail(Fault::new(Code::E5002, [&name, &holder, property]).at(property));
                None
            }
        }
    }

    /// What an identifier leads to, by the chosen identifier only; `None` where that is not known yet.
    fn resolve(&self, kind: &'static str, ident: &Ident) -> Option<Found> {
        let draft = match self.context.params.identifier {
            Identifier::Uid => {
                let Some(uid) = ident.id.as_deref().and_then(|id| id.parse().ok()) else {
                    return Some(Found::Nothing);
                };
                match self.by_uid.get(&(kind, uid)) {
                    Some(at) => *at,
                    None => return self.ask.objects((kind, uid)).map(found),
                }
            }
            Identifier::Code => {
                let Some(code) = ident.code.clone() else {
                    // Descriptions name the system defaults by uid, and so may everybody.
                    let uid = ident.id.as_deref().filter(|id| {
                        self.context.registry.kind(kind).is_some_and(|kind| kind.is_default(id))
                    });
                    return match uid.and_then(|id| id.parse().ok()) {
                        Some(uid) => self.ask.objects((kind, uid)).map(found),
                        None => Some(Found::Nothing),
                    };
                };
                match self.by_code.get(&(kind, code.clone())) {
                    Some(at) => *at,
                    None => return self.ask.codes((kind, code)).map(found),
                }
            }
        };
        Some(match self.drafts.get(draft) {
            Some(new) if new.action == Action::Create && self.left_out.contains_key(&draft) => Found::LeftOut,
            Some(draft) => Found::Object(draft.id),
            None => Found::Nothing,
        })
    }

    /// E5008: what is referenced anew must be readable, where sharing decides that.
    fn check_readable(
        &mut self,
        at: usize,
        property: &Property,
        object: ObjectId,
        ident: &Ident,
        stored: &[Reference],
    ) {
        let known = stored.iter().any(|row| row.target == object || row.source == object);
        if !known && !self.is_readable(property, object) {
            let (user, name) = (&self.context.caller.username, shown(ident));
            let fault = Fault::new(Code::E5008, [user, &name, property.name]).at(property.name);
            self.fail(at, fault);
        }
    }

    fn is_readable(&self, property: &Property, object: ObjectId) -> bool {
        let caller = self.context.caller;
        if caller.is_superuser()
            || self
                .by_id
                .get(&object)
                .is_some_and(|at| self.drafts.get(*at).is_some_and(super::Draft::is_new))
        {
            return true;
        }
        let Some(kind) = property.target().and_then(|kind| self.context.registry.kind(kind)) else {
            return true;
        };
        if kind.access != AccessRule::Sharing {
            return true;
        }
        match self.ask.heads(object) {
            Some(Some(head)) => {
                let shared =
                    Shared { owner: head.owner.as_deref(), public: head.public, granted: head.granted };
                acl::may_read(kind, caller, shared)
            }
            _ => true,
        }
    }

    /// An edge whose other end is single has one row for each target: a list that takes a member takes it
    /// from whoever had it.
    fn keep_single_parents(&mut self) -> Result<(), Needs> {
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

/// Embedded objects.
impl Work<'_> {
    fn decide_embedded(&mut self, at: usize) {
        let Some(draft) = self.drafts.get(at) else { return };
        let item = draft.item;
        for property in &item.kind.properties {
            if property.storage != Storage::Embedded {
                continue;
            }
            match item.edits.get(property.name) {
                Some(Edit::Set(Given::Elements(elements))) => self.set_elements(at, property, elements),
                Some(Edit::Clear) => self.set_elements(at, property, &[]),
                _ => {}
            }
        }
    }

    fn set_elements(&mut self, at: usize, property: &Property, elements: &[Element]) {
        let Type::Complex(inner) = property.item_type() else { return };
        let Some(draft) = self.drafts.get(at) else { return };
        let (id, is_new) = (draft.id, draft.is_new());
        let stored_doc = draft.detail.and_then(|detail| detail.doc.get(property.name)).cloned();
        let edges: Vec<EdgeNumber> =
            inner.iter().filter_map(|end| end.edge().map(|(edge, _)| edge)).collect();
        let mut stored: BTreeMap<i64, Vec<(EdgeNumber, ObjectId)>> = BTreeMap::new();
        if !is_new {
            for edge in &edges {
                let Some(rows) = self.ask.targets((*edge, id)) else { continue };
                for row in rows.iter().filter(|row| row.element != 0) {
                    self.rows.stored(*row);
                    self.rows.drop(*edge, id, row.element, row.target);
                    stored.entry(row.element).or_default().push((*edge, row.target));
                }
            }
        }
        let mut known = known_elements(stored_doc.as_ref(), stored);
        let mut last = known.iter().map(|element| element.number).max().unwrap_or(0);
        let mut doc = Vec::with_capacity(elements.len());
        let mut elements: Vec<&Element> = elements.iter().collect();
        if !property.ordered {
            elements.sort_by_cached_key(|element| sort_key(element));
        }
        for element in elements {
            let Some(references) = self.resolve_element(at, property, inner, element) else { continue };
            let matching = known.iter().position(|known| known.is(&references, &element.values));
            let number = match matching {
                Some(found) => known.swap_remove(found).number,
                None => {
                    last += 1;
                    last
                }
            };
            for (edge, target) in references {
                self.rows.want(Reference { edge, source: id, element: number, position: 0, target });
            }
            let mut values = Map::new();
            values.insert(ELEMENT_KEY.to_owned(), Value::from(number));
            values.extend(element.values.clone());
            doc.push(Value::Object(values));
        }
        let Some(draft) = self.drafts.get_mut(at) else { return };
        let kind = draft.item.kind.clone();
        if doc.is_empty() {
            draft.next.doc.shift_remove(property.name);
        } else {
            let value =
                if property.is_collection() { Some(Value::Array(doc)) } else { doc.into_iter().next() };
            draft.next.doc.insert(property.name.to_owned(), value.unwrap_or_default());
        }
        super::values::sort_document(&kind, &mut draft.next.doc);
    }

    fn resolve_element(
        &mut self,
        at: usize,
        property: &Property,
        inner: &[Property],
        element: &Element,
    ) -> Option<Vec<(EdgeNumber, ObjectId)>> {
        let mut references = Vec::new();
        for (edge, name, ident) in &element.references {
            let end = inner.iter().find(|end| end.name == *name)?;
            let target = self.resolve_for(at, end.target()?, ident, property.name);
            if let Some(target) = target {
                self.check_readable(at, end, target, ident, &[]);
                references.push((*edge, target));
            } else if end.required {
                // Unknown yet, a fault already, or a reference dropped with what it leads to.
                return None;
            }
        }
        for end in inner.iter().filter(|end| end.required && end.edge().is_some()) {
            if !element.references.iter().any(|(_, name, _)| *name == end.name) {
                self.fail(at, Fault::new(Code::E4000, [end.name]).at(property.name));
                return None;
            }
        }
        references.sort_unstable();
        references.dedup();
        Some(references)
    }
}

/// An embedded object as stored.
struct Known {
    number: i64,
    references: Vec<(EdgeNumber, ObjectId)>,
    values: Map<String, Value>,
}

impl Known {
    /// Is this the same embedded object: the same references, or, without any, the same values?
    fn is(&self, references: &[(EdgeNumber, ObjectId)], values: &Map<String, Value>) -> bool {
        if references.is_empty() {
            self.references.is_empty() && self.values == *values
        } else {
            self.references == references
        }
    }
}

fn known_elements(
    doc: Option<&Value>,
    mut references: BTreeMap<i64, Vec<(EdgeNumber, ObjectId)>>,
) -> Vec<Known> {
    let objects: &[Value] = match doc {
        Some(Value::Array(members)) => members,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    objects
        .iter()
        .filter_map(|object| {
            let number = object.get(ELEMENT_KEY)?.as_i64()?;
            let mut values = object.as_object()?.clone();
            values.shift_remove(ELEMENT_KEY);
            let mut references = references.remove(&number).unwrap_or_default();
            references.sort_unstable();
            Some(Known { number, references, values })
        })
        .collect()
}

fn sort_key(element: &Element) -> String {
    use std::fmt::Write as _;
    let mut key = String::new();
    for (_, name, ident) in &element.references {
        // Writing to a String cannot fail.
        let _ = write!(key, "{name}={} ", shown(ident));
    }
    key + &Value::Object(element.values.clone()).to_string()
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

fn found(id: &Option<ObjectId>) -> Found {
    id.map_or(Found::Nothing, Found::Object)
}

fn place(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX - 1) + 1
}

fn shown(ident: &Ident) -> String {
    ident.id.clone().or_else(|| ident.code.clone()).unwrap_or_default()
}

fn capital(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
