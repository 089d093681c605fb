//! The kinds of DHIS2 2.41 that Kibali serves, one file each.
//!
//! Properties, types, lengths and which side owns a relation are facts of DHIS2 2.41: its schema
//! descriptors, property annotations and mappings; `on_delete` follows its deletion handlers. A collection
//! whose edge belongs to a kind that is not described here is shown empty; a reference that the described
//! kind owns is kept in its document, so that nothing is lost on the way through.

mod api_token;
mod attribute;
mod category;
mod category_combo;
mod category_option;
mod category_option_combo;
mod common;
mod data_element;
mod data_element_group;
mod data_set;
pub mod edges;
mod oauth2_client;
mod option;
mod option_set;
mod organisation_unit;
mod organisation_unit_group;
mod organisation_unit_group_set;
mod organisation_unit_level;
mod user;
mod user_group;
mod user_role;
mod value_types;

pub use api_token::{API_TOKEN_CLASS, api_token};

use crate::{Registry, RegistryError};

/// The registry of every described kind.
///
/// # Errors
/// None in a released build; a test builds it.
pub fn registry() -> Result<Registry, RegistryError> {
    Registry::new(all())
}

/// The described kinds.
#[must_use]
pub fn all() -> Vec<crate::Kind> {
    vec![
        attribute::kind(),
        category::kind(),
        category_combo::kind(),
        category_option::kind(),
        category_option_combo::kind(),
        data_element::kind(),
        data_element_group::kind(),
        data_set::kind(),
        oauth2_client::kind(),
        option::kind(),
        option_set::kind(),
        organisation_unit::kind(),
        organisation_unit_group::kind(),
        organisation_unit_group_set::kind(),
        organisation_unit_level::kind(),
        user::kind(),
        user_group::kind(),
        user_role::kind(),
    ]
}

#[cfg(test)]
mod tests;
