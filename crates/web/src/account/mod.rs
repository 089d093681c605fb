//! Ways to an account besides its password: recovery, invitations, self-registration, proven addresses, and a
//! new password in place of one that is too old. Asked for by the Web API and by pages alike.

pub(crate) mod invitation;
pub(crate) mod letters;
mod links;
pub(crate) mod new_password;
pub(crate) mod own_password;
pub(crate) mod own_profile;
pub(crate) mod recovery;
pub(crate) mod registration;
pub(crate) mod renewal;
pub(crate) mod verification;

use kibali_metadata::import::ImportReport;
use serde_json::{Map, Value};

/// Where somebody asks for a new password.
pub(crate) const FORGOT: &str = "/forgot-password";
/// Where the link of that message leads.
pub(crate) const RESTORE: &str = "/restore-password";
/// Where the link of an invitation leads.
pub(crate) const INVITATION: &str = "/invitation";
/// Where people register themselves.
pub(crate) const REGISTER: &str = "/register";
/// Where the link leads that shows that an address is read.
pub(crate) const VERIFY: &str = "/verify-email";
/// Where a password is replaced that is too old.
pub(crate) const RENEW: &str = "/renew-password";

/// What somebody says of themselves, the password apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) first_name: String,
    pub(crate) surname: String,
    pub(crate) email: String,
    pub(crate) phone: String,
}

impl Person {
    /// The properties of a user, those that were given.
    fn properties(&self) -> Map<String, Value> {
        let given = [
            ("username", &self.username),
            ("firstName", &self.first_name),
            ("surname", &self.surname),
            ("email", &self.email),
            ("phoneNumber", &self.phone),
        ];
        let given = given.into_iter().filter(|(_, text)| !text.is_empty());
        given.map(|(name, text)| (name.to_owned(), Value::from(text.as_str()))).collect()
    }
}

/// What is wrong with what somebody said: the property and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) property: &'static str,
    pub(crate) text: String,
}

/// The properties a person fills in, and how DHIS2 says that one is wrong (modern reference 5.6).
const PROPERTIES: [(&str, &str); 6] = [
    ("username", "Username is not specified or invalid"),
    ("firstName", "First name is not specified or invalid"),
    ("surname", "Surname is not specified or invalid"),
    ("password", "Password is not specified"),
    ("email", "Email is not specified or invalid"),
    ("phoneNumber", "Phone number is not specified or invalid"),
];

impl Wrong {
    fn missing(property: &'static str) -> Self {
        let known = PROPERTIES.into_iter().find(|(name, _)| *name == property);
        Self { property, text: known.map(|(_, text)| text.to_owned()).unwrap_or_default() }
    }

    /// What the engine found wrong.
    pub(crate) fn all(report: &ImportReport) -> Vec<Self> {
        let told = |error: &kibali_metadata::import::ErrorReport| {
            let at = error.error_property.as_deref();
            let known = PROPERTIES.into_iter().find(|(name, _)| at == Some(*name));
            let (property, text) = known.unwrap_or(("", ""));
            match (error.error_code, error.args.get(1)) {
                ("E4005", Some(why)) => {
                    Self { property, text: format!("The password is not accepted: {why}") }
                }
                ("E4054", _) => Self { property, text: "Username is already taken".to_owned() },
                _ if property.is_empty() => Self { property, text: error.message.clone() },
                _ => Self { property, text: text.to_owned() },
            }
        };
        report.errors().map(told).collect()
    }
}
