//! The single conditions that filters come down to.

use kibali_model::Uid;

use super::ReadError;
use super::predicate::{DocumentValue, IntKey, Predicate, Residual, Source, Step, TextKey};
use super::test::{Comparison, Scalar, Test, name};
use crate::kind::{AccountColumn, ClientColumn, Column, Computed, Property, Storage, TreeColumn, Type};
use crate::language::{Filter, Operator};

/// Where a plain column stands.
pub(super) enum Key {
    Text(TextKey),
    Int(IntKey),
}

pub(super) const fn column_key(storage: Storage) -> Option<Key> {
    Some(match storage {
        Storage::Column(Column::Uid) => Key::Text(TextKey::Uid),
        Storage::Column(Column::Code) => Key::Text(TextKey::Code),
        Storage::Column(Column::Name) => Key::Text(TextKey::Name),
        Storage::Column(Column::Created) => Key::Int(IntKey::Created),
        Storage::Column(Column::Updated) => Key::Int(IntKey::Updated),
        Storage::Account(AccountColumn::Username) => Key::Text(TextKey::Username),
        Storage::Account(AccountColumn::Disabled) => Key::Int(IntKey::Disabled),
        Storage::Account(AccountColumn::Expiry) => Key::Int(IntKey::Expiry),
        Storage::Account(AccountColumn::ExternalAuth) => Key::Int(IntKey::ExternalAuth),
        Storage::Account(AccountColumn::TwoFactor) => Key::Int(IntKey::TwoFactor),
        Storage::Account(AccountColumn::TwoFactorType) => Key::Text(TextKey::TwoFactorType),
        Storage::Account(AccountColumn::LastLogin) => Key::Int(IntKey::LastLogin),
        Storage::Account(AccountColumn::PasswordUpdated) => Key::Int(IntKey::PasswordUpdated),
        Storage::Client(ClientColumn::ClientId) => Key::Text(TextKey::ClientId),
        Storage::Tree(TreeColumn::Path) => Key::Text(TextKey::Path),
        Storage::Tree(TreeColumn::Level) => Key::Int(IntKey::Level),
        _ => return None,
    })
}

pub(super) const fn person_key(column: Column) -> TextKey {
    match column {
        Column::UpdatedBy => TextKey::UpdatedBy,
        _ => TextKey::CreatedBy,
    }
}

pub(super) fn text<'r>(key: TextKey, filter: &Filter, ty: &Type) -> Result<Predicate<'r>, ReadError> {
    let test = Test::of(filter, ty)?;
    if test.by_words() || (test.ignores_case() && !key.has_folded()) {
        return Ok(residual(filter, Source::Text(key), test));
    }
    Ok(Predicate::Text(key, test))
}

fn residual<'r>(filter: &Filter, source: Source<'r>, test: Test) -> Predicate<'r> {
    Predicate::Residual(Residual { path: filter.path.join("."), source, test })
}

pub(super) fn display<'r>(base: &'r Property, filter: &Filter) -> Result<Predicate<'r>, ReadError> {
    let test = Test::of(filter, &base.ty)?;
    let by_words = test.by_words();
    Ok(match (column_key(base.storage), base.translation_key) {
        (Some(Key::Text(column)), Some(key)) if by_words => {
            residual(filter, Source::Display(column, key), test)
        }
        (Some(Key::Text(column)), Some(key)) => Predicate::Display(column, key, test),
        (_, None)
            if matches!(base.storage, Storage::Computed(Computed::FullName | Computed::OptionNames)) =>
        {
            text(TextKey::Name, filter, &base.ty)?
        }
        _ => {
            let names = vec![base.name];
            let translated = base.translation_key;
            let value = DocumentValue { names, ty: &base.ty, size: false, translated };
            residual(filter, Source::Document(value), test)
        }
    })
}

/// A path of the tree: `like` with a uid means within the subtree of it.
pub(super) fn path_test<'r>(property: &Property, filter: &Filter) -> Result<Predicate<'r>, ReadError> {
    if let (Operator::Like | Operator::Ilike, [value]) = (filter.operator, filter.values.as_slice())
        && let Some(uid) = value.trim_matches('/').rsplit('/').next()
        && uid.parse::<Uid>().is_ok()
    {
        return Ok(Predicate::Subtree(uid.to_owned()));
    }
    text(TextKey::Path, filter, &property.ty)
}

/// A value of the document: of collections any member, and with a comparison the number of members.
pub(super) fn document<'r>(
    within: &[&'r str],
    property: &'r Property,
    rest: &[&str],
    filter: &Filter,
) -> Result<Predicate<'r>, ReadError> {
    let unknown = || ReadError::UnknownPath(filter.path.join("."));
    let mut names = within.to_vec();
    names.push(property.name);
    let mut property = property;
    for name in rest {
        // What is kept as it came has no properties to name, but references have ids.
        if *name == "id" && property.target().is_some() {
            names.push("id");
            let value = DocumentValue { names, ty: &Type::Identifier, size: false, translated: None };
            return Ok(residual(filter, Source::Document(value), Test::of(filter, &Type::Identifier)?));
        }
        property = property.inner().iter().find(|inner| inner.name == *name).ok_or_else(unknown)?;
        names.push(property.name);
    }
    let collection = property.is_collection();
    let by_size = collection && !matches!(filter.operator, Operator::In | Operator::NotIn);
    if !by_size {
        let test = match filter.operator {
            Operator::Empty => Test::Null,
            _ => Test::of(filter, property.item_type())?,
        };
        let value = DocumentValue { names, ty: property.item_type(), size: false, translated: None };
        return Ok(residual(filter, Source::Document(value), test));
    }
    let (comparison, size) = size_test(filter)?;
    let value = DocumentValue { names, ty: &Type::Integer, size: true, translated: None };
    let test = Test::Compare(comparison, Scalar::Int(size));
    Ok(residual(filter, Source::Document(value), test))
}

/// A column of a client: looked at as a value of a document is.
pub(super) fn client<'r>(
    column: ClientColumn,
    property: &'r Property,
    filter: &Filter,
) -> Result<Predicate<'r>, ReadError> {
    Ok(match document(&[], property, &[], filter)? {
        Predicate::Residual(Residual { path, source: Source::Document(value), test }) => {
            Predicate::Residual(Residual { path, source: Source::Client(column, property, value), test })
        }
        other => other,
    })
}

pub(super) fn size<'r>(step: Step, filter: &Filter) -> Result<Predicate<'r>, ReadError> {
    let (comparison, size) = size_test(filter)?;
    Ok(Predicate::Count(step, comparison, size))
}

/// What a filter on a collection asks of the number of its members.
pub(super) fn size_test(filter: &Filter) -> Result<(Comparison, i64), ReadError> {
    match filter.operator {
        Operator::Empty | Operator::Null => return Ok((Comparison::Equal, 0)),
        Operator::NotNull => return Ok((Comparison::Greater, 0)),
        _ => {}
    }
    match Test::of(filter, &Type::Integer)? {
        Test::Compare(comparison, Scalar::Int(size)) => Ok((comparison, size)),
        _ => Err(ReadError::BadOperator { operator: name(filter.operator), path: filter.path.join(".") }),
    }
}

/// A computed truth value: the filter decides which of the two conditions is meant.
pub(super) fn truth<'r>(
    filter: &Filter,
    yes: Predicate<'r>,
    no: Predicate<'r>,
) -> Result<Predicate<'r>, ReadError> {
    let test = Test::of(filter, &Type::Boolean)?;
    let mut any = Vec::new();
    if test.holds(Some(&Scalar::Int(1))) {
        any.push(yes);
    }
    if test.holds(Some(&Scalar::Int(0))) {
        any.push(no);
    }
    Ok(Predicate::Any(any))
}

pub(super) fn constant<'r>(filter: &Filter, value: &Scalar, ty: &Type) -> Result<Predicate<'r>, ReadError> {
    let holds = Test::of(filter, ty)?.holds(Some(value));
    Ok(if holds { Predicate::All(Vec::new()) } else { Predicate::Any(Vec::new()) })
}
