//! The Web API: `/api/*`.

pub mod objects;
mod web_message;
pub mod xml;

pub use web_message::{Outcome, WebMessage, XmlRoot};

use axum::Router;

use crate::App;

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new().merge(objects::router())
}
