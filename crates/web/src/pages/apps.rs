//! **Apps**, the first page after signing in.

use askama::Template;

use super::frame::Frame;

#[derive(Template)]
#[template(path = "apps.html")]
pub(super) struct Apps {
    pub(super) frame: Frame,
    /// First name and surname.
    pub(super) name: String,
    pub(super) username: String,
    pub(super) may_manage_clients: bool,
}
