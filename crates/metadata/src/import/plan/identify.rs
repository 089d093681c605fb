//! Which objects the items mean, and what is to become of them.

use std::collections::hash_map::Entry;

use kibali_model::Uid;

use super::{Action, Draft, Next, Work};
use crate::Kind;
use crate::import::facts::{Head, Needs};
use crate::import::item::Item;
use crate::import::params::{Identifier, ImportStrategy};
use crate::import::{Code, Fault};

impl<'a> Work<'a> {
    /// Finds the object behind every item. System defaults are taken out here, before anything counts
    /// or checks them.
    pub(super) fn identify(&mut self) -> Result<(), Box<Needs>> {
        let batch = self.batch;
        let found: Vec<(&'a Item, Option<&'a Head>)> = batch
            .items
            .iter()
            .filter(|item| !item.id.as_deref().is_some_and(|id| self.is_untouchable(&item.kind, id)))
            .filter_map(|item| self.stored(item).map(|head| (item, head)))
            .collect();
        self.ask.settled()?;
        for (item, head) in found {
            self.draft(item, head);
        }
        Ok(())
    }

    /// A default may not be changed by an import; through its own address that is a fault, told later.
    fn is_untouchable(&self, kind: &Kind, id: &str) -> bool {
        kind.is_default(id) && !self.context.own_address
    }

    /// The stored object an item means; `Some(None)` where there is none, `None` where that is not known
    /// yet.
    fn stored(&self, item: &Item) -> Option<Option<&'a Head>> {
        let kind = item.kind.singular;
        // An address names its object by uid, whatever its body's references are named by.
        let identifier =
            if self.context.own_address { Identifier::Uid } else { self.context.params.identifier };
        match identifier {
            Identifier::Uid => match item.id.as_deref().and_then(|id| id.parse().ok()) {
                Some(uid) => self.ask.head(kind, uid),
                None => Some(None),
            },
            Identifier::Code => match &item.code {
                Some(code) => match self.ask.codes((kind, code.clone()))? {
                    Some(id) => self.ask.heads(*id).map(Option::as_ref),
                    None => Some(None),
                },
                None => Some(None),
            },
        }
    }

    fn draft(&mut self, item: &'a Item, head: Option<&'a Head>) {
        let at = self.drafts.len();
        // Of an object that goes, nothing but its identifier is looked at.
        let deletes = self.context.params.strategy == ImportStrategy::Delete;
        let mut faults = if deletes { Vec::new() } else { item.faults.clone() };
        let uid = head.map_or_else(|| given_uid(item, &mut faults), |head| head.uid);
        let label = Self::label(&item.kind, uid.as_str());
        let action = match (self.context.params.strategy, head) {
            (ImportStrategy::Delete, _) => Action::Delete,
            (_, Some(_)) => Action::Update,
            (_, None) => Action::Create,
        };
        match (self.context.params.strategy, head) {
            (ImportStrategy::Create, Some(_)) => faults.push(Fault::new(Code::E5000, [&label]).at("id")),
            (ImportStrategy::Update | ImportStrategy::Delete, None) => {
                faults.push(Fault::new(Code::E5001, [&label]).at("id"));
            }
            _ => {}
        }
        let id = head.map_or_else(|| self.context.first_id.nth(at), |head| head.id);
        if let Entry::Vacant(place) = self.by_uid.entry((item.kind.singular, uid)) {
            place.insert(at);
            self.by_id.insert(id, at);
            if let Some(code) = &item.code {
                self.by_code.insert((item.kind.singular, code.clone()), at);
            }
        } else {
            faults.push(Fault::new(Code::E5004, [&label]).at("id"));
        }
        if let Some(known) = self.left_out.get(&at) {
            faults.clone_from(known);
        }
        self.drafts.push(Draft {
            item,
            action,
            id,
            uid,
            head,
            detail: None,
            faults,
            next: Next::default(),
            members_added: 0,
            members_removed: 0,
        });
    }

    /// Everything stored of the objects that are updated or deleted.
    pub(super) fn read_details(&mut self) -> Result<(), Box<Needs>> {
        for draft in &mut self.drafts {
            if draft.head.is_some() {
                draft.detail = self.ask.details(draft.id).and_then(Option::as_ref);
            }
        }
        self.ask.settled()
    }
}

/// The identifier an item asks for, or a fresh one.
fn given_uid(item: &Item, faults: &mut Vec<Fault>) -> Uid {
    match item.id.as_deref() {
        None => item.fresh,
        Some(id) => id.parse().unwrap_or_else(|_| {
            faults.push(Fault::new(Code::E4014, [id]).at("id"));
            item.fresh
        }),
    }
}
