//! What goes with a deleted object, and what forbids the delete.

use std::collections::{BTreeMap, BTreeSet};

use kibali_model::ObjectId;
use serde_json::{Map, Value};

use super::{Action, Work};
use crate::document::ELEMENT_KEY;
use crate::import::facts::{Dependants, Needs, Reference};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, OnDelete};
use crate::registry::Edge;

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
    pub(super) fn decide_deletes(&mut self) -> Result<(), Needs> {
        let roots: Vec<(usize, ObjectId)> = self
            .live()
            .filter(|(_, draft)| draft.action == Action::Delete && draft.head.is_some())
            .map(|(at, draft)| (at, draft.id))
            .collect();
        if roots.is_empty() {
            return Ok(());
        }
        let going = self.follow_cascades(&roots)?;
        for (at, root) in &roots {
            let vetoes = self.vetoes(*root, &going)?;
            if !vetoes.is_empty() {
                let names: Vec<&str> = vetoes.into_iter().collect();
                self.fail(*at, Fault::new(Code::E4030, [&names.join(", ")]));
            }
        }
        self.forget_elements(&going)?;
        self.removal.objects = going;
        Ok(())
    }

    /// The roots and every object that goes with them.
    fn follow_cascades(&mut self, roots: &[(usize, ObjectId)]) -> Result<BTreeSet<ObjectId>, Needs> {
        let mut going: BTreeSet<ObjectId> = roots.iter().map(|(_, id)| *id).collect();
        let mut waiting: Vec<ObjectId> = going.iter().copied().collect();
        while !waiting.is_empty() {
            let mut found = Vec::new();
            for object in waiting {
                for dependants in self.ask.dependants(object).into_iter().flatten() {
                    let Some(edge) = self.context.registry.edge(dependants.edge) else { continue };
                    if edge.on_delete == OnDelete::Cascade && edge.embedded_in.is_none() {
                        found.extend(dependants.sources.iter().copied().filter(|id| !going.contains(id)));
                    }
                }
            }
            self.ask.settled()?;
            going.extend(found.iter().copied());
            waiting = found;
        }
        Ok(going)
    }

    /// The kinds whose objects forbid that `object` goes: they reference it and stay.
    fn vetoes(
        &mut self,
        object: ObjectId,
        going: &BTreeSet<ObjectId>,
    ) -> Result<BTreeSet<&'static str>, Needs> {
        let mut vetoes = BTreeSet::new();
        let mut unlinked = Vec::new();
        for dependants in self.ask.dependants(object).into_iter().flatten() {
            let Some(edge) = self.context.registry.edge(dependants.edge) else { continue };
            match edge.on_delete {
                OnDelete::Veto if stays(dependants, going) => {
                    let kind = self.context.registry.kind(edge.source.kind);
                    vetoes.extend(kind.map(|kind| kind.display_name));
                }
                OnDelete::Unlink => unlinked.push((edge.number, object)),
                OnDelete::Veto | OnDelete::Cascade => {}
            }
        }
        self.removal.unlinked.extend(unlinked);
        self.ask.settled()?;
        Ok(vetoes)
    }

    /// An embedded object that references what goes, goes with all its references; its holder stays.
    fn forget_elements(&mut self, going: &BTreeSet<ObjectId>) -> Result<(), Needs> {
        let registry = self.context.registry;
        let mut lost: Vec<(&Edge, Reference)> = Vec::new();
        for object in going {
            for dependants in self.ask.dependants(*object).into_iter().flatten() {
                let Some(edge) = registry.edge(dependants.edge) else { continue };
                if edge.embedded_in.is_none() || edge.on_delete != OnDelete::Cascade {
                    continue;
                }
                let rows = self.ask.sources((edge.number, *object)).into_iter().flatten();
                lost.extend(rows.filter(|row| !going.contains(&row.source)).map(|row| (edge, *row)));
            }
        }
        self.ask.settled()?;
        for (edge, row) in lost {
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

fn stays(dependants: &Dependants, going: &BTreeSet<ObjectId>) -> bool {
    let read = i64::try_from(dependants.sources.len()).unwrap_or(i64::MAX);
    dependants.count > read || dependants.sources.iter().any(|source| !going.contains(source))
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
