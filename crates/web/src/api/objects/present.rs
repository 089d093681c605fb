//! The values of an object as a patch finds them.

use std::collections::BTreeMap;

use kibali_metadata::Kind;
use kibali_metadata::document::ELEMENT_KEY;
use kibali_metadata::import::{Detail, Facts, Needs};
use kibali_metadata::kind::{Property, Storage};
use kibali_model::{ObjectId, Principal, Sharing};
use kibali_store::Reader;
use kibali_store::objects::facts;
use serde_json::{Map, Value, json};

use crate::{App, Refusal};

/// The object's own values: document, embedded objects whole, sharing, translations, attribute values.
/// References outside embedded objects are left out; patches change them row by row.
pub(super) async fn values(
    app: &App,
    caller: &Principal,
    kind: &Kind,
    uid: &str,
    reader: &mut Reader,
    known: &mut Facts,
) -> Result<Map<String, Value>, Refusal> {
    let missing = || Refusal::ObjectNotFound { kind: kind.display_name, uid: uid.to_owned() };
    let wanted = (kind.singular, uid.parse().map_err(|_| missing())?);
    let mut needs = Needs::default();
    needs.objects.insert(wanted);
    facts::answer(reader, &app.registry, caller, &needs, known).await?;
    let id = known.objects.get(&wanted).copied().flatten().ok_or_else(missing)?;
    let mut needs = Needs::default();
    needs.details.insert(id);
    needs.targets.extend(
        embedded(kind).flat_map(Property::inner).filter_map(Property::edge).map(|(edge, _)| (edge, id)),
    );
    facts::answer(reader, &app.registry, caller, &needs, known).await?;
    let detail = known.details.get(&id).cloned().flatten().ok_or_else(missing)?;
    let mut needs = Needs::default();
    needs.heads.extend(detail.attributes.keys().copied());
    needs.heads.extend(
        known
            .targets
            .iter()
            .filter(|((_, source), _)| *source == id)
            .flat_map(|(_, rows)| rows.iter().map(|row| row.target)),
    );
    facts::answer(reader, &app.registry, caller, &needs, known).await?;
    Ok(written(kind, id, detail, known))
}

fn embedded(kind: &Kind) -> impl Iterator<Item = &Property> {
    kind.properties.iter().filter(|property| property.storage == Storage::Embedded)
}

fn written(kind: &Kind, id: ObjectId, detail: Detail, known: &Facts) -> Map<String, Value> {
    let reference = |object: ObjectId| {
        let head = known.heads.get(&object).and_then(Option::as_ref);
        head.map(|head| json!({ "id": head.uid.as_str(), "code": head.code }))
    };
    let mut values = detail.doc;
    for property in embedded(kind) {
        let members = match values.get_mut(property.name) {
            Some(Value::Array(members)) => members.as_mut_slice(),
            Some(one) => std::slice::from_mut(one),
            None => continue,
        };
        for member in members.iter_mut().filter_map(Value::as_object_mut) {
            let element = member.shift_remove(ELEMENT_KEY).and_then(|number| number.as_i64());
            for end in property.inner() {
                let Some((edge, _)) = end.edge() else { continue };
                let rows = known.targets.get(&(edge, id)).into_iter().flatten();
                let mut found =
                    rows.filter(|row| Some(row.element) == element).filter_map(|row| reference(row.target));
                let value = if end.is_collection() { Some(found.collect()) } else { found.next() };
                if let Some(value) = value {
                    member.insert(end.name.to_owned(), value);
                }
            }
        }
    }
    let attributes = detail.attributes.iter();
    let attributes = attributes.filter_map(|(attribute, value)| {
        Some(json!({ "attribute": reference(*attribute)?, "value": value }))
    });
    values.insert("attributeValues".to_owned(), attributes.collect());
    values.insert("sharing".to_owned(), sharing(&detail.sharing));
    if let Some(client) = detail.client {
        for property in &kind.properties {
            if let Storage::Client(column) = property.storage {
                values.insert(property.name.to_owned(), client.value(column, property));
            }
        }
    }
    let translations = detail.translations.into_iter();
    let translations = translations
        .map(|(locale, property, value)| json!({ "locale": locale, "property": property, "value": value }));
    values.insert("translations".to_owned(), translations.collect());
    values
}

fn sharing(sharing: &Sharing) -> Value {
    let grants = |grants: &BTreeMap<String, kibali_model::Access>| -> Map<String, Value> {
        let one = |(id, access): (&String, &kibali_model::Access)| {
            (id.clone(), json!({ "id": id, "access": access.to_string() }))
        };
        grants.iter().map(one).collect()
    };
    json!({
        "owner": sharing.owner,
        "public": sharing.public.map(|access| access.to_string()),
        "users": grants(&sharing.users),
        "userGroups": grants(&sharing.groups),
    })
}
