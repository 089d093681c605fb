//! `/dev/callback`: where the code flow can be tried, in `kibali dev` only.

use askama::Template;
use axum::extract::{RawQuery, State};

use super::frame::Frame;
use super::page::Page;
use super::parts::Copy;
use crate::clients::quoted;
use crate::exchange::BodyForm;
use crate::{App, Refusal, Settings};

/// The client that comes with `kibali dev`.
pub const DEMO_CLIENT_ID: &str = "demo";
/// Its secret, the one of DHIS2's own example. Everybody knows it: `kibali serve` never has it.
pub const DEMO_CLIENT_SECRET: &str = "1e6db50c-0fee-11e5-98d0-3c15c2c6caf6";
/// Its fellow of the modern generation: public, so that it has no secret.
pub const DEMO_APP_ID: &str = "demo-app";
/// Where this page is, below the context path.
pub const CALLBACK_PATH: &str = "/dev/callback";

#[derive(Template)]
#[template(path = "callback.html")]
pub(super) struct Callback {
    frame: Frame,
    error: Option<String>,
    error_description: String,
    code: Option<Copy>,
    state: Option<String>,
    curl: Copy,
    callback_url: String,
    try_url: String,
    demo_client: &'static str,
}

impl Callback {
    /// The page for an authorization answer, as it stands in the query.
    pub(super) fn new(settings: &Settings, query: &str) -> Self {
        let parameter = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let callback_url = settings.absolute(CALLBACK_PATH);
        let code = parameter("code");
        // The modern generation names its issuer in every answer (RFC 9207).
        let modern = parameter("iss").is_some();
        let (client, proof, endpoint) = if modern {
            let proof = format!("-d client_id={DEMO_APP_ID} -d code_verifier=YOUR_VERIFIER");
            (DEMO_APP_ID, proof, "/oauth2/token")
        } else {
            let pair = quoted(&format!("{DEMO_CLIENT_ID}:{DEMO_CLIENT_SECRET}"));
            (DEMO_CLIENT_ID, format!("-u {pair}"), "/uaa/oauth/token")
        };
        let curl = format!(
            "curl {proof} -d grant_type=authorization_code --data-urlencode {} --data-urlencode {} {}",
            quoted(&format!("code={}", code.as_deref().unwrap_or_default())),
            quoted(&format!("redirect_uri={callback_url}")),
            quoted(&settings.absolute(endpoint)),
        );
        let asked: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", DEMO_CLIENT_ID)
            .append_pair("redirect_uri", &callback_url)
            .append_pair("state", "try")
            .finish();
        Self {
            frame: Frame::anonymous(settings, "Callback"),
            error: parameter("error"),
            error_description: parameter("error_description").unwrap_or_default(),
            code: code.map(|code| Copy::new("code", "code", code)),
            state: parameter("state"),
            curl: Copy::new("curl", "curl line that spends the code", curl),
            try_url: format!("{}/uaa/oauth/authorize?{asked}", settings.context_path()),
            callback_url,
            demo_client: client,
        }
    }
}

/// `GET /dev/callback`.
pub(super) async fn callback(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Page, Refusal> {
    show(&app, query.as_deref().unwrap_or_default())
}

/// `POST /dev/callback`: the answer came as a form (`response_mode=form_post`).
pub(super) async fn posted(State(app): State<App>, BodyForm(form): BodyForm) -> Result<Page, Refusal> {
    show(&app, &form.parameters.without(&[]))
}

fn show(app: &App, answer: &str) -> Result<Page, Refusal> {
    if !app.settings.dev {
        return Err(Refusal::NotFound);
    }
    Page::render(&Callback::new(&app.settings, answer))
}
