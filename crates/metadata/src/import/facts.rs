//! What a plan must know about the database, asked for and answered in bulk.
//!
//! The planner runs over the facts it has. Where one is missing it notes the question and goes on; at the
//! end of a phase all questions go to the store at once, which answers each with one query for a kind or
//! an edge and 500 identifiers, all of one snapshot. Facts only grow, so planning ends after few rounds.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use kibali_model::{Access, ObjectId, Sharing, Timestamp, Uid};
use serde_json::{Map, Value};

use crate::client::Registration;
use crate::kind::EdgeNumber;

/// A unique value: who holds it is one row of `unique_key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Singular name of the kind.
    pub kind: &'static str,
    /// The name its unique values are kept under ([`crate::kind::Property::key_name`]).
    pub property: &'static str,
    /// Within what it is unique; empty for the kind.
    pub scope: String,
    /// The exact value.
    pub value: String,
}

/// One row of `reference`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Reference {
    pub edge: EdgeNumber,
    pub source: ObjectId,
    pub element: i64,
    pub position: i64,
    pub target: ObjectId,
}

/// What a reference to an object needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Row number.
    pub id: ObjectId,
    /// Singular name of its kind.
    pub kind: &'static str,
    /// Identifier.
    pub uid: Uid,
    /// Code.
    pub code: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Uid of the owner.
    pub owner: Option<String>,
    /// What everybody may do; `None` as DHIS2 has it.
    pub public: Option<Access>,
    /// What its sharing gives the caller by name and by groups.
    pub granted: Access,
    /// Raised with every change.
    pub version: i64,
}

/// Everything of an object but its references.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detail {
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Uid of its maker.
    pub created_by: Option<String>,
    /// Its document.
    pub doc: Map<String, Value>,
    /// Its sharing.
    pub sharing: Sharing,
    /// Its translations: locale, property, value.
    pub translations: BTreeSet<(String, String, String)>,
    /// Its attribute values, by row number of the attribute.
    pub attributes: BTreeMap<ObjectId, String>,
    /// The side table of a user.
    pub account: Option<AccountFacts>,
    /// The side table of a client.
    pub client: Option<Registration>,
    /// Path and level of an organisation unit.
    pub tree: Option<(String, i64)>,
}

/// What the plan of a user must know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct AccountFacts {
    pub username: String,
    pub disabled: bool,
    pub expiry: Option<Timestamp>,
    pub external_auth: bool,
    /// Signing in asks for a second factor.
    pub protected: bool,
    /// Codes of a second factor are mailed to the user.
    pub mailed_codes: bool,
}

/// Who depends on an object through one edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependants {
    /// The edge.
    pub edge: EdgeNumber,
    /// How many rows.
    pub count: i64,
    /// The first sources, at most [`DEPENDANTS_READ`] of them.
    pub sources: Vec<ObjectId>,
}

/// How many dependants of one edge are read by row number.
pub const DEPENDANTS_READ: usize = 1000;

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident: $question:ty => $answer:ty),+ $(,)?) => {
        /// Questions for the store.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Needs { $($(#[$doc])* pub $name: BTreeSet<$question>),+ }

        /// Answers of the store. A question that was asked has an entry, if only an empty one.
        #[derive(Debug, Clone, Default)]
        pub struct Facts { $($(#[$doc])* pub $name: HashMap<$question, $answer>),+ }

        impl Needs {
            /// Is nothing asked?
            #[must_use]
            pub fn is_empty(&self) -> bool {
                $(self.$name.is_empty())&&+
            }
        }

        impl<'f> Ask<'f> {
            $($(#[$doc])* pub fn $name(&self, question: $question) -> Option<&'f $answer> {
                let answer = self.facts.$name.get(&question);
                if answer.is_none() {
                    self.needs.borrow_mut().$name.insert(question);
                }
                answer
            })+
        }
    };
}

facts! {
    /// Which object of a kind has a uid?
    objects: (&'static str, Uid) => Option<ObjectId>,
    /// Which object of a kind has a code?
    codes: (&'static str, String) => Option<ObjectId>,
    /// What is an object, in short? None where there is none.
    heads: ObjectId => Option<Head>,
    /// What is an object, whole?
    details: ObjectId => Option<Detail>,
    /// Who holds a unique value?
    keys: Key => Option<ObjectId>,
    /// What does an object reference through an edge?
    targets: (EdgeNumber, ObjectId) => Vec<Reference>,
    /// Who references an object through an edge?
    sources: (EdgeNumber, ObjectId) => Vec<Reference>,
    /// Does an object (first) reference another (second) through an edge, outside embedded objects?
    links: (EdgeNumber, ObjectId, ObjectId) => Option<Reference>,
    /// What is the last position of an ordered edge, 0 when it is empty?
    last_positions: (EdgeNumber, ObjectId) => i64,
    /// Who depends on an object?
    dependants: ObjectId => Vec<Dependants>,
    /// Which objects does a kind have? Asked of small kinds only (attributes).
    all_of: &'static str => Vec<ObjectId>,
}

/// The facts, with a notebook for what is missing.
#[derive(Debug)]
pub struct Ask<'f> {
    facts: &'f Facts,
    needs: RefCell<Needs>,
}

impl<'f> Ask<'f> {
    /// Starts a round over the facts known so far.
    #[must_use]
    pub fn new(facts: &'f Facts) -> Self {
        Self { facts, needs: RefCell::new(Needs::default()) }
    }

    /// Ends a phase.
    ///
    /// # Errors
    /// The questions that were noted.
    pub fn settled(&self) -> Result<(), Box<Needs>> {
        let needs = self.needs.take();
        if needs.is_empty() { Ok(()) } else { Err(Box::new(needs)) }
    }

    /// The head of the object of `kind` with `uid`; `Some(None)` where there is none.
    pub fn head(&self, kind: &'static str, uid: Uid) -> Option<Option<&'f Head>> {
        match self.objects((kind, uid))? {
            Some(id) => self.heads(*id).map(Option::as_ref),
            None => Some(None),
        }
    }
}
