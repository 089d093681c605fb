//! Who holds which unique value afterwards.

use std::collections::{HashMap, HashSet};

use kibali_model::ObjectId;
use serde_json::Value;

use super::values::{follows, scalar_of};
use super::{Draft, Work};
use crate::import::facts::{Detail, Head, Key, Needs};
use crate::import::{Code, Fault};
use crate::kind::{AccountColumn, ClientColumn, Column, EdgeNumber, Property, Rule, Storage, Unique};

impl Work<'_> {
    /// Collects the values that are given up and taken, and finds those that others keep.
    pub(super) fn decide_unique(&mut self) -> Result<(), Box<Needs>> {
        for at in self.writing() {
            self.collect_keys(at);
        }
        self.ask.settled()?;
        self.check_keys()
    }

    fn collect_keys(&mut self, at: usize) {
        let Some(draft) = self.drafts.get(at) else { return };
        let kind = draft.item.kind.clone();
        for property in &kind.properties {
            let Some(unique) = property.unique else { continue };
            if property.storage == Storage::Column(Column::Uid) {
                continue;
            }
            let Some(draft) = self.drafts.get(at) else { return };
            let (id, new_value) = (draft.id, text(scalar_of(draft, property)));
            let old_value = stored_value(draft, property);
            let Some((old_scope, new_scope)) = self.scopes(draft, unique) else { continue };
            let key = |scope: Option<String>, value: Option<String>| {
                Some(Key { kind: kind.singular, property: property.key_name(), scope: scope?, value: value? })
            };
            let (old, new) = (key(old_scope, old_value), key(new_scope, new_value));
            if old != new {
                self.keys_freed.extend(old);
                self.keys_taken.extend(new.map(|key| (key, id)));
            }
        }
    }

    /// Within what the value was and will be unique: stored and wanted scope; `None` inside where it is in
    /// none. `None` outside where that is not known yet.
    fn scopes(&self, draft: &Draft<'_>, unique: Unique) -> Option<(Option<String>, Option<String>)> {
        let Unique::Edge(through) = unique else {
            return Some((Some(String::new()), Some(String::new())));
        };
        let edge = draft.kind().property(through).and_then(Property::edge).map(|(edge, _)| edge)?;
        let (stored, wanted) = self.parents(edge, draft)?;
        let scope = |id: Option<ObjectId>| id.map(|id| id.0.to_string());
        Some((scope(stored), scope(wanted)))
    }

    fn parents(&self, edge: EdgeNumber, draft: &Draft<'_>) -> Option<(Option<ObjectId>, Option<ObjectId>)> {
        let mut stored: Vec<ObjectId> = Vec::new();
        if !draft.is_new() {
            stored = self.ask.sources((edge, draft.id))?.iter().map(|row| row.source).collect();
        }
        let known: Vec<ObjectId> = self.rows.of_target(edge, draft.id).map(|place| place.1).collect();
        let wanted = self.rows.sources(edge, draft.id).first().copied();
        // A parent of which no row was touched stays.
        let kept = stored.iter().copied().find(|parent| !known.contains(parent));
        Some((stored.first().copied(), wanted.or(kept)))
    }

    fn check_keys(&mut self) -> Result<(), Box<Needs>> {
        let freed: HashSet<Key> = self.keys_freed.iter().cloned().collect();
        let mut holders: HashMap<Key, ObjectId> = HashMap::new();
        let taken = self.keys_taken.clone();
        let mut conflicts: Vec<(Key, ObjectId, Option<ObjectId>)> = Vec::new();
        for (key, object) in taken {
            if let Some(first) = holders.insert(key.clone(), object) {
                if first != object {
                    conflicts.push((key, object, None));
                }
                continue;
            }
            let Some(holder) = self.ask.keys(key.clone()) else { continue };
            if let Some(holder) = holder.filter(|holder| *holder != object && !freed.contains(&key)) {
                conflicts.push((key, object, Some(holder)));
            }
        }
        self.ask.settled()?;
        for (key, object, holder) in conflicts {
            self.tell_conflict(&key, object, holder);
        }
        self.ask.settled()
    }

    /// The identifier of the object in which a value is unique.
    fn scope_name(&self, scope: &str) -> String {
        let Some(id) = scope.parse().ok().map(ObjectId) else { return scope.to_owned() };
        match self.by_id.get(&id).and_then(|at| self.drafts.get(*at)) {
            Some(draft) => draft.uid.to_string(),
            None => match self.ask.heads(id) {
                Some(Some(head)) => head.uid.to_string(),
                _ => scope.to_owned(),
            },
        }
    }

    fn tell_conflict(&mut self, key: &Key, object: ObjectId, holder: Option<ObjectId>) {
        // A row that a rule made collides only with the payload's own; the rule has told that.
        let Some(at) = self.by_id.get(&object).copied() else { return };
        let Some(kind) = self.context.registry.kind(key.kind) else { return };
        let holder_name = holder.map(|holder| match self.ask.heads(holder) {
            Some(Some(head)) => head.uid.to_string(),
            _ => "another object".to_owned(),
        });
        let property = kind.properties.iter().find(|property| property.key_name() == key.property);
        let scoped = matches!(property.and_then(|property| property.unique), Some(Unique::Edge(_)));
        let name = property.map_or(key.property, |property| property.name);
        let fault = if key.property == "attributeValues" {
            Fault::new(Code::E4009, [&key.scope, &key.value])
        } else if follows(kind, Rule::UserRules) {
            Fault::new(Code::E4054, [name, &key.value])
        } else if scoped {
            Fault::new(Code::E4028, [&self.scope_name(&key.scope), name, &key.value])
        } else if let Some(holder) = holder_name {
            Fault::new(Code::E5003, [name, &key.value, &holder])
        } else {
            Fault::new(Code::E5005, [name, &key.value])
        };
        self.fail(at, fault.at(name));
    }
}

fn stored_value(draft: &Draft<'_>, property: &Property) -> Option<String> {
    let (head, detail): (&Head, &Detail) = (draft.head?, draft.detail?);
    match property.storage {
        Storage::Column(Column::Code) => head.code.clone(),
        Storage::Column(Column::Name) => head.name.clone(),
        Storage::Account(AccountColumn::Username) => detail.account.as_ref().map(|a| a.username.clone()),
        Storage::Client(ClientColumn::ClientId) => detail.client.as_ref().map(|c| c.client_id.clone()),
        _ => text(detail.doc.get(property.name).cloned()),
    }
}

fn text(value: Option<Value>) -> Option<String> {
    value.map(|value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    })
}
