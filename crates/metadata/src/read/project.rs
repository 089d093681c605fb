//! From loaded objects to JSON: keys in the schema's order, nulls left out (web-api reference 1.7, 1.13).

use kibali_model::Principal;
use serde_json::{Map, Value, json};

use super::access::AccessMap;
use super::loaded::{Link, Loaded, People, Person, Record, Slot};
use super::shape::{Entry, Shape, Show, Want};
use super::values::{
    account_value, attribute_values, block, column_value, object_types, strip, text_or_null, translations,
};
use crate::document::ELEMENT_KEY;
use crate::kind::{Column, Computed, Kind, Property, Storage, TreeColumn};
use crate::language::Fields;

/// How the caller sees objects.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Who asks.
    pub caller: &'a Principal,
    /// Absolute address of `/api`, without a slash at the end.
    pub api: &'a str,
    /// Locale of display names.
    pub locale: Option<&'a str>,
    /// System defaults are left out (`defaults=EXCLUDE`).
    pub exclude_defaults: bool,
    /// Sharing is also shown under the keys of DHIS2 2.40 and below (rules of the metadata 2).
    pub old_sharing: bool,
}

/// Writes loaded objects as JSON.
#[derive(Debug)]
pub struct Projector<'a> {
    view: View<'a>,
    people: &'a People,
}

/// Where in the loaded tree a value is written: the object, its level, and which embedded object of it.
#[derive(Clone, Copy)]
struct Place<'l, 's, 'r> {
    shape: &'s Shape<'r>,
    level: &'l Loaded,
    record: &'l Record,
    element: Option<&'l Map<String, Value>>,
}

impl<'a> Projector<'a> {
    /// A projector for one answer.
    #[must_use]
    pub const fn new(view: View<'a>, people: &'a People) -> Self {
        Self { view, people }
    }

    /// Every object of the level, in its order.
    #[must_use]
    pub fn list(&self, shape: &Shape<'_>, level: &Loaded) -> Vec<Value> {
        level.records.iter().map(|record| self.object(shape, level, record)).collect()
    }

    /// One object of the level.
    #[must_use]
    pub fn object(&self, shape: &Shape<'_>, level: &Loaded, record: &Record) -> Value {
        if !record.readable {
            return json!({ "id": record.uid });
        }
        let place = Place { shape, level, record, element: None };
        Value::Object(self.entries(&shape.entries, place))
    }

    fn entries(&self, entries: &[Entry<'_>], place: Place<'_, '_, '_>) -> Map<String, Value> {
        let mut map = Map::new();
        for entry in entries {
            if self.view.old_sharing && matches!(entry.show, Show::Sharing(None)) {
                map.extend(self.old_sharing(place.shape.kind, place.record));
            }
            match self.value(&entry.show, place) {
                Value::Null => {}
                value => {
                    let value = entry.transformers.iter().fold(value, |value, one| one.apply(value));
                    map.insert(entry.key.clone(), value);
                }
            }
        }
        map
    }

    fn value(&self, show: &Show<'_>, place: Place<'_, '_, '_>) -> Value {
        let record = place.record;
        let more = record.more.as_deref();
        match show {
            Show::Column(column) => column_value(*column, record),
            Show::Person(column, names) => self.person(*column, names, record),
            Show::Document(property, fields) => {
                let map = place.element.unwrap_or(&record.document);
                map.get(property.name)
                    .map_or(Value::Null, |value| self.document(property, value, fields.as_ref()))
            }
            Show::Account(column) => more
                .and_then(|more| more.account.as_ref())
                .map_or(Value::Null, |row| account_value(*column, row)),
            Show::Client(column, property) => more
                .and_then(|more| more.client.as_ref())
                .map_or(Value::Null, |client| client.value(*column, property)),
            Show::Tree(column) => {
                more.and_then(|more| more.tree.as_ref()).map_or(Value::Null, |(path, level)| match column {
                    TreeColumn::Path => json!(path),
                    TreeColumn::Level => json!(level),
                })
            }
            Show::Sharing(fields) => block(self.sharing(place.shape.kind, record), fields.as_ref()),
            Show::Translations(fields) => block(translations(record), fields.as_ref()),
            Show::AttributeValues(fields) => block(attribute_values(record), fields.as_ref()),
            Show::Attribute(uid) => more
                .and_then(|more| more.attributes.iter().find(|(attribute, _)| attribute == uid))
                .map_or(Value::Null, |(_, value)| json!(value)),
            Show::Display(base, or) => self.display(base, *or, record),
            Show::Href => json!(format!("{}/{}/{}", self.view.api, place.shape.kind.plural, record.uid)),
            Show::Access(fields) => block(self.access(place.shape.kind, record), fields.as_ref()),
            Show::Constant(value) => value.clone(),
            Show::IsDefault => json!(place.shape.kind.is_default(&record.uid)),
            Show::ObjectTypes => object_types(place.shape.kind, record),
            Show::Count(slot) => json!(count(place, *slot)),
            Show::Any(slot, yes) => json!((count(place, *slot) > 0) == *yes),
            Show::Position(slot) => match place.level.slots.get(*slot) {
                Some(Slot::Positions(positions)) => {
                    positions.get(&record.id).map_or(Value::Null, |at| json!(at))
                }
                _ => Value::Null,
            },
            Show::One(slot) => self.targets(place, *slot).into_iter().next().unwrap_or(Value::Null),
            Show::Many(slot) => Value::Array(self.targets(place, *slot)),
            Show::Embedded { property, entries } => self.embedded(property, entries, place),
            Show::Mentions { slot, property, entries } => self.mentions(*slot, property, entries, place),
            Show::Container(entries) | Show::Block(entries) => {
                Value::Object(self.entries(entries, Place { element: None, ..place }))
            }
        }
    }

    fn display(&self, base: &Property, or: Option<&Property>, record: &Record) -> Value {
        let translated = self.view.locale.zip(base.translation_key).and_then(|(locale, key)| {
            let more = record.more.as_deref()?;
            more.translations.iter().find(|one| one.locale == locale && one.property == key)
        });
        let value = match (translated, base.storage) {
            (Some(translation), _) => json!(translation.value),
            (None, Storage::Column(column)) => column_value(column, record),
            (None, Storage::Computed(Computed::FullName | Computed::OptionNames)) => json!(record.name),
            (None, _) => record.document.get(base.name).cloned().unwrap_or(Value::Null),
        };
        match (value, or) {
            (Value::Null, Some(or)) => self.display(or, None, record),
            (value, _) => value,
        }
    }

    /// A value of a document, without element numbers.
    fn document(&self, property: &Property, value: &Value, fields: Option<&Fields>) -> Value {
        let mut value = value.clone();
        strip(&mut value);
        // A reference whose kind is not described shows its id until more is asked, as every reference.
        block(value, fields.filter(|_| !property.is_simple()))
    }

    fn person(&self, column: Column, names: &[&str], record: &Record) -> Value {
        let uid = if column == Column::UpdatedBy { &record.updated_by } else { &record.created_by };
        let Some(uid) = uid else { return Value::Null };
        let nobody = Person::default();
        let person = self.people.users.get(uid).unwrap_or(&nobody);
        let mut map = Map::new();
        for name in names {
            let value = match *name {
                "id" => json!(uid),
                "code" => json!(person.code),
                "username" => text_or_null(&person.username),
                _ => text_or_null(&person.name),
            };
            if !value.is_null() {
                map.insert((*name).to_owned(), value);
            }
        }
        Value::Object(map)
    }

    fn sharing(&self, kind: &Kind, record: &Record) -> Value {
        if !kind.shareable {
            return Value::Null;
        }
        let Some(more) = record.more.as_deref() else { return Value::Null };
        let grantees = |map: &std::collections::BTreeMap<String, kibali_model::Access>, users: bool| {
            let mut out = Map::new();
            for (uid, access) in map {
                let name = match users {
                    true => self.people.users.get(uid).map(|person| person.name.as_str()),
                    false => self.people.groups.get(uid).map(String::as_str),
                };
                let mut grantee = json!({ "id": uid, "access": access.to_string() });
                if let (Some(name), Some(grantee)) = (name, grantee.as_object_mut()) {
                    grantee.insert("displayName".to_owned(), json!(name));
                }
                out.insert(uid.clone(), grantee);
            }
            Value::Object(out)
        };
        let sharing = &more.sharing;
        let mut map = Map::new();
        if let Some(owner) = &sharing.owner {
            map.insert("owner".to_owned(), json!(owner));
        }
        map.insert("external".to_owned(), json!(sharing.external));
        map.insert("users".to_owned(), grantees(&sharing.users, true));
        map.insert("userGroups".to_owned(), grantees(&sharing.groups, false));
        if let Some(public) = sharing.public {
            map.insert("public".to_owned(), json!(public.to_string()));
        }
        Value::Object(map)
    }

    /// `publicAccess`, `externalAccess`, `userAccesses` and `userGroupAccesses`.
    fn old_sharing(&self, kind: &Kind, record: &Record) -> Map<String, Value> {
        let sharing = self.sharing(kind, record);
        let Value::Object(mut sharing) = sharing else { return Map::new() };
        let list = |value: Option<Value>| match value {
            Some(Value::Object(grantees)) => grantees.into_iter().map(|(_, grantee)| grantee).collect(),
            _ => json!([]),
        };
        let mut old = Map::new();
        if let Some(public) = sharing.remove("public") {
            old.insert("publicAccess".to_owned(), public);
        }
        old.insert("externalAccess".to_owned(), sharing.remove("external").unwrap_or_default());
        old.insert("userAccesses".to_owned(), list(sharing.remove("users")));
        old.insert("userGroupAccesses".to_owned(), list(sharing.remove("userGroups")));
        old
    }

    fn access(&self, kind: &Kind, record: &Record) -> Value {
        let sharing = record.more.as_deref().map(|more| more.sharing.clone()).unwrap_or_default();
        let immutable = kind.is_default(&record.uid);
        AccessMap::of(self.view.caller, kind, &sharing, record.readable, immutable).to_json()
    }

    /// The objects of a slot, written; of an embedded object only those its element holds.
    fn targets(&self, place: Place<'_, '_, '_>, slot: usize) -> Vec<Value> {
        let Some(Slot::Objects { links, level, .. }) = place.level.slots.get(slot) else { return Vec::new() };
        let (Want::Objects(shape) | Want::Ancestors(shape)) = (match place.shape.slots.get(slot) {
            Some(need) => &need.want,
            None => return Vec::new(),
        }) else {
            return Vec::new();
        };
        let element = place.element.and_then(element_number);
        links
            .get(&place.record.id)
            .into_iter()
            .flatten()
            .filter(|link| element.is_none_or(|element| element == link.element))
            .filter_map(|link| level.records.get(link.record))
            .filter(|record| !(self.view.exclude_defaults && shape.kind.is_default(&record.uid)))
            .map(|record| self.object(shape, level, record))
            .collect()
    }

    fn embedded(&self, property: &Property, entries: &[Entry<'_>], place: Place<'_, '_, '_>) -> Value {
        let one = |element: &Value| {
            element.as_object().map(|element| {
                let place = Place { element: Some(element), ..place };
                Value::Object(self.entries(entries, place))
            })
        };
        match place.record.document.get(property.name) {
            Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
            Some(item) => one(item).unwrap_or(Value::Null),
            None if property.is_collection() => json!([]),
            None => Value::Null,
        }
    }

    fn mentions(
        &self,
        slot: usize,
        property: &Property,
        entries: &[Entry<'_>],
        place: Place<'_, '_, '_>,
    ) -> Value {
        let Some(Slot::Objects { links, level, .. }) = place.level.slots.get(slot) else { return json!([]) };
        let Some(Want::Objects(shape)) = place.shape.slots.get(slot).map(|need| &need.want) else {
            return json!([]);
        };
        let one = |link: &Link| {
            let holder = level.records.get(link.record)?;
            if !holder.readable {
                let container = property.inner().iter().find(|inner| inner.storage == Storage::Container)?;
                return Some(json!({ container.name: { "id": holder.uid } }));
            }
            let numbered = element_of(holder, property, link.element);
            let place = Place { shape, level, record: holder, element: Some(&numbered) };
            Some(Value::Object(self.entries(entries, place)))
        };
        links.get(&place.record.id).into_iter().flatten().filter_map(one).collect()
    }
}

/// The embedded object with this number; its scalars too where the document was loaded.
fn element_of(holder: &Record, property: &Property, number: i64) -> Map<String, Value> {
    let in_document = holder
        .document
        .get(property.name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .find(|element| element_number(element) == Some(number));
    in_document.cloned().unwrap_or_else(|| Map::from_iter([(ELEMENT_KEY.to_owned(), json!(number))]))
}

fn element_number(element: &Map<String, Value>) -> Option<i64> {
    element.get(ELEMENT_KEY).and_then(Value::as_i64)
}

fn count(place: Place<'_, '_, '_>, slot: usize) -> i64 {
    match place.level.slots.get(slot) {
        Some(Slot::Counts(counts)) => counts.get(&place.record.id).copied().unwrap_or(0),
        _ => 0,
    }
}
