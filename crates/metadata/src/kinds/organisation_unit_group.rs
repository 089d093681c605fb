//! `organisationUnitGroup`: units that have something in common.

use super::common::{self, Parts, text};
use super::edges;
use crate::kind::{AccessRule, Kind, KindAuthorities, OnDelete, Property, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.push(common::display_form_name());
    properties.extend(common::dimension_item("ORGANISATION_UNIT_GROUP"));
    properties.extend([
        text("symbol").max(255.0),
        text("color").max(255.0),
        Property::new("geometry", Type::Geolocation),
        Property::references(
            "organisationUnits",
            "organisationUnit",
            edges::UNIT_GROUP_UNITS,
            OnDelete::Unlink,
        )
        .field("members"),
        Property::inverse("groupSets", "organisationUnitGroupSet", edges::UNIT_GROUP_SET_GROUPS),
    ]);
    Kind {
        singular: "organisationUnitGroup",
        plural: "organisationUnitGroups",
        display_name: "Organisation Unit Group",
        klass: "org.hisp.dhis.organisationunit.OrganisationUnitGroup",
        order: 1120,
        authorities: KindAuthorities {
            create_public: &["F_ORGUNITGROUP_PUBLIC_ADD"],
            create_private: &["F_ORGUNITGROUP_PRIVATE_ADD"],
            delete: &["F_ORGUNITGROUP_DELETE"],
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
