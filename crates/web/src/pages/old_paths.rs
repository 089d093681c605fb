//! Where DHIS2's old addresses lead.

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::redirect;
use crate::App;

/// DHIS2's old apps and the page that replaced each; everything below an old address leads there too.
const OLD_APPS: [(&str, &str); 12] = [
    ("/dhis-web-login", "/login"),
    ("/dhis-web-settings", "/settings/oauth2-clients"),
    ("/dhis-web-maintenance-settings", "/settings/oauth2-clients"),
    ("/dhis-web-user-profile", "/apps"),
    ("/dhis-web-user-settings", "/apps"),
    ("/dhis-web-dashboard", "/apps"),
    ("/dhis-web-dashboard-integration", "/apps"),
    ("/dhis-web-menu-management", "/apps"),
    ("/dhis-web-app-management", "/apps"),
    ("/dhis-web-commons-menu", "/apps"),
    ("/dhis-web-commons-about", "/apps"),
    ("/dhis-web-apps", "/apps"),
];

/// Old actions that a browser asked for by GET, and the page that replaced each.
const OLD_ACTIONS: [(&str, &str); 4] = [
    ("/dhis-web-commons/security/login.action", "/login"),
    ("/dhis-web-commons/security/logout.action", "/logout"),
    ("/dhis-web-commons-security/login.action", "/login"),
    ("/dhis-web-commons-security/logout.action", "/logout"),
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

fn leading_to(page: &'static str) -> axum::routing::MethodRouter<App> {
    get(move |State(app): State<App>| async move { redirect(&app.settings, page) })
}
