//! All kinds, checked against each other and indexed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kibali_model::Dialect;

use crate::kind::{EdgeNumber, Kind, OnDelete, Property, Storage, Type};

/// The kinds a server knows. Built once at start; a description that contradicts another is an error
/// then, not a surprise later.
#[derive(Debug, Clone)]
pub struct Registry {
    kinds: Vec<Arc<Kind>>,
    by_name: HashMap<&'static str, usize>,
    edges: BTreeMap<EdgeNumber, Edge>,
    /// The same kinds as the dialect of DHIS2 2.42 and later describes them.
    modern: Option<Arc<Registry>>,
}

/// An edge with its two ends.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Its number in the `reference` table.
    pub number: EdgeNumber,
    /// The end that holds the reference.
    pub source: EdgeEnd,
    /// The end that is referenced; its property is empty where the target shows nothing of it.
    pub target: EdgeEnd,
    /// What deleting the target does.
    pub on_delete: OnDelete,
    /// The embedded property of the source that holds the reference, if it is inside one.
    pub embedded_in: Option<&'static str>,
    /// The order of the source's list is kept.
    pub ordered: bool,
}

/// One end of an edge.
#[derive(Debug, Clone)]
pub struct EdgeEnd {
    /// Singular name of the kind.
    pub kind: &'static str,
    /// The property that shows the edge at this end, or empty.
    pub property: &'static str,
}

/// A description that cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the description of {kind}.{property} cannot hold: {why}")]
pub struct RegistryError {
    /// Singular name of the kind.
    pub kind: &'static str,
    /// The property.
    pub property: &'static str,
    /// What is wrong.
    pub why: &'static str,
}

impl Registry {
    /// Checks the descriptions against each other, in both dialects, and indexes them.
    ///
    /// # Errors
    /// Two kinds with one name, two edges with one number, an inverse without its edge.
    pub fn new(kinds: Vec<Kind>) -> Result<Self, RegistryError> {
        let modern = kinds.iter().map(|kind| kind.modern.map_or_else(|| kind.clone(), |modern| modern()));
        let modern = Self::in_one_dialect(modern.collect())?;
        Ok(Self { modern: Some(Arc::new(modern)), ..Self::in_one_dialect(kinds)? })
    }

    /// The kinds as `dialect` describes them. Both describe the same rows.
    #[must_use]
    pub fn spoken(self: &Arc<Self>, dialect: Dialect) -> Arc<Self> {
        match (dialect, &self.modern) {
            (Dialect::Modern, Some(modern)) => Arc::clone(modern),
            _ => Arc::clone(self),
        }
    }

    fn in_one_dialect(kinds: Vec<Kind>) -> Result<Self, RegistryError> {
        let mut kinds: Vec<Arc<Kind>> = kinds.into_iter().map(Arc::new).collect();
        kinds.sort_by_key(|kind| kind.order);
        let mut by_name = HashMap::new();
        for (index, kind) in kinds.iter().enumerate() {
            for name in [kind.singular, kind.plural] {
                if by_name.insert(name, index).is_some() {
                    return Err(RegistryError {
                        kind: kind.singular,
                        property: "",
                        why: "its name is taken",
                    });
                }
            }
        }
        let mut registry = Self { kinds, by_name, edges: BTreeMap::new(), modern: None };
        registry.collect_edges()?;
        registry.attach_inverses()?;
        Ok(registry)
    }

    fn collect_edges(&mut self) -> Result<(), RegistryError> {
        for kind in self.kinds.clone() {
            for property in &kind.properties {
                if let Some(edge) = edge_of(&kind, property, None) {
                    self.add_edge(edge)?;
                }
                if let (Storage::Embedded, Type::Complex(inner)) = (property.storage, property.item_type()) {
                    for inner in inner {
                        if let Some(edge) = edge_of(&kind, inner, Some(property.name)) {
                            self.add_edge(edge)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn add_edge(&mut self, edge: Edge) -> Result<(), RegistryError> {
        let (kind, property) = (edge.source.kind, edge.source.property);
        if !self.by_name.contains_key(edge.target.kind) {
            return Err(RegistryError { kind, property, why: "its target kind is not described" });
        }
        if self.edges.insert(edge.number, edge).is_some() {
            return Err(RegistryError { kind, property, why: "its edge number is taken" });
        }
        Ok(())
    }

    fn attach_inverses(&mut self) -> Result<(), RegistryError> {
        for kind in self.kinds.clone() {
            for property in &kind.properties {
                let (Storage::Inverse(number) | Storage::EmbeddedInverse(number)) = property.storage else {
                    continue;
                };
                let wrong = |why| RegistryError { kind: kind.singular, property: property.name, why };
                let edge = self.edges.get_mut(&number).ok_or_else(|| wrong("it inverts no edge"))?;
                if edge.target.kind != kind.singular {
                    return Err(wrong("it inverts an edge to another kind"));
                }
                edge.target.property = property.name;
            }
        }
        Ok(())
    }

    /// The kinds in import order.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.iter()
    }

    /// The kind with this singular or plural name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Arc<Kind>> {
        self.by_name.get(name).and_then(|index| self.kinds.get(*index))
    }

    /// The edge with this number.
    #[must_use]
    pub fn edge(&self, number: EdgeNumber) -> Option<&Edge> {
        self.edges.get(&number)
    }

    /// Every edge, by number.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.values()
    }

    /// Every edge that ends at objects of this kind.
    pub fn edges_to<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Edge> {
        self.edges.values().filter(move |edge| edge.target.kind == kind)
    }
}

fn edge_of(kind: &Kind, property: &Property, embedded_in: Option<&'static str>) -> Option<Edge> {
    let Storage::Edge { edge, on_delete } = property.storage else { return None };
    Some(Edge {
        number: edge,
        source: EdgeEnd { kind: kind.singular, property: property.name },
        target: EdgeEnd { kind: property.target()?, property: "" },
        on_delete,
        embedded_in,
        ordered: property.ordered,
    })
}

impl Kind {
    /// The property with this JSON name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// The property that a payload means by this name.
    #[must_use]
    pub fn meant(&self, name: &str) -> Option<&Property> {
        self.property(name).or_else(|| self.properties.iter().find(|property| property.goes_by(name)))
    }

    /// Is `uid` one of the kind's defaults?
    #[must_use]
    pub fn is_default(&self, uid: &str) -> bool {
        self.defaults.iter().any(|default| default.uid == uid)
    }
}
