//! What is shown of the objects of one kind, and what must be loaded for it.

use crate::kind::{AccountColumn, ClientColumn, Column, EdgeNumber, End, Kind, Property, TreeColumn};
use crate::language::{Fields, Transformer};

/// What is shown of an object: its entries in the schema's order, and what they need.
#[derive(Debug, Clone)]
pub struct Shape<'r> {
    /// The kind shown.
    pub kind: &'r Kind,
    /// The keys of the answer.
    pub entries: Vec<Entry<'r>>,
    /// What to load for one object.
    pub needs: Needs,
    /// What to load through edges; entries name them by place.
    pub slots: Vec<Need<'r>>,
}

/// One key of the answer.
#[derive(Debug, Clone)]
pub struct Entry<'r> {
    /// The key, after `~rename`.
    pub key: String,
    /// Where its value comes from.
    pub show: Show<'r>,
    /// What is done to the value, in order, without renames.
    pub transformers: Vec<Transformer>,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Show<'r> {
    /// A column of the object.
    Column(Column),
    /// Who created or changed it last, with these of a person's properties.
    Person(Column, Vec<&'static str>),
    /// A value of the document; of complex values only what the block names.
    Document(&'r Property, Option<Fields>),
    /// A column of the account.
    Account(AccountColumn),
    /// A column of the client, in the form of its property.
    Client(ClientColumn, &'r Property),
    /// A column of the tree.
    Tree(TreeColumn),
    /// The sharing object.
    Sharing(Option<Fields>),
    /// The translations.
    Translations(Option<Fields>),
    /// All attribute values.
    AttributeValues(Option<Fields>),
    /// The value of the attribute with this uid.
    Attribute(String),
    /// The translation of this property, or its value; and where there is none, of the other.
    Display(&'r Property, Option<&'r Property>),
    /// Absolute address.
    Href,
    /// What the caller may do.
    Access(Option<Fields>),
    /// The same for every object.
    Constant(serde_json::Value),
    /// Is it a default of its kind?
    IsDefault,
    /// The kinds an attribute may be assigned to.
    ObjectTypes,
    /// The one object at the other end of an edge: a slot.
    One(usize),
    /// The objects at the other end of an edge: a slot.
    Many(usize),
    /// How many there are: a slot that counts.
    Count(usize),
    /// Are there any, or none: a slot that counts, and the answer when there are some.
    Any(usize, bool),
    /// The place of this object in an ordered edge: a slot.
    Position(usize),
    /// Embedded objects of this kind's document.
    Embedded {
        /// The property that holds them.
        property: &'r Property,
        /// What is shown of each.
        entries: Vec<Entry<'r>>,
    },
    /// The embedded objects of another kind that point here: the slot of their holders, and what is
    /// shown of each.
    Mentions {
        /// The slot of the holders; its shape has the slots that `entries` name.
        slot: usize,
        /// The property of the holder that embeds them.
        property: &'r Property,
        /// What is shown of each embedded object.
        entries: Vec<Entry<'r>>,
    },
    /// Inside an embedded object: the object that holds it, with these entries.
    Container(Vec<Entry<'r>>),
    /// A view of the same object under one key.
    Block(Vec<Entry<'r>>),
}

impl Want<'_> {
    /// Is it one number for each object, however many references there are?
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Count | Self::Position)
    }
}

/// What to load of one object beside its uid. Each truth value is one more column group or statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)]
pub struct Needs {
    /// Columns of `object` beside the uid.
    pub columns: bool,
    /// Who created and changed it.
    pub people: bool,
    /// The document.
    pub document: bool,
    /// The account.
    pub account: bool,
    /// The client.
    pub client: bool,
    /// Path and level.
    pub tree: bool,
    /// The sharing rows.
    pub sharing: bool,
    /// Translations into the caller's locale.
    pub display: bool,
    /// All translations.
    pub translations: bool,
    /// The attribute values.
    pub attributes: bool,
}

/// What to load through one edge for all objects of a level.
#[derive(Debug, Clone)]
pub struct Need<'r> {
    /// The edge.
    pub edge: EdgeNumber,
    /// The end at which the objects of this level stand.
    pub end: End,
    /// What of the other end.
    pub want: Want<'r>,
}

/// What is loaded of the objects at the other end of an edge.
#[derive(Debug, Clone)]
pub enum Want<'r> {
    /// How many.
    Count,
    /// This object's place only.
    Position,
    /// The objects, in this shape.
    Objects(Shape<'r>),
    /// The ancestors in the tree, root first; no edge is read.
    Ancestors(Shape<'r>),
}

impl<'r> Shape<'r> {
    /// A shape that shows nothing yet.
    #[must_use]
    pub fn empty(kind: &'r Kind) -> Self {
        Self { kind, entries: Vec::new(), needs: Needs::default(), slots: Vec::new() }
    }

    /// Is nothing but the uid asked for?
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.needs == Needs::default() && self.slots.is_empty()
    }

    /// Does anything in it show an account?
    #[must_use]
    pub fn shows_accounts(&self) -> bool {
        let below = |need: &Need<'_>| match &need.want {
            Want::Objects(shape) | Want::Ancestors(shape) => shape.shows_accounts(),
            Want::Count | Want::Position => false,
        };
        self.needs.account || self.slots.iter().any(below)
    }
}
