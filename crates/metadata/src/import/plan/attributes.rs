//! Attribute values: assigned to the kind, of the right form, unique and mandatory where they must be.

use std::collections::BTreeMap;

use kibali_model::{ObjectId, Timestamp, Uid};
use serde_json::{Map, Value};

use super::{Action, Work};
use crate::Kind;
use crate::import::facts::Needs;
use crate::import::item::{Edit, Given, Ident};
use crate::import::params::{AtomicMode, Identifier, MergeMode};
use crate::import::{Code, Fault, shape};
use crate::kind::Storage;

/// The kind whose objects are the attributes.
const ATTRIBUTE: &str = "attribute";
/// Where objects keep their values of attributes.
const PROPERTY: &str = "attributeValues";

/// One attribute of the installation, as this import leaves it.
struct Attribute {
    id: ObjectId,
    uid: Uid,
    code: Option<String>,
    doc: Map<String, Value>,
    /// It comes with the import and is left out because of its own errors.
    left_out: bool,
}

impl Attribute {
    fn flag(&self, name: &str) -> bool {
        self.doc.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn is_assigned_to(&self, kind: &Kind) -> bool {
        self.flag(&format!("{}Attribute", kind.singular))
    }

    fn value_type(&self) -> &str {
        self.doc.get("valueType").and_then(Value::as_str).unwrap_or("TEXT")
    }

    fn is(&self, ident: &Ident, identifier: Identifier) -> bool {
        match identifier {
            Identifier::Uid => ident.id.as_deref() == Some(self.uid.as_str()),
            Identifier::Code => ident.code.is_some() && ident.code == self.code,
        }
    }

    fn fault(&self, value: &str) -> Option<Fault> {
        let fits = |fits: bool, code| (!fits).then_some(code);
        let code = match self.value_type() {
            "INTEGER" => fits(value.parse::<i64>().is_ok(), Code::E6006),
            "INTEGER_POSITIVE" => fits(value.parse::<i64>().is_ok_and(|n| n > 0), Code::E6006),
            "INTEGER_NEGATIVE" => fits(value.parse::<i64>().is_ok_and(|n| n < 0), Code::E6006),
            "INTEGER_ZERO_OR_POSITIVE" => fits(value.parse::<i64>().is_ok_and(|n| n >= 0), Code::E6006),
            "NUMBER" | "PERCENTAGE" | "UNIT_INTERVAL" => {
                fits(value.parse::<f64>().is_ok_and(f64::is_finite), Code::E6008)
            }
            "DATE" | "DATETIME" | "AGE" => fits(Timestamp::from_dhis2(value).is_some(), Code::E6014),
            "BOOLEAN" => fits(matches!(value, "true" | "false"), Code::E6016),
            "TRUE_ONLY" => fits(value == "true", Code::E6016),
            "EMAIL" => fits(shape::is_email(value), Code::E6018),
            _ => None,
        }?;
        Some(Fault::new(code, [self.uid.as_str(), value]).at(PROPERTY))
    }
}

impl Work<'_> {
    /// Decides the attribute values of every draft that has some, or must.
    pub(super) fn decide_attributes(&mut self) -> Result<(), Box<Needs>> {
        let touched: Vec<usize> = self
            .writing()
            .into_iter()
            .filter(|at| {
                self.drafts.get(*at).is_some_and(|draft| {
                    touches(draft.item.edits.get(PROPERTY), draft.kind(), draft.is_new())
                })
            })
            .collect();
        if touched.is_empty() || self.context.registry.kind(ATTRIBUTE).is_none() {
            return Ok(());
        }
        let known = self.attributes()?;
        for at in touched {
            self.decide_attributes_of(at, &known);
        }
        Ok(())
    }

    /// Every attribute there will be: stored ones as the import changes them, and those it brings.
    fn attributes(&self) -> Result<Vec<Attribute>, Box<Needs>> {
        let all = self.ask.all_of(ATTRIBUTE);
        self.ask.settled()?;
        let mut known = Vec::new();
        for id in all.into_iter().flatten().filter(|id| !self.by_id.contains_key(id)) {
            if let (Some(Some(head)), Some(Some(detail))) = (self.ask.heads(*id), self.ask.details(*id)) {
                let (code, doc) = (head.code.clone(), detail.doc.clone());
                known.push(Attribute { id: *id, uid: head.uid, code, doc, left_out: false });
            }
        }
        self.ask.settled()?;
        for (at, draft) in self.drafts.iter().enumerate() {
            if draft.item.kind.singular == ATTRIBUTE && draft.action != Action::Delete {
                let left_out = self.left_out.contains_key(&at);
                let (code, doc) = match (draft.head, draft.detail) {
                    (Some(head), Some(detail)) if left_out => (head.code.clone(), detail.doc.clone()),
                    _ => (draft.next.code.clone(), draft.next.doc.clone()),
                };
                let left_out = left_out && draft.is_new();
                known.push(Attribute { id: draft.id, uid: draft.uid, code, doc, left_out });
            }
        }
        known.sort_by_key(|attribute| attribute.uid);
        Ok(known)
    }

    fn decide_attributes_of(&mut self, at: usize, known: &[Attribute]) {
        let params = self.context.params;
        let Some(draft) = self.drafts.get_mut(at) else { return };
        let kind = draft.item.kind.clone();
        let nothing = Vec::new();
        let given = match draft.item.edits.get(PROPERTY) {
            Some(Edit::Set(Given::Attributes(given))) => given,
            _ => &nothing,
        };
        let stored = draft.detail.map(|detail| detail.attributes.clone()).unwrap_or_default();
        let mut values: BTreeMap<ObjectId, String> = match params.merge {
            MergeMode::Merge => stored.clone(),
            MergeMode::Replace => BTreeMap::new(),
        };
        for (ident, value) in given {
            match known.iter().find(|attribute| attribute.is(ident, params.identifier)) {
                Some(attribute) if attribute.left_out => continue,
                Some(attribute) => {
                    if !attribute.is_assigned_to(&kind) {
                        let fault = Fault::new(Code::E6012, [attribute.uid.as_str(), kind.display_name]);
                        draft.fail(fault.at(PROPERTY));
                    }
                    if let Some(fault) = attribute.fault(value) {
                        draft.fail(fault);
                    }
                    values.insert(attribute.id, value.clone());
                }
                None if params.atomic == AtomicMode::None => {}
                None => {
                    let name = ident.id.clone().or_else(|| ident.code.clone()).unwrap_or_default();
                    let args = [&format!("{name} (Attribute)"), draft.uid.as_str(), PROPERTY];
                    draft.fail(Fault::new(Code::E5002, args).at(PROPERTY));
                }
            }
        }
        let object = draft.id;
        for attribute in known.iter().filter(|attribute| !attribute.left_out) {
            let (old, new) = (stored.get(&attribute.id), values.get(&attribute.id));
            if new.is_none() && attribute.flag("mandatory") && attribute.is_assigned_to(&kind) {
                draft.fail(Fault::new(Code::E4011, [attribute.uid.as_str()]).at(PROPERTY));
            }
            let key = |value: &String| crate::import::facts::Key {
                kind: kind.singular,
                property: PROPERTY,
                scope: attribute.uid.to_string(),
                value: value.clone(),
            };
            if attribute.flag("unique") && old != new {
                self.keys_freed.extend(old.map(key));
                self.keys_taken.extend(new.map(|value| (key(value), object)));
            }
        }
        draft.next.attributes = Some(values);
    }
}

/// Must the attribute values of a draft be decided? A new object's always, since some may be mandatory.
fn touches(edit: Option<&Edit>, kind: &Kind, is_new: bool) -> bool {
    kind.properties.iter().any(|property| property.storage == Storage::AttributeValues)
        && (edit.is_some() || is_new)
}
