//! The properties of kinds and of embedded objects.

use super::{Computed, EdgeNumber, Storage};

/// The DHIS2 property types (`propertyType` in `/api/schemas`).
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// `IDENTIFIER`: uid, code, client id.
    Identifier,
    /// `TEXT`.
    Text,
    /// `NUMBER`: a float.
    Number,
    /// `INTEGER`.
    Integer,
    /// `BOOLEAN`.
    Boolean,
    /// `DATE`: date and time, in and out as web-api reference 1.13 says.
    Date,
    /// `CONSTANT`: one of these names.
    Constant(&'static [&'static str]),
    /// `URL`.
    Url,
    /// `EMAIL`.
    Email,
    /// `PASSWORD`.
    Password,
    /// `PHONENUMBER`.
    PhoneNumber,
    /// `COLOR`.
    Color,
    /// `GEOLOCATION`: a GeoJSON geometry, kept as it came.
    Geolocation,
    /// `REFERENCE` to an object of the named kind (singular). The kind may not be described yet: then
    /// the property is a document value and its targets stay unresolved.
    Reference(&'static str),
    /// `COMPLEX`: an embedded object with properties of its own. No properties: kept as it came.
    Complex(Vec<Property>),
    /// `COLLECTION` of one of the above.
    Collection(Box<Type>),
}

/// What deleting the target of a reference does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The delete is refused (E4030).
    Veto,
    /// The reference goes, the source stays.
    Unlink,
    /// The source goes too. For a reference inside an embedded object: that embedded object goes, its
    /// holder stays.
    Cascade,
}

/// Through which requests an end of an edge may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Every write, imports included.
    Always,
    /// The resource's own POST, PUT and PATCH, not imports.
    Crud,
    /// Only the nested-collection verbs (web-api reference 1.9).
    NestedVerbs,
    /// Never.
    Never,
}

/// Within what a value must be unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// All objects of the kind.
    Kind,
    /// All objects with the same target of this property (options of one option set).
    Edge(&'static str),
}

/// One property of a kind or of an embedded object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The JSON key: `dataElements`, `id`.
    pub name: &'static str,
    /// Names it is taken under as well, where its own is absent: those of another dialect.
    pub also: &'static [&'static str],
    /// Under which name its unique values are kept, whatever it is called in this dialect; `name` when empty.
    pub key: &'static str,
    /// The Java field name that schemas report: `dataElements`, `uid`; equal to `name` when empty.
    pub field_name: &'static str,
    /// The DHIS2 property type.
    pub ty: Type,
    /// Where its values live.
    pub storage: Storage,
    /// Must be present after defaults are filled in (E4000).
    pub required: bool,
    /// Not required when this other property has a value.
    pub required_unless: Option<&'static str>,
    /// Filled in when absent: a JSON text such as `"DISAGGREGATION"`, `false`, `0`, or
    /// `{"id":"bjDvmb4bfuf"}`.
    pub default: Option<&'static str>,
    /// Least value or length.
    pub min: Option<f64>,
    /// Greatest value or length.
    pub max: Option<f64>,
    /// Within what it is unique (E5003).
    pub unique: Option<Unique>,
    /// Appears in answers.
    pub readable: bool,
    /// Taken from payloads.
    pub writable: bool,
    /// Part of what `:owner` exports and a PUT replaces.
    pub owner: bool,
    /// Stored, so part of `:persisted`.
    pub persisted: bool,
    /// The order of a collection is kept.
    pub ordered: bool,
    /// The key under which translations name it: `NAME`.
    pub translation_key: Option<&'static str>,
    /// Who may write it, for edges.
    pub writes: Writes,
    /// For an ordered edge: the property of the members that shows their place (`sortOrder`).
    pub position_as: Option<&'static str>,
    /// May not change after creation.
    pub immutable: bool,
    /// What it references is part of the object and goes with it: the options of an option set.
    pub owns: bool,
    /// A replacing write without it keeps it: whoever replaces an object in DHIS2's words need not know it.
    pub kept: bool,
}

impl Property {
    /// A document value of this type: readable, writable, owned, persisted.
    #[must_use]
    pub const fn new(name: &'static str, ty: Type) -> Self {
        Self {
            name,
            also: &[],
            key: "",
            field_name: "",
            ty,
            storage: Storage::Document,
            required: false,
            required_unless: None,
            default: None,
            min: None,
            max: None,
            unique: None,
            readable: true,
            writable: true,
            owner: true,
            persisted: true,
            ordered: false,
            translation_key: None,
            writes: Writes::Always,
            position_as: None,
            immutable: false,
            owns: false,
            kept: false,
        }
    }

    /// A computed value: never taken from payloads, not owned, not persisted.
    #[must_use]
    pub const fn computed(name: &'static str, ty: Type, computed: Computed) -> Self {
        let mut property = Self::new(name, ty);
        property.storage = Storage::Computed(computed);
        property.writable = false;
        property.owner = false;
        property.persisted = false;
        property
    }

    /// A reference to one object, stored as an edge.
    #[must_use]
    pub fn reference(
        name: &'static str,
        target: &'static str,
        edge: impl Into<EdgeNumber>,
        on_delete: OnDelete,
    ) -> Self {
        let mut property = Self::new(name, Type::Reference(target));
        property.storage = Storage::Edge { edge: edge.into(), on_delete };
        property
    }

    /// A set of references, stored as an edge.
    #[must_use]
    pub fn references(
        name: &'static str,
        target: &'static str,
        edge: impl Into<EdgeNumber>,
        on_delete: OnDelete,
    ) -> Self {
        let mut property = Self::reference(name, target, edge, on_delete);
        property.ty = Type::Collection(Box::new(property.ty));
        property
    }

    /// The other end of an edge: objects of kind `source` that reference this one. Read, and written
    /// only by the nested-collection verbs unless [`Property::writes`] says more.
    #[must_use]
    pub fn inverse(name: &'static str, source: &'static str, edge: impl Into<EdgeNumber>) -> Self {
        let mut property = Self::new(name, Type::Collection(Box::new(Type::Reference(source))));
        property.storage = Storage::Inverse(edge.into());
        property.owner = false;
        property.writes = Writes::NestedVerbs;
        property
    }

    /// Stored at `storage`.
    #[must_use]
    pub const fn at(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Reported under this Java field name.
    #[must_use]
    pub const fn field(mut self, field_name: &'static str) -> Self {
        self.field_name = field_name;
        self
    }

    /// Must be present.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Must be present unless that other property is.
    #[must_use]
    pub const fn required_unless(mut self, other: &'static str) -> Self {
        self.required = true;
        self.required_unless = Some(other);
        self
    }

    /// Filled in with this JSON text when absent.
    #[must_use]
    pub const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    /// Greatest value or length.
    #[must_use]
    pub const fn max(mut self, max: f64) -> Self {
        self.max = Some(max);
        self
    }

    /// Least value or length.
    #[must_use]
    pub const fn min(mut self, min: f64) -> Self {
        self.min = Some(min);
        self
    }

    /// Unique among the objects of the kind.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = Some(Unique::Kind);
        self
    }

    /// Unique among the objects with the same target of `edge_property`.
    #[must_use]
    pub const fn unique_in(mut self, edge_property: &'static str) -> Self {
        self.unique = Some(Unique::Edge(edge_property));
        self
    }

    /// Shown, never taken from a payload.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.writable = false;
        self.owner = false;
        self
    }

    /// Taken under these names too.
    #[must_use]
    pub const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    /// Its unique values are kept under this name.
    #[must_use]
    pub const fn keyed(mut self, name: &'static str) -> Self {
        self.key = name;
        self
    }

    /// Kept by a replacing write that does not name it.
    #[must_use]
    pub const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// Not of this dialect: taken where it is sent, not shown, and kept where it is absent.
    #[must_use]
    pub const fn foreign(mut self) -> Self {
        self.owner = false;
        self.persisted = false;
        self.write_only().kept()
    }

    /// Taken, never shown.
    #[must_use]
    pub const fn write_only(mut self) -> Self {
        self.readable = false;
        self
    }

    /// Not stored: not part of `:persisted`.
    #[must_use]
    pub const fn not_persisted(mut self) -> Self {
        self.persisted = false;
        self
    }

    /// Not part of `:owner`.
    #[must_use]
    pub const fn not_owned(mut self) -> Self {
        self.owner = false;
        self
    }

    /// A collection whose order is kept.
    #[must_use]
    pub const fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    /// Not translated.
    #[must_use]
    pub const fn untranslated(mut self) -> Self {
        self.translation_key = None;
        self
    }

    /// Translated under this key.
    #[must_use]
    pub const fn translated(mut self, key: &'static str) -> Self {
        self.translation_key = Some(key);
        self
    }

    /// Written through these requests.
    #[must_use]
    pub const fn writes(mut self, writes: Writes) -> Self {
        self.writes = writes;
        self
    }

    /// The member property that shows the order of this edge.
    #[must_use]
    pub const fn position_as(mut self, member_property: &'static str) -> Self {
        self.position_as = Some(member_property);
        self
    }

    /// May not change after creation.
    #[must_use]
    pub const fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// What it references goes when the object goes.
    #[must_use]
    pub const fn owning(mut self) -> Self {
        self.owns = true;
        self
    }
}
