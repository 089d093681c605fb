//! `apiToken`: a personal access token. Described for `/api/schemas` and for patches only: tokens live in a table of
//! their own, are no metadata and never in an export, so that the registry does not hold this kind.

use super::common::{self, Parts, list};
use crate::kind::{Kind, Property, Type};

/// The Java class; clients read it.
pub const API_TOKEN_CLASS: &str = "org.hisp.dhis.security.apikey.ApiToken";

/// The names of types, the older one for tokens that DHIS2 made before 2.41.
const TYPES: &[&str] = &["PERSONAL_ACCESS_TOKEN_V1", "PERSONAL_ACCESS_TOKEN_V2"];

/// The description.
#[must_use]
pub fn api_token() -> Kind {
    let parts = Parts { sharing: false, translations: false, attributes: false };
    let name = Property::new("name", Type::Text).read_only().not_persisted();
    let mut properties = common::identifiable(name, parts);
    properties.extend([
        Property::new("version", Type::Integer).read_only(),
        Property::new("type", Type::Constant(TYPES)).read_only(),
        Property::new("expire", Type::Number),
        Property::new("attributes", list(Type::Complex(Vec::new()))).ordered(),
    ]);
    Kind {
        singular: "apiToken",
        plural: "apiTokens",
        display_name: "Api Token",
        klass: API_TOKEN_CLASS,
        order: 1040,
        shareable: true,
        default_private: true,
        properties,
        ..Kind::default()
    }
}
