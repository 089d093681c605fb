//! `order` against the kinds (web-api reference 1.5).

use super::leaf::{Key, column_key};
use super::predicate::{DocumentValue, IntKey, Source, TextKey};
use crate::Registry;
use crate::kind::{Computed, EdgeNumber, Kind, Property, Storage};
use crate::language::{Direction, Order};

/// One key by which a list is sorted.
#[derive(Debug, Clone)]
pub struct SortKey<'r> {
    /// What is compared.
    pub term: SortTerm<'r>,
    /// The greatest first. Absent values come last when rising and first when falling.
    pub descending: bool,
}

/// What is compared.
#[derive(Debug, Clone)]
pub enum SortTerm<'r> {
    /// A text column by code point, in SQL.
    Text(TextKey),
    /// A text column's folded key, in SQL.
    Folded(TextKey),
    /// A number column, in SQL.
    Int(IntKey),
    /// The translation of a column under this key, or the column; folded if so said. In SQL.
    Display(TextKey, &'static str, bool),
    /// Sorted in Rust; folded if so said.
    Residual(Source<'r>, bool),
}

impl<'r> SortTerm<'r> {
    /// What is compared, and whether folded, for sorting in Rust.
    #[must_use]
    pub fn source(&self) -> (Source<'r>, bool) {
        match self {
            Self::Text(key) => (Source::Text(*key), false),
            Self::Folded(key) => (Source::Text(*key), true),
            Self::Int(key) => (Source::Int(*key), false),
            Self::Display(column, key, fold) => (Source::Display(*column, key), *fold),
            Self::Residual(source, fold) => (source.clone(), *fold),
        }
    }
}

/// The sequence of a list of `kind`: what was asked for, unknown and complex properties dropped; else by
/// name ignoring case; and always by uid in the end.
#[must_use]
pub fn resolve_order<'r>(registry: &Registry, kind: &'r Kind, orders: &[Order]) -> Vec<SortKey<'r>> {
    let mut keys: Vec<SortKey<'r>> = orders
        .iter()
        .filter_map(|order| {
            let property = kind.property(&order.property)?;
            let (descending, fold) = match order.direction {
                Direction::Ascending => (false, false),
                Direction::Descending => (true, false),
                Direction::AscendingIgnoreCase => (false, true),
                Direction::DescendingIgnoreCase => (true, true),
            };
            Some(SortKey { term: term(registry, kind, property, fold)?, descending })
        })
        .collect();
    if keys.is_empty() && kind.property("name").is_some() {
        keys.push(SortKey { term: SortTerm::Folded(TextKey::Name), descending: false });
    }
    if !keys.iter().any(|key| matches!(key.term, SortTerm::Text(TextKey::Uid))) {
        keys.push(SortKey { term: SortTerm::Text(TextKey::Uid), descending: false });
    }
    keys
}

fn term<'r>(registry: &Registry, kind: &'r Kind, property: &'r Property, fold: bool) -> Option<SortTerm<'r>> {
    if !property.is_simple() || !property.readable {
        return None;
    }
    if let Some(edge) = position_edge(registry, kind, property) {
        return Some(SortTerm::Int(IntKey::Position(edge)));
    }
    match property.storage {
        Storage::Computed(Computed::Alias(other)) => term(registry, kind, kind.property(other)?, fold),
        Storage::Computed(Computed::FullName | Computed::OptionNames) => Some(text(TextKey::Name, fold)),
        Storage::Computed(Computed::Display(base) | Computed::DisplayOr(base, _)) => {
            let base = kind.property(base)?;
            match (column_key(base.storage), base.translation_key) {
                (Some(Key::Text(column)), Some(key)) => Some(SortTerm::Display(column, key, fold)),
                (None, Some(key)) if base.storage == Storage::Document => {
                    Some(SortTerm::Residual(document(base, Some(key)), fold))
                }
                _ => term(registry, kind, base, fold),
            }
        }
        Storage::Document => Some(SortTerm::Residual(document(property, None), fold)),
        Storage::Client(column) if column_key(property.storage).is_none() => {
            Some(SortTerm::Residual(Source::Client(column, property, value(property, None)), fold))
        }
        storage => match column_key(storage)? {
            Key::Text(key) => Some(text(key, fold)),
            Key::Int(key) => Some(SortTerm::Int(key)),
        },
    }
}

fn text<'r>(key: TextKey, fold: bool) -> SortTerm<'r> {
    match (fold, key.has_folded()) {
        (false, _) => SortTerm::Text(key),
        (true, true) => SortTerm::Folded(key),
        (true, false) => SortTerm::Residual(Source::Text(key), true),
    }
}

fn document<'r>(property: &'r Property, translated: Option<&'static str>) -> Source<'r> {
    Source::Document(value(property, translated))
}

fn value<'r>(property: &'r Property, translated: Option<&'static str>) -> DocumentValue<'r> {
    DocumentValue { names: vec![property.name], ty: &property.ty, size: false, translated }
}

/// The ordered edge in which `property` of `kind` shows an object's place (`option.sortOrder`).
pub(super) fn position_edge(registry: &Registry, kind: &Kind, property: &Property) -> Option<EdgeNumber> {
    registry
        .edges_to(kind.singular)
        .find(|edge| {
            registry
                .kind(edge.source.kind)
                .and_then(|source| source.property(edge.source.property))
                .is_some_and(|source| source.position_as == Some(property.name))
        })
        .map(|edge| edge.number)
}
