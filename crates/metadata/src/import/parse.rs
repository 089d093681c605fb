//! From a payload to items: unknown, read-only and computed keys dropped, values in their normal form.

use std::sync::Arc;

use kibali_model::Uid;
use serde_json::{Map, Value};

use super::item::{Batch, Edit, Element, Given, GivenTranslation, Ident, Item, Sensitive};
use super::params::{ImportParams, MergeMode, ReportMode};
use super::report::Warning;
use super::shape::{self, is_absent, shown};
use super::sharing::read_sharing;
use super::{Code, Fault};
use crate::Registry;
use crate::kind::{Column, Computed, Kind, Property, Storage, Type, Writes};

/// Through which request a payload came; it decides which ends of edges it may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `POST /api/metadata`, `kibali import`.
    Import,
    /// The resource's own POST, PUT and PATCH.
    Crud,
}

impl Door {
    const fn opens(self, writes: Writes) -> bool {
        match writes {
            Writes::Always => true,
            Writes::Crud => matches!(self, Self::Crud),
            Writes::NestedVerbs | Writes::Never => false,
        }
    }
}

/// Keys of a metadata payload that are no collections.
const NO_COLLECTIONS: [&str; 2] = ["system", "date"];

/// The items of a `POST /api/metadata` body.
#[must_use]
pub fn parse_payload(
    registry: &Registry,
    payload: &Map<String, Value>,
    params: &ImportParams,
    new_uid: &mut dyn FnMut() -> Uid,
) -> Batch {
    let mut batch = Batch::default();
    for kind in registry.kinds() {
        let Some(Value::Array(objects)) = payload.get(kind.plural) else { continue };
        for (index, object) in objects.iter().enumerate() {
            let empty = Map::new();
            let object = object.as_object().unwrap_or(&empty);
            batch.items.push(parse_object(registry, kind, index, object, params, Door::Import, new_uid()));
        }
    }
    for (name, value) in payload {
        let known = registry.kind(name).is_some_and(|kind| kind.plural == name);
        let Value::Array(objects) = value else {
            if known && !value.is_null() {
                batch.warnings.push(Warning::no_list(name));
            }
            continue;
        };
        if !known && !objects.is_empty() && !NO_COLLECTIONS.contains(&name.as_str()) {
            batch.warnings.push(Warning::unknown_collection(name, objects.len()));
        }
    }
    batch
}

/// One object of a payload as an item.
#[must_use]
pub fn parse_object(
    registry: &Registry,
    kind: &Arc<Kind>,
    index: usize,
    object: &Map<String, Value>,
    params: &ImportParams,
    door: Door,
    fresh: Uid,
) -> Item {
    let merged = with_alias_blocks(kind, object);
    let object = merged.as_ref().unwrap_or(object);
    let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut item = Item {
        kind: kind.clone(),
        index,
        id: text("id").or_else(|| text("uid")).map(str::to_owned),
        code: text("code").map(str::to_owned),
        place: None,
        fresh,
        edits: Default::default(),
        faults: Vec::new(),
    };
    let positions: Vec<&str> = positions(registry, kind).collect();
    for property in &kind.properties {
        let given = given(property, object);
        if positions.contains(&property.name) {
            item.place = given.and_then(Value::as_i64);
            continue;
        }
        if !taken(kind, property, params) {
            continue;
        }
        if !door.opens(property.writes) {
            if given.is_some_and(|value| !is_empty_list(value)) && params.report == ReportMode::ErrorsNotOwner
            {
                item.faults.push(Fault::new(Code::E5006, [property.name]).at(property.name));
            }
            continue;
        }
        if property.storage == Storage::Sharing {
            match read_sharing(object) {
                Ok(Some(sharing)) => {
                    item.edits.insert(property.name, Edit::Set(Given::Sharing(sharing)));
                }
                Ok(None) => {}
                Err(fault) => item.faults.push(fault),
            }
            continue;
        }
        match given {
            Some(value) => match read(property, value)
                .and_then(|given| check_holder(property, value, item.id.as_deref()).map(|()| given))
            {
                Ok(given) => {
                    item.edits.insert(property.name, as_edit(given, params.merge));
                }
                Err(fault) => item.faults.push(fault),
            },
            None if params.merge == MergeMode::Replace
                && (cleared_when_absent(property) || cleared_by_null(property, object)) =>
            {
                item.edits.insert(property.name, Edit::Clear);
            }
            None => {}
        }
    }
    item
}

/// What a payload says of a property, under its own name before any other.
fn given<'o>(property: &Property, object: &'o Map<String, Value>) -> Option<&'o Value> {
    let names = std::iter::once(&property.name).chain(property.also);
    names.filter_map(|name| object.get(*name)).find(|value| !is_absent(value))
}

/// Is the property taken from payloads at all?
fn taken(kind: &Kind, property: &Property, params: &ImportParams) -> bool {
    let looked_at = match property.storage {
        Storage::Sharing => kind.shareable && !params.skip_sharing,
        Storage::Translations => !params.skip_translation,
        Storage::Computed(_) | Storage::Container | Storage::Tree(_) | Storage::EmbeddedInverse(_) => false,
        Storage::Column(column) => matches!(column, Column::Code | Column::Name | Column::Created),
        _ => true,
    };
    looked_at && property.writable
}

/// The properties that are the place of the object in some ordered edge, such as `option.sortOrder`: the edge
/// holds them.
fn positions<'r>(registry: &'r Registry, kind: &'r Kind) -> impl Iterator<Item = &'static str> + 'r {
    registry.edges_to(kind.singular).filter_map(|edge| {
        registry
            .kind(edge.source.kind)
            .and_then(|source| source.property(edge.source.property))
            .and_then(|end| end.position_as)
    })
}

/// Does a replacing write without the property clear it? Sharing, translations and secrets change only when
/// they are sent, the other end of an edge belongs to the other object (rules of the metadata 4), and what the
/// words of a dialect do not hold is not cleared in them (rules of the door 3).
fn cleared_when_absent(property: &Property) -> bool {
    property.owner
        && !property.kept
        && !property.immutable
        && !matches!(
            property.storage,
            Storage::Sharing | Storage::Translations | Storage::Secret | Storage::Inverse(_)
        )
}

/// What a replacing write keeps when it does not name it goes when it names it and says null.
fn cleared_by_null(property: &Property, object: &Map<String, Value>) -> bool {
    let beside = matches!(property.storage, Storage::Client(_) | Storage::Edge { .. });
    property.kept && beside && object.get(property.name).is_some_and(Value::is_null)
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

fn as_edit(given: Given, merge: MergeMode) -> Edit {
    match given {
        Given::Many(members) if merge == MergeMode::Merge => {
            Edit::Members { remove: Vec::new(), add: members }
        }
        given => Edit::Set(given),
    }
}

/// A payload with the old `userCredentials` block merged into the object; the object's own keys win.
fn with_alias_blocks(kind: &Kind, object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let block = kind
        .properties
        .iter()
        .find(|property| property.storage == Storage::Computed(Computed::UserCredentials))?;
    let inner = object.get(block.name)?.as_object()?;
    let mut merged = object.clone();
    for (key, value) in inner {
        // The block has identifiers and names of its own, which say nothing about the user.
        let own = matches!(key.as_str(), "id" | "uid" | "uuid" | "name" | "code" | "sharing" | "access");
        if !own && merged.get(key).is_none_or(is_absent) {
            merged.insert(key.clone(), value.clone());
        }
    }
    Some(merged)
}

/// The value of one property.
///
/// # Errors
/// It does not have the shape of the property.
pub fn read(property: &Property, value: &Value) -> Result<Given, Fault> {
    let wrong = |name: &str| Fault::new(Code::E4027, [&shown(value), name, property.name]).at(property.name);
    match property.storage {
        Storage::Edge { .. } | Storage::Inverse(_) if property.is_collection() => {
            let members = value.as_array().ok_or_else(|| wrong("list of references"))?;
            let members: Option<Vec<Ident>> = members.iter().map(Ident::read).collect();
            Ok(Given::Many(members.ok_or_else(|| wrong("list of references"))?))
        }
        Storage::Edge { .. } | Storage::Inverse(_) => {
            Ok(Given::One(Ident::read(value).ok_or_else(|| wrong("reference"))?))
        }
        Storage::Embedded => read_elements(property, value).map(Given::Elements),
        Storage::Translations => read_translations(value).map(Given::Translations),
        Storage::AttributeValues => read_attributes(value).map(Given::Attributes),
        Storage::Secret => {
            let text = value.as_str().ok_or_else(|| wrong("text"))?;
            shape::measured(property, value)?;
            Ok(Given::Secret(Sensitive::new(text)))
        }
        // Either form of a list of names is taken, whatever the dialect shows.
        Storage::Client(column) if column.is_list() => {
            let ty = match value {
                Value::Array(_) => Type::Collection(Box::new(Type::Text)),
                _ => Type::Text,
            };
            Ok(Given::Value(shape::normal(&Property::new(property.name, ty).ordered(), value)?))
        }
        _ => {
            let value = shape::normal(property, value)?;
            shape::measured(property, &value)?;
            Ok(Given::Value(value))
        }
    }
}

/// Embedded objects may name their holder, and then no other object (E4015). A holder that has no
/// identifier yet cannot be named; what a copied payload says of the original's is passed over.
///
/// # Errors
/// E4015, naming the stranger.
pub(super) fn check_holder(property: &Property, value: &Value, holder: Option<&str>) -> Result<(), Fault> {
    let (Storage::Embedded, Some(holder)) = (property.storage, holder) else { return Ok(()) };
    let members = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for end in property.inner().iter().filter(|end| end.storage == Storage::Container) {
        let named = members.iter().filter_map(|member| member.get(end.name).and_then(Ident::read)?.id);
        if let Some(stranger) = named.into_iter().find(|id| id != holder) {
            let name = format!("{}.{}", property.name, end.name);
            return Err(Fault::new(Code::E4015, [&name, &stranger]).at(property.name));
        }
    }
    Ok(())
}

fn read_elements(property: &Property, value: &Value) -> Result<Vec<Element>, Fault> {
    let wrong = || Fault::new(Code::E4027, [&shown(value), "object", property.name]).at(property.name);
    let Type::Complex(inner) = property.item_type() else { return Err(wrong()) };
    let objects: &[Value] = match value {
        Value::Array(members) => members,
        one => std::slice::from_ref(one),
    };
    objects
        .iter()
        .filter(|object| !object.is_null())
        .map(|object| {
            let object = object.as_object().ok_or_else(wrong)?;
            let values = shape::complex(inner, object).map_err(|fault| fault.at(property.name))?;
            let mut references = Vec::new();
            for end in inner {
                let Storage::Edge { edge, .. } = end.storage else { continue };
                for ident in idents(object.get(end.name)) {
                    references.push((edge, end.name, ident));
                }
            }
            Ok(Element { values, references })
        })
        .collect()
}

fn idents(value: Option<&Value>) -> Vec<Ident> {
    match value {
        Some(Value::Array(members)) => members.iter().filter_map(Ident::read).collect(),
        Some(one) => Ident::read(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// `[{locale, property, value}]`.
///
/// # Errors
/// E4000 for a part that is missing.
pub fn read_translations(value: &Value) -> Result<Vec<GivenTranslation>, Fault> {
    let Some(members) = value.as_array() else {
        return Err(Fault::new(Code::E4027, [&shown(value), "list", "translations"]).at("translations"));
    };
    members
        .iter()
        .filter(|member| !member.get("value").is_none_or(is_absent))
        .map(|member| {
            let text = |key: &str| {
                member
                    .get(key)
                    .and_then(Value::as_str)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
                    .ok_or_else(|| Fault::new(Code::E4000, [key]).at("translations"))
            };
            Ok(GivenTranslation {
                locale: text("locale")?,
                property: text("property")?,
                value: text("value")?,
            })
        })
        .collect()
}

fn read_attributes(value: &Value) -> Result<Vec<(Ident, String)>, Fault> {
    let wrong = || {
        Fault::new(Code::E4027, [&shown(value), "list of attribute values", "attributeValues"])
            .at("attributeValues")
    };
    let members = value.as_array().ok_or_else(wrong)?;
    let mut values = Vec::new();
    for member in members {
        let attribute = member.get("attribute").and_then(Ident::read).ok_or_else(wrong)?;
        match member.get("value") {
            Some(value) if !is_absent(value) => values.push((attribute, shown_whole(value))),
            _ => {}
        }
    }
    Ok(values)
}

fn shown_whole(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
