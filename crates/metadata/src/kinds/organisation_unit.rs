//! `organisationUnit`: a place in the hierarchy.
//!
//! `memberCount` is no property: only a list asked with `memberObject` has one (web-api reference 5.2).

use super::common::{self, Parts, list, text};
use super::edges;
use crate::kind::{Computed, Kind, KindAuthorities, OnDelete, Property, Rule, Storage, TreeColumn, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name(), Parts::UNSHARED);
    properties.extend(common::short_name());
    properties.extend(common::description());
    properties.push(common::display_form_name());
    properties.extend(common::dimension_item("ORGANISATION_UNIT"));
    properties.extend(place());
    properties.extend(contact());
    properties.extend(relations());
    Kind {
        singular: "organisationUnit",
        plural: "organisationUnits",
        display_name: "Organisation Unit",
        klass: "org.hisp.dhis.organisationunit.OrganisationUnit",
        order: 1100,
        authorities: KindAuthorities {
            create: &["F_ORGANISATIONUNIT_ADD"],
            delete: &["F_ORGANISATIONUNIT_DELETE"],
            ..KindAuthorities::default()
        },
        nameable: true,
        translatable: true,
        properties,
        rules: vec![Rule::OrgUnitTree, Rule::ClosesAfterOpening],
        ..Kind::default()
    }
}

fn place() -> Vec<Property> {
    let unit = || Type::Reference("organisationUnit");
    vec![
        Property::new("openingDate", Type::Date).required(),
        Property::new("closedDate", Type::Date),
        Property::new("geometry", Type::Geolocation),
        Property::reference("parent", "organisationUnit", edges::UNIT_PARENT, OnDelete::Veto),
        Property::new("path", Type::Text).at(Storage::Tree(TreeColumn::Path)).read_only(),
        Property::new("level", Type::Integer)
            .field("hierarchyLevel")
            .at(Storage::Tree(TreeColumn::Level))
            .read_only(),
        Property::computed("hierarchyLevel", Type::Integer, Computed::Alias("level")),
        Property::computed("leaf", Type::Boolean, Computed::Leaf),
        Property::computed("ancestors", list(unit()), Computed::Ancestors).ordered(),
        Property::inverse("children", "organisationUnit", edges::UNIT_PARENT),
    ]
}

fn contact() -> Vec<Property> {
    vec![
        text("comment"),
        Property::new("url", Type::Url).max(255.0),
        text("contactPerson").max(255.0),
        text("address").max(255.0),
        Property::new("email", Type::Email).max(150.0),
        Property::new("phoneNumber", Type::PhoneNumber).max(150.0),
        Property::new("image", Type::Reference("fileResource")),
    ]
}

fn relations() -> Vec<Property> {
    vec![
        Property::inverse("organisationUnitGroups", "organisationUnitGroup", edges::UNIT_GROUP_UNITS)
            .field("groups"),
        Property::inverse("dataSets", "dataSet", edges::DATA_SET_UNITS),
        common::unknown_inverse("programs", "program"),
        Property::inverse("users", "user", edges::USER_UNITS),
    ]
}
