//! JSON Patch as edits: `add`, `replace`, `remove`, and DHIS2's `remove-by-id` (web-api reference 1.10).
//!
//! An operation on a collection of references becomes an edit of members and never asks for the collection;
//! on everything else it is applied to the property's present value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::item::{Edit, Given, Ident};
use super::parse::{check_holder, read};
use super::sharing::read_sharing;
use super::{Code, Fault, is_absent};
use crate::Kind;
use crate::kind::{Property, Storage, Writes};

/// The patch cannot be read or applied; answered with 400. The text names the operation and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatchError(pub String);

/// The edits of a patch, and the faults of the values in it.
pub type Patched = (BTreeMap<&'static str, Edit>, Vec<Fault>);

/// Operations of one patch at most.
const OPERATIONS: usize = 10_000;

/// Compiles a patch against `present`, the own values (document and sharing) of the object `holder`.
///
/// # Errors
/// An operation is unknown, or its path leads nowhere.
pub fn compile(
    kind: &Kind,
    holder: &str,
    present: &Map<String, Value>,
    patch: &Value,
) -> Result<Patched, PatchError> {
    let wrong = |why: &str| PatchError(why.to_owned());
    let operations = patch.as_array().ok_or_else(|| wrong("A JSON Patch is a list of operations"))?;
    if operations.len() > OPERATIONS {
        return Err(PatchError(format!("A JSON Patch has at most {OPERATIONS} operations")));
    }
    let mut present = present.clone();
    let mut edits = BTreeMap::new();
    let mut faults = Vec::new();
    let mut touched: Vec<&Property> = Vec::new();
    for operation in operations {
        let operation = Operation::read(operation)?;
        let (name, rest) = operation.split()?;
        let property = kind
            .meant(&name)
            .filter(|property| property.writable)
            .ok_or_else(|| PatchError(format!("Property `{name}` does not exist or cannot be written")))?;
        if property.name == "id" {
            return Err(wrong("The id of an object cannot be patched"));
        }
        // The other object's side of an edge is changed there (web-api reference 1.10).
        if matches!(property.writes, Writes::NestedVerbs | Writes::Never) {
            let fault = Fault::new(Code::E5006, [property.name]).at(property.name);
            if !faults.contains(&fault) {
                faults.push(fault);
            }
            continue;
        }
        if property.edge().is_some() {
            edit_edge(&mut edits, property, &operation, &rest)?;
        } else {
            operation.apply(&mut present, property.name, &rest)?;
            if !touched.iter().any(|known| known.name == property.name) {
                touched.push(property);
            }
        }
    }
    for property in touched {
        match edit_value(property, &present, holder) {
            Ok(edit) => {
                edits.insert(property.name, edit);
            }
            Err(fault) => faults.push(fault),
        }
    }
    Ok((edits, faults))
}

fn edit_value(property: &Property, present: &Map<String, Value>, holder: &str) -> Result<Edit, Fault> {
    if property.storage == Storage::Sharing {
        return Ok(read_sharing(present)?.map_or(Edit::Clear, |sharing| Edit::Set(Given::Sharing(sharing))));
    }
    match present.get(property.name).filter(|value| !is_absent(value)) {
        Some(value) => {
            check_holder(property, value, Some(holder))?;
            read(property, value).map(Edit::Set)
        }
        None => Ok(Edit::Clear),
    }
}

struct Operation<'a> {
    op: &'a str,
    path: &'a str,
    value: Option<&'a Value>,
    id: Option<&'a str>,
}

impl<'a> Operation<'a> {
    fn read(operation: &'a Value) -> Result<Self, PatchError> {
        let text = |key: &str| operation.get(key).and_then(Value::as_str);
        let op = text("op").ok_or_else(|| PatchError("An operation needs `op`".to_owned()))?;
        let path = text("path").ok_or_else(|| PatchError("An operation needs `path`".to_owned()))?;
        let value = operation.get("value");
        match op {
            "add" | "replace" if value.is_none() => Err(PatchError(format!("`{op}` needs a `value`"))),
            "remove-by-id" if text("id").is_none() => {
                Err(PatchError("`remove-by-id` needs an `id`".to_owned()))
            }
            "add" | "replace" | "remove" | "remove-by-id" => Ok(Self { op, path, value, id: text("id") }),
            _ => Err(PatchError(format!("`{op}` is none of add, replace, remove, remove-by-id"))),
        }
    }

    /// The property, and the rest of the pointer (RFC 6901).
    fn split(&self) -> Result<(String, Vec<String>), PatchError> {
        let pointer =
            self.path.strip_prefix('/').ok_or_else(|| PatchError("A path begins with /".to_owned()))?;
        let mut parts = pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
        let mut first = parts.next().unwrap_or_default();
        if first == "userCredentials" {
            first = parts.next().unwrap_or_default();
        }
        Ok((first, parts.collect()))
    }

    fn apply(&self, object: &mut Map<String, Value>, name: &str, rest: &[String]) -> Result<(), PatchError> {
        let lost = || PatchError(format!("Path `{}` leads nowhere", self.path));
        if self.op == "remove-by-id" {
            let members = object.get_mut(name).and_then(Value::as_array_mut).ok_or_else(lost)?;
            members.retain(|member| member.get("id").and_then(Value::as_str) != self.id);
            return Ok(());
        }
        let Some((last, inner)) = rest.split_last() else {
            match (self.op, self.value) {
                ("remove", _) | (_, None) => object.shift_remove(name),
                (_, Some(value)) => object.insert(name.to_owned(), value.clone()),
            };
            return Ok(());
        };
        let mut place = object.entry(name.to_owned()).or_insert_with(|| match last.as_str() {
            "-" | "0" => Value::Array(Vec::new()),
            _ => Value::Object(Map::new()),
        });
        for part in inner {
            place = step(place, part).ok_or_else(lost)?;
        }
        self.apply_at(place, last).ok_or_else(lost)
    }

    fn apply_at(&self, place: &mut Value, last: &str) -> Option<()> {
        match (place, self.op) {
            (Value::Object(map), "remove") => map.shift_remove(last).map(drop),
            (Value::Object(map), _) => {
                map.insert(last.to_owned(), self.value?.clone());
                Some(())
            }
            (Value::Array(members), "add") => {
                let at = if last == "-" { members.len() } else { last.parse().ok()? };
                (at <= members.len()).then(|| members.insert(at, self.value.cloned().unwrap_or_default()))
            }
            (Value::Array(members), op) => {
                let at: usize = last.parse().ok()?;
                let member = members.get_mut(at)?;
                if op == "remove" {
                    members.remove(at);
                } else {
                    *member = self.value?.clone();
                }
                Some(())
            }
            _ => None,
        }
    }
}

fn step<'v>(place: &'v mut Value, part: &str) -> Option<&'v mut Value> {
    match place {
        Value::Object(map) => map.get_mut(part),
        Value::Array(members) => members.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    }
}

fn edit_edge(
    edits: &mut BTreeMap<&'static str, Edit>,
    property: &Property,
    operation: &Operation<'_>,
    rest: &[String],
) -> Result<(), PatchError> {
    let lost = || {
        PatchError(format!(
            "`{}` of path `{}` is not supported; use add /- or remove-by-id",
            operation.op, operation.path
        ))
    };
    let idents = |value: Option<&Value>| -> Option<Vec<Ident>> {
        match value? {
            Value::Array(members) => members.iter().map(Ident::read).collect(),
            one => Ident::read(one).map(|ident| vec![ident]),
        }
    };
    match (operation.op, rest) {
        ("remove", []) => {
            edits.insert(property.name, Edit::Clear);
        }
        ("add" | "replace", []) => {
            let given = match operation.value {
                Some(value) if is_absent(value) => Edit::Clear,
                value if property.is_collection() => Edit::Set(Given::Many(idents(value).ok_or_else(lost)?)),
                value => Edit::Set(Given::One(value.and_then(Ident::read).ok_or_else(lost)?)),
            };
            edits.insert(property.name, given);
        }
        ("add", [place]) if place == "-" => {
            let joining = idents(operation.value).ok_or_else(lost)?;
            change_members(edits, property, &[], &joining);
        }
        ("remove-by-id", []) => {
            let leaving: Vec<Ident> = operation.id.map(Ident::id).into_iter().collect();
            change_members(edits, property, &leaving, &[]);
        }
        // `/parent/id`: the one object referenced.
        ("add" | "replace", [place]) if place == "id" && !property.is_collection() => {
            let ident = operation.value.and_then(Ident::read).ok_or_else(lost)?;
            edits.insert(property.name, Edit::Set(Given::One(ident)));
        }
        _ => return Err(lost()),
    }
    Ok(())
}

fn change_members(
    edits: &mut BTreeMap<&'static str, Edit>,
    property: &Property,
    leaving: &[Ident],
    joining: &[Ident],
) {
    let edit =
        edits.entry(property.name).or_insert_with(|| Edit::Members { remove: Vec::new(), add: Vec::new() });
    match edit {
        Edit::Members { remove, add } => {
            remove.extend_from_slice(leaving);
            add.extend_from_slice(joining);
        }
        // After a whole value, members change that value.
        Edit::Set(Given::Many(members)) => {
            members.retain(|member| !leaving.contains(member));
            members.extend_from_slice(joining);
        }
        other => *other = Edit::Set(Given::Many(joining.to_vec())),
    }
}
