//! `attribute`: a property that an installation adds to kinds of its choice.

use super::common::{self, Parts, flag, list, text};
use super::edges;
use super::value_types::VALUE_TYPES;
use crate::kind::{AccessRule, Computed, Kind, KindAuthorities, OnDelete, Property, Type};

pub(super) fn kind() -> Kind {
    let parts = Parts { sharing: true, translations: true, attributes: false };
    let mut properties = common::identifiable(common::name().unique(), parts);
    properties.extend([
        text("shortName").min(1.0).max(50.0).translated("SHORT_NAME"),
        Property::computed("displayShortName", Type::Text, Computed::Display("shortName")),
    ]);
    properties.extend(common::description());
    properties.extend(common::form_name());
    properties.extend([
        Property::new("valueType", Type::Constant(VALUE_TYPES)).required(),
        flag("mandatory").required(),
        flag("unique").required(),
        Property::new("sortOrder", Type::Integer),
        Property::reference("optionSet", "optionSet", edges::ATTRIBUTE_OPTION_SET, OnDelete::Veto),
        Property::computed("objectTypes", list(Type::Text), Computed::ObjectTypes),
    ]);
    properties.extend(ASSIGNABLE.iter().map(|name| flag(name)));
    Kind {
        singular: "attribute",
        plural: "attributes",
        display_name: "Attribute",
        klass: "org.hisp.dhis.attribute.Attribute",
        order: 100,
        authorities: KindAuthorities {
            create_public: &["F_ATTRIBUTE_PUBLIC_ADD"],
            create_private: &["F_ATTRIBUTE_PRIVATE_ADD"],
            delete: &["F_ATTRIBUTE_DELETE"],
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

/// The kinds an attribute may be assigned to, by the property that says so.
const ASSIGNABLE: &[&str] = &[
    "categoryAttribute",
    "categoryOptionAttribute",
    "categoryOptionComboAttribute",
    "categoryOptionGroupAttribute",
    "categoryOptionGroupSetAttribute",
    "constantAttribute",
    "dataElementAttribute",
    "dataElementGroupAttribute",
    "dataElementGroupSetAttribute",
    "dataSetAttribute",
    "documentAttribute",
    "eventChartAttribute",
    "eventReportAttribute",
    "indicatorAttribute",
    "indicatorGroupAttribute",
    "legendSetAttribute",
    "mapAttribute",
    "optionAttribute",
    "optionSetAttribute",
    "organisationUnitAttribute",
    "organisationUnitGroupAttribute",
    "organisationUnitGroupSetAttribute",
    "programAttribute",
    "programIndicatorAttribute",
    "programStageAttribute",
    "relationshipTypeAttribute",
    "sectionAttribute",
    "sqlViewAttribute",
    "trackedEntityAttributeAttribute",
    "trackedEntityTypeAttribute",
    "userAttribute",
    "userGroupAttribute",
    "validationRuleAttribute",
    "validationRuleGroupAttribute",
    "visualizationAttribute",
];
