//! The Web API: `/api/*`.

mod web_message;
pub mod xml;

pub use web_message::{Outcome, WebMessage, XmlRoot};

use axum::Router;

use crate::App;

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
}
