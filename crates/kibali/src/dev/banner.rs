//! What `kibali dev` says when it is ready.

use std::fmt::Display;

use kibali_web::Settings;
use kibali_web::pages::{DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};

use super::seed::USERS;

/// The address, who can sign in, and three lines that can be pasted.
pub(super) fn text(settings: &Settings, data: Option<impl Display>) -> String {
    let base = settings.absolute("");
    let kept = match data {
        Some(directory) => format!("The data is kept in {directory}."),
        None => "The data goes when you stop it with Ctrl-C; keep it with --data DIR.".to_owned(),
    };
    let users: Vec<String> =
        USERS.iter().map(|user| format!("  {:<8} {:<12} {}", user.name, user.password, user.about)).collect();
    format!(
        "Kibali is ready at {base}, speaking as DHIS2 {version}. {kept}

Users
{users}

Clients
  {DEMO_CLIENT_ID:<8} {DEMO_CLIENT_SECRET}
  {DEMO_APP_ID} no secret: the authorization code with PKCE, and devices, at {base}/oauth2

Ask for a token, then call the Web API with it:

curl -u {DEMO_CLIENT_ID}:{DEMO_CLIENT_SECRET} -d grant_type=password -d username=admin -d password=district {base}/uaa/oauth/token
TOKEN=$(curl -s -u {DEMO_CLIENT_ID}:{DEMO_CLIENT_SECRET} -d grant_type=password -d username=admin -d password=district {base}/uaa/oauth/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')
curl -H \"Authorization: Bearer $TOKEN\" {base}/api/me
",
        version = settings.as_version,
        users = users.join("\n"),
    )
}
