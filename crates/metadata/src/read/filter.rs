//! `filter` and `query` against the kinds: from paths to a [`Predicate`] (web-api reference 1.5, 1.6).

use kibali_model::Uid;

use super::ReadError;
use super::leaf::{
    Key, client, column_key, constant, display, document, path_test, person_key, size, size_test, text, truth,
};
use super::predicate::{DocumentValue, IntKey, Predicate, Residual, Source, Step, TextKey};
use super::test::{Comparison, How, Scalar, Test};
use crate::kind::{AccountColumn, Column, Computed, End, Kind, Property, Storage, TreeColumn, Type};
use crate::language::{Filter, Junction, MAX_DEPTH, Operator};
use crate::{Registry, fold};

/// The objects of `kind` that pass `filters`, combined by `junction`.
///
/// # Errors
/// [`ReadError::UnknownPath`], a value or operator that does not fit, a path too deep.
pub fn resolve_filters<'r>(
    registry: &'r Registry,
    kind: &'r Kind,
    filters: &[Filter],
    junction: Junction,
) -> Result<Predicate<'r>, ReadError> {
    let resolver = Resolver { registry };
    let resolved = filters
        .iter()
        .map(|filter| {
            if filter.path.len() > MAX_DEPTH {
                return Err(ReadError::TooDeep("filter"));
            }
            let path: Vec<&str> = filter.path.iter().map(String::as_str).collect();
            resolver.path(kind, &path, filter)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(match junction {
        Junction::Or if !resolved.is_empty() => Predicate::Any(resolved),
        _ => Predicate::All(resolved),
    })
}

impl<'r> Predicate<'r> {
    /// `query`: uid or code is the text, or the name holds it ignoring case; for users the login name too, and
    /// where the text has an `@` the e-mail address, which only the document holds.
    #[must_use]
    pub fn query(kind: &'r Kind, text: &str) -> Self {
        let part = |text: &str, ignore_case| Test::Match {
            how: How::Contains,
            value: text.to_owned(),
            ignore_case,
            negated: false,
        };
        let whole = |text: &str| Test::Match {
            how: How::Whole,
            value: text.to_owned(),
            ignore_case: false,
            negated: false,
        };
        let mut any = vec![
            Predicate::Text(TextKey::Uid, whole(text)),
            Predicate::Text(TextKey::Code, whole(text)),
            Predicate::Text(TextKey::Name, part(&fold(text), true)),
        ];
        let account = Storage::Account(AccountColumn::Username);
        if kind.properties.iter().any(|property| property.storage == account) {
            any.push(Predicate::Text(TextKey::Username, part(text, false)));
            if let Some(email) = kind.property("email").filter(|_| text.contains('@')) {
                let names = vec![email.name];
                let value = DocumentValue { names, ty: &email.ty, size: false, translated: None };
                let (path, source) = (email.name.to_owned(), Source::Document(value));
                any.push(Predicate::Residual(Residual { path, source, test: part(&fold(text), true) }));
            }
        }
        Predicate::Any(any)
    }

    /// Objects that are none of the kind's defaults (`defaults=EXCLUDE`).
    #[must_use]
    pub fn not_default(kind: &Kind) -> Self {
        let mut values: Vec<_> =
            kind.defaults.iter().map(|default| Scalar::Text(default.uid.to_owned())).collect();
        values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        if values.is_empty() {
            return Predicate::All(Vec::new());
        }
        Predicate::Text(TextKey::Uid, Test::In { values, negated: true })
    }
}

struct Resolver<'r> {
    registry: &'r Registry,
}

impl<'r> Resolver<'r> {
    fn path(&self, kind: &'r Kind, path: &[&str], filter: &Filter) -> Result<Predicate<'r>, ReadError> {
        let unknown = || ReadError::UnknownPath(filter.path.join("."));
        let (first, rest) = path.split_first().ok_or_else(unknown)?;
        if *first == "identifiable" && rest.is_empty() {
            return self.identifiable(kind, filter);
        }
        match kind.property(first).filter(|property| property.readable) {
            Some(property) => self.property(kind, property, rest, filter),
            None if rest.is_empty() => self.attribute(kind, first, filter),
            None => Err(unknown()),
        }
    }

    fn identifiable(&self, kind: &'r Kind, filter: &Filter) -> Result<Predicate<'r>, ReadError> {
        let names = ["id", "code", "name", "shortName"];
        let properties = names.iter().filter_map(|name| kind.property(name));
        properties
            .map(|property| self.property(kind, property, &[], filter))
            .collect::<Result<_, _>>()
            .map(Predicate::Any)
    }

    fn attribute(&self, kind: &Kind, name: &str, filter: &Filter) -> Result<Predicate<'r>, ReadError> {
        let takes = kind.properties.iter().any(|property| property.storage == Storage::AttributeValues);
        let uid: Uid = name
            .parse()
            .ok()
            .filter(|_| takes)
            .ok_or_else(|| ReadError::UnknownPath(filter.path.join(".")))?;
        Ok(Predicate::Attribute(uid.to_string(), Test::of(filter, &Type::Text)?))
    }

    fn property(
        &self,
        kind: &'r Kind,
        property: &'r Property,
        rest: &[&str],
        filter: &Filter,
    ) -> Result<Predicate<'r>, ReadError> {
        if let Some(edge) = super::order::position_edge(self.registry, kind, property)
            && rest.is_empty()
        {
            return Ok(Predicate::Int(IntKey::Position(edge), Test::of(filter, &property.ty)?));
        }
        if let Some((edge, end)) = property.edge() {
            return self.edge(property, Step { edge, end }, rest, filter);
        }
        match property.storage {
            Storage::Column(column @ (Column::CreatedBy | Column::UpdatedBy)) => {
                self.person(person_key(column), rest, filter)
            }
            Storage::Embedded => self.embedded(property, rest, filter),
            Storage::EmbeddedInverse(edge) => {
                let step = Step { edge, end: End::Target };
                if rest.is_empty() { size(step, filter) } else { self.mentions(kind, step, rest, filter) }
            }
            Storage::Computed(computed) => self.computed(kind, property, computed, rest, filter),
            Storage::Document => document(&[], property, rest, filter),
            Storage::Client(column) if rest.is_empty() && column_key(property.storage).is_none() => {
                client(column, property, filter)
            }
            Storage::Tree(TreeColumn::Path) if rest.is_empty() => path_test(property, filter),
            _ if rest.is_empty() => match column_key(property.storage) {
                Some(Key::Text(key)) => text(key, filter, &property.ty),
                Some(Key::Int(key)) => Ok(Predicate::Int(key, Test::of(filter, &property.ty)?)),
                None => Err(ReadError::UnknownPath(filter.path.join("."))),
            },
            _ => Err(ReadError::UnknownPath(filter.path.join("."))),
        }
    }

    fn edge(
        &self,
        property: &'r Property,
        step: Step,
        rest: &[&str],
        filter: &Filter,
    ) -> Result<Predicate<'r>, ReadError> {
        let by_uid = ["id"];
        let rest = match (rest, filter.operator) {
            ([], _) if property.is_collection() => return size(step, filter),
            // `parent.id:null` asks for no parent, not for a parent without id.
            ([] | ["id"], Operator::Null) => return Ok(Predicate::Count(step, Comparison::Equal, 0)),
            ([] | ["id"], Operator::NotNull) => return Ok(Predicate::Count(step, Comparison::Greater, 0)),
            ([], _) => &by_uid,
            _ => rest,
        };
        let target = property.target().and_then(|target| self.registry.kind(target));
        let target = target.ok_or_else(|| ReadError::UnknownPath(filter.path.join(".")))?;
        Ok(Predicate::Through(step, target, Box::new(self.path(target, rest, filter)?)))
    }

    fn person(&self, key: TextKey, rest: &[&str], filter: &Filter) -> Result<Predicate<'r>, ReadError> {
        match rest {
            [] | ["id"] => text(key, filter, &Type::Identifier),
            _ => {
                let kind = self.registry.kind("user");
                let kind = kind.ok_or_else(|| ReadError::UnknownPath(filter.path.join(".")))?;
                Ok(Predicate::Person(key, kind, Box::new(self.path(kind, rest, filter)?)))
            }
        }
    }

    fn embedded(
        &self,
        property: &'r Property,
        rest: &[&str],
        filter: &Filter,
    ) -> Result<Predicate<'r>, ReadError> {
        let Some((first, below)) = rest.split_first() else {
            return document(&[], property, rest, filter);
        };
        let inner = property.inner().iter().find(|inner| inner.name == *first && inner.readable);
        let inner = inner.ok_or_else(|| ReadError::UnknownPath(filter.path.join(".")))?;
        match inner.edge() {
            Some((edge, end)) => self.edge(inner, Step { edge, end }, below, filter),
            None => document(&[property.name], inner, below, filter),
        }
    }

    /// `dataElement.dataSetElements.dataSet.name`: through the objects that embed this one.
    fn mentions(
        &self,
        kind: &'r Kind,
        step: Step,
        rest: &[&str],
        filter: &Filter,
    ) -> Result<Predicate<'r>, ReadError> {
        let unknown = || ReadError::UnknownPath(filter.path.join("."));
        let edge = self.registry.edge(step.edge).ok_or_else(unknown)?;
        let holder = self.registry.kind(edge.source.kind).ok_or_else(unknown)?;
        let (first, below) = rest.split_first().ok_or_else(unknown)?;
        let embedded = edge.embedded_in.and_then(|name| holder.property(name)).ok_or_else(unknown)?;
        let inner = embedded.inner().iter().find(|inner| inner.name == *first).ok_or_else(unknown)?;
        let below = if below.is_empty() { &["id"] } else { below };
        if inner.storage == Storage::Container {
            let inner = self.path(holder, below, filter)?;
            return Ok(Predicate::Through(step, holder, Box::new(inner)));
        }
        if inner.edge().is_some_and(|(number, _)| number == step.edge) {
            let itself = self.path(kind, below, filter)?;
            return Ok(Predicate::All(vec![Predicate::Count(step, Comparison::Greater, 0), itself]));
        }
        let inner = self.embedded(embedded, rest, filter)?;
        Ok(Predicate::Through(step, holder, Box::new(inner)))
    }

    fn computed(
        &self,
        kind: &'r Kind,
        property: &'r Property,
        computed: Computed,
        rest: &[&str],
        filter: &Filter,
    ) -> Result<Predicate<'r>, ReadError> {
        let unknown = || ReadError::UnknownPath(filter.path.join("."));
        let other = |name: &str| kind.property(name).ok_or_else(unknown);
        match computed {
            Computed::Alias(name) => self.property(kind, other(name)?, rest, filter),
            Computed::UserCredentials => self.path(kind, rest, filter),
            _ if !rest.is_empty() => Err(unknown()),
            Computed::FullName | Computed::OptionNames => text(TextKey::Name, filter, &property.ty),
            Computed::Display(name) => display(other(name)?, filter),
            Computed::Leaf => {
                let edge =
                    self.registry.edges_to(kind.singular).find(|edge| edge.source.kind == kind.singular);
                let step = Step { edge: edge.ok_or_else(unknown)?.number, end: End::Target };
                truth(
                    filter,
                    Predicate::Count(step, Comparison::Equal, 0),
                    Predicate::Count(step, Comparison::Greater, 0),
                )
            }
            Computed::IsPresent(name) => {
                let (edge, end) = other(name)?.edge().ok_or_else(unknown)?;
                let step = Step { edge, end };
                truth(
                    filter,
                    Predicate::Count(step, Comparison::Greater, 0),
                    Predicate::Count(step, Comparison::Equal, 0),
                )
            }
            Computed::IsDefault => {
                let defaults = kind.defaults.iter().map(|default| {
                    Predicate::Text(
                        TextKey::Uid,
                        Test::Compare(Comparison::Equal, Scalar::Text(default.uid.to_owned())),
                    )
                });
                truth(filter, Predicate::Any(defaults.collect()), Predicate::not_default(kind))
            }
            Computed::Constant(text) => constant(filter, &Scalar::Text(text.to_owned()), &Type::Text),
            Computed::Favorite => constant(filter, &Scalar::Int(0), &Type::Boolean),
            Computed::DisplayOr(name, _) => display(other(name)?, filter),
            Computed::EmptyList => {
                let (comparison, size) = size_test(filter)?;
                Ok(if comparison.holds(0.cmp(&size)) {
                    Predicate::All(Vec::new())
                } else {
                    Predicate::Any(Vec::new())
                })
            }
            Computed::Href | Computed::Access | Computed::ObjectTypes | Computed::Ancestors => Err(unknown()),
        }
    }
}
