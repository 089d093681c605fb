//! What goes with a deleted object, and what forbids the delete.

use std::collections::{BTreeMap, BTreeSet};

use kibali_model::ObjectId;
use serde_json::{Map, Value};

use super::{Action, Work};
use crate::acl;
use crate::document::ELEMENT_KEY;
use crate::import::facts::{Dependants, Needs, Reference};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, Kind, OnDelete, Property};
use crate::registry::Edge;

/// What goes, and the draft because of which it goes.
type Going = BTreeMap<ObjectId, usize>;

/// How many of those who forbid a delete are named.
const NAMED: usize = 5;

/// Everything that goes.
#[derive(Debug, Default)]
pub(super) struct Removal {
    /// Objects, those that go with others included.
    pub(super) objects: BTreeSet<ObjectId>,
    /// References to deleted objects that go while their source stays.
    pub(super) unlinked: Vec<(EdgeNumber, ObjectId)>,
    /// Documents that lose an embedded object.
    pub(super) documents: BTreeMap<ObjectId, Map<String, Value>>,
}

impl Work<'_> {
    /// Follows the edges that end at what is deleted.
    pub(super) fn decide_deletes(&mut self) -> Result<(), Box<Needs>> {
        let roots: Vec<(usize, ObjectId)> = self
            .live()
            .filter(|(_, draft)| draft.action == Action::Delete && draft.head.is_some())
            .map(|(at, draft)| (at, draft.id))
            .collect();
        if roots.is_empty() {
            return Ok(());
        }
        let going = self.follow_cascades(&roots)?;
        for (object, root) in &going {
            let vetoes = self.vetoes(*object, &going)?;
            if !vetoes.is_empty() {
                let why = format!("it is associated with another object: {}", vetoes.join(", "));
                self.fail(*root, Fault::new(Code::E4030, ["deleted", &why]));
            }
        }
        self.forget_elements(&going)?;
        self.removal.objects = going.into_keys().collect();
        Ok(())
    }

    /// The roots and every object that goes with them, each with the draft because of which it goes.
    fn follow_cascades(&mut self, roots: &[(usize, ObjectId)]) -> Result<Going, Box<Needs>> {
        let mut going: Going = roots.iter().map(|(at, id)| (*id, *at)).collect();
        let mut waiting: Vec<(ObjectId, usize)> = roots.iter().map(|(at, id)| (*id, *at)).collect();
        while !waiting.is_empty() {
            for (object, _) in &waiting {
                let _ = (self.ask.dependants(*object), self.ask.heads(*object));
            }
            self.ask.settled()?;
            let mut found = Vec::new();
            for (object, root) in waiting {
                for dependants in self.ask.dependants(object).into_iter().flatten() {
                    let Some(edge) = self.context.registry.edge(dependants.edge) else { continue };
                    if edge.on_delete == OnDelete::Cascade && edge.embedded_in.is_none() {
                        found.extend(dependants.sources.iter().map(|id| (*id, root)));
                    }
                }
                found.extend(self.parts(object).into_iter().map(|id| (id, root)));
            }
            self.ask.settled()?;
            found.retain(|(id, _)| !going.contains_key(id));
            going.extend(found.iter().copied());
            waiting = found;
        }
        Ok(going)
    }

    /// What an object references as parts of itself.
    fn parts(&self, object: ObjectId) -> Vec<ObjectId> {
        let Some(Some(head)) = self.ask.heads(object) else { return Vec::new() };
        let Some(kind) = self.context.registry.kind(head.kind) else { return Vec::new() };
        let owning = kind.properties.iter().filter(|property| property.owns);
        let edges = owning.filter_map(Property::edge).map(|(edge, _)| edge);
        let rows = edges.filter_map(|edge| self.ask.targets((edge, object)));
        rows.flatten().map(|row| row.target).collect()
    }

    /// Who forbids that `object` goes: those who reference it and stay, by kind.
    fn vetoes(&mut self, object: ObjectId, going: &Going) -> Result<Vec<String>, Box<Needs>> {
        let mut vetoes = Vec::new();
        let mut unlinked = Vec::new();
        for dependants in self.ask.dependants(object).into_iter().flatten() {
            let Some(edge) = self.context.registry.edge(dependants.edge) else { continue };
            match edge.on_delete {
                OnDelete::Veto if stays(dependants, going) => {
                    let Some(kind) = self.context.registry.kind(edge.source.kind) else { continue };
                    vetoes.push(self.name_dependants(kind, dependants, going));
                }
                OnDelete::Unlink => unlinked.push((edge.number, object)),
                OnDelete::Veto | OnDelete::Cascade => {}
            }
        }
        self.removal.unlinked.extend(unlinked);
        self.ask.settled()?;
        Ok(vetoes)
    }

    /// `Data Element (fbfJHSPpUQD, cYeuwXTCPkU and 7 more)`: only what the caller may read is named.
    fn name_dependants(&self, kind: &Kind, dependants: &Dependants, going: &Going) -> String {
        let staying = || dependants.sources.iter().filter(|id| !going.contains_key(id));
        let readable = |id: &ObjectId| match self.ask.heads(*id) {
            Some(Some(head)) if acl::may_read(kind, self.context.caller, super::access::shared(head)) => {
                Some(head.uid.to_string())
            }
            _ => None,
        };
        let named: Vec<String> = staying().take(NAMED).filter_map(readable).collect();
        let more = staying().count().saturating_sub(named.len());
        let more = match (named.is_empty(), more) {
            (_, 0) => String::new(),
            (true, more) => more.to_string(),
            (false, more) => format!(" and {more} more"),
        };
        format!("{} ({}{more})", kind.display_name, named.join(", "))
    }

    /// An embedded object that references what goes, goes with all its references; its holder stays.
    fn forget_elements(&mut self, going: &Going) -> Result<(), Box<Needs>> {
        let registry = self.context.registry;
        let mut lost: Vec<(&Edge, Reference)> = Vec::new();
        for object in going.keys() {
            for dependants in self.ask.dependants(*object).into_iter().flatten() {
                let Some(edge) = registry.edge(dependants.edge) else { continue };
                if edge.embedded_in.is_none() || edge.on_delete != OnDelete::Cascade {
                    continue;
                }
                let rows = self.ask.sources((edge.number, *object)).into_iter().flatten();
                lost.extend(rows.filter(|row| !going.contains_key(&row.source)).map(|row| (edge, *row)));
            }
        }
        self.ask.settled()?;
        for (edge, row) in lost {
            // Its holder is written anew, on the version that is read here.
            let _ = self.ask.heads(row.source);
            let Some(detail) = self.ask.details(row.source) else { continue };
            let siblings: Vec<EdgeNumber> = registry
                .edges()
                .filter(|other| {
                    other.source.kind == edge.source.kind && other.embedded_in == edge.embedded_in
                })
                .map(|other| other.number)
                .collect();
            for sibling in siblings {
                for other in self.ask.targets((sibling, row.source)).into_iter().flatten() {
                    if other.element == row.element {
                        self.rows.stored(*other);
                        self.rows.drop(sibling, row.source, other.element, other.target);
                    }
                }
            }
            let (Some(detail), Some(property)) = (detail, edge.embedded_in) else { continue };
            let doc = self.removal.documents.entry(row.source).or_insert_with(|| detail.doc.clone());
            forget_element(doc, property, row.element);
        }
        self.ask.settled()
    }
}

fn stays(dependants: &Dependants, going: &Going) -> bool {
    let read = i64::try_from(dependants.sources.len()).unwrap_or(i64::MAX);
    dependants.count > read || dependants.sources.iter().any(|source| !going.contains_key(source))
}

fn forget_element(doc: &mut Map<String, Value>, property: &str, element: i64) {
    let is_it = |value: &Value| value.get(ELEMENT_KEY).and_then(Value::as_i64) == Some(element);
    let emptied = match doc.get_mut(property) {
        Some(Value::Array(members)) => {
            members.retain(|member| !is_it(member));
            members.is_empty()
        }
        Some(one) => is_it(one),
        None => false,
    };
    if emptied {
        doc.shift_remove(property);
    }
}
