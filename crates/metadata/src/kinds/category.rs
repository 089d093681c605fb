//! `category`: an ordered list of options, one dimension of a combo.

use super::common::{self, Parts};
use super::edges;
use crate::kind::{
    AccessRule, Computed, Kind, KindAuthorities, NamedDefault, OnDelete, Property, Rule, Type,
};

/// What a category or a combo breaks down: the values of a data set or its forms.
pub(super) const DATA_DIMENSION_TYPES: &[&str] = &["DISAGGREGATION", "ATTRIBUTE"];

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.push(common::display_form_name());
    properties.extend(common::dimension("CATEGORY", "categoryOptions", "categoryOption"));
    properties.extend([
        Property::new("dataDimensionType", Type::Constant(DATA_DIMENSION_TYPES)).required(),
        Property::new("dataDimension", Type::Boolean).required().default("true"),
        Property::computed("isDefault", Type::Boolean, Computed::IsDefault).field("default"),
        Property::references("categoryOptions", "categoryOption", edges::CATEGORY_OPTIONS, OnDelete::Unlink)
            .ordered(),
        Property::inverse("categoryCombos", "categoryCombo", edges::CATEGORY_COMBO_CATEGORIES),
    ]);
    Kind {
        singular: "category",
        plural: "categories",
        display_name: "Category",
        klass: "org.hisp.dhis.category.Category",
        order: 1170,
        authorities: KindAuthorities {
            create_public: &["F_CATEGORY_PUBLIC_ADD"],
            create_private: &["F_CATEGORY_PRIVATE_ADD"],
            delete: &["F_CATEGORY_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        nameable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::NoDefaultEdit],
        defaults: vec![NamedDefault { uid: "GLevLNI9wkl", name: "default", code: "default" }],
        ..Kind::default()
    }
}
