//! Metadata objects: `/api/{resource}` and `/api/metadata`.

mod account_verbs;
mod csv;
mod delete;
mod export;
mod geojson;
mod get;
mod import;
mod inner;
mod invitations;
mod list;
mod members;
mod nested;
mod out;
mod parameter;
mod patch;
mod people;
mod present;
mod put;
mod read;
mod runtime_state;
mod share_many;
mod sharing;
#[cfg(test)]
mod tests;
mod tree;
mod user_settings;
mod verbs;
mod weak;

pub(crate) use import::run_within;
pub use import::{
    ClientSecretOnce, Done, client_secret_place, create_defaults, import, operator_principal, run,
    superuser_role, system_principal,
};
pub use inner::list_all;
pub(crate) use inner::{
    Changed, NotUpdated, change_one, find_by_name, find_user, may_read, one, share, update_one,
};
pub(crate) use list::root as api_root;
pub(crate) use out::Turns;
pub(crate) use patch::operations as json_patch;
pub use read::own_user;
pub(crate) use weak::WeakTag;

use axum::Router;
use axum::routing::{delete as on_delete, get as on_get, patch as on_patch, post, put as on_put};

use crate::App;

/// The routes that read and change objects.
pub fn router() -> Router<App> {
    Router::new()
        .route("/{resource}", on_get(list::list))
        .route("/{resource}/{uid}", on_get(get::one))
        .route("/{resource}/{uid}/{property}", on_get(get::property))
        .route("/metadata", on_get(export::export).post(verbs::import_metadata))
        .route("/{resource}", post(verbs::create))
        .route("/metadata/sharing", on_patch(share_many::of_kinds))
        .route("/{resource}/sharing", on_patch(share_many::of_kind))
        .route("/users/{uid}/enabled", post(account_verbs::enable))
        .route("/users/{uid}/disabled", post(account_verbs::disable))
        .route("/users/{uid}/expired", post(account_verbs::expire))
        .route("/users/{uid}/unexpired", post(account_verbs::unexpire))
        .route("/users/{uid}/replica", post(account_verbs::replicate))
        .route("/users/{uid}/reset", post(invitations::reset))
        .route("/users/{uid}/invite", post(invitations::invite_again))
        .route("/users/invite", post(invitations::invite))
        .route("/users/invites", post(invitations::invite_many))
        .route("/users/{uid}/twoFA/disabled", post(account_verbs::reset_second_factor))
        .route("/{resource}/{uid}", on_put(put::replace).patch(patch::patch).delete(delete::delete))
        .route("/{resource}/{uid}/sharing", on_get(get::sharing).put(sharing::set_sharing))
        .route("/{resource}/{uid}/translations", on_get(get::translations).put(sharing::set_translations))
        .route(
            "/{resource}/{uid}/{property}",
            post(nested::change).put(nested::replace).merge(on_delete(nested::remove)),
        )
        .route(
            "/{resource}/{uid}/{property}/{item}",
            post(nested::add_one).merge(on_delete(nested::remove_one)),
        )
}
