//! `categoryOption`: one value of a category.

use super::common::{self, Parts};
use super::edges;
use crate::kind::{
    AccessRule, Computed, Kind, KindAuthorities, NamedDefault, OnDelete, Property, Rule, Type,
};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.extend(common::form_name());
    properties.extend(common::dimension_item("CATEGORY_OPTION"));
    properties.extend([
        Property::new("startDate", Type::Date),
        Property::new("endDate", Type::Date),
        common::style(),
        Property::computed("isDefault", Type::Boolean, Computed::IsDefault).field("default"),
        Property::references(
            "organisationUnits",
            "organisationUnit",
            edges::CATEGORY_OPTION_UNITS,
            OnDelete::Unlink,
        ),
        Property::inverse("categories", "category", edges::CATEGORY_OPTIONS),
        Property::inverse("categoryOptionCombos", "categoryOptionCombo", edges::OPTION_COMBO_OPTIONS),
        common::unknown_inverse("categoryOptionGroups", "categoryOptionGroup"),
    ]);
    Kind {
        singular: "categoryOption",
        plural: "categoryOptions",
        display_name: "Category Option",
        klass: "org.hisp.dhis.category.CategoryOption",
        order: 1140,
        authorities: KindAuthorities {
            create_public: &["F_CATEGORY_OPTION_PUBLIC_ADD"],
            create_private: &["F_CATEGORY_OPTION_PRIVATE_ADD"],
            delete: &["F_CATEGORY_OPTION_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        data_shareable: true,
        nameable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::NoDefaultEdit],
        defaults: vec![NamedDefault { uid: "xYerKDKCefk", name: "default", code: "default" }],
        ..Kind::default()
    }
}
