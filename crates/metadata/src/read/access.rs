//! What one caller may do to one object (web-api reference 3.6).

use kibali_model::{Principal, Sharing};
use serde_json::{Value, json};

use crate::acl::{self, Shared};
use crate::kind::Kind;

/// What a caller may do to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessMap {
    /// Sees it.
    pub read: bool,
    /// May change it, and whom it is shared with.
    pub update: bool,
    /// May delete it.
    pub delete: bool,
    /// May read and write data, for kinds that have data bits.
    pub data: Option<(bool, bool)>,
}

impl AccessMap {
    /// What `caller` may do to an object of `kind` with this sharing. `immutable` objects, the system's
    /// defaults, are only read.
    #[must_use]
    pub fn of(caller: &Principal, kind: &Kind, sharing: &Sharing, readable: bool, immutable: bool) -> Self {
        let shared = Shared::of(sharing, caller);
        let data = sharing.granted_to(caller.uid.as_str(), &caller.groups);
        let all = caller.is_superuser();
        Self {
            read: readable,
            update: !immutable && acl::may_update(kind, caller, shared),
            delete: !immutable && acl::may_delete(kind, caller, shared),
            data: kind.data_shareable.then(|| (all || data.data_read(), all || data.data_write())),
        }
    }

    /// The `access` object.
    #[must_use]
    pub fn to_json(self) -> Value {
        let mut map = json!({
            "manage": self.update,
            "write": self.update,
            "read": self.read,
            "update": self.update,
            "delete": self.delete,
        });
        if let (Some((read, write)), Some(map)) = (self.data, map.as_object_mut()) {
            map.insert("data".to_owned(), json!({ "read": read, "write": write }));
        }
        map
    }
}
