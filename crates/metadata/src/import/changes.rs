//! What is to be written: rows, decided to the last value but for hashes.

use kibali_model::{ObjectId, Sharing, Timestamp, Uid};
use serde_json::{Map, Value};

use super::facts::{Key, Reference};
use super::item::Sensitive;
use crate::client::Registration;
use crate::kind::EdgeNumber;

/// A row of `object` as it will be.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct ObjectRow {
    pub id: ObjectId,
    pub kind: &'static str,
    pub uid: Uid,
    pub code: Option<String>,
    pub name: Option<String>,
    pub created: Timestamp,
    pub created_by: Option<String>,
    pub doc: Map<String, Value>,
    /// None leaves the stored sharing.
    pub sharing: Option<Sharing>,
    /// None leaves the stored translations: locale, property, value.
    pub translations: Option<Vec<(String, String, String)>>,
    /// None leaves the stored attribute values.
    pub attributes: Option<Vec<(ObjectId, String)>>,
}

/// The side row of a user, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct AccountRow {
    pub object: ObjectId,
    pub username: String,
    pub disabled: bool,
    pub expiry: Option<Timestamp>,
    pub external_auth: bool,
    pub email: Option<String>,
}

/// The side row of a client, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ClientRow {
    pub object: ObjectId,
    pub client: Registration,
    /// What people allowed it before no longer counts.
    pub forget_consents: bool,
}

/// Something that must be hashed before it can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretWork {
    /// This becomes the user's password.
    Password(ObjectId, Sensitive),
    /// This becomes the client's secret.
    ClientSecret(ObjectId, Sensitive, Keeping),
    /// The client gets a secret made by the server, shown once.
    NewClientSecret(ObjectId, Keeping),
}

/// How the secret of a client is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// As a verifier only.
    Verifier,
    /// Sealed as well: the client signs with it, so that it must be read back.
    Sealed,
}

/// A subtree that changes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TreeMove {
    pub old_path: String,
    pub new_path: String,
    /// What is added to every level of the subtree.
    pub levels: i64,
}

/// What other nodes must forget (rules of the door 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Topic {
    User,
    Role,
    Group,
    Client,
    Unit,
    DataSet,
}

/// Everything one import writes, in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Uid of whoever changes.
    pub by: String,
    /// The versions the plan rests on. One that moved makes it worthless.
    pub expected: Vec<(ObjectId, i64)>,
    /// Objects that the plan only references: they must still be there.
    pub referenced: Vec<ObjectId>,
    /// Objects to insert.
    pub created: Vec<ObjectRow>,
    /// Objects to update.
    pub updated: Vec<ObjectRow>,
    /// Objects of which only the name changes, with what they are made of.
    pub renamed: Vec<(ObjectId, String)>,
    /// Objects to delete with all their rows.
    pub deleted: Vec<ObjectId>,
    /// Edges whose references to deleted objects go with them: edge and target.
    pub unlinked: Vec<(EdgeNumber, ObjectId)>,
    /// Unique values given up; all go before any is taken, so that two names can be swapped.
    pub keys_freed: Vec<Key>,
    /// Unique values taken.
    pub keys_taken: Vec<(Key, ObjectId)>,
    /// References to delete.
    pub unlinks: Vec<Reference>,
    /// References to insert.
    pub links: Vec<Reference>,
    /// Side rows of users to insert or update.
    pub accounts: Vec<AccountRow>,
    /// Side rows of clients to insert or update.
    pub clients: Vec<ClientRow>,
    /// Passwords and secrets to hash.
    pub secrets: Vec<SecretWork>,
    /// Organisation units that get a place: path, level.
    pub planted: Vec<(ObjectId, String, i64)>,
    /// Subtrees that move, outermost first.
    pub moved: Vec<TreeMove>,
    /// What other nodes must forget; no subject means all of the topic.
    pub notices: Vec<(Topic, Option<ObjectId>)>,
}

impl Changes {
    /// Is there nothing to write?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.created.is_empty()
            && self.updated.is_empty()
            && self.deleted.is_empty()
            && self.links.is_empty()
            && self.unlinks.is_empty()
    }
}
