//! `dataElement`: what is counted.

use super::common::{self, Parts, flag, list, text};
use super::edges;
use super::value_types::{AGGREGATION_TYPES, VALUE_TYPES};
use crate::kind::{AccessRule, Computed, Kind, KindAuthorities, OnDelete, Property, Rule, Storage, Type};

pub(super) fn kind() -> Kind {
    let mut properties = common::identifiable(common::name().unique(), Parts::ALL);
    properties.extend(common::unique_short_name());
    properties.extend(common::description());
    properties.extend(common::form_name());
    properties.extend(common::dimension_item("DATA_ELEMENT"));
    properties.extend(values());
    properties.extend(relations());
    Kind {
        singular: "dataElement",
        plural: "dataElements",
        display_name: "Data Element",
        klass: "org.hisp.dhis.dataelement.DataElement",
        order: 1200,
        authorities: KindAuthorities {
            create_public: &["F_DATAELEMENT_PUBLIC_ADD"],
            create_private: &["F_DATAELEMENT_PRIVATE_ADD"],
            delete: &["F_DATAELEMENT_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        nameable: true,
        translatable: true,
        access: AccessRule::Sharing,
        rules: vec![Rule::OptionSetFits],
        properties,
        ..Kind::default()
    }
}

fn values() -> Vec<Property> {
    vec![
        Property::new("domainType", Type::Constant(&["AGGREGATE", "TRACKER"])).required(),
        Property::new("valueType", Type::Constant(VALUE_TYPES)).required(),
        Property::new("valueTypeOptions", Type::Complex(Vec::new())),
        Property::new("aggregationType", Type::Constant(AGGREGATION_TYPES)).required(),
        Property::new("aggregationLevels", list(Type::Integer)).ordered(),
        flag("zeroIsSignificant").required(),
        Property::new("url", Type::Url).max(255.0),
        text("fieldMask").max(255.0),
        common::style(),
        Property::computed("optionSetValue", Type::Boolean, Computed::IsPresent("optionSet")),
    ]
}

fn relations() -> Vec<Property> {
    vec![
        Property::reference("categoryCombo", "categoryCombo", edges::DATA_ELEMENT_COMBO, OnDelete::Veto)
            .required()
            .default(r#"{"id":"bjDvmb4bfuf"}"#),
        Property::reference("optionSet", "optionSet", edges::DATA_ELEMENT_OPTION_SET, OnDelete::Veto),
        Property::reference(
            "commentOptionSet",
            "optionSet",
            edges::DATA_ELEMENT_COMMENT_OPTION_SET,
            OnDelete::Veto,
        ),
        common::legend_sets(),
        Property::inverse("dataElementGroups", "dataElementGroup", edges::DATA_ELEMENT_GROUP_ELEMENTS)
            .field("groups"),
        Property::new("dataSetElements", list(Type::Complex(super::data_set::element())))
            .at(Storage::EmbeddedInverse(edges::DATA_SET_ELEMENT))
            .read_only(),
    ]
}
