//! The planner: items and facts in, rows and a report out.
//!
//! [`plan`] is run again from the start whenever facts were missing; it is a pure function, so the last
//! run decides alone. Its phases, each a file: `identify` which objects the items mean, `values` what
//! they will hold, `references` which rows of `reference` come and go, `unique` who holds which unique
//! value, `access` who may do this, the rules, `delete`, and `emit`.

mod access;
mod attributes;
mod delete;
mod embedded;
mod emit;
mod identify;
mod references;
mod resolve;
mod rows;
mod unique;
mod values;

use std::collections::{BTreeMap, HashMap};

use kibali_model::{ObjectId, PasswordPolicy, Principal, Timestamp, Uid};
use serde_json::{Map, Value};

use super::changes::{Changes, SecretWork, TreeMove};
use super::facts::{Ask, Detail, Facts, Head, Key, Needs};
use super::item::{Batch, Item, Sensitive};
use super::params::{AtomicMode, ImportParams};
use super::report::ImportReport;
use super::{Fault, rules};
use crate::{Kind, Registry};
use rows::Rows;
pub(super) use values::sort_document;

/// Who asks, when, and under which settings.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The kinds.
    pub registry: &'a Registry,
    /// Who asks.
    pub caller: &'a Principal,
    /// The present.
    pub now: Timestamp,
    /// The row numbers this import may use begin here.
    pub first_id: ObjectId,
    /// Random bits for identifiers that the plan itself makes.
    pub seed: u64,
    /// How it is to be done.
    pub params: ImportParams,
    /// What a password must be.
    pub passwords: PasswordPolicy,
    /// May a user give away a role that it holds itself (`keyCanGrantOwnUserAuthorityGroups`)?
    pub may_grant_own_roles: bool,
    /// Addresses that codes may be sent to, although their scheme is no domain turned round
    /// (`deviceEnrollmentRedirectAllowlist`).
    pub allowed_redirects: Vec<String>,
    /// Does the request come through the object's own address, not an import?
    pub own_address: bool,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the caller is told.
    pub report: ImportReport,
    /// What is written; empty when an error stops everything.
    pub changes: Changes,
    /// Object by object, in the items' order: kind, identifier, row number, and what happens to it.
    pub outcomes: Vec<Outcome>,
}

/// The fate of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Outcome {
    pub kind: &'static str,
    pub uid: Uid,
    pub id: ObjectId,
    pub action: Action,
    pub faults: Vec<Fault>,
    /// Rows of `reference` that its edits of members added and removed.
    pub members_added: usize,
    /// See [`Outcome::members_added`].
    pub members_removed: usize,
}

/// Plans a batch.
///
/// # Errors
/// What must be known first; ask the store, add its answers to the facts, and plan again.
pub fn plan(batch: &Batch, facts: &Facts, context: &Context<'_>) -> Result<Plan, Box<Needs>> {
    let mut left_out: LeftOut = HashMap::new();
    loop {
        let mut work = Work::new(batch, facts, context, &left_out);
        work.run()?;
        // Without atomicity objects with errors are left out, references to them dropped, and the rest
        // is decided again; each time round leaves out more, so this ends.
        if context.params.atomic == AtomicMode::None {
            let drafts = work.drafts.iter().enumerate();
            let failed: Vec<(usize, Vec<Fault>)> = drafts
                .filter(|(at, draft)| !draft.faults.is_empty() && !left_out.contains_key(at))
                .map(|(at, draft)| (at, draft.faults.clone()))
                .collect();
            if !failed.is_empty() {
                left_out.extend(failed);
                continue;
            }
        }
        return Ok(work.emit(&batch.warnings));
    }
}

/// Drafts that are left out, with what was wrong with them.
pub(super) type LeftOut = HashMap<usize, Vec<Fault>>;

/// An object as it will be.
#[derive(Debug, Clone, Default)]
pub(super) struct Next {
    pub(super) code: Option<String>,
    pub(super) name: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) doc: Map<String, Value>,
    pub(super) sharing: Option<kibali_model::Sharing>,
    pub(super) translations: Option<Vec<(String, String, String)>>,
    pub(super) attributes: Option<BTreeMap<ObjectId, String>>,
    pub(super) account: Option<super::facts::AccountFacts>,
    pub(super) client: Option<crate::client::Registration>,
    pub(super) secret: Option<Sensitive>,
}

/// One item while it is being decided.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) item: &'a Item,
    pub(super) action: Action,
    pub(super) id: ObjectId,
    pub(super) uid: Uid,
    pub(super) head: Option<&'a Head>,
    pub(super) detail: Option<&'a Detail>,
    pub(super) faults: Vec<Fault>,
    pub(super) next: Next,
    pub(super) members_added: usize,
    pub(super) members_removed: usize,
}

impl Draft<'_> {
    pub(super) fn kind(&self) -> &Kind {
        &self.item.kind
    }

    pub(super) fn is_new(&self) -> bool {
        self.action == Action::Create
    }

    pub(super) fn fail(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// The whole batch while it is being decided.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) ask: Ask<'a>,
    pub(super) batch: &'a Batch,
    /// Items left out because of their errors; their drafts keep the errors and change nothing.
    pub(super) left_out: &'a LeftOut,
    pub(super) drafts: Vec<Draft<'a>>,
    /// Drafts by kind and identifier.
    pub(super) by_uid: HashMap<(&'static str, Uid), usize>,
    /// Drafts by row number.
    pub(super) by_id: HashMap<ObjectId, usize>,
    /// Drafts by kind and code, where the import identifies by code.
    pub(super) by_code: HashMap<(&'static str, String), usize>,
    pub(super) rows: Rows,
    pub(super) keys_freed: Vec<Key>,
    pub(super) keys_taken: Vec<(Key, ObjectId)>,
    pub(super) made: rules::Made,
    pub(super) moved: Vec<TreeMove>,
    pub(super) planted: Vec<(ObjectId, String, i64)>,
    pub(super) secrets: Vec<SecretWork>,
    removal: delete::Removal,
}

impl<'a> Work<'a> {
    fn new(batch: &'a Batch, facts: &'a Facts, context: &'a Context<'a>, left_out: &'a LeftOut) -> Self {
        Self {
            context,
            ask: Ask::new(facts),
            batch,
            left_out,
            drafts: Vec::new(),
            by_uid: HashMap::new(),
            by_id: HashMap::new(),
            by_code: HashMap::new(),
            rows: Rows::default(),
            keys_freed: Vec::new(),
            keys_taken: Vec::new(),
            made: rules::Made::default(),
            moved: Vec::new(),
            planted: Vec::new(),
            secrets: Vec::new(),
            removal: delete::Removal::default(),
        }
    }

    fn run(&mut self) -> Result<(), Box<Needs>> {
        self.identify()?;
        self.read_details()?;
        self.decide_values();
        self.decide_references()?;
        self.decide_attributes()?;
        self.apply_rules()?;
        self.check_access()?;
        self.decide_unique()?;
        self.decide_deletes()?;
        self.ask.settled()
    }

    fn apply_rules(&mut self) -> Result<(), Box<Needs>> {
        rules::apply(self)?;
        self.ask.settled()
    }

    /// The drafts that change something: not left out.
    pub(super) fn live(&self) -> impl Iterator<Item = (usize, &Draft<'a>)> {
        self.drafts.iter().enumerate().filter(|(at, _)| !self.left_out.contains_key(at))
    }

    /// The numbers of the live drafts that create or update.
    pub(super) fn writing(&self) -> Vec<usize> {
        self.live().filter(|(_, draft)| draft.action != Action::Delete).map(|(at, _)| at).collect()
    }

    pub(super) fn fail(&mut self, at: usize, fault: Fault) {
        if let Some(draft) = self.drafts.get_mut(at) {
            draft.fail(fault);
        }
    }

    /// `Name [uid] (Kind)`: how faults call an object.
    pub(super) fn label(kind: &Kind, ident: &str) -> String {
        format!("{ident} ({})", kind.display_name.replace(' ', ""))
    }
}
