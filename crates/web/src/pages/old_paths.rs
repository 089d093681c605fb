//! Where DHIS2's old addresses lead.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use super::clients::CLIENTS;
use super::{APPS, LOGIN, LOGOUT};
use crate::{App, Refusal};

/// DHIS2's old apps and the page that replaced each; everything below an old address leads there too.
const OLD_APPS: [(&str, &str); 13] = [
    ("/dhis-web-login", LOGIN),
    ("/dhis-web-settings", CLIENTS),
    ("/dhis-web-maintenance-settings", CLIENTS),
    ("/dhis-web-user-profile", APPS),
    ("/dhis-web-user-settings", APPS),
    ("/dhis-web-dashboard", APPS),
    ("/dhis-web-dashboard-integration", APPS),
    ("/dhis-web-menu-management", APPS),
    ("/dhis-web-app-management", APPS),
    ("/dhis-web-commons-menu", APPS),
    ("/dhis-web-commons-about", APPS),
    ("/dhis-web-commons", APPS),
    ("/dhis-web-apps", APPS),
];

/// The root and old actions that a browser asked for by GET, and the page that replaced each.
const OLD_ACTIONS: [(&str, &str); 5] = [
    ("/", APPS),
    ("/dhis-web-commons/security/login.action", LOGIN),
    ("/dhis-web-commons/security/logout.action", LOGOUT),
    ("/dhis-web-commons-security/login.action", LOGIN),
    ("/dhis-web-commons-security/logout.action", LOGOUT),
];

/// The old addresses.
pub(super) fn router() -> Router<App> {
    let apps = OLD_APPS.into_iter().fold(Router::new(), |router, (old, page)| {
        [old.to_owned(), format!("{old}/{{*rest}}")]
            .iter()
            .fold(router, |router, path| router.route(path, leading_to(page)))
    });
    OLD_ACTIONS.into_iter().fold(apps, |router, (old, page)| router.route(old, leading_to(page)))
}

/// 302: the page may move again. A query is dropped, and with it any address that somebody put there.
fn leading_to(page: &'static str) -> axum::routing::MethodRouter<App> {
    get(move |State(app): State<App>| async move {
        let address = format!("{}{page}", app.settings.context_path());
        let address = HeaderValue::try_from(address).map_err(Refusal::internal)?;
        Ok::<_, Refusal>((StatusCode::FOUND, [(LOCATION, address)]))
    })
}
