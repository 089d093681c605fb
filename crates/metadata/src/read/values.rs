//! Single values of a loaded object as JSON.

use kibali_model::Timestamp;
use serde_json::{Value, json};

use super::loaded::{Account, Record};
use crate::document::ELEMENT_KEY;
use crate::kind::{AccountColumn, Column, Kind, Type};
use crate::language::{FieldItem, Fields, Preset, project_value};

/// What a block leaves of a value that no kind describes; one that only leaves out shows the rest.
pub(super) fn block(value: Value, fields: Option<&Fields>) -> Value {
    let Some(fields) = fields else { return value };
    if fields.0.iter().all(|item| matches!(item, FieldItem::Exclude(_))) {
        let mut items = vec![FieldItem::Preset(Preset::All)];
        items.extend(fields.0.iter().cloned());
        return project_value(&Fields(items), &value);
    }
    project_value(fields, &value)
}

/// Takes away the numbers of embedded objects.
pub(super) fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(map) => {
            map.remove(ELEMENT_KEY);
            map.values_mut().for_each(strip);
        }
        _ => {}
    }
}

pub(super) fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn date(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_dhis2()))
}

pub(super) fn column_value(column: Column, record: &Record) -> Value {
    match column {
        Column::Uid => json!(record.uid),
        Column::Code => json!(record.code),
        Column::Name => json!(record.name),
        Column::Created => date(record.created),
        Column::Updated => date(record.updated),
        Column::CreatedBy => json!(record.created_by),
        Column::UpdatedBy => json!(record.updated_by),
    }
}

pub(super) fn account_value(column: AccountColumn, row: &Account) -> Value {
    match column {
        AccountColumn::Username => json!(row.username),
        AccountColumn::Disabled => json!(row.disabled),
        AccountColumn::Expiry => date(row.expiry),
        AccountColumn::ExternalAuth => json!(row.external_auth),
        AccountColumn::TwoFactor => json!(row.two_factor),
        AccountColumn::TwoFactorType => json!(row.two_factor_type),
        AccountColumn::LastLogin => date(row.last_login),
        AccountColumn::PasswordUpdated => date(row.password_updated),
    }
}

pub(super) fn translations(record: &Record) -> Value {
    let Some(more) = record.more.as_deref() else { return json!([]) };
    more.translations
        .iter()
        .map(|one| json!({ "property": one.property, "locale": one.locale, "value": one.value }))
        .collect()
}

pub(super) fn attribute_values(record: &Record) -> Value {
    let Some(more) = record.more.as_deref() else { return json!([]) };
    more.attributes
        .iter()
        .map(|(attribute, value)| json!({ "attribute": { "id": attribute }, "value": value }))
        .collect()
}

/// `DATA_ELEMENT` for a true `dataElementAttribute`.
pub(super) fn object_types(kind: &Kind, record: &Record) -> Value {
    kind.properties
        .iter()
        .filter(|property| property.ty == Type::Boolean)
        .filter(|property| record.document.get(property.name) == Some(&Value::Bool(true)))
        .filter_map(|property| property.name.strip_suffix("Attribute"))
        .map(|name| {
            let mut constant = String::new();
            for letter in name.chars() {
                if letter.is_ascii_uppercase() {
                    constant.push('_');
                }
                constant.push(letter.to_ascii_uppercase());
            }
            json!(constant)
        })
        .collect()
}
