//! The kinds of DHIS2 2.41 that Kibali serves, one file each.

mod common;
mod option;
mod option_set;

use crate::{Registry, RegistryError};

/// The registry of every described kind.
///
/// # Errors
/// None in a released build; a test builds it.
pub fn registry() -> Result<Registry, RegistryError> {
    Registry::new(vec![option::kind(), option_set::kind()])
}
