//! The form of a client: what was typed, what is wrong with it, and how it is shown again.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::GrantType;
use serde_json::{Map, Value};
use url::Url;

use super::super::frame::Frame;
use super::super::parts::{Field, Problem, Problems};
use super::Registered;
use crate::pages::body::Form;

/// Where a client is kept in the Web API, below the context path.
pub(super) const RESOURCE: &str = "/api/oAuth2Clients";

/// Characters of a name or a client ID, at most (oauth2-legacy reference 2.1).
const NAME_LENGTH: usize = 230;
/// Characters of one redirect URI, at most (the same).
const URI_LENGTH: usize = 255;

/// What was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// Name.
    pub(super) name: String,
    /// Client ID.
    pub(super) client_id: String,
    /// The grant types switched on, by name.
    pub(super) grant_types: Vec<String>,
    /// Redirect URIs, one a line.
    pub(super) redirect_uris: String,
}

impl Typed {
    /// Reads the form.
    pub(super) fn read(form: &Form) -> Self {
        Self {
            name: form.text("name").trim().to_owned(),
            client_id: form.text("cid").trim().to_owned(),
            grant_types: form.all("grantTypes").map(str::to_owned).collect(),
            redirect_uris: form.text("redirectUris").to_owned(),
        }
    }

    /// The form of a client as it is registered.
    pub(super) fn of(client: &Registered) -> Self {
        Self {
            name: client.name.clone(),
            client_id: client.client_id.clone(),
            grant_types: client.grant_types.clone(),
            redirect_uris: client.redirect_uris.join("\n"),
        }
    }

    fn uris(&self) -> Vec<&str> {
        self.redirect_uris.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }

    /// What is wrong that needs no look at the database.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |field, text: String| problems.push(Problem { field, text });
        for (field, label, value) in [("name", "name", &self.name), ("cid", "client ID", &self.client_id)] {
            if value.is_empty() {
                wrong(field, format!("Enter a {label}."));
            } else if value.chars().count() > NAME_LENGTH {
                wrong(field, format!("The {label} must have {NAME_LENGTH} characters or fewer."));
            }
        }
        for uri in self.uris() {
            if let Some(text) = wrong_uri(uri) {
                wrong("redirectUris", text);
                break;
            }
        }
        if self.grants_code() && self.uris().is_empty() {
            wrong("redirectUris", "Enter a redirect URI: the authorization code is sent there.".to_owned());
        }
        problems
    }

    fn grants_code(&self) -> bool {
        self.grant_types.iter().any(|name| name == GrantType::AuthorizationCode.as_str())
    }

    /// The object to give to the metadata engine. What `before` had and this form cannot show is kept.
    pub(super) fn object(&self, before: Option<&Registered>) -> Map<String, Value> {
        let mut object = before.map(|client| client.document.clone()).unwrap_or_default();
        let unshown = before.into_iter().flat_map(|client| &client.grant_types);
        let unshown = unshown.filter(|name| GrantType::from_name(name).is_none());
        let grants: Vec<&String> = self
            .grant_types
            .iter()
            .filter(|name| GrantType::from_name(name).is_some())
            .chain(unshown)
            .collect();
        object.insert("name".to_owned(), self.name.as_str().into());
        object.insert("cid".to_owned(), self.client_id.as_str().into());
        object.insert("grantTypes".to_owned(), grants.into_iter().map(String::as_str).collect());
        object.insert("redirectUris".to_owned(), self.uris().into_iter().collect());
        object
    }
}

/// What is wrong with a redirect URI. A scheme that runs in the browser is no place to send a code to.
fn wrong_uri(uri: &str) -> Option<String> {
    if uri.chars().count() > URI_LENGTH {
        return Some(format!("A redirect URI must have {URI_LENGTH} characters or fewer."));
    }
    let Ok(url) = Url::parse(uri) else {
        return Some(format!(
            "{uri} is not a complete URL. It begins with https:// or a scheme of the application's own."
        ));
    };
    match (url.scheme(), url.fragment()) {
        ("javascript" | "data" | "vbscript" | "file" | "blob" | "about", _) => {
            Some(format!("{uri} cannot receive a code. Use https:// or a scheme of the application's own."))
        }
        (_, Some(_)) => Some(format!("{uri} has a part after #, which a redirect URI cannot have.")),
        _ => None,
    }
}

/// A grant type as the pages show it.
#[derive(Debug)]
pub(super) struct Grant {
    /// Name on the wire.
    pub(super) name: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What it is for.
    pub(super) hint: &'static str,
    /// Is it switched on?
    pub(super) on: bool,
}

/// Every grant type, switched on where `names` has it.
pub(super) fn grants(names: &[String]) -> Vec<Grant> {
    GrantType::EVERY
        .into_iter()
        .map(|grant| {
            let (label, hint) = match grant {
                GrantType::Password => {
                    ("Password", "The application asks for user name and password itself.")
                }
                GrantType::RefreshToken => ("Refresh token", "A token can be renewed without asking again."),
                GrantType::AuthorizationCode => {
                    ("Authorization code", "People sign in here and are sent back to the application.")
                }
            };
            Grant { name: grant.as_str(), label, hint, on: names.iter().any(|name| name == grant.as_str()) }
        })
        .collect()
}

/// The form, rendered inside a page.
#[derive(Template)]
#[template(path = "client_fields.html")]
pub(super) struct ClientForm<'a> {
    frame: &'a Frame,
    action: String,
    is_new: bool,
    problems: Problems,
    name: Field,
    client_id: Field,
    grants: Vec<Grant>,
    grant_error: Option<String>,
    redirect_uris: Field,
}

impl HtmlSafe for ClientForm<'_> {}

impl<'a> ClientForm<'a> {
    /// The form that adds a client.
    pub(super) fn adding(frame: &'a Frame, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self::new(frame, "/settings/oauth2-clients/new".to_owned(), None, typed, problems)
    }

    /// The form that edits `client`.
    pub(super) fn editing(
        frame: &'a Frame,
        client: &Registered,
        typed: &Typed,
        problems: Vec<Problem>,
    ) -> Self {
        Self::new(frame, format!("/settings/oauth2-clients/{}", client.uid), Some(client), typed, problems)
    }

    fn new(
        frame: &'a Frame,
        action: String,
        client: Option<&Registered>,
        typed: &Typed,
        problems: Vec<Problem>,
    ) -> Self {
        let problems = Problems::new(problems);
        Self {
            frame,
            action,
            is_new: client.is_none(),
            name: Field {
                id: "name",
                label: "Name",
                hint: "People see it when they are asked to authorize the application.",
                value: typed.name.clone(),
                error: problems.of("name"),
                autocomplete: "off",
                required: true,
                max_length: Some(NAME_LENGTH),
                ..Field::default()
            },
            client_id: Field {
                id: "cid",
                label: "Client ID",
                hint: "What the application calls itself when it asks for a token.",
                value: typed.client_id.clone(),
                error: problems.of("cid"),
                autocomplete: "off",
                required: true,
                max_length: Some(NAME_LENGTH),
                unique_in: Some(format!("{}{RESOURCE}", frame.base)),
                own: client.map(|client| client.client_id.clone()).unwrap_or_default(),
                ..Field::default()
            },
            grants: grants(&typed.grant_types),
            grant_error: problems.of("grantTypes"),
            redirect_uris: Field {
                id: "redirectUris",
                label: "Redirect URIs",
                hint: "One URL per line. Codes are sent to these addresses only.",
                value: typed.redirect_uris.clone(),
                error: problems.of("redirectUris"),
                multiline: true,
                ..Field::default()
            },
            problems,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(uris: &str) -> Typed {
        Typed {
            name: "App".to_owned(),
            client_id: "app".to_owned(),
            grant_types: vec!["password".to_owned()],
            redirect_uris: uris.to_owned(),
        }
    }

    #[test]
    fn each_wrong_value_is_told_at_its_field() {
        for (uris, wrong) in [
            ("https://a.example/cb\n\n  org.example:/cb \r\n", false),
            ("a.example/cb", true),
            ("javascript:alert(1)", true),
            ("https://a.example/#x", true),
        ] {
            let fields: Vec<_> = typed(uris).problems().into_iter().map(|problem| problem.field).collect();
            assert_eq!(fields, if wrong { vec!["redirectUris"] } else { vec![] }, "{uris}");
        }
        let fields: Vec<_> = Typed::default().problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["name", "cid"]);
    }

    #[test]
    fn a_code_needs_somewhere_to_go() {
        let mut typed = typed("");
        typed.grant_types.push("authorization_code".to_owned());
        assert_eq!(typed.problems().len(), 1);
    }

    #[test]
    fn what_the_form_cannot_show_is_kept() {
        let before = Registered {
            grant_types: vec!["password".to_owned(), "implicit".to_owned()],
            document: serde_json::from_str(r#"{"code":"C","name":"Old"}"#).unwrap_or_default(),
            ..Registered::default()
        };
        let object = Value::Object(typed("https://a.example/cb").object(Some(&before)));
        assert_eq!(object.get("code"), Some(&Value::from("C")));
        assert_eq!(object.get("name"), Some(&Value::from("App")));
        assert_eq!(object.get("grantTypes"), Some(&serde_json::json!(["password", "implicit"])));
        assert_eq!(object.get("redirectUris"), Some(&serde_json::json!(["https://a.example/cb"])));
    }
}
