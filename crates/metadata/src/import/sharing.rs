//! Sharing as payloads have it.

use std::collections::BTreeMap;

use kibali_model::Access;
use serde_json::{Map, Value};

use super::item::{GivenSharing, Ident};
use super::{Code, Fault};

/// The sharing of a payload object: `sharing`, or the old keys where that is absent.
///
/// # Errors
/// E3010 for what is no access string.
pub fn read_sharing(object: &Map<String, Value>) -> Result<Option<GivenSharing>, Fault> {
    if let Some(sharing) = object.get("sharing").and_then(Value::as_object) {
        return Ok(Some(GivenSharing {
            owner: text(sharing.get("owner")),
            public: access(sharing.get("public"))?,
            users: grantees(sharing.get("users"))?,
            groups: grantees(sharing.get("userGroups"))?,
        }));
    }
    let old = ["publicAccess", "userAccesses", "userGroupAccesses"];
    if old.iter().all(|key| object.get(*key).is_none_or(Value::is_null)) {
        return Ok(None);
    }
    Ok(Some(GivenSharing {
        owner: object.get("user").and_then(Ident::read).and_then(|user| user.id),
        public: access(object.get("publicAccess"))?,
        users: grantees(object.get("userAccesses"))?,
        groups: grantees(object.get("userGroupAccesses"))?,
    }))
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn access(value: Option<&Value>) -> Result<Option<Access>, Fault> {
    text(value)
        .map(|text| text.parse().map_err(|_| Fault::new(Code::E3010, [&text]).at("sharing")))
        .transpose()
}

/// Grantees by uid, from a map keyed by uid or from a list.
fn grantees(value: Option<&Value>) -> Result<BTreeMap<String, Access>, Fault> {
    let entries: Vec<(Option<&String>, &Value)> = match value {
        Some(Value::Object(map)) => map.iter().map(|(key, entry)| (Some(key), entry)).collect(),
        Some(Value::Array(members)) => members.iter().map(|entry| (None, entry)).collect(),
        _ => Vec::new(),
    };
    let mut grantees = BTreeMap::new();
    for (key, entry) in entries {
        let id = text(entry.get("id")).or_else(|| text(entry.get("uid"))).or_else(|| key.cloned());
        if let (Some(id), Some(access)) = (id, access(entry.get("access"))?) {
            grantees.insert(id, access);
        }
    }
    Ok(grantees)
}
