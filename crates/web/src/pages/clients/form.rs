//! The form of a client: what was typed, what is wrong with it, and how it is shown again.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_metadata::import::{Code, Fault};
use kibali_model::GrantType;
use serde_json::{Map, Value};

use super::super::frame::Frame;
use super::super::parts::{Field, Problem, Problems};
use super::{CLIENTS, PLURAL, Registered};
use crate::pages::body::Form;

/// Characters that the fields of name and client ID take (oauth2-legacy reference 2.1).
const NAME_LENGTH: usize = 230;

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

    /// The empty form, with the grant types of most applications.
    pub(super) fn for_new() -> Self {
        let usual = [GrantType::Password, GrantType::RefreshToken];
        Self { grant_types: usual.map(|grant| grant.as_str().to_owned()).into(), ..Self::default() }
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

    /// What is missing from the form; what a client may be is for the metadata engine to say, to which an
    /// empty field of a client that exists is no change.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let code = GrantType::AuthorizationCode.as_str();
        let grants_code = self.grant_types.iter().any(|name| name == code);
        let missing = [
            (self.name.is_empty(), "name", "Enter a name."),
            (self.client_id.is_empty(), "cid", "Enter a client ID."),
            (
                grants_code && self.uris().is_empty(),
                "redirectUris",
                "Enter a redirect URI: the authorization code is sent there.",
            ),
        ];
        let missing = missing.into_iter().filter(|(is_missing, ..)| *is_missing);
        missing.map(|(_, field, text)| Problem { field, text: text.to_owned() }).collect()
    }

    /// The object for the metadata engine; `uid` names the client that is there.
    pub(super) fn object(&self, uid: Option<&str>) -> Map<String, Value> {
        let mut object = Map::new();
        if let Some(uid) = uid {
            object.insert("id".to_owned(), uid.into());
        }
        object.insert("name".to_owned(), self.name.as_str().into());
        object.insert("cid".to_owned(), self.client_id.as_str().into());
        object.insert("grantTypes".to_owned(), self.grant_types.iter().map(String::as_str).collect());
        object.insert("redirectUris".to_owned(), self.uris().into_iter().collect());
        object
    }
}

/// What the engine found wrong, in the words of the page and at its field.
pub(super) fn told(fault: &Fault) -> Problem {
    let fields = [("name", "name"), ("cid", "client ID"), ("grantTypes", ""), ("redirectUris", "")];
    let at = fault.property.as_deref();
    let (field, label) = fields.into_iter().find(|(field, _)| at == Some(field)).unwrap_or_default();
    let arg = |number: usize| fault.args.get(number).map(String::as_str).unwrap_or_default();
    let text = match (fault.code, field) {
        (Code::E4000, "name" | "cid") => format!("Enter a {label}."),
        (Code::E4001, "name" | "cid") => {
            format!("The {label} must have {} characters or fewer; it has {}.", arg(1), arg(2))
        }
        (Code::E4002, "name" | "cid") if arg(3) == "0" => format!("Enter a {label}."),
        (Code::E4002, "name" | "cid") => {
            format!("The {label} must have {} characters or fewer; it has {}.", arg(2), arg(3))
        }
        (Code::E5003, "cid") => "This client ID is already taken.".to_owned(),
        (Code::E5003, "name") => "Another client already has this name.".to_owned(),
        (Code::E4027, "cid") => "A client ID has no spaces and no colon.".to_owned(),
        (Code::E4007, "redirectUris") => format!("A client has at most {} redirect URIs.", arg(2)),
        (Code::E4004, "redirectUris") => format!(
            "{} cannot receive a code. Write a whole address that begins with https:// or with a scheme of the \
             application's own, without spaces and without a part after #.",
            shortened(arg(1))
        ),
        _ => fault.message(),
    };
    Problem { field, text }
}

/// What was typed, short enough to be repeated in a sentence.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
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
    GrantType::LEGACY
        .iter()
        .filter_map(|grant| {
            let (label, hint) = match grant {
                GrantType::Password => {
                    ("Password", "The application asks for user name and password itself.")
                }
                GrantType::RefreshToken => ("Refresh token", "A token can be renewed without asking again."),
                GrantType::AuthorizationCode => {
                    ("Authorization code", "People sign in here and are sent back to the application.")
                }
                _ => return None,
            };
            let on = names.iter().any(|name| name == grant.as_str());
            Some(Grant { name: grant.as_str(), label, hint, on })
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
        Self::new(frame, format!("{CLIENTS}/new"), None, typed, problems)
    }

    /// The form that edits `client`.
    pub(super) fn editing(
        frame: &'a Frame,
        client: &Registered,
        typed: &Typed,
        problems: Vec<Problem>,
    ) -> Self {
        Self::new(frame, format!("{CLIENTS}/{}", client.uid), Some(client), typed, problems)
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
                hint: "People see it when they are asked to authorize the application.".into(),
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
                hint: "What the application calls itself when it asks for a token.".into(),
                value: typed.client_id.clone(),
                error: problems.of("cid"),
                autocomplete: "off",
                required: true,
                max_length: Some(NAME_LENGTH),
                unique_in: Some(format!("{}/api/{PLURAL}", frame.base)),
                own: client.map(|client| client.client_id.clone()).unwrap_or_default(),
                ..Field::default()
            },
            grants: grants(&typed.grant_types),
            grant_error: problems.of("grantTypes"),
            redirect_uris: Field {
                id: "redirectUris",
                label: "Redirect URIs",
                hint: "One URL per line, for the authorization code: it is sent to these addresses only."
                    .into(),
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
    fn each_fault_is_told_at_its_field_in_plain_words() {
        for (fault, field, text) in [
            (Fault::new(Code::E4000, ["cid"]).at("cid"), "cid", "Enter a client ID."),
            (
                Fault::new(Code::E5003, ["cid", "demo", "x"]).at("cid"),
                "cid",
                "This client ID is already taken.",
            ),
            (Fault::new(Code::E4002, ["name", "1", "230", "0"]).at("name"), "name", "Enter a name."),
            (Fault::new(Code::E5003, ["code", "A", "x"]).at("code"), "", ""),
        ] {
            let problem = told(&fault);
            assert_eq!(problem.field, field);
            assert!(problem.text.starts_with(text), "{}", problem.text);
        }
    }

    #[test]
    fn a_code_needs_somewhere_to_go() {
        let mut typed = typed("");
        typed.grant_types.push("authorization_code".to_owned());
        assert_eq!(typed.problems().len(), 1);
    }
}
