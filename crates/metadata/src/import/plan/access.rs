//! Who may do this.

use super::{Action, Draft, Work};
use crate::acl::{self, Shared};
use crate::import::facts::{Head, Needs};
use crate::import::{Code, Fault};

/// Whose rows a member may join without the right to update it, with an authority.
const GROUP: &str = "userGroup";
const ADD_MEMBERS: &str = "F_USER_GROUPS_READ_ONLY_ADD_MEMBERS";
const USER: &str = "user";

impl Work<'_> {
    /// E3000, E3001, E3002: the authority and sharing of every draft against the caller.
    pub(super) fn check_access(&mut self) -> Result<(), Box<Needs>> {
        let live: Vec<usize> = self.live().map(|(at, _)| at).collect();
        for at in live {
            if let Some(fault) = self.drafts.get(at).and_then(|draft| self.access_fault(draft)) {
                self.fail(at, fault);
            }
        }
        self.check_other_owners()
    }

    /// A row belongs to its source. Where the batch adds or removes one from the other end, the caller
    /// must be allowed to update the source, or, for user groups, to add members.
    fn check_other_owners(&mut self) -> Result<(), Box<Needs>> {
        let caller = self.context.caller;
        if caller.is_superuser() {
            return Ok(());
        }
        let (gone, come) = self.rows.difference();
        let removed = gone.iter().map(|row| (row, false));
        let added = come.iter().map(|row| (row, true));
        for (row, is_added) in removed.chain(added) {
            let made = self.made.created.iter().any(|(_, id, ..)| *id == row.source);
            if self.by_id.contains_key(&row.source) || made || self.made.deleted.contains(&row.source) {
                continue;
            }
            let Some(at) = self.by_id.get(&row.target).copied() else { continue };
            let Some(Some(head)) = self.ask.heads(row.source) else { continue };
            let Some(kind) = self.context.registry.kind(head.kind) else { continue };
            let may_add = is_added && kind.singular == GROUP && caller.authorities.has(ADD_MEMBERS);
            // Who may have which role is a rule of its own, and asks for more.
            if may_add || kind.singular == USER || acl::may_update(kind, caller, shared(head)) {
                continue;
            }
            let fault = if kind.singular == GROUP {
                Fault::new(Code::E3005, [&caller.username, head.uid.as_str()]).at("userGroups")
            } else {
                Fault::new(Code::E3001, [&caller.username, &Self::label(kind, head.uid.as_str())])
            };
            self.fail(at, fault);
        }
        self.ask.settled()
    }

    fn access_fault(&self, draft: &Draft<'_>) -> Option<Fault> {
        let (kind, caller) = (draft.kind(), self.context.caller);
        let user = &caller.username;
        match (draft.action, draft.head) {
            (Action::Create, _) => {
                let sharing = draft.next.sharing.clone().unwrap_or_default();
                let allowed = acl::may_create(kind, caller, Shared::of(&sharing, caller));
                (!allowed).then(|| Fault::new(Code::E3000, [user, kind.display_name]))
            }
            (Action::Update, Some(head)) => (!acl::may_update(kind, caller, shared(head)))
                .then(|| Fault::new(Code::E3001, [user, &Self::label(kind, head.uid.as_str())])),
            (Action::Delete, Some(head)) => (!acl::may_delete(kind, caller, shared(head)))
                .then(|| Fault::new(Code::E3002, [user, &Self::label(kind, head.uid.as_str())])),
            (Action::Update | Action::Delete, None) => None,
        }
    }
}

/// The sharing of a stored object.
pub(in crate::import) fn shared(head: &Head) -> Shared<'_> {
    Shared { owner: head.owner.as_deref(), public: head.public, granted: head.granted }
}
