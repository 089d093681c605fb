//! What an object will hold besides references: columns, document, side tables, sharing, translations.

use std::collections::BTreeSet;

use kibali_model::{Access, Principal, Sharing, Timestamp};
use serde_json::{Map, Value};

use super::{Context, Draft, Work};
use crate::Kind;
use crate::acl;
use crate::client::Registration;
use crate::import::facts::AccountFacts;
use crate::import::item::{Edit, Given, GivenSharing, GivenTranslation};
use crate::import::shape;
use crate::import::{Code, Fault};
use crate::kind::{AccountColumn, ClientColumn, Column, Property, Rule, Storage};

impl Work<'_> {
    /// Applies the edits of values to what is stored.
    pub(super) fn decide_values(&mut self) {
        let context = self.context;
        for at in self.writing() {
            if let Some(draft) = self.drafts.get_mut(at) {
                decide(draft, context);
            }
        }
    }
}

fn decide(draft: &mut Draft<'_>, context: &Context<'_>) {
    start_from_stored(draft);
    let kind = draft.item.kind.clone();
    for property in &kind.properties {
        let edit = match draft.item.edits.get(property.name) {
            Some(edit) => edit.clone(),
            // What is created without a value gets its default.
            None if draft.is_new() && property.default.is_some() => Edit::Clear,
            None => continue,
        };
        if let Err(fault) = apply(draft, property, edit, context) {
            draft.fail(fault);
        }
    }
    if draft.is_new() && kind.shareable && draft.next.sharing.is_none() {
        draft.next.sharing = Some(default_sharing(&kind, context.caller));
    }
    name_users(draft);
    check_required(draft);
    sort_document(&kind, &mut draft.next.doc);
}

fn start_from_stored(draft: &mut Draft<'_>) {
    let kind = draft.item.kind.clone();
    let stored_at = |test: fn(&Storage) -> bool| kind.properties.iter().any(|p| test(&p.storage));
    if let (Some(head), Some(detail)) = (draft.head, draft.detail) {
        draft.next.code.clone_from(&head.code);
        draft.next.name.clone_from(&head.name);
        draft.next.created = detail.created;
        draft.next.doc.clone_from(&detail.doc);
        draft.next.account.clone_from(&detail.account);
        draft.next.client.clone_from(&detail.client);
    }
    if draft.next.account.is_none() && stored_at(|storage| matches!(storage, Storage::Account(_))) {
        draft.next.account = Some(AccountFacts::default());
    }
    if draft.next.client.is_none() && stored_at(|storage| matches!(storage, Storage::Client(_))) {
        draft.next.client = Some(Registration::default());
    }
}

fn apply(draft: &mut Draft<'_>, property: &Property, edit: Edit, context: &Context<'_>) -> Result<(), Fault> {
    match edit {
        Edit::Set(Given::Sharing(given)) => return apply_sharing(draft, given, context.caller),
        Edit::Set(Given::Translations(given)) => return apply_translations(draft, property, given),
        Edit::Set(Given::Secret(secret)) => {
            draft.next.secret = Some(secret);
            return Ok(());
        }
        // References, embedded objects and attribute values have phases of their own.
        Edit::Members { .. }
        | Edit::Set(Given::One(_) | Given::Many(_) | Given::Elements(_) | Given::Attributes(_)) => {
            return Ok(());
        }
        Edit::Set(Given::Value(_)) | Edit::Clear => {}
    }
    let value = match edit {
        Edit::Set(Given::Value(value)) => Some(value),
        _ => property.default.and_then(|json| serde_json::from_str(json).ok()),
    };
    store(draft, property, value, context.params.may_rename)
}

/// Puts a value, or none, where the property lives.
fn store(
    draft: &mut Draft<'_>,
    property: &Property,
    value: Option<Value>,
    may_rename: bool,
) -> Result<(), Fault> {
    let text = || value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let named = may_rename && property.storage == Storage::Account(AccountColumn::Username);
    let fixed = property.immutable && property.storage != Storage::Column(Column::Created) && !named;
    if fixed && !draft.is_new() {
        return check_unchanged(draft, property, value.as_ref());
    }
    let next = &mut draft.next;
    match property.storage {
        Storage::Column(Column::Code) => next.code = text(),
        Storage::Column(Column::Name) => next.name = text(),
        Storage::Column(Column::Created) if draft.head.is_none() => {
            next.created = text().and_then(|text| Timestamp::from_dhis2(&text));
        }
        Storage::Document => match value {
            Some(value) if !is_empty(&value) => {
                next.doc.insert(property.name.to_owned(), value);
            }
            _ => {
                next.doc.shift_remove(property.name);
            }
        },
        Storage::Embedded => {
            next.doc.shift_remove(property.name);
        }
        Storage::Account(column) => {
            if let Some(account) = &mut next.account {
                let flag = value.as_ref().and_then(Value::as_bool).unwrap_or_default();
                match column {
                    AccountColumn::Username => account.username = text().unwrap_or_default(),
                    AccountColumn::Disabled => account.disabled = flag,
                    AccountColumn::ExternalAuth => account.external_auth = flag,
                    AccountColumn::Expiry => {
                        account.expiry = text().and_then(|text| Timestamp::from_dhis2(&text));
                    }
                    // The server's own marks.
                    AccountColumn::TwoFactor
                    | AccountColumn::TwoFactorType
                    | AccountColumn::LastLogin
                    | AccountColumn::PasswordUpdated => {}
                }
            }
        }
        Storage::Client(column) => {
            if let Some(client) = &mut next.client {
                client.take(column, property, value.as_ref())?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// A value that may not change after creation: sent again it must be the same (E4056).
fn check_unchanged(draft: &Draft<'_>, property: &Property, value: Option<&Value>) -> Result<(), Fault> {
    let Some(value) = value else { return Ok(()) };
    let stored = scalar_of(draft, property);
    if stored.is_none_or(|stored| stored == *value) {
        return Ok(());
    }
    Err(Fault::new(Code::E4056, [property.name]).at(property.name))
}

/// The value that a draft holds for a property outside references.
pub(super) fn scalar_of(draft: &Draft<'_>, property: &Property) -> Option<Value> {
    let next = &draft.next;
    match property.storage {
        Storage::Column(Column::Code) => next.code.clone().map(Value::from),
        Storage::Column(Column::Name) => next.name.clone().map(Value::from),
        Storage::Document | Storage::Embedded => next.doc.get(property.name).cloned(),
        Storage::Account(AccountColumn::Username) => next
            .account
            .as_ref()
            .map(|account| account.username.clone())
            .filter(|name| !name.is_empty())
            .map(Value::from),
        Storage::Client(column) => {
            next.client.as_ref().map(|client| client.value(column, property)).filter(|value| !value.is_null())
        }
        _ => None,
    }
}

fn check_required(draft: &mut Draft<'_>) {
    let kind = draft.item.kind.clone();
    for property in kind.properties.iter().filter(|property| property.required && property.writable) {
        let checked_here = matches!(
            property.storage,
            Storage::Column(Column::Name | Column::Code)
                | Storage::Document
                | Storage::Embedded
                | Storage::Account(AccountColumn::Username)
                | Storage::Client(ClientColumn::ClientId)
        );
        // An embedded collection that is being set is checked by its members.
        let being_set = matches!(draft.item.edits.get(property.name), Some(Edit::Set(Given::Elements(_))));
        let unless = property.required_unless.is_some_and(|other| draft.next.doc.contains_key(other));
        if checked_here && !being_set && !unless && scalar_of(draft, property).is_none() {
            let already = draft.faults.iter().any(|fault| fault.property.as_deref() == Some(property.name));
            if !already {
                draft.fail(Fault::new(Code::E4000, [property.name]).at(property.name));
            }
        }
    }
}

/// A user is called by first name and surname.
fn name_users(draft: &mut Draft<'_>) {
    let computed = crate::kind::Computed::FullName;
    if !draft.kind().properties.iter().any(|p| p.storage == Storage::Computed(computed)) {
        return;
    }
    let part = |key| draft.next.doc.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{} {}", part("firstName"), part("surname"));
    draft.next.name = Some(name.trim().to_owned());
}

/// Keys in the order of the description, so that equal objects have equal documents.
pub(in crate::import) fn sort_document(kind: &Kind, doc: &mut Map<String, Value>) {
    let mut sorted = Map::new();
    for property in &kind.properties {
        if let Some(value) = doc.shift_remove(property.name) {
            sorted.insert(property.name.to_owned(), value);
        }
    }
    *doc = sorted;
}

/// Owner the caller; public where the caller may make it so and the kind is not private by default.
fn default_sharing(kind: &Kind, caller: &Principal) -> Sharing {
    let public = acl::may_make_public(kind, caller) && !kind.default_private;
    Sharing {
        owner: Some(caller.uid.to_string()),
        public: Some(if public { Access::READ_WRITE } else { Access::NONE }),
        ..Sharing::default()
    }
}

fn apply_sharing(draft: &mut Draft<'_>, given: GivenSharing, caller: &Principal) -> Result<(), Fault> {
    let kind = draft.item.kind.clone();
    let stored = draft.detail.map(|detail| &detail.sharing);
    let sharing = Sharing {
        owner: given.owner.or_else(|| match stored {
            Some(stored) => stored.owner.clone(),
            None => Some(caller.uid.to_string()),
        }),
        // Sharing without `public` keeps what is stored; a new object is closed then, which is safer than
        // DHIS2's null (rules of the metadata 2).
        public: given.public.or(match stored {
            Some(stored) => stored.public,
            None => Some(Access::NONE),
        }),
        users: given.users,
        groups: given.groups,
        external: false,
    };
    check_sharing(&kind, caller, stored, &sharing)?;
    draft.next.sharing = Some(sharing);
    Ok(())
}

fn check_sharing(
    kind: &Kind,
    caller: &Principal,
    stored: Option<&Sharing>,
    sharing: &Sharing,
) -> Result<(), Fault> {
    // Superusers' payloads are taken as they are: real ones carry data bits on every kind.
    if caller.is_superuser() {
        return Ok(());
    }
    let mut accesses = sharing.public.iter().chain(sharing.users.values()).chain(sharing.groups.values());
    if let Some(access) = accesses.find(|access| access.has_data() && !kind.data_shareable) {
        return Err(Fault::new(Code::E3011, [&access.to_string(), kind.display_name]).at("sharing"));
    }
    if stored.is_some_and(|stored| stored.public == sharing.public) {
        return Ok(());
    }
    let private = sharing.public == Some(Access::NONE);
    let (allowed, code) = if private {
        (acl::may_make_private(kind, caller), Code::E3009)
    } else {
        (acl::may_make_public(kind, caller), Code::E3008)
    };
    if allowed { Ok(()) } else { Err(Fault::new(code, [&caller.username, kind.display_name]).at("sharing")) }
}

fn apply_translations(
    draft: &mut Draft<'_>,
    property: &Property,
    given: Vec<GivenTranslation>,
) -> Result<(), Fault> {
    let kind = draft.item.kind.clone();
    if !kind.translatable && !given.is_empty() {
        return Err(Fault::new(Code::E1107, [kind.display_name]).at(property.name));
    }
    let mut places = BTreeSet::new();
    for one in &given {
        if !places.insert((&one.property, &one.locale)) {
            return Err(Fault::new(Code::E1106, [&one.property, &one.locale]).at(property.name));
        }
        let translated = kind.properties.iter().find(|p| p.translation_key == Some(one.property.as_str()));
        if let Some(translated) = translated {
            shape::measured(translated, &Value::from(one.value.as_str()))?;
        }
    }
    let mut rows: Vec<_> = given.into_iter().map(|one| (one.locale, one.property, one.value)).collect();
    rows.sort();
    draft.next.translations = Some(rows);
    Ok(())
}

/// Does the kind follow `rule`?
pub(in crate::import) fn follows(kind: &Kind, rule: Rule) -> bool {
    kind.rules.contains(&rule)
}
