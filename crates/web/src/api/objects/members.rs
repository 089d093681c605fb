//! `memberObject` and `memberCollection`: how many units in and below each unit of a list belong to an object
//! (web-api reference 5.2).

use std::collections::HashMap;

use kibali_metadata::Kind;
use kibali_metadata::language::Fields;
use kibali_model::{Principal, Uid};
use serde_json::Value;

use super::inner::listed;
use super::parameter::one;
use super::tree::has_tree;
use crate::{App, Refusal};

/// The key that a list asked so has, whatever `fields` says.
const MEMBER_COUNT: &str = "memberCount";

/// How many, by the uid of each unit that has any.
pub(super) struct Members(HashMap<String, u64>);

impl Members {
    /// Counts, where both parameters are given. One list of the members is read, however many units are shown.
    pub(super) async fn of(
        app: &App,
        caller: &Principal,
        kind: &Kind,
        pairs: &[(String, String)],
    ) -> Result<Option<Self>, Refusal> {
        let (object, collection) = (one(pairs, "memberObject")?, one(pairs, "memberCollection")?);
        let (true, Some(object), Some(collection)) = (has_tree(kind), object, collection) else {
            return Ok(None);
        };
        let object: Uid = object
            .parse()
            .map_err(|_| Refusal::bad_request("Parameter memberObject takes the identifier of an object"))?;
        let named = |name: &str| name == collection;
        let property = kind
            .properties
            .iter()
            .find(|property| {
                property.is_collection() && (named(property.name) || named(property.field_name()))
            })
            .ok_or_else(|| {
                let message =
                    format!("Parameter memberCollection names no collection of {}", kind.display_name);
                Refusal::bad_request(message)
            })?;
        let mut counts = HashMap::new();
        // What a kind not served owns has no members.
        if property.edge().is_some() {
            let filter = format!("{}.id:eq:{object}", property.name);
            let pairs = [("filter", &*filter), ("paging", "false")];
            for member in listed(app, caller, kind.plural, &Fields::names(&["path"]), &pairs).await?.0 {
                let path = member.get("path").and_then(Value::as_str).unwrap_or_default();
                for unit in path.split('/').filter(|unit| !unit.is_empty()) {
                    *counts.entry(unit.to_owned()).or_default() += 1;
                }
            }
        }
        Ok(Some(Self(counts)))
    }

    /// Says of the unit `uid` how many.
    pub(super) fn tell(&self, uid: &str, unit: &mut Value) {
        if let Some(unit) = unit.as_object_mut() {
            let count = self.0.get(uid).copied().unwrap_or_default();
            unit.insert(MEMBER_COUNT.to_owned(), Value::from(count));
        }
    }
}
