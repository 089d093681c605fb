//! `option`: one entry of an option set.

use super::common::{self, Parts};
use super::edges;
use crate::kind::{Kind, KindAuthorities, Property, Type, Unique, Writes};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique_in("optionSet"), Parts::UNSHARED);
    for code in properties.iter_mut().filter(|property| property.name == "code") {
        code.ty = Type::Text;
        code.required = true;
        code.max = Some(230.0);
        code.unique = Some(Unique::Edge("optionSet"));
    }
    properties.extend(common::description());
    properties.extend(common::form_name());
    properties.extend([Property::new("sortOrder", Type::Integer), common::style(), option_set_end()]);
    Kind {
        singular: "option",
        plural: "options",
        display_name: "Option",
        klass: "org.hisp.dhis.option.Option",
        order: 1040,
        authorities: KindAuthorities {
            create_public: &["F_OPTIONSET_PUBLIC_ADD"],
            create_private: &["F_OPTIONSET_PRIVATE_ADD"],
            delete: &["F_OPTIONSET_DELETE"],
            ..KindAuthorities::default()
        },
        nameable: true,
        translatable: true,
        properties,
        ..Kind::default()
    }
}

/// The set that holds the option: the other end of `optionSet.options`, a single reference here.
fn option_set_end() -> Property {
    let mut property =
        Property::inverse("optionSet", "optionSet", edges::OPTION_SET_OPTIONS).writes(Writes::Always);
    property.ty = Type::Reference("optionSet");
    property.owner = true;
    property
}
