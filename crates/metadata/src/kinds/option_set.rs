//! `optionSet`: an ordered list of options.

use super::common;
use crate::kind::{AccessRule, Kind, KindAuthorities, OnDelete, Property, Rule, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique());
    properties.extend([
        Property::new("description", Type::Text).translated("DESCRIPTION"),
        Property::new("valueType", Type::Text).required(),
        Property::new("version", Type::Integer).default("0"),
        Property::references("options", "option", 1, OnDelete::Unlink).ordered().position_as("sortOrder"),
    ]);
    Kind {
        singular: "optionSet",
        plural: "optionSets",
        display_name: "Option Set",
        klass: "org.hisp.dhis.option.OptionSet",
        order: 201,
        authorities: KindAuthorities {
            create_public: &["F_OPTIONSET_PUBLIC_ADD"],
            create_private: &["F_OPTIONSET_PRIVATE_ADD"],
            delete: &["F_OPTIONSET_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        data_shareable: false,
        default_private: false,
        nameable: false,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::VersionIncrements],
        defaults: Vec::new(),
    }
}
