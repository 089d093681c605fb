//! `fields` against the kinds: from names to a [`Shape`] (web-api reference 1.7).

use serde_json::json;

use super::ReadError;
use super::choose::{Named, choose};
use super::shape::{Entry, Need, Shape, Show, Want};
use crate::Registry;
use crate::kind::{Column, Computed, EdgeNumber, End, Kind, Property, Storage, TreeColumn};
use crate::language::{FieldItem, Fields, MAX_DEPTH, MAX_ITEMS, Preset, Transformer};

/// What an answer with these `fields` shows of objects of `kind`. `translated` says whether the caller
/// has a locale.
///
/// # Errors
/// The limits of depth and size. Unknown names are left out, as DHIS2 does.
pub fn resolve_fields<'r>(
    registry: &'r Registry,
    kind: &'r Kind,
    fields: &Fields,
    translated: bool,
) -> Result<Shape<'r>, ReadError> {
    if count(fields) > MAX_ITEMS {
        return Err(ReadError::TooManyFields);
    }
    let mut shape = Shape::empty(kind);
    let resolver = Resolver { registry, translated };
    shape.entries = resolver.entries(&mut shape, &kind.properties, fields, 1)?;
    Ok(shape)
}

fn count(fields: &Fields) -> usize {
    fields
        .0
        .iter()
        .map(|item| match item {
            FieldItem::Field { inner: Some(inner), .. } => 1 + count(inner),
            _ => 1,
        })
        .sum()
}

/// What of the account the old `userCredentials` block shows.
const CREDENTIALS: &[&str] = &[
    "id",
    "username",
    "externalAuth",
    "openId",
    "ldapId",
    "disabled",
    "accountExpiry",
    "invitation",
    "selfRegistered",
    "twoFA",
    "lastLogin",
    "passwordLastUpdated",
    "userRoles",
    "access",
    "sharing",
];
/// What is shown of a person beside an object (web-api reference 1.13).
const PERSON: &[&str] = &["id", "code", "name", "displayName", "username"];
struct Resolver<'r> {
    registry: &'r Registry,
    translated: bool,
}

impl<'r> Resolver<'r> {
    fn entries(
        &self,
        shape: &mut Shape<'r>,
        properties: &'r [Property],
        fields: &Fields,
        depth: usize,
    ) -> Result<Vec<Entry<'r>>, ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep("fields"));
        }
        let mut entries = Vec::new();
        for choice in choose(properties, fields) {
            let mut transformers = choice.transformers;
            let mut key = choice.named.name().to_owned();
            transformers.retain(|transformer| match transformer {
                Transformer::Rename(name) => {
                    key.clone_from(name);
                    false
                }
                _ => true,
            });
            let show = match choice.named {
                Named::Attribute(uid) => {
                    shape.needs.attributes = true;
                    Some(Show::Attribute(uid.to_string()))
                }
                Named::Property(_, property) => {
                    let inner = choice.inner.or_else(|| implied_block(property, &transformers));
                    self.show(shape, property, inner.as_ref(), &mut transformers, depth)?
                }
            };
            entries.extend(show.map(|show| Entry { key, show, transformers }));
        }
        Ok(entries)
    }

    fn show(
        &self,
        shape: &mut Shape<'r>,
        property: &'r Property,
        inner: Option<&Fields>,
        transformers: &mut Vec<Transformer>,
        depth: usize,
    ) -> Result<Option<Show<'r>>, ReadError> {
        if let Some(edge) = self.position_of(shape.kind, property) {
            return Ok(Some(Show::Position(slot(shape, edge, End::Target, Want::Position))));
        }
        let block = inner.cloned();
        Ok(Some(match property.storage {
            Storage::Column(column @ (Column::CreatedBy | Column::UpdatedBy)) => {
                shape.needs.people = true;
                Show::Person(column, person(inner))
            }
            Storage::Column(column) => {
                shape.needs.columns |= column != Column::Uid;
                Show::Column(column)
            }
            Storage::Document => {
                shape.needs.document = true;
                Show::Document(property, block)
            }
            Storage::Account(column) => {
                shape.needs.account = true;
                Show::Account(column)
            }
            Storage::Client(column) => {
                shape.needs.client = true;
                Show::Client(column, property)
            }
            Storage::Tree(column) => {
                shape.needs.tree = true;
                Show::Tree(column)
            }
            Storage::Sharing => {
                shape.needs.sharing = true;
                Show::Sharing(block)
            }
            Storage::Translations => {
                shape.needs.translations = true;
                Show::Translations(block)
            }
            Storage::AttributeValues => {
                shape.needs.attributes = true;
                Show::AttributeValues(block)
            }
            Storage::Edge { edge, .. } => {
                self.through(shape, property, edge, End::Source, inner, transformers, depth)?
            }
            Storage::Inverse(edge) => {
                self.through(shape, property, edge, End::Target, inner, transformers, depth)?
            }
            Storage::Embedded => {
                shape.needs.document = true;
                let inner = inner.cloned().unwrap_or_else(all);
                let entries = self.entries(shape, property.inner(), &inner, depth + 1)?;
                Show::Embedded { property, entries }
            }
            Storage::EmbeddedInverse(edge) => {
                return self.mentions(shape, edge, inner, transformers, depth);
            }
            Storage::Container => {
                let inner = inner.cloned().unwrap_or_else(id_only);
                let properties = &shape.kind.properties;
                Show::Container(self.entries(shape, properties, &inner, depth + 1)?)
            }
            Storage::Computed(computed) => {
                return self.computed(shape, property, computed, inner, transformers, depth);
            }
            Storage::Secret => return Ok(None),
        }))
    }

    #[allow(clippy::too_many_arguments)]
    fn through(
        &self,
        shape: &mut Shape<'r>,
        property: &'r Property,
        edge: EdgeNumber,
        end: End,
        inner: Option<&Fields>,
        transformers: &mut Vec<Transformer>,
        depth: usize,
    ) -> Result<Show<'r>, ReadError> {
        if property.is_collection() {
            let counted = match transformers.first() {
                Some(Transformer::Size) => Some(Show::Count as fn(usize) -> Show<'r>),
                Some(Transformer::IsEmpty) => Some((|slot| Show::Any(slot, false)) as fn(usize) -> Show<'r>),
                Some(Transformer::IsNotEmpty) => {
                    Some((|slot| Show::Any(slot, true)) as fn(usize) -> Show<'r>)
                }
                _ => None,
            };
            if let Some(show) = counted {
                transformers.remove(0);
                return Ok(show(slot(shape, edge, end, Want::Count)));
            }
        }
        let target = property.target().and_then(|target| self.registry.kind(target));
        let Some(target) = target else { return Ok(Show::Constant(json!(null))) };
        let objects = self.objects(target, inner, depth)?;
        let place = slot(shape, edge, end, Want::Objects(objects));
        Ok(if property.is_collection() { Show::Many(place) } else { Show::One(place) })
    }

    /// The shape of referenced objects: their ids when nothing more was said.
    fn objects(&self, kind: &'r Kind, inner: Option<&Fields>, depth: usize) -> Result<Shape<'r>, ReadError> {
        let mut shape = Shape::empty(kind);
        let inner = inner.cloned().unwrap_or_else(id_only);
        shape.entries = self.entries(&mut shape, &kind.properties, &inner, depth + 1)?;
        Ok(shape)
    }

    fn mentions(
        &self,
        shape: &mut Shape<'r>,
        edge: EdgeNumber,
        inner: Option<&Fields>,
        transformers: &mut Vec<Transformer>,
        depth: usize,
    ) -> Result<Option<Show<'r>>, ReadError> {
        let holder = self.registry.edge(edge).and_then(|edge| {
            let kind = self.registry.kind(edge.source.kind)?;
            Some((kind, kind.property(edge.embedded_in?)?))
        });
        let Some((kind, property)) = holder else { return Ok(None) };
        if transformers.first() == Some(&Transformer::Size) {
            transformers.remove(0);
            return Ok(Some(Show::Count(slot(shape, edge, End::Target, Want::Count))));
        }
        let mut holders = Shape::empty(kind);
        let inner = inner.cloned().unwrap_or_else(all);
        let entries = self.entries(&mut holders, property.inner(), &inner, depth + 1)?;
        // The elements' scalars stand in the holders' documents.
        holders.needs.document = entries.iter().any(|entry| matches!(entry.show, Show::Document(..)));
        let slot = slot(shape, edge, End::Target, Want::Objects(holders));
        Ok(Some(Show::Mentions { slot, property, entries }))
    }

    fn computed(
        &self,
        shape: &mut Shape<'r>,
        property: &'r Property,
        computed: Computed,
        inner: Option<&Fields>,
        transformers: &mut Vec<Transformer>,
        depth: usize,
    ) -> Result<Option<Show<'r>>, ReadError> {
        let kind = shape.kind;
        Ok(match computed {
            Computed::Display(base) => kind.property(base).map(|base| self.display(shape, base, None)),
            Computed::DisplayOr(base, or) => {
                let or = kind.property(or);
                kind.property(base).map(|base| self.display(shape, base, or))
            }
            Computed::Href => Some(Show::Href),
            Computed::Access => {
                shape.needs.sharing = true;
                Some(Show::Access(inner.cloned()))
            }
            Computed::Favorite => Some(Show::Constant(json!(false))),
            Computed::EmptyList => Some(Show::Constant(json!([]))),
            Computed::Constant(text) => Some(Show::Constant(json!(text))),
            Computed::Alias(other) => match kind.property(other) {
                Some(other) => self.show(shape, other, inner, transformers, depth)?,
                None => None,
            },
            Computed::FullName | Computed::OptionNames => {
                shape.needs.columns = true;
                Some(Show::Column(Column::Name))
            }
            Computed::UserCredentials => {
                let inner = inner.cloned().unwrap_or_else(|| named(CREDENTIALS));
                Some(Show::Block(self.entries(shape, &kind.properties, &inner, depth + 1)?))
            }
            Computed::Ancestors => {
                shape.needs.tree = true;
                let want = Want::Ancestors(self.objects(kind, inner, depth)?);
                Some(Show::Many(slot(shape, EdgeNumber(0), End::Source, want)))
            }
            Computed::Leaf => self
                .parent_edge(kind)
                .map(|edge| Show::Any(slot(shape, edge, End::Target, Want::Count), false)),
            Computed::IsDefault => Some(Show::IsDefault),
            Computed::ObjectTypes => {
                shape.needs.document = true;
                Some(Show::ObjectTypes)
            }
            Computed::IsPresent(other) => {
                let edge = kind.property(other).and_then(Property::edge);
                edge.map(|(edge, end)| Show::Any(slot(shape, edge, end, Want::Count), true))
            }
        })
        .map(|show: Option<Show<'r>>| show.filter(|_| property.readable))
    }

    fn display(&self, shape: &mut Shape<'r>, base: &'r Property, or: Option<&'r Property>) -> Show<'r> {
        for property in [Some(base), or].into_iter().flatten() {
            match property.storage {
                Storage::Document => shape.needs.document = true,
                _ => shape.needs.columns = true,
            }
            shape.needs.display |= self.translated && property.translation_key.is_some();
        }
        Show::Display(base, or)
    }

    /// The ordered edge in which this property shows the object's place.
    fn position_of(&self, kind: &Kind, property: &Property) -> Option<EdgeNumber> {
        super::order::position_edge(self.registry, kind, property)
    }

    fn parent_edge(&self, kind: &Kind) -> Option<EdgeNumber> {
        kind.properties.iter().find(|property| property.storage == Storage::Tree(TreeColumn::Path))?;
        self.registry
            .edges_to(kind.singular)
            .find(|edge| edge.source.kind == kind.singular)
            .map(|edge| edge.number)
    }
}

fn slot<'r>(shape: &mut Shape<'r>, edge: EdgeNumber, end: End, want: Want<'r>) -> usize {
    shape.slots.push(Need { edge, end, want });
    shape.slots.len() - 1
}

fn all() -> Fields {
    Fields(vec![FieldItem::Preset(Preset::All)])
}

fn id_only() -> Fields {
    named(&["id"])
}

fn named(names: &[&str]) -> Fields {
    let field =
        |name: &&str| FieldItem::Field { name: (*name).to_owned(), transformers: vec![], inner: None };
    Fields(names.iter().map(field).collect())
}

/// `users~pluck(name)` needs the names though no block asks for them.
fn implied_block(property: &Property, transformers: &[Transformer]) -> Option<Fields> {
    property.target()?;
    let names: Vec<&str> = transformers
        .iter()
        .filter_map(|transformer| match transformer {
            Transformer::Pluck(name) | Transformer::KeyBy(name) => Some(name.as_str()),
            _ => None,
        })
        .filter(|name| *name != "id")
        .collect();
    (!names.is_empty()).then(|| named(&[&["id"], names.as_slice()].concat()))
}

fn person(inner: Option<&Fields>) -> Vec<&'static str> {
    let Some(inner) = inner else { return PERSON.to_vec() };
    let asked = |name: &str| {
        inner.0.iter().any(|item| match item {
            FieldItem::Preset(_) => true,
            FieldItem::Field { name: asked, .. } => asked == name,
            FieldItem::Exclude(_) => false,
        })
    };
    PERSON.iter().copied().filter(|name| asked(name)).collect()
}
