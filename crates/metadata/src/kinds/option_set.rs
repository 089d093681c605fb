//! `optionSet`: an ordered list of options.

use super::common::{self, Parts, text};
use super::edges;
use super::value_types::VALUE_TYPES;
use crate::kind::{AccessRule, Kind, KindAuthorities, OnDelete, Property, Rule, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend([
        text("description").translated("DESCRIPTION"),
        Property::new("valueType", Type::Constant(VALUE_TYPES)).required(),
        Property::new("version", Type::Integer).default("0"),
        Property::references("options", "option", edges::OPTION_SET_OPTIONS, OnDelete::Unlink)
            .ordered()
            .owning()
            .position_as("sortOrder"),
    ]);
    Kind {
        singular: "optionSet",
        plural: "optionSets",
        display_name: "Option Set",
        klass: "org.hisp.dhis.option.OptionSet",
        order: 1050,
        authorities: KindAuthorities {
            create_public: &["F_OPTIONSET_PUBLIC_ADD"],
            create_private: &["F_OPTIONSET_PRIVATE_ADD"],
            delete: &["F_OPTIONSET_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::VersionIncrements],
        ..Kind::default()
    }
}
