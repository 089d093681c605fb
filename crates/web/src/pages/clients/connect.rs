//! Ready to paste: the lines of a client, and its settings in Postman.

use askama::Template;
use askama::filters::HtmlSafe;

use super::super::parts::Copy;
use super::Registered;
use super::postman::Postman;
use crate::Settings;
use crate::clients::{Proves, lines};

/// The panel beside a client.
#[derive(Template)]
#[template(path = "connect.html")]
pub(super) struct Connect {
    /// There is a place for the secret, which is not known.
    lacks_secret: bool,
    /// It signs to prove itself: for whom, as the claim says.
    signs_for: Option<String>,
    /// Its tokens are bound to a key.
    bound: bool,
    /// Each with its heading.
    lines: Vec<(&'static str, Copy)>,
    postman: Option<Postman>,
}

impl HtmlSafe for Connect {}

impl Connect {
    /// For a client; `secret` is known only on the page that shows it.
    pub(super) fn new(
        settings: &Settings,
        username: &str,
        client: &Registered,
        secret: Option<&str>,
    ) -> Self {
        let registered = &client.registration;
        let lines = lines(settings, registered, username, secret);
        let proves = Proves::of(registered);
        let shows_secret = matches!(proves, Proves::Header | Proves::Form);
        Self {
            lacks_secret: secret.is_none() && shows_secret && !lines.is_empty(),
            signs_for: (proves == Proves::Assertion && !lines.is_empty()).then(|| settings.issuer()),
            bound: registered.profile.rules().bound,
            lines: lines
                .into_iter()
                .map(|line| (line.title, Copy::new(line.id, line.label, line.text)))
                .collect(),
            postman: Postman::of(settings, registered, secret),
        }
    }
}
