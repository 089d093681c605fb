//! The named rules of kinds: what properties alone cannot say.

mod clients;
mod combos;
mod defaults;
mod fits;
mod roles;
mod superuser;
mod tree;
mod users;
mod versions;

pub use clients::{is_bcrypt, is_redirect, is_secure_redirect};
use kibali_model::{ObjectId, Uid};
use serde_json::Map;

use super::changes::{Changes, ObjectRow};
use super::facts::Needs;
use super::plan::{Context, Work};
use crate::kind::Rule;

/// Objects that rules made, or renamed, beyond the payload.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// New objects: kind, row number, identifier, name.
    pub(super) created: Vec<(&'static str, ObjectId, Uid, String)>,
    /// Objects that follow what they are made of: their new names.
    pub(super) renamed: Vec<(ObjectId, String)>,
    /// Versions the decisions rest on.
    pub(super) expected: Vec<(ObjectId, i64)>,
    /// Objects that are made no more.
    pub(super) deleted: Vec<ObjectId>,
}

impl Made {
    /// Adds what was made to what is written.
    pub(super) fn add_to(&mut self, changes: &mut Changes, context: &Context<'_>) {
        let by = context.caller.uid.to_string();
        for (kind, id, uid, name) in self.created.drain(..) {
            changes.created.push(ObjectRow {
                id,
                kind,
                uid,
                code: None,
                name: Some(name),
                created: context.now,
                created_by: Some(by.clone()),
                doc: Map::new(),
                sharing: None,
                translations: None,
                attributes: None,
            });
        }
        changes.renamed.append(&mut self.renamed);
        changes.expected.append(&mut self.expected);
        changes.deleted.append(&mut self.deleted);
    }
}

/// A rule, applied to the drafts that follow it.
type Apply = fn(&mut Work<'_>, &[usize]) -> Result<(), Box<Needs>>;

/// Applies the rules, each to the drafts of the kinds that follow it. Those that make rows come before
/// those that count changes.
pub(super) fn apply(work: &mut Work<'_>) -> Result<(), Box<Needs>> {
    let rules: [(Rule, Apply); 10] = [
        (Rule::NoDefaultEdit, defaults::apply),
        (Rule::OrgUnitTree, tree::apply),
        (Rule::CategoryOptionComboFixed, combos::fixed),
        (Rule::CategoryComboGenerates, combos::generate),
        (Rule::UserRules, users::apply),
        (Rule::RoleRules, roles::apply),
        (Rule::ClientRules, clients::apply),
        (Rule::ClosesAfterOpening, fits::dates),
        (Rule::OptionSetFits, fits::option_sets),
        (Rule::VersionIncrements, versions::apply),
    ];
    for (rule, apply) in rules {
        let concerned: Vec<usize> =
            work.live().filter(|(_, draft)| draft.kind().rules.contains(&rule)).map(|(at, _)| at).collect();
        apply(work, &concerned)?;
        work.ask.settled()?;
    }
    // Whatever kind was changed, and after what forbids the change itself.
    superuser::keep_one(work)
}
