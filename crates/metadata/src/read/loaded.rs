//! What the store loaded: a tree of the same form as the shape it was asked for.

use std::collections::HashMap;

use kibali_model::{ObjectId, Sharing, Timestamp};
use serde_json::{Map, Value};

use crate::client::Registration;

/// The objects of one level, each once, and what was loaded through their edges.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects; at the root in the order asked for.
    pub records: Vec<Record>,
    /// For each slot of the shape, in its order.
    pub slots: Vec<Slot>,
}

/// What was loaded through one edge.
#[derive(Debug)]
pub enum Slot {
    /// How many, by object of this level; absent means none.
    Counts(HashMap<ObjectId, i64>),
    /// Its place, by object of this level.
    Positions(HashMap<ObjectId, i64>),
    /// What stands at the other end, by object of this level, in order.
    Objects {
        /// The links of each object.
        links: HashMap<ObjectId, Vec<Link>>,
        /// The objects they lead to.
        level: Loaded,
        /// They hold this level's objects in embedded objects, and only those are shown of them.
        embedding: bool,
    },
}

/// One reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The embedded object that holds it, 0 for none.
    pub element: i64,
    /// Where in the level's records the other end stands.
    pub record: usize,
}

/// One object, as far as it was asked for. What was not asked for is empty.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Row number.
    pub id: ObjectId,
    /// Public identifier.
    pub uid: String,
    /// May the caller read it? If not, only its uid is shown.
    pub readable: bool,
    /// `code`.
    pub code: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it was changed last.
    pub updated: Option<Timestamp>,
    /// Uid of its creator.
    pub created_by: Option<String>,
    /// Uid of who changed it last.
    pub updated_by: Option<String>,
    /// The version that guards writes.
    pub version: i64,
    /// The document.
    pub document: Map<String, Value>,
    /// What lives outside the `object` table, if any of it was asked for.
    pub more: Option<Box<More>>,
}

/// The parts of a record that live outside the `object` table.
#[derive(Debug, Clone, Default)]
pub struct More {
    /// Who may read and write it.
    pub sharing: Sharing,
    /// The account.
    pub account: Option<Account>,
    /// The client.
    pub client: Option<Registration>,
    /// Path and level.
    pub tree: Option<(String, i64)>,
    /// The translations asked for.
    pub translations: Vec<Translation>,
    /// Attribute uid and value.
    pub attributes: Vec<(String, String)>,
}

/// The typed side of a user.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Account {
    pub username: String,
    pub disabled: bool,
    pub expiry: Option<Timestamp>,
    pub external_auth: bool,
    pub two_factor: bool,
    pub two_factor_type: String,
    pub last_login: Option<Timestamp>,
    pub password_updated: Option<Timestamp>,
}

/// One translation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Translation {
    pub locale: String,
    pub property: String,
    pub value: String,
}

/// Names of users and groups by uid: who created, changed, owns or was given something.
#[derive(Debug, Default)]
pub struct People {
    /// Users.
    pub users: HashMap<String, Person>,
    /// Names of user groups.
    pub groups: HashMap<String, String>,
}

/// What is shown of a user beside an object.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Person {
    pub code: Option<String>,
    pub name: String,
    pub username: String,
}

impl Loaded {
    /// Uids of all users and of all groups that the tree names, once each.
    #[must_use]
    pub fn people(&self) -> (Vec<String>, Vec<String>) {
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        self.gather(&mut users, &mut groups);
        for list in [&mut users, &mut groups] {
            list.sort_unstable();
            list.dedup();
        }
        (users, groups)
    }

    /// How many references an answer of this tree emits. An object is loaded once however many others show
    /// it, so this may be far more than was loaded.
    #[must_use]
    pub fn emitted(&self) -> usize {
        let times = (0..self.records.len()).map(|place| ((place, 0), 1)).collect();
        self.emitted_times(&times)
    }

    /// `times` says how often each object is shown; of one that is shown for an embedded object of its own,
    /// by that object's number, only the references of that.
    fn emitted_times(&self, times: &HashMap<(usize, i64), usize>) -> usize {
        let mut total: usize = 0;
        for slot in &self.slots {
            let Slot::Objects { links, level, embedding } = slot else { continue };
            let mut below: HashMap<(usize, i64), usize> = HashMap::new();
            for ((place, element), times) in times {
                let links = self.records.get(*place).and_then(|record| links.get(&record.id));
                for link in links.into_iter().flatten() {
                    if *element == 0 || *element == link.element {
                        total = total.saturating_add(*times);
                        let shown_for = if *embedding { link.element } else { 0 };
                        let count = below.entry((link.record, shown_for)).or_default();
                        *count = count.saturating_add(*times);
                    }
                }
            }
            total = total.saturating_add(level.emitted_times(&below));
        }
        total
    }

    fn gather(&self, users: &mut Vec<String>, groups: &mut Vec<String>) {
        for record in &self.records {
            users.extend(record.created_by.clone());
            users.extend(record.updated_by.clone());
            if let Some(more) = &record.more {
                users.extend(more.sharing.users.keys().cloned());
                groups.extend(more.sharing.groups.keys().cloned());
            }
        }
        for slot in &self.slots {
            if let Slot::Objects { level, .. } = slot {
                level.gather(users, groups);
            }
        }
    }
}
