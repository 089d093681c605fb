//! Attribute values: assigned to the kind, of the right form, unique and mandatory where they must be.

use std::collections::BTreeMap;

use kibali_model::{ObjectId, Timestamp};
use serde_json::Value;

use super::Work;
use crate::Kind;
use crate::import::facts::{Detail, Head, Needs};
use crate::import::item::{Edit, Given, Ident};
use crate::import::params::Identifier;
use crate::import::{Code, Fault, shape};
use crate::kind::Storage;

/// The kind whose objects are the attributes.
const ATTRIBUTE: &str = "attribute";

/// One attribute of the installation.
#[derive(Clone, Copy)]
struct Attribute<'a> {
    head: &'a Head,
    detail: &'a Detail,
}

impl Attribute<'_> {
    fn flag(&self, name: &str) -> bool {
        self.detail.doc.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn is_assigned_to(&self, kind: &Kind) -> bool {
        self.flag(&format!("{}Attribute", kind.singular))
    }

    fn value_type(&self) -> &str {
        self.detail.doc.get("valueType").and_then(Value::as_str).unwrap_or("TEXT")
    }

    fn is(&self, ident: &Ident, identifier: Identifier) -> bool {
        match identifier {
            Identifier::Uid => ident.id.as_deref() == Some(self.head.uid.as_str()),
            Identifier::Code => ident.code.is_some() && ident.code == self.head.code,
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
        Some(Fault::new(code, [self.head.uid.as_str(), value]).at("attributeValues"))
    }
}

impl<'a> Work<'a> {
    /// Decides the attribute values of every draft that has some, or must.
    pub(super) fn decide_attributes(&mut self) -> Result<(), Needs> {
        let touched: Vec<usize> = self
            .writing()
            .into_iter()
            .filter(|at| {
                self.drafts.get(*at).is_some_and(|draft| {
                    touches(draft.item.edits.get("attributeValues"), draft.kind(), draft.is_new())
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

    fn attributes(&self) -> Result<Vec<Attribute<'a>>, Needs> {
        let all = self.ask.all_of(ATTRIBUTE);
        self.ask.settled()?;
        let mut known = Vec::new();
        for id in all.into_iter().flatten() {
            if let (Some(Some(head)), Some(Some(detail))) = (self.ask.heads(*id), self.ask.details(*id)) {
                known.push(Attribute { head, detail });
            }
        }
        self.ask.settled()?;
        Ok(known)
    }

    fn decide_attributes_of(&mut self, at: usize, known: &[Attribute<'a>]) {
        let Some(draft) = self.drafts.get_mut(at) else { return };
        let kind = draft.item.kind.clone();
        let identifier = self.context.params.identifier;
        let nothing = Vec::new();
        let given = match draft.item.edits.get("attributeValues") {
            Some(Edit::Set(Given::Attributes(given))) => given,
            _ => &nothing,
        };
        let mut values: BTreeMap<ObjectId, String> = BTreeMap::new();
        for (ident, value) in given {
            let Some(attribute) = known.iter().find(|attribute| attribute.is(ident, identifier)) else {
                let name = ident.id.clone().or_else(|| ident.code.clone()).unwrap_or_default();
                let fault = Fault::new(
                    Code::E5002,
                    [&format!("{name} (Attribute)"), draft.uid.as_str(), "attributeValues"],
                );
                draft.fail(fault.at("attributeValues"));
                continue;
            };
            if !attribute.is_assigned_to(&kind) {
                let fault = Fault::new(Code::E6012, [attribute.head.uid.as_str(), kind.display_name]);
                draft.fail(fault.at("attributeValues"));
            }
            if let Some(fault) = attribute.fault(value) {
                draft.fail(fault);
            }
            values.insert(attribute.head.id, value.clone());
        }
        for attribute in
            known.iter().filter(|attribute| attribute.flag("mandatory") && attribute.is_assigned_to(&kind))
        {
            if !values.contains_key(&attribute.head.id) {
                draft.fail(Fault::new(Code::E4011, [attribute.head.uid.as_str()]).at("attributeValues"));
            }
        }
        let uniques: Vec<(ObjectId, &'a Head)> = known
            .iter()
            .filter(|attribute| attribute.flag("unique"))
            .map(|attribute| (attribute.head.id, attribute.head))
            .collect();
        let stored = draft.detail.map(|detail| detail.attributes.clone()).unwrap_or_default();
        let object = draft.id;
        draft.next.attributes = Some(values.clone());
        for (attribute, head) in uniques {
            let key = |value: &String| crate::import::facts::Key {
                kind: kind.singular,
                property: "attributeValues",
                scope: head.uid.to_string(),
                value: value.clone(),
            };
            let (old, new) = (stored.get(&attribute), values.get(&attribute));
            if old != new {
                self.keys_freed.extend(old.map(key));
                self.keys_taken.extend(new.map(|value| (key(value), object)));
            }
        }
    }
}

/// Must the attribute values of a draft be decided? A new object's always, since some may be mandatory.
fn touches(edit: Option<&Edit>, kind: &Kind, is_new: bool) -> bool {
    kind.properties.iter().any(|property| property.storage == Storage::AttributeValues)
        && (edit.is_some() || is_new)
}
