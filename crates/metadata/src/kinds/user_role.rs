//! `userRole`: a named set of authorities.

use super::common::{self, Parts, list, text};
use super::edges;
use crate::kind::{AccessRule, Kind, KindAuthorities, Property, Rule, Type};

pub(super) fn kind() -> Kind {
    let parts = Parts { sharing: true, translations: true, attributes: false };
    let mut properties = common::identifiable(common::name().unique(), parts);
    properties.extend([
        text("description").min(2.0).max(255.0),
        Property::new("authorities", list(Type::Text)),
        Property::new("restrictions", list(Type::Text)),
        Property::inverse("users", "user", edges::USER_ROLES).field("members"),
    ]);
    Kind {
        singular: "userRole",
        plural: "userRoles",
        display_name: "User Role",
        klass: "org.hisp.dhis.user.UserRole",
        order: 100,
        authorities: KindAuthorities {
            create_public: &["F_USERROLE_PUBLIC_ADD"],
            create_private: &["F_USERROLE_PRIVATE_ADD"],
            delete: &["F_USERROLE_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::RoleRules],
        ..Kind::default()
    }
}
