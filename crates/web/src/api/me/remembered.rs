//! The default answer of `/api/me`, remembered: clients ask for it at every start.

use bytes::Bytes;
use kibali_model::ObjectId;
use kibali_store::Store;
use kibali_store::door::changes::Topic;
use kibali_store::fresh::{Cached, Change, RestsOn};
use serde_json::{Map, Value};

use crate::Refusal;

/// Users remembered at most.
const MOST: usize = 1_000;

/// Answers of the default form, by user.
pub(crate) struct Remembered(Cached<ObjectId, About>);

/// What is remembered of one user.
#[derive(Clone)]
pub(super) struct About {
    user: ObjectId,
    /// The answer, as JSON.
    pub(super) json: Bytes,
}

impl About {
    /// Of an answer whose members are these.
    pub(super) fn new(user: ObjectId, members: Map<String, Value>) -> Self {
        Self { user, json: Value::Object(members).to_string().into() }
    }
}

impl RestsOn for About {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            Topic::User | Topic::Setting => change.touches(self.user),
            // Which roles, groups, units and data sets are the user's is not remembered here, so any counts.
            Topic::Role | Topic::Group | Topic::Unit | Topic::DataSet => true,
            Topic::Client | Topic::Grant | Topic::Token | Topic::Session | Topic::Key => false,
        }
    }
}

impl Remembered {
    /// Nothing remembered yet.
    pub(crate) fn new(store: &Store) -> Self {
        Self(Cached::new(store.feed(), MOST))
    }

    /// What is remembered of `user`, or what `load` finds. A user with attribute values is not remembered:
    /// they go when an attribute is deleted, of which no notice tells.
    pub(super) async fn of<L>(&self, user: ObjectId, load: impl FnOnce() -> L) -> Result<About, Refusal>
    where
        L: Future<Output = Result<(About, HasAttributeValues), Refusal>>,
    {
        let load = || async {
            match load().await {
                Ok((about, HasAttributeValues(false))) => Ok(about),
                Ok((about, HasAttributeValues(true))) => Err(NotKept::About(about)),
                Err(refusal) => Err(NotKept::Refused(refusal)),
            }
        };
        match self.0.get_or_load(&user, load).await {
            Ok(about) | Err(NotKept::About(about)) => Ok(about),
            Err(NotKept::Refused(refusal)) => Err(refusal),
        }
    }
}

/// Does the user have attribute values?
pub(super) struct HasAttributeValues(pub(super) bool);

/// What a load brings that is not to be remembered.
enum NotKept {
    About(About),
    Refused(Refusal),
}
