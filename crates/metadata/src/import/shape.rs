//! The shape of one value: brought into its normal form, and held against its description.

use kibali_model::Timestamp;
use serde_json::{Map, Number, Value};

use super::{Code, Fault};
use crate::kind::{Property, Storage, Type};

/// Null, the empty text: no value (web-api reference 1.1).
#[must_use]
pub fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// The normal form of `value` for a property, or what is wrong with it.
///
/// # Errors
/// E4027 where the type does not fit, E4003, E4004, E4006 for texts of a special form.
pub(super) fn normal(property: &Property, value: &Value) -> Result<Value, Fault> {
    let normal = normal_type(&property.ty, property, value)?;
    Ok(match normal {
        // A set has no order of its own: the same members are the same value.
        Value::Array(mut members) if !property.ordered && is_set(&property.ty) => {
            members.sort_by_key(ToString::to_string);
            members.dedup();
            Value::Array(members)
        }
        other => other,
    })
}

fn is_set(ty: &Type) -> bool {
    matches!(ty, Type::Collection(item) if !matches!(**item, Type::Complex(_) | Type::Geolocation))
}

fn normal_type(ty: &Type, property: &Property, value: &Value) -> Result<Value, Fault> {
    let wrong = |name: &str| Fault::new(Code::E4027, [&shown(value), name, property.name]).at(property.name);
    match ty {
        Type::Identifier | Type::Text | Type::Password | Type::PhoneNumber => {
            text_of(value).map(Value::String).ok_or_else(|| wrong("text"))
        }
        Type::Number => number_of(value).ok_or_else(|| wrong("number")),
        Type::Integer => integer_of(value).map(Value::from).ok_or_else(|| wrong("whole number")),
        Type::Boolean => boolean_of(value).map(Value::Bool).ok_or_else(|| wrong("truth value")),
        Type::Date => date_of(value).map(|date| Value::String(date.to_dhis2())).ok_or_else(|| wrong("date")),
        Type::Constant(names) => match value.as_str() {
            Some(name) if names.contains(&name) => Ok(Value::from(name)),
            _ => Err(wrong(&format!("value (one of {})", names.join(", ")))),
        },
        Type::Url => special(
            value,
            is_url,
            || Fault::new(Code::E4004, [property.name, &shown(value)]).at(property.name),
            wrong,
        ),
        Type::Email => special(
            value,
            is_email,
            || Fault::new(Code::E4003, [property.name, &shown(value)]).at(property.name),
            wrong,
        ),
        Type::Color => special(
            value,
            is_color,
            || Fault::new(Code::E4006, [property.name, &shown(value)]).at(property.name),
            wrong,
        ),
        Type::Geolocation => Ok(without_nulls(value)),
        Type::Reference(_) => super::Ident::read(value)
            .and_then(|ident| ident.id.or(ident.code))
            .map(|id| serde_json::json!({ "id": id }))
            .ok_or_else(|| wrong("reference")),
        Type::Complex(inner) if inner.is_empty() => Ok(without_nulls(value)),
        Type::Complex(inner) => {
            let object = value.as_object().ok_or_else(|| wrong("object"))?;
            complex(inner, object).map(Value::Object)
        }
        Type::Collection(item) => {
            let members = value.as_array().ok_or_else(|| wrong("list"))?;
            let members: Result<Vec<Value>, Fault> = members
                .iter()
                .filter(|member| !is_absent(member))
                .map(|member| normal_type(item, property, member))
                .collect();
            members.map(Value::Array)
        }
    }
}

/// The writable scalars of an embedded object in their normal form, in the order of its description.
///
/// # Errors
/// As [`normal`].
pub(super) fn complex(inner: &[Property], object: &Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let mut normal_object = Map::new();
    for property in inner.iter().filter(|property| property.writable && property.storage == Storage::Document)
    {
        match object.get(property.name) {
            Some(value) if !is_absent(value) => {
                let value = normal(property, value)?;
                measured(property, &value)?;
                normal_object.insert(property.name.to_owned(), value);
            }
            _ if property.required => return Err(Fault::new(Code::E4000, [property.name]).at(property.name)),
            _ => {}
        }
    }
    Ok(normal_object)
}

fn special(
    value: &Value,
    fits: fn(&str) -> bool,
    fault: impl Fn() -> Fault,
    wrong: impl Fn(&str) -> Fault,
) -> Result<Value, Fault> {
    let text = text_of(value).ok_or_else(|| wrong("text"))?;
    if fits(&text) { Ok(Value::String(text)) } else { Err(fault()) }
}

/// Is a value in its normal form as long, or as great, as its description allows?
///
/// # Errors
/// E4001, E4002 for texts, E4008 for numbers, E4007 for collections.
pub(super) fn measured(property: &Property, value: &Value) -> Result<(), Fault> {
    let (size, range_code) = match value {
        Value::String(text) if property.ty != Type::Date => (length(text.chars().count()), Code::E4002),
        Value::Number(number) => (number.as_f64().unwrap_or_default(), Code::E4008),
        Value::Array(members) => (length(members.len()), Code::E4007),
        _ => return Ok(()),
    };
    let (min, max) = (property.min, property.max);
    if max.is_none_or(|max| size <= max) && min.is_none_or(|min| size >= min) {
        return Ok(());
    }
    let name = property.name;
    Err(match (min, max) {
        (None, Some(max)) if range_code == Code::E4002 => {
            Fault::new(Code::E4001, [name, &plain(max), &plain(size)])
        }
        (Some(min), Some(max)) if range_code == Code::E4002 && min <= 1.0 && size > max => {
            Fault::new(Code::E4001, [name, &plain(max), &plain(size)])
        }
        (min, max) => Fault::new(
            range_code,
            [
                name,
                &min.map_or_else(|| "any".to_owned(), plain),
                &max.map_or_else(|| "any".to_owned(), plain),
                &plain(size),
            ],
        ),
    }
    .at(name))
}

fn length(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn plain(number: f64) -> String {
    Number::from_f64(number).map_or_else(String::new, |number| {
        let text = number.to_string();
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    })
}

/// A value for a message: texts bare, cut where they are long.
pub(super) fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.contains('\0') => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let number: f64 = text.trim().parse().ok()?;
            Number::from_f64(number).map(Value::Number)
        }
        _ => None,
    }
}

fn integer_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    // Beyond 2^53 a float no longer names one whole number.
    if number.fract() != 0.0 || number.abs() > 9_007_199_254_740_992.0 {
        return None;
    }
    format!("{number:.0}").parse().ok()
}

fn boolean_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn date_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::from_dhis2(text),
        Value::Number(millis) => millis.as_i64().map(Timestamp::from_millis),
        _ => None,
    }
}

/// A value without the nulls inside it.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Array(members) => Value::Array(members.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

/// Has `text` the form of an e-mail address: one `@`, something before it, a dotted name after it?
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && !local.contains('@')
        && domain.contains('.')
        && domain
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

/// Has `text` the form of an absolute address with a host?
#[must_use]
pub fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    ["http", "https", "ftp"].contains(&scheme.to_ascii_lowercase().as_str())
        && rest.chars().next().is_some_and(|first| first.is_alphanumeric() || first == '[')
        && !rest.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Is `text` a colour: `#` and three or six hexadecimal digits?
#[must_use]
pub(super) fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A failing test may panic.

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn code(ty: Type, value: Value) -> Result<Value, Code> {
        normal(&Property::new("p", ty), &value).map_err(|fault| fault.code)
    }

    #[test]
    fn scalars_take_their_normal_form() {
        assert_eq!(code(Type::Text, json!(5)), Ok(json!("5")));
        assert_eq!(code(Type::Integer, json!("7")), Ok(json!(7)));
        assert_eq!(code(Type::Integer, json!(7.0)), Ok(json!(7)));
        assert_eq!(code(Type::Integer, json!(7.5)), Err(Code::E4027));
        assert_eq!(code(Type::Boolean, json!("true")), Ok(json!(true)));
        assert_eq!(code(Type::Date, json!("2024-03")), Ok(json!("2024-03-01T00:00:00.000")));
        assert_eq!(code(Type::Date, json!("yesterday")), Err(Code::E4027));
        assert_eq!(code(Type::Constant(&["A", "B"]), json!("C")), Err(Code::E4027));
        assert_eq!(code(Type::Email, json!("a@b")), Err(Code::E4003));
        assert_eq!(code(Type::Url, json!("not a url")), Err(Code::E4004));
        assert_eq!(code(Type::Color, json!("red")), Err(Code::E4006));
        assert_eq!(code(Type::Reference("program"), json!({"id": "x", "name": "y"})), Ok(json!({"id": "x"})));
        assert_eq!(
            code(Type::Collection(Box::new(Type::Text)), json!(["b", "a", "b", null])),
            Ok(json!(["a", "b"])),
            "a set has no order"
        );
    }

    #[test]
    fn sizes_have_their_codes() {
        let code = |property: Property, value: Value| measured(&property, &value).unwrap_err().code;
        assert_eq!(code(Property::new("p", Type::Text).max(2.0), json!("abc")), Code::E4001);
        assert_eq!(code(Property::new("p", Type::Text).min(2.0).max(3.0), json!("a")), Code::E4002);
        assert_eq!(code(Property::new("p", Type::Integer).min(0.0).max(3.0), json!(4)), Code::E4008);
        let list = Property::new("p", Type::Collection(Box::new(Type::Text))).min(1.0);
        assert_eq!(code(list, json!([])), Code::E4007);
        assert!(
            measured(&Property::new("p", Type::Text).max(3.0), &json!("äöü")).is_ok(),
            "characters, not bytes"
        );
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own_normal_form(text in "\\PC{0,20}", number: i32) {
            for ty in [Type::Text, Type::Integer, Type::Number, Type::Boolean, Type::Date] {
                for value in [json!(text), json!(number)] {
                    if let Ok(once) = code(ty.clone(), value) {
                        prop_assert_eq!(code(ty.clone(), once.clone()), Ok(once));
                    }
                }
            }
        }
    }
}
