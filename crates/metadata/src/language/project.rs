//! `fields` applied to any JSON value: `/api/schemas`, `/api/me`, `/api/system/info`. Objects of described
//! kinds are projected by their descriptions instead.

use serde_json::{Map, Value};

use super::{FieldItem, Fields, Preset, Transformer};

/// What `:identifiable` shows.
const IDENTIFIABLE: &[&str] = &["id", "name", "code", "created", "lastUpdated", "lastUpdatedBy"];
/// What `:nameable` shows.
const NAMEABLE: &[&str] = &["id", "name", "shortName", "description", "code", "created", "lastUpdated"];

/// The parts of `value` that `fields` asks for, in the value's own order. An array is projected member by
/// member; a scalar stays as it is; a name the value does not have is ignored. A property named without a
/// block comes whole.
#[must_use]
pub fn project_value(fields: &Fields, value: &Value) -> Value {
    let items: Vec<&FieldItem> = fields.0.iter().collect();
    project(&items, value)
}

fn project(items: &[&FieldItem], value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(project_object(items, map)),
        Value::Array(members) => members.iter().map(|member| project(items, member)).collect(),
        scalar => scalar.clone(),
    }
}

fn project_object(items: &[&FieldItem], map: &Map<String, Value>) -> Map<String, Value> {
    let mut shown = Map::new();
    for (key, value) in map {
        if let Some((name, value)) = project_key(items, key, value) {
            shown.insert(name, value);
        }
    }
    shown
}

/// The name and value under which one key is shown, if it is.
fn project_key(items: &[&FieldItem], key: &str, value: &Value) -> Option<(String, Value)> {
    let mut asked = false;
    let mut inside: Vec<&FieldItem> = Vec::new();
    let mut left_out = Vec::new();
    let mut transformers: Vec<&Transformer> = Vec::new();
    for item in items {
        match item {
            FieldItem::Preset(preset) => asked |= covers(*preset, key, value),
            FieldItem::Exclude(path) => match path.split_first() {
                Some((first, [])) if first == key => return None,
                Some((first, rest)) if first == key => left_out.push(FieldItem::Exclude(rest.to_vec())),
                _ => {}
            },
            FieldItem::Field { name, transformers: own, inner } if name == key => {
                asked = true;
                transformers.extend(own);
                inside.extend(inner.iter().flat_map(|inner| &inner.0));
            }
            FieldItem::Field { .. } => {}
        }
    }
    if !asked {
        return None;
    }
    let everything = FieldItem::Preset(Preset::All);
    if inside.is_empty() {
        inside.push(&everything);
    }
    inside.extend(&left_out);
    let value = transformers.iter().fold(project(&inside, value), |value, one| one.apply(value));
    let renamed = transformers.iter().rev().find_map(|one| match one {
        Transformer::Rename(name) => Some(name.clone()),
        _ => None,
    });
    Some((renamed.unwrap_or_else(|| key.to_owned()), value))
}

fn covers(preset: Preset, key: &str, value: &Value) -> bool {
    match preset {
        Preset::All | Preset::Owner | Preset::Persisted => true,
        Preset::Identifiable => IDENTIFIABLE.contains(&key),
        Preset::Nameable => NAMEABLE.contains(&key),
        Preset::Simple => !value.is_object() && !value.is_array(),
    }
}

impl Transformer {
    /// The value after this transformer (web-api reference 1.7). A value it does not fit stays as it is,
    /// and so does every value under `~rename`, which changes the key.
    #[must_use]
    pub fn apply(&self, value: Value) -> Value {
        match (self, value) {
            (Self::Size, Value::Array(members)) => members.len().into(),
            (Self::Size, Value::String(text)) => text.chars().count().into(),
            (Self::IsEmpty, Value::Array(members)) => members.is_empty().into(),
            (Self::IsNotEmpty, Value::Array(members)) => (!members.is_empty()).into(),
            (Self::Pluck(property), Value::Array(members)) => {
                members.into_iter().map(|member| member.get(property).cloned().unwrap_or(member)).collect()
            }
            (Self::KeyBy(property), Value::Array(members)) => key_by(property, members),
            (_, value) => value,
        }
    }
}

/// Members by the value of a property; several with one value stand in an array under it.
fn key_by(property: &str, members: Vec<Value>) -> Value {
    let mut keyed: Map<String, Value> = Map::new();
    let mut several = std::collections::HashSet::new();
    for member in members {
        let key = match member.get(property) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => continue,
        };
        match keyed.get_mut(&key) {
            None => {
                keyed.insert(key, member);
            }
            Some(Value::Array(list)) if several.contains(&key) => list.push(member),
            Some(first) => {
                *first = Value::Array(vec![first.take(), member]);
                several.insert(key);
            }
        }
    }
    Value::Object(keyed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use serde_json::json;

    use super::*;

    fn shown(fields: &str, value: &Value) -> Value {
        project_value(&Fields::parse(fields).unwrap(), value)
    }

    #[test]
    fn what_is_asked_for_is_shown_in_the_order_of_the_value() {
        let value = json!({
            "id": "a", "name": "n", "secret": 1,
            "list": [{ "id": "x", "n": 1 }, { "id": "y", "n": 2 }],
            "deep": { "one": { "two": 2, "three": 3 } },
        });
        for (fields, expected) in [
            ("name,id,unheardOf", json!({ "id": "a", "name": "n" })),
            (
                "*,!list,!deep.one.two,!secret",
                json!({ "id": "a", "name": "n", "deep": { "one": { "three": 3 } } }),
            ),
            ("list[id]", json!({ "list": [{ "id": "x" }, { "id": "y" }] })),
            ("list~pluck,deep[one[two]]", json!({ "list": ["x", "y"], "deep": { "one": { "two": 2 } } })),
            ("list~size~rename(count)", json!({ "count": 2 })),
            ("list~isEmpty", json!({ "list": false })),
            ("list[id]~keyBy", json!({ "list": { "x": { "id": "x" }, "y": { "id": "y" } } })),
            (":simple", json!({ "id": "a", "name": "n", "secret": 1 })),
            (":identifiable", json!({ "id": "a", "name": "n" })),
            ("deep.one.two,deep.one.three", json!({ "deep": { "one": { "two": 2, "three": 3 } } })),
        ] {
            assert_eq!(shown(fields, &value), expected, "{fields}");
        }
    }

    #[test]
    fn everything_is_the_value_itself_and_a_scalar_stays() {
        let value = json!({ "a": [1, { "b": null }], "c": "d" });
        assert_eq!(shown("*", &value), value);
        assert_eq!(shown("a", &json!("text")), json!("text"));
    }

    #[test]
    fn several_members_with_one_key_share_it() {
        let members =
            json!({ "l": [{ "k": "x", "n": 1 }, { "k": "x", "n": 2 }, { "k": "x", "n": 3 }, { "n": 4 }] });
        assert_eq!(
            shown("l~keyBy(k)", &members),
            json!({ "l": { "x": [{ "k": "x", "n": 1 }, { "k": "x", "n": 2 }, { "k": "x", "n": 3 }] } })
        );
    }
}
