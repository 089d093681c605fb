//! Who may do what with an object: the authority step and the sharing step (web-api reference 3.6).

use kibali_model::{Access, Principal, Sharing};

use crate::Kind;
use crate::kind::AccessRule;

/// The part of an object's sharing that concerns one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared<'a> {
    /// Uid of the owner.
    pub owner: Option<&'a str>,
    /// What everybody may do; `None` as DHIS2 has it: readable.
    pub public: Option<Access>,
    /// What the caller gets by name and by groups.
    pub granted: Access,
}

impl<'a> Shared<'a> {
    /// What `sharing` means to `caller`.
    #[must_use]
    pub fn of(sharing: &'a Sharing, caller: &Principal) -> Self {
        let named = sharing.users.get(caller.uid.as_str()).copied().unwrap_or_default();
        let bits = caller
            .groups
            .iter()
            .filter_map(|group| sharing.groups.get(group.as_str()))
            .fold(named.bits(), |bits, access| bits | access.bits());
        Self { owner: sharing.owner.as_deref(), public: sharing.public, granted: Access::from_bits(bits) }
    }

    fn owned_by(&self, caller: &Principal) -> bool {
        self.owner.is_none_or(|owner| owner == caller.uid.as_str())
    }

    fn is_private(&self) -> bool {
        self.public == Some(Access::NONE)
    }

    fn readable(&self, caller: &Principal) -> bool {
        self.public.is_none_or(Access::read) || self.granted.read() || self.owned_by(caller)
    }

    fn writable(&self, caller: &Principal) -> bool {
        self.public.is_some_and(Access::write) || self.granted.write() || self.owned_by(caller)
    }
}

/// May `caller` make objects of the kind that everybody can read?
#[must_use]
pub fn may_make_public(kind: &Kind, caller: &Principal) -> bool {
    let authorities = &kind.authorities;
    caller.authorities.has_any(authorities.create)
        && (authorities.create_public.is_empty() && authorities.create_private.is_empty()
            || !authorities.create_public.is_empty() && caller.authorities.has_any(authorities.create_public)
            || caller.is_superuser())
}

/// May `caller` make objects of the kind at all?
#[must_use]
pub fn may_make_private(kind: &Kind, caller: &Principal) -> bool {
    may_make_public(kind, caller)
        || caller.authorities.has_any(kind.authorities.create)
            && !kind.authorities.create_private.is_empty()
            && caller.authorities.has_any(kind.authorities.create_private)
}

/// May `caller` read an object?
#[must_use]
pub fn may_read(kind: &Kind, caller: &Principal, shared: Shared<'_>) -> bool {
    caller.authorities.has_any(kind.authorities.read)
        && (caller.is_superuser() || kind.access != AccessRule::Sharing || shared.readable(caller))
}

/// May `caller` create an object with this sharing?
#[must_use]
pub fn may_create(kind: &Kind, caller: &Principal, shared: Shared<'_>) -> bool {
    if kind.shareable && !shared.is_private() {
        may_make_public(kind, caller)
    } else {
        may_make_private(kind, caller)
    }
}

/// May `caller` update an object?
#[must_use]
pub fn may_update(kind: &Kind, caller: &Principal, shared: Shared<'_>) -> bool {
    if caller.is_superuser() {
        return true;
    }
    let authorised = if kind.authorities.update.is_empty() {
        may_create(kind, caller, shared)
    } else {
        caller.authorities.has_any(kind.authorities.update)
    };
    authorised && (!kind.shareable || shared.writable(caller))
}

/// May `caller` delete an object?
#[must_use]
pub fn may_delete(kind: &Kind, caller: &Principal, shared: Shared<'_>) -> bool {
    caller.is_superuser()
        || caller.authorities.has_any(kind.authorities.delete) && (!kind.shareable || shared.writable(caller))
}
