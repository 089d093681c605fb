//! Metadata objects: `/api/{resource}` and `/api/metadata`.

mod delete;
mod import;
mod nested;
mod patch;
mod put;
mod sharing;
#[cfg(test)]
mod tests;
mod verbs;

pub use import::{ClientSecretOnce, Done, create_defaults, import, run, system_principal};

use axum::Router;
use axum::routing::{delete as on_delete, post, put as on_put};

use crate::App;

/// The routes that change objects.
pub fn router() -> Router<App> {
    Router::new()
        .route("/metadata", post(verbs::import_metadata))
        .route("/{resource}", post(verbs::create))
        .route("/{resource}/{uid}", on_put(put::replace).patch(patch::patch).delete(delete::delete))
        .route("/{resource}/{uid}/sharing", on_put(sharing::set_sharing))
        .route("/{resource}/{uid}/translations", on_put(sharing::set_translations))
        .route(
            "/{resource}/{uid}/{property}",
            post(nested::change).put(nested::replace).merge(on_delete(nested::remove)),
        )
        .route(
            "/{resource}/{uid}/{property}/{item}",
            post(nested::add_one).merge(on_delete(nested::remove_one)),
        )
}
