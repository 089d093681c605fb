//! `organisationUnitLevel`: the name of a depth of the hierarchy.

use super::common::{self, Parts};
use crate::kind::{Kind, KindAuthorities, Property, Type};

const UPDATE: &[&str] = &["F_ORGANISATIONUNITLEVEL_UPDATE"];

pub(super) fn kind() -> Kind {
    let parts = Parts { sharing: false, translations: true, attributes: false };
    let mut properties = common::identifiable(common::name(), parts);
    properties.extend([
        Property::new("level", Type::Integer).required().min(1.0).max(999.0).unique(),
        Property::new("offlineLevels", Type::Integer),
    ]);
    Kind {
        singular: "organisationUnitLevel",
        plural: "organisationUnitLevels",
        display_name: "Organisation Unit Level",
        klass: "org.hisp.dhis.organisationunit.OrganisationUnitLevel",
        order: 1110,
        authorities: KindAuthorities {
            create: UPDATE,
            update: UPDATE,
            delete: UPDATE,
            ..KindAuthorities::default()
        },
        translatable: true,
        properties,
        ..Kind::default()
    }
}
