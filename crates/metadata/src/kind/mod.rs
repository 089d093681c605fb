//! The description of a kind: everything the engine knows about a metadata type.
//!
//! A kind is a value, not code: adding one is adding a description (rules of the metadata 1). The
//! vocabulary follows `/api/schemas` of DHIS2 2.41 (web-api reference 4.5).

mod asked;
mod property;
mod storage;

pub use property::{OnDelete, Property, Type, Unique, Writes};
pub use storage::{AccountColumn, ClientColumn, Column, Computed, Storage, TreeColumn};

/// The number of an edge in the `reference` table. Numbers never change once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeNumber(pub i64);

impl From<i64> for EdgeNumber {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

/// A metadata type. The default is a kind without names, sharing or properties, to be filled in by
/// struct update: `Kind { singular: …, ..Kind::default() }`.
#[derive(Debug, Clone, Default)]
pub struct Kind {
    /// `dataElement`: the name in `/api/schemas/{singular}` and in the `object.kind` column.
    pub singular: &'static str,
    /// `dataElements`: the path below `/api` and the key in payloads.
    pub plural: &'static str,
    /// `Data Element`, for people.
    pub display_name: &'static str,
    /// The Java class; clients read it (web-api reference 2.2).
    pub klass: &'static str,
    /// Rank in an import, lower first (web-api reference 5.4).
    pub order: u16,
    /// Which authorities each action asks for.
    pub authorities: KindAuthorities,
    /// Has a sharing object.
    pub shareable: bool,
    /// Its sharing has data bits.
    pub data_shareable: bool,
    /// Private when created without sharing.
    pub default_private: bool,
    /// Has `shortName` and `description`.
    pub nameable: bool,
    /// Has `translations`.
    pub translatable: bool,
    /// Who may read an object of this kind.
    pub access: AccessRule,
    /// Its properties, in the order they are written out.
    pub properties: Vec<Property>,
    /// Named rules that hold for it beyond its properties.
    pub rules: Vec<Rule>,
    /// Its description in the dialect of DHIS2 2.42 and later, where that is another. What is stored is the same.
    pub modern: Option<fn() -> Kind>,
    /// Objects that exist in every database, immutable in sharing (web-api reference 5.1).
    pub defaults: Vec<NamedDefault>,
}

/// The authorities of a kind (web-api reference 3.5). An empty list asks for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct KindAuthorities {
    /// Any of these reads. Empty: everybody signed in.
    pub read: &'static [&'static str],
    /// Any of these creates, where the kind has one list for all objects.
    pub create: &'static [&'static str],
    /// Any of these creates an object that everybody may read.
    pub create_public: &'static [&'static str],
    /// Any of these creates a private object.
    pub create_private: &'static [&'static str],
    /// Any of these updates; empty means any of the create lists.
    pub update: &'static [&'static str],
    /// Any of these deletes.
    pub delete: &'static [&'static str],
}

/// Who may read an object of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessRule {
    /// Its sharing decides.
    Sharing,
    /// Everybody who passes the kind's read authority.
    #[default]
    None,
    /// Whoever may read every object at the other end of this property (option combos through their
    /// options).
    AllOf(&'static str),
}

/// A rule of a kind that a description of its properties cannot say. The list is closed: a new rule is
/// a decision record, never a branch in the engine (rules of the metadata 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Option combos are made from the categories' options.
    CategoryComboGenerates,
    /// Only code, attribute values and ignoreApproval change through the object's own address (E1134).
    CategoryOptionComboFixed,
    /// Path and level follow the parent; a move asks for `F_ORGANISATIONUNIT_MOVE`.
    OrgUnitTree,
    /// The server raises `version` at every update.
    VersionIncrements,
    /// User names, passwords, roles one may give, and whom one may manage (web-api reference 3.2).
    UserRules,
    /// A role's restrictions and members; not deleted while users hold it.
    RoleRules,
    /// The client registry: secrets are made here, written only, and kept when not sent.
    ClientRules,
    /// System defaults may not be changed or deleted.
    NoDefaultEdit,
    /// What closes does so after it opened (E4013).
    ClosesAfterOpening,
    /// Values and the options they are chosen from are of one type (E1115, E1116).
    OptionSetFits,
}

/// An object that exists in every database.
#[derive(Debug, Clone, Copy)]
pub struct NamedDefault {
    /// Its fixed uid.
    pub uid: &'static str,
    /// Its name, `default`.
    pub name: &'static str,
    /// Its code.
    pub code: &'static str,
}

/// The two ends of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The object that holds the reference.
    Source,
    /// The object that is referenced.
    Target,
}
