//! The Web API: `/api/*`.

use axum::Router;

use crate::App;

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
}
