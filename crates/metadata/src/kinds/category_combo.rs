//! `categoryCombo`: the categories by which values are broken down.

use super::category::DATA_DIMENSION_TYPES;
use super::common::{self, Parts, flag};
use super::edges;
use crate::kind::{
    AccessRule, Computed, Kind, KindAuthorities, NamedDefault, OnDelete, Property, Rule, Type,
};

pub(super) fn kind() -> Kind {
    let parts = Parts { sharing: true, translations: true, attributes: false };
    let mut properties = common::identifiable(common::name().unique(), parts);
    properties.extend([
        Property::new("dataDimensionType", Type::Constant(DATA_DIMENSION_TYPES)).required(),
        flag("skipTotal").required(),
        Property::computed("isDefault", Type::Boolean, Computed::IsDefault).field("default"),
        Property::references("categories", "category", edges::CATEGORY_COMBO_CATEGORIES, OnDelete::Veto)
            .ordered(),
        Property::inverse("categoryOptionCombos", "categoryOptionCombo", edges::OPTION_COMBO_COMBO)
            .field("optionCombos"),
    ]);
    Kind {
        singular: "categoryCombo",
        plural: "categoryCombos",
        display_name: "Category Combo",
        klass: "org.hisp.dhis.category.CategoryCombo",
        order: 1180,
        authorities: KindAuthorities {
            create_public: &["F_CATEGORY_COMBO_PUBLIC_ADD"],
            create_private: &["F_CATEGORY_COMBO_PRIVATE_ADD"],
            delete: &["F_CATEGORY_COMBO_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::CategoryComboGenerates, Rule::NoDefaultEdit],
        defaults: vec![NamedDefault { uid: "bjDvmb4bfuf", name: "default", code: "default" }],
        ..Kind::default()
    }
}
