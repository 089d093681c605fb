//! Embedded objects: their scalars in the document, their references as rows, told apart by element numbers.

use std::collections::BTreeMap;

use kibali_model::ObjectId;
use serde_json::{Map, Value};

use super::Work;
use super::resolve::shown;
use crate::document::ELEMENT_KEY;
use crate::import::facts::Reference;
use crate::import::item::{Edit, Element, Given};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, Property, Storage, Type};

impl Work<'_> {
    /// Turns the edits of embedded objects into document and rows.
    pub(super) fn decide_embedded(&mut self, at: usize) {
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
