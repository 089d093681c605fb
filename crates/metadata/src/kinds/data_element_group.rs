//! `dataElementGroup`: data elements that belong together.

use super::common::{self, Parts};
use super::edges;
use crate::kind::{AccessRule, Kind, KindAuthorities, OnDelete, Property};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.push(common::display_form_name());
    properties.extend(common::dimension_item("DATA_ELEMENT_GROUP"));
    properties.extend([
        Property::references(
            "dataElements",
            "dataElement",
            edges::DATA_ELEMENT_GROUP_ELEMENTS,
            OnDelete::Unlink,
        )
        .field("members"),
        common::unknown_inverse("groupSets", "dataElementGroupSet"),
    ]);
    Kind {
        singular: "dataElementGroup",
        plural: "dataElementGroups",
        display_name: "Data Element Group",
        klass: "org.hisp.dhis.dataelement.DataElementGroup",
        order: 1210,
        authorities: KindAuthorities {
            create_public: &["F_DATAELEMENTGROUP_PUBLIC_ADD"],
            create_private: &["F_DATAELEMENTGROUP_PRIVATE_ADD"],
            delete: &["F_DATAELEMENTGROUP_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        nameable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        ..Kind::default()
    }
}
