//! `userGroup`: users to share with, and groups whose users its members may manage.

use super::common::{self, Parts};
use super::edges;
use crate::kind::{AccessRule, Kind, KindAuthorities, OnDelete, Property};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name(), Parts::ALL);
    properties.extend([
        Property::references("users", "user", edges::USER_GROUP_USERS, OnDelete::Unlink).field("members"),
        Property::references("managedGroups", "userGroup", edges::USER_GROUP_MANAGED, OnDelete::Unlink),
        Property::inverse("managedByGroups", "userGroup", edges::USER_GROUP_MANAGED),
    ]);
    Kind {
        singular: "userGroup",
        plural: "userGroups",
        display_name: "User Group",
        klass: "org.hisp.dhis.user.UserGroup",
        order: 102,
        authorities: KindAuthorities {
            create_public: &["F_USERGROUP_PUBLIC_ADD"],
            create_private: &["F_USERGROUP_PRIVATE_ADD"],
            delete: &["F_USERGROUP_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        ..Kind::default()
    }
}
