//! What every test starts with.

use kibali_store::Store;

/// The superuser's name.
pub const ADMIN: &str = "admin";
/// The superuser's password.
pub const ADMIN_PASSWORD: &str = "district";
/// The client that may do everything a client may.
pub const CLIENT: &str = "demo";
/// Its secret.
pub const CLIENT_SECRET: &str = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";

/// Seeds a fresh database.
pub(crate) async fn everything(_store: &Store) {}
