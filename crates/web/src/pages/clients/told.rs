//! What is wrong with a client, in the words of the page and at its fields.

use kibali_metadata::import::{Code, Fault};

use super::super::parts::Problem;

/// The fields that may be wrong, in the order of the page.
const ORDER: [&str; 20] = [
    "name",
    "cid",
    "grantTypes",
    "redirectUris",
    "actsAs",
    "exchangesFor",
    "proof",
    "jwks",
    "jwksUri",
    "profile",
    "scopes",
    "postLogoutRedirectUris",
    "backchannelLogoutUri",
    "accessSeconds",
    "refreshSeconds",
    "codeSeconds",
    "deviceCodeSeconds",
    "secretExpires",
    "signature",
    "assertion",
];

/// Where the page shows what the engine says of a property.
const FIELDS: [(&str, &str, &str); 14] = [
    ("name", "name", "name"),
    ("clientId", "cid", "client ID"),
    ("authorizationGrantTypes", "grantTypes", ""),
    ("redirectUris", "redirectUris", ""),
    ("actsAs", "actsAs", ""),
    ("scopes", "scopes", ""),
    ("clientAuthenticationMethods", "proof", ""),
    ("clientSettings", "jwks", ""),
    ("tokenSettings", "accessSeconds", ""),
    ("postLogoutRedirectUris", "postLogoutRedirectUris", ""),
    ("backchannelLogoutUri", "backchannelLogoutUri", ""),
    ("profile", "profile", ""),
    ("exchangesFor", "exchangesFor", ""),
    ("clientSecretExpiresAt", "secretExpires", ""),
];

/// Which place a field has on the page.
pub(super) fn place_of(field: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == field)
}

/// What the engine found wrong, in the words of the page and at its field.
pub(super) fn told(fault: &Fault) -> Problem {
    let at = fault.property.as_deref();
    let found = FIELDS.into_iter().find(|(property, ..)| at == Some(property));
    let (property, field, label) = found.unwrap_or_default();
    let arg = |number: usize| fault.args.get(number).map(String::as_str).unwrap_or_default();
    let text = match (fault.code, field) {
        (Code::E4000, "name" | "cid") if arg(0) == property => format!("Enter a {label}."),
        // What DHIS2 refuses clients with: a sentence in the place of a property's name.
        (Code::E4000, _) => arg(0).to_owned(),
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
        (Code::E4007, "redirectUris" | "postLogoutRedirectUris") => {
            format!("A client has at most {} of these addresses.", arg(2))
        }
        (Code::E4007, "exchangesFor") => format!("Enter {} client IDs at most.", arg(2)),
        (Code::E3020, "actsAs") => {
            "This client acts, or would act, as a user who may do what you may not: only somebody with all \
             authorities of that user may change it."
                .to_owned()
        }
        _ => fault.message(),
    };
    Problem { field, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_at_its_field_in_plain_words() {
        for (fault, field, text) in [
            (Fault::new(Code::E4000, ["clientId"]).at("clientId"), "cid", "Enter a client ID."),
            (Fault::new(Code::E4000, ["Only so."]).at("authorizationGrantTypes"), "grantTypes", "Only so."),
            (
                Fault::new(Code::E5003, ["clientId", "demo", "x"]).at("clientId"),
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
}
