//! Who may do this.

use super::{Action, Draft, Work};
use crate::acl::{self, Shared};
use crate::import::facts::Head;
use crate::import::{Code, Fault};

impl Work<'_> {
    /// E3000, E3001, E3002: the authority and sharing of every draft against the caller.
    pub(super) fn check_access(&mut self) {
        let live: Vec<usize> = self.live().map(|(at, _)| at).collect();
        for at in live {
            if let Some(fault) = self.drafts.get(at).and_then(|draft| self.access_fault(draft)) {
                self.fail(at, fault);
            }
        }
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
