//! The description of a kind: everything the engine knows about a metadata type.
//!
//! A kind is a value, not code: adding one is adding a description (rules of the metadata 1). The
//! vocabulary follows `/api/schemas` of DHIS2 2.41 (web-api reference 4.5).

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

/// Where the values of a property live (rules of the metadata 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// A column of `object`.
    Column(Column),
    /// The object's JSON document, under the JSON name.
    Document,
    /// The typed side table of users.
    Account(AccountColumn),
    /// The typed side table of clients: grant types, redirect URIs, client id.
    Client(ClientColumn),
    /// Rows of `reference`: this object is the source.
    Edge {
        /// The edge's number.
        edge: EdgeNumber,
        /// What deleting the target does.
        on_delete: OnDelete,
    },
    /// Rows of `reference`: this object is the target; the edge is declared at its source.
    Inverse(EdgeNumber),
    /// An embedded collection or object; its scalars in the document, its references as edges of their
    /// own, one for each inner property of type reference (`Storage::Edge` there).
    Embedded,
    /// The embedded objects of another kind in which this object is the target of that inner edge:
    /// `dataElement.dataSetElements`.
    EmbeddedInverse(EdgeNumber),
    /// Inside an embedded object: the object that holds it. Checked on input, computed on output.
    Container,
    /// The `sharing` table and columns.
    Sharing,
    /// The `translation` table.
    Translations,
    /// The `attribute_value` table.
    AttributeValues,
    /// The `tree` table: `path` or `level`.
    Tree(TreeColumn),
    /// Computed on output.
    Computed(Computed),
    /// Taken on input, handed to `crypto`, never in a document and never projected.
    Secret,
}

/// Columns of `object`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// `uid`, JSON `id`.
    Uid,
    /// `code`.
    Code,
    /// `name`.
    Name,
    /// `created`.
    Created,
    /// `updated`, JSON `lastUpdated`.
    Updated,
    /// `created_by`, JSON `createdBy` (and its old name `user`): a uid, no edge.
    CreatedBy,
    /// `updated_by`, JSON `lastUpdatedBy`: a uid, no edge.
    UpdatedBy,
}

/// Columns of `account`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountColumn {
    /// `username`.
    Username,
    /// `disabled`.
    Disabled,
    /// `expiry`, JSON `accountExpiry`.
    Expiry,
    /// `external_auth`, JSON `externalAuth`.
    ExternalAuth,
    /// `two_factor`, JSON `twoFactorEnabled` and `twoFA`.
    TwoFactor,
    /// `last_login`, JSON `lastLogin`.
    LastLogin,
    /// `password_updated`, JSON `passwordLastUpdated`.
    PasswordUpdated,
}

/// Columns of `client` and its lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientColumn {
    /// `client_id`, JSON `cid`.
    ClientId,
    /// `grant_types`, a JSON list in one column.
    GrantTypes,
    /// `redirect_uris`, a JSON list in one column.
    RedirectUris,
}

/// Columns of `tree`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TreeColumn {
    /// `path`, `/uid/uid`.
    Path,
    /// `level`, 1 at the root.
    Level,
}

/// Values made on output. The list is closed, as [`Rule`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Computed {
    /// The translation of the named property, or its base value.
    Display(&'static str),
    /// As [`Computed::Display`] of the first property, and where that has no value either, of the second:
    /// `displayFormName` falls back to the name.
    DisplayOr(&'static str, &'static str),
    /// Absolute address of the object.
    Href,
    /// What the caller may do (web-api reference 3.6).
    Access,
    /// Always false: favourites are not kept.
    Favorite,
    /// Always an empty list: what kinds that are not described yet would show of themselves here.
    EmptyList,
    /// The property of the same object that this one repeats under an older name.
    Alias(&'static str),
    /// `firstName` and `surname` with a space between: a user's `name`.
    FullName,
    /// The old `userCredentials` block: a view of the same user.
    UserCredentials,
    /// The ancestors of an organisation unit, root first.
    Ancestors,
    /// Has it no children?
    Leaf,
    /// Is it one of the kind's defaults?
    IsDefault,
    /// The kinds an attribute may be assigned to, as `DATA_ELEMENT`: one for each `…Attribute` that is true.
    ObjectTypes,
    /// Is the named reference present?
    IsPresent(&'static str),
    /// The names of the options, joined by `, `: an option combo's name.
    OptionNames,
    /// A constant text, such as `dimensionItemType`.
    Constant(&'static str),
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
}

impl Property {
    /// A document value of this type: readable, writable, owned, persisted.
    #[must_use]
    pub const fn new(name: &'static str, ty: Type) -> Self {
        Self {
            name,
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

    /// The Java field name.
    #[must_use]
    pub const fn field_name(&self) -> &'static str {
        if self.field_name.is_empty() { self.name } else { self.field_name }
    }

    /// The edge this property reads, and from which end.
    #[must_use]
    pub const fn edge(&self) -> Option<(EdgeNumber, End)> {
        match self.storage {
            Storage::Edge { edge, .. } => Some((edge, End::Source)),
            Storage::Inverse(edge) => Some((edge, End::Target)),
            _ => None,
        }
    }

    /// Is it a collection?
    #[must_use]
    pub const fn is_collection(&self) -> bool {
        matches!(self.ty, Type::Collection(_))
    }

    /// The type of one value: of a member for a collection.
    #[must_use]
    pub fn item_type(&self) -> &Type {
        match &self.ty {
            Type::Collection(item) => item,
            one => one,
        }
    }

    /// The singular name of the kind that is referenced, for references and collections of them.
    #[must_use]
    pub fn target(&self) -> Option<&'static str> {
        match self.item_type() {
            Type::Reference(kind) => Some(kind),
            _ => None,
        }
    }

    /// The properties of one embedded object; none for other types.
    #[must_use]
    pub fn inner(&self) -> &[Property] {
        match self.item_type() {
            Type::Complex(inner) => inner,
            _ => &[],
        }
    }

    /// Is it neither a reference, nor complex, nor a collection (`simple` in `/api/schemas`)?
    #[must_use]
    pub const fn is_simple(&self) -> bool {
        !matches!(self.ty, Type::Reference(_) | Type::Complex(_) | Type::Collection(_))
    }
}

/// The two ends of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The object that holds the reference.
    Source,
    /// The object that is referenced.
    Target,
}
