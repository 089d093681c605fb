//! `categoryOptionCombo`: one option of each category of a combo; made by the server.

use super::common::{self, Parts, flag};
use super::edges;
use crate::kind::{
    AccessRule, Computed, Kind, KindAuthorities, NamedDefault, OnDelete, Property, Rule, Type,
};

pub(super) fn kind() -> Kind {
    let name = Property::computed("name", Type::Text, Computed::OptionNames);
    let mut properties = common::identifiable(name, Parts::UNSHARED);
    properties.extend([
        Property::computed("shortName", Type::Text, Computed::Alias("name")),
        Property::computed("displayShortName", Type::Text, Computed::Display("name")),
        common::display_form_name(),
    ]);
    properties.extend(common::dimension_item("CATEGORY_OPTION_COMBO"));
    properties.extend([
        flag("ignoreApproval"),
        Property::computed("isDefault", Type::Boolean, Computed::IsDefault).field("default"),
        Property::reference("categoryCombo", "categoryCombo", edges::OPTION_COMBO_COMBO, OnDelete::Cascade)
            .required(),
        // An option takes its combos with it; DHIS2 refuses only when they have data.
        Property::references(
            "categoryOptions",
            "categoryOption",
            edges::OPTION_COMBO_OPTIONS,
            OnDelete::Cascade,
        ),
    ]);
    Kind {
        singular: "categoryOptionCombo",
        plural: "categoryOptionCombos",
        display_name: "Category Option Combo",
        klass: "org.hisp.dhis.category.CategoryOptionCombo",
        order: 1190,
        authorities: KindAuthorities {
            create: &["F_CATEGORY_COMBO_PUBLIC_ADD", "F_CATEGORY_COMBO_PRIVATE_ADD"],
            delete: &["F_CATEGORY_COMBO_DELETE"],
            ..KindAuthorities::default()
        },
        nameable: true,
        translatable: true,
        access: AccessRule::AllOf("categoryOptions"),
        properties,
        rules: vec![Rule::CategoryOptionComboFixed, Rule::NoDefaultEdit],
        defaults: vec![NamedDefault { uid: "HllvX50cXC0", name: "default", code: "default" }],
        ..Kind::default()
    }
}
