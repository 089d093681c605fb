//! The Java classes that schemas name. Clients show them and compare them, nothing more.

use crate::Registry;
use crate::kind::Type;

/// The XML namespace of everything.
pub(super) const NAMESPACE: &str = "http://dhis2.org/schema/dxf/2.0";

/// Kinds that are referenced and not described.
const UNDESCRIBED: &[(&str, &str)] = &[
    ("categoryOptionGroup", "org.hisp.dhis.category.CategoryOptionGroup"),
    ("categoryOptionGroupSet", "org.hisp.dhis.category.CategoryOptionGroupSet"),
    ("dataApprovalWorkflow", "org.hisp.dhis.dataapproval.DataApprovalWorkflow"),
    ("dataElementGroupSet", "org.hisp.dhis.dataelement.DataElementGroupSet"),
    ("dataEntryForm", "org.hisp.dhis.dataentryform.DataEntryForm"),
    ("fileResource", "org.hisp.dhis.fileresource.FileResource"),
    ("indicator", "org.hisp.dhis.indicator.Indicator"),
    ("interpretation", "org.hisp.dhis.interpretation.Interpretation"),
    ("legendSet", "org.hisp.dhis.legend.LegendSet"),
    ("program", "org.hisp.dhis.program.Program"),
    ("section", "org.hisp.dhis.dataset.Section"),
];

/// Embedded objects, by the property that holds them.
const EMBEDDED: &[(&str, &str)] = &[
    ("access", "org.hisp.dhis.security.acl.Access"),
    ("attributeValues", "org.hisp.dhis.attribute.AttributeValue"),
    ("compulsoryDataElementOperands", "org.hisp.dhis.dataelement.DataElementOperand"),
    ("dataInputPeriods", "org.hisp.dhis.dataset.DataInputPeriod"),
    ("dataSetElements", "org.hisp.dhis.dataset.DataSetElement"),
    ("sharing", "org.hisp.dhis.user.sharing.Sharing"),
    ("style", "org.hisp.dhis.common.ObjectStyle"),
    ("translations", "org.hisp.dhis.translation.Translation"),
    ("userCredentials", "org.hisp.dhis.user.UserCredentialsDto"),
    ("valueTypeOptions", "org.hisp.dhis.common.ValueTypeOptions"),
];

fn of(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, klass)| *klass)
}

/// The class of one value of this type, in the property of this name.
pub(super) fn of_value(registry: &Registry, property: &str, ty: &Type) -> &'static str {
    match ty {
        Type::Identifier
        | Type::Text
        | Type::Url
        | Type::Email
        | Type::Password
        | Type::PhoneNumber
        | Type::Color => "java.lang.String",
        Type::Number => "java.lang.Double",
        Type::Integer => "java.lang.Integer",
        Type::Boolean => "java.lang.Boolean",
        Type::Date => "java.util.Date",
        Type::Constant(_) => "java.lang.Enum",
        Type::Geolocation => "org.locationtech.jts.geom.Geometry",
        Type::Reference(kind) => registry
            .kind(kind)
            .map(|kind| kind.klass)
            .or_else(|| of(UNDESCRIBED, kind))
            .unwrap_or("org.hisp.dhis.common.IdentifiableObject"),
        Type::Complex(_) => of(EMBEDDED, property).unwrap_or("java.lang.Object"),
        Type::Collection(_) => "java.util.Collection",
    }
}

/// `propertyType` on the wire.
pub(super) const fn property_type(ty: &Type) -> &'static str {
    match ty {
        Type::Identifier => "IDENTIFIER",
        Type::Text => "TEXT",
        Type::Number => "NUMBER",
        Type::Integer => "INTEGER",
        Type::Boolean => "BOOLEAN",
        Type::Date => "DATE",
        Type::Constant(_) => "CONSTANT",
        Type::Url => "URL",
        Type::Email => "EMAIL",
        Type::Password => "PASSWORD",
        Type::PhoneNumber => "PHONENUMBER",
        Type::Color => "COLOR",
        Type::Geolocation => "GEOLOCATION",
        Type::Reference(_) => "REFERENCE",
        Type::Complex(_) => "COMPLEX",
        Type::Collection(_) => "COLLECTION",
    }
}
