//! Tokens as the Web API shows them: never the token itself.

use std::cmp::Ordering;

use kibali_metadata::language::{Direction, Order};
use kibali_model::Principal;
use kibali_store::door::accounts;
use kibali_store::door::api_tokens::{self, ApiToken};
use kibali_store::door::marks::Used;
use serde_json::{Value, json};

use crate::{App, Refusal};

/// The caller's tokens as `/api/me` shows them, which remembers its answer: without what moves with every use.
pub(crate) async fn of_caller(app: &App, caller: &Principal) -> Result<Value, Refusal> {
    let mut reader = app.store.reader().await?;
    let tokens = api_tokens::of_user(&mut reader, caller.user).await?;
    let owner = owner(&mut reader, caller).await?;
    Ok(tokens.iter().map(|token| Value::Object(members(token, &owner))).collect())
}

/// The caller's tokens with every property, the newest first.
pub(super) async fn whole_list(app: &App, caller: &Principal) -> Result<Vec<Value>, Refusal> {
    let mut reader = app.store.reader().await?;
    let tokens = api_tokens::of_user(&mut reader, caller.user).await?;
    let owner = owner(&mut reader, caller).await?;
    Ok(tokens.iter().map(|token| with_use(app, token, &owner)).collect())
}

/// One token with every property.
pub(super) async fn whole(app: &App, caller: &Principal, token: &ApiToken) -> Result<Value, Refusal> {
    let owner = owner(&mut app.store.reader().await?, caller).await?;
    Ok(with_use(app, token, &owner))
}

fn with_use(app: &App, token: &ApiToken, owner: &Value) -> Value {
    let mut members = members(token, owner);
    let used = app.identity().last_use(&Used::ApiToken(token.id)).max(token.last_used);
    if let Some(used) = used {
        members.insert("lastUsed".to_owned(), used.to_dhis2().into());
    }
    Value::Object(members)
}

async fn owner(reader: &mut kibali_store::Reader, caller: &Principal) -> Result<Value, Refusal> {
    let account = accounts::by_user(reader, caller.user).await?.ok_or(Refusal::NoCredentials)?;
    let name = account.name.unwrap_or_default();
    Ok(json!({
        "id": account.uid.as_str(), "name": name, "displayName": name, "username": account.username,
    }))
}

fn members(token: &ApiToken, owner: &Value) -> serde_json::Map<String, Value> {
    let whole = json!({
        "id": token.uid.as_str(),
        "code": token.code,
        "created": token.created.to_dhis2(),
        "lastUpdated": token.updated.to_dhis2(),
        "createdBy": owner,
        "lastUpdatedBy": owner,
        "version": token.kind.version(),
        "type": token.kind.as_str(),
        "expire": token.expires.millis(),
        "attributes": token.limits,
        "access": { "manage": true, "write": true, "read": true, "update": true, "delete": true },
        "sharing": {
            "owner": owner.get("id"), "external": false, "users": {}, "userGroups": {}, "public": "--------",
        },
        "favorite": false,
        "favorites": [],
        "translations": [],
        "attributeValues": [],
    });
    let mut members = whole.as_object().cloned().unwrap_or_default();
    members.retain(|_, value| !value.is_null());
    members
}

/// Sorts by the properties asked for; what stands equal keeps its place.
pub(super) fn sort(tokens: &mut [Value], orders: &[Order]) {
    tokens.sort_by(|one, other| {
        let compared = orders.iter().map(|order| {
            let value = |token: &Value| token.get(&order.property).cloned().unwrap_or_default();
            compare(&value(one), &value(other), order.direction)
        });
        compared.fold(Ordering::Equal, Ordering::then)
    });
}

fn compare(one: &Value, other: &Value, direction: Direction) -> Ordering {
    let folded = |text: &str| match direction {
        Direction::AscendingIgnoreCase | Direction::DescendingIgnoreCase => text.to_lowercase(),
        _ => text.to_owned(),
    };
    let rising = match (one, other) {
        (Value::String(one), Value::String(other)) => folded(one).cmp(&folded(other)),
        (Value::Number(one), Value::Number(other)) => one.as_i64().cmp(&other.as_i64()),
        // What is absent comes last when rising.
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        _ => Ordering::Equal,
    };
    match direction {
        Direction::Descending | Direction::DescendingIgnoreCase => rising.reverse(),
        _ => rising,
    }
}
