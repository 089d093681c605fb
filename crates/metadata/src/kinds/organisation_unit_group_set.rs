//! `organisationUnitGroupSet`: groups that divide the units among them.

use super::common::{self, Parts, flag};
use super::edges;
use crate::kind::{AccessRule, Kind, KindAuthorities, OnDelete, Property, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.push(common::display_form_name());
    properties.extend(common::dimension(
        "ORGANISATION_UNIT_GROUP_SET",
        "organisationUnitGroups",
        "organisationUnitGroup",
    ));
    properties.extend([
        flag("compulsory").required(),
        Property::new("dataDimension", Type::Boolean).required().default("true"),
        flag("includeSubhierarchyInAnalytics"),
        Property::references(
            "organisationUnitGroups",
            "organisationUnitGroup",
            edges::UNIT_GROUP_SET_GROUPS,
            OnDelete::Unlink,
        ),
    ]);
    Kind {
        singular: "organisationUnitGroupSet",
        plural: "organisationUnitGroupSets",
        display_name: "Organisation Unit Group Set",
        klass: "org.hisp.dhis.organisationunit.OrganisationUnitGroupSet",
        order: 1130,
        authorities: KindAuthorities {
            create_public: &["F_ORGUNITGROUPSET_PUBLIC_ADD"],
            create_private: &["F_ORGUNITGROUPSET_PRIVATE_ADD"],
            delete: &["F_ORGUNITGROUPSET_DELETE"],
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
