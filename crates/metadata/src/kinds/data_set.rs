//! `dataSet`: the form that is filled in for a place and a period.

use super::common::{self, Parts, flag, list, text};
use super::edges;
use crate::kind::{AccessRule, Computed, Kind, KindAuthorities, OnDelete, Property, Rule, Storage, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.extend(common::form_name());
    properties.extend(common::dimension_item("REPORTING_RATE"));
    properties.extend(timing());
    properties.extend(form());
    properties.extend(embedded());
    properties.extend(relations());
    Kind {
        singular: "dataSet",
        plural: "dataSets",
        display_name: "Data Set",
        klass: "org.hisp.dhis.dataset.DataSet",
        order: 1310,
        authorities: KindAuthorities {
            create_public: &["F_DATASET_PUBLIC_ADD"],
            create_private: &["F_DATASET_PRIVATE_ADD"],
            delete: &["F_DATASET_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        data_shareable: true,
        nameable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties,
        rules: vec![Rule::VersionIncrements],
        ..Kind::default()
    }
}

fn timing() -> Vec<Property> {
    vec![
        text("periodType").required(),
        Property::new("expiryDays", Type::Integer).default("0"),
        Property::new("timelyDays", Type::Number).default("15"),
        Property::new("openFuturePeriods", Type::Integer).default("0"),
        Property::new("openPeriodsAfterCoEndDate", Type::Integer).default("0"),
    ]
}

fn form() -> Vec<Property> {
    vec![
        // SECTION and CUSTOM follow from sections and entry forms, which no data set has yet.
        Property::computed(
            "formType",
            Type::Constant(&["DEFAULT", "SECTION", "SECTION_MULTIORG", "CUSTOM"]),
            Computed::Constant("DEFAULT"),
        ),
        flag("mobile").required(),
        Property::new("version", Type::Integer).default("0"),
        flag("notifyCompletingUser"),
        flag("fieldCombinationRequired"),
        flag("validCompleteOnly"),
        flag("noValueRequiresComment"),
        flag("skipOffline"),
        flag("dataElementDecoration"),
        flag("renderAsTabs"),
        flag("renderHorizontally"),
        flag("compulsoryFieldsCompleteOnly"),
        common::style(),
    ]
}

/// One entry of `dataSetElements`; data elements show it too.
pub(super) fn element() -> Vec<Property> {
    vec![
        Property::new("dataSet", Type::Reference("dataSet")).at(Storage::Container),
        Property::reference("dataElement", "dataElement", edges::DATA_SET_ELEMENT, OnDelete::Cascade)
            .required(),
        Property::reference("categoryCombo", "categoryCombo", edges::DATA_SET_ELEMENT_COMBO, OnDelete::Veto),
    ]
}

fn operand() -> Vec<Property> {
    vec![
        Property::reference("dataElement", "dataElement", edges::DATA_SET_OPERAND_ELEMENT, OnDelete::Cascade)
            .required(),
        Property::reference(
            "categoryOptionCombo",
            "categoryOptionCombo",
            edges::DATA_SET_OPERAND_OPTION_COMBO,
            OnDelete::Cascade,
        ),
    ]
}

fn input_period() -> Vec<Property> {
    vec![
        // `{"id":"202401"}`: a period, which is no object.
        Property::new("period", Type::Complex(Vec::new())).required(),
        Property::new("openingDate", Type::Date),
        Property::new("closingDate", Type::Date),
    ]
}

fn embedded() -> Vec<Property> {
    let of = |name, inner| Property::new(name, list(Type::Complex(inner))).at(Storage::Embedded);
    vec![
        of("dataSetElements", element()),
        of("compulsoryDataElementOperands", operand()),
        of("dataInputPeriods", input_period()),
    ]
}

fn relations() -> Vec<Property> {
    vec![
        Property::reference("categoryCombo", "categoryCombo", edges::DATA_SET_COMBO, OnDelete::Veto)
            .required()
            .default(r#"{"id":"bjDvmb4bfuf"}"#),
        Property::references(
            "organisationUnits",
            "organisationUnit",
            edges::DATA_SET_UNITS,
            OnDelete::Unlink,
        )
        .field("sources"),
        Property::reference(
            "notificationRecipients",
            "userGroup",
            edges::DATA_SET_RECIPIENTS,
            OnDelete::Unlink,
        ),
        Property::new("indicators", list(Type::Reference("indicator"))),
        Property::new("dataEntryForm", Type::Reference("dataEntryForm")),
        Property::new("workflow", Type::Reference("dataApprovalWorkflow")),
        common::legend_sets(),
        common::unknown_inverse("sections", "section"),
        common::unknown_inverse("interpretations", "interpretation"),
    ]
}
