//! `option`: one entry of an option set.

use super::common;
use crate::kind::{AccessRule, Kind, KindAuthorities, Property, Type, Writes};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique_in("optionSet"));
    properties.extend([
        Property::new("sortOrder", Type::Integer),
        Property::new("description", Type::Text).translated("DESCRIPTION"),
        Property::new("formName", Type::Text).translated("FORM_NAME").max(230.0),
        Property::new("style", Type::Complex(Vec::new())),
        option_set_end(),
    ]);
    Kind {
        singular: "option",
        plural: "options",
        display_name: "Option",
        klass: "org.hisp.dhis.option.Option",
        order: 200,
        authorities: KindAuthorities {
            create_public: &["F_OPTIONSET_PUBLIC_ADD"],
            create_private: &["F_OPTIONSET_PRIVATE_ADD"],
            delete: &["F_OPTIONSET_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: false,
        data_shareable: false,
        default_private: false,
        nameable: false,
        translatable: true,
        access: AccessRule::None,
        properties,
        rules: Vec::new(),
        defaults: Vec::new(),
    }
}

/// The set that holds the option: the other end of `optionSet.options`, a single reference here.
fn option_set_end() -> Property {
    let mut property = Property::inverse("optionSet", "optionSet", 1).writes(Writes::Always);
    property.ty = Type::Reference("optionSet");
    property.owner = true;
    property
}
