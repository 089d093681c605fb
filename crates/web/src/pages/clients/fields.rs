//! The form of a client as it stands on a page: three questions, and the rest folded away.

use askama::Template;
use askama::filters::HtmlSafe;
use kibali_model::{ClientProfile, GrantType, TokenFormat};

use super::super::frame::Frame;
use super::super::parts::{Choice, Field, Problem, Problems, Select};
use super::form::Typed;
use super::wanted::May;
use super::{CLIENTS, PLURAL, Registered};

/// Characters that the fields of name and client ID take (legacy reference 2.1).
const NAME_LENGTH: usize = 230;

/// The fields under *More*, and those under *Lifetimes and signatures*.
const MORE: [&str; 8] = [
    "exchangesFor",
    "scopes",
    "proof",
    "jwks",
    "jwksUri",
    "profile",
    "postLogoutRedirectUris",
    "backchannelLogoutUri",
];
const RARE: [&str; 6] =
    ["accessSeconds", "refreshSeconds", "codeSeconds", "deviceCodeSeconds", "secretExpires", "assertion"];

/// A grant type as the pages show it.
#[derive(Debug)]
pub(super) struct Grant {
    /// Name on the wire.
    pub(super) name: &'static str,
    /// `id` of its control.
    pub(super) id: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What it is for.
    pub(super) hint: &'static str,
    /// Is it switched on?
    pub(super) on: bool,
}

impl Grant {
    fn of(grant: GrantType, names: &[String]) -> Self {
        let (id, label, hint) = match grant {
            GrantType::Password => {
                ("password", "Password", "The application asks for user name and password itself.")
            }
            GrantType::RefreshToken => {
                ("refresh_token", "Refresh token", "A token can be renewed without asking again.")
            }
            GrantType::AuthorizationCode => (
                "authorization_code",
                "Authorization code",
                "People sign in here and are sent back to the application.",
            ),
            GrantType::ClientCredentials => (
                "client_credentials",
                "Client credentials",
                "There is no person: it works alone, as one user.",
            ),
            GrantType::DeviceCode => (
                "device_code",
                "Device code",
                "It is a device without a browser; people allow it on another.",
            ),
            GrantType::TokenExchange => {
                ("token_exchange", "Token exchange", "It gets narrower tokens for tokens of others.")
            }
        };
        let on = names.iter().any(|name| name == grant.as_str());
        Self { name: grant.as_str(), id, label, hint, on }
    }
}

/// The grant types of DHIS2 2.41, switched on where `names` has them: the columns of the list.
pub(super) fn grants(names: &[String]) -> Vec<Grant> {
    GrantType::LEGACY.iter().map(|grant| Grant::of(*grant, names)).collect()
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
    /// The grants most people choose from, and those under *More*.
    grants: Vec<Grant>,
    more_grants: Vec<Grant>,
    grant_error: Option<String>,
    redirect_uris: Field,
    acts_as: Field,
    may: Vec<Choice>,
    exchanges_for: Field,
    /// Something under *More* is wrong, or not as usual.
    open: bool,
    /// Something under *Lifetimes and signatures* is wrong.
    open_rare: bool,
    scopes: Field,
    proof: Select,
    jwks: Field,
    jwks_uri: Field,
    profile: Select,
    consent: bool,
    takes_otp: bool,
    rotate: bool,
    post_logout: Field,
    logout_uri: Field,
    access_seconds: Field,
    refresh_seconds: Field,
    code_seconds: Field,
    device_code_seconds: Field,
    secret_expires: Field,
    format: Select,
    signature: Select,
    assertion: Select,
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
        let wrong = |fields: &[&str]| problems.iter().any(|problem| fields.contains(&problem.field));
        let (open, open_rare) = (wrong(&MORE) || typed.may == May::Scopes, wrong(&RARE));
        let problems = Problems::new(problems);
        let field = |id: &'static str, label: &'static str, hint: &'static str, value: &str| Field {
            hint: hint.into(),
            autocomplete: "off",
            ..problems.field(id, label, value)
        };
        let select = |id: &'static str, label, choices| Select { id, label, choices, error: problems.of(id) };
        let seconds = |id, label, value| field(id, label, "", value);
        let several = |field: Field| Field { multiline: true, ..field };
        let rare = |grant: &GrantType| matches!(grant, GrantType::DeviceCode | GrantType::TokenExchange);
        let (more_grants, usual_grants): (Vec<_>, Vec<_>) = GrantType::EVERY.iter().copied().partition(rare);
        let all = |grants: Vec<GrantType>| {
            grants.into_iter().map(|grant| Grant::of(grant, &typed.grant_types)).collect()
        };
        Self {
            frame,
            action,
            is_new: client.is_none(),
            name: Field {
                required: true,
                max_length: Some(NAME_LENGTH),
                ..field(
                    "name",
                    "Name",
                    "People see it when they are asked to authorize the application.",
                    &typed.name,
                )
            },
            client_id: Field {
                required: true,
                max_length: Some(NAME_LENGTH),
                // The script asks in the words of 2.41, whatever version the installation speaks as.
                unique_in: Some(format!("{}/api/41/{PLURAL}", frame.base)),
                own: client.map(|client| client.registration.client_id.clone()).unwrap_or_default(),
                ..field(
                    "cid",
                    "Client ID",
                    "What the application calls itself when it asks for a token.",
                    &typed.client_id,
                )
            },
            grants: all(usual_grants),
            more_grants: all(more_grants),
            grant_error: problems.of("grantTypes"),
            redirect_uris: several(field(
                "redirectUris",
                "Redirect URIs",
                "One URL per line, for the authorization code: it is sent to these addresses only.",
                &typed.redirect_uris,
            )),
            acts_as: field(
                "actsAs",
                "Works as the user",
                "For client credentials: the user name whose rights it has. Leave it empty otherwise.",
                &typed.acts_as,
            ),
            may: May::EVERY
                .into_iter()
                .map(|may| Choice { value: may.as_str(), label: may.label(), on: may == typed.may })
                .collect(),
            exchanges_for: several(field(
                "exchangesFor",
                "Client IDs whose tokens it may exchange",
                "One per line, for the token exchange: it gets tokens for tokens of these clients only.",
                &typed.exchanges_for,
            )),
            open,
            open_rare,
            scopes: field(
                "scopes",
                "Scopes",
                "With spaces between: ALL, username, api:read, openid, profile, email.",
                &typed.scopes,
            ),
            proof: select("proof", "It proves itself", typed.proof.choices()),
            jwks: several(field(
                "jwks",
                "Public keys",
                "A JWK set, for a client with keys of its own.",
                &typed.jwks,
            )),
            jwks_uri: field(
                "jwksUri",
                "Address of its public keys",
                "Instead of the set; https only.",
                &typed.jwks_uri,
            ),
            profile: select("profile", "Rules for it", profiles(client.is_none(), &typed.profile)),
            consent: typed.consent,
            takes_otp: typed.takes_otp,
            rotate: typed.rotate,
            post_logout: several(field(
                "postLogoutRedirectUris",
                "Addresses after sign-out",
                "One URL per line.",
                &typed.post_logout,
            )),
            logout_uri: field(
                "backchannelLogoutUri",
                "Address that is told of sign-outs",
                "When somebody signs out here, or is signed out, this server calls it; https only.",
                &typed.logout_uri,
            ),
            access_seconds: seconds("accessSeconds", "Access tokens live, in seconds", &typed.access_seconds),
            refresh_seconds: seconds(
                "refreshSeconds",
                "Refresh tokens live, in seconds",
                &typed.refresh_seconds,
            ),
            code_seconds: seconds("codeSeconds", "Codes live, in seconds", &typed.code_seconds),
            device_code_seconds: seconds(
                "deviceCodeSeconds",
                "Codes of devices live, in seconds",
                &typed.device_code_seconds,
            ),
            secret_expires: field(
                "secretExpires",
                "Its secret works until",
                "A day, like 2027-01-31, by UTC. Empty: until there is a new one.",
                &typed.secret_expires,
            ),
            format: select("format", "Form of access tokens", formats(&typed.format)),
            signature: select("signature", "Tokens are signed with", typed.signature.for_tokens()),
            assertion: select("assertion", "It signs its own proof with", typed.assertion.for_assertions()),
            problems,
        }
    }
}

fn formats(chosen: &str) -> Vec<Choice> {
    let known = [
        ("", "As is usual where they are asked for"),
        (TokenFormat::Jwt.as_str(), "JWT"),
        (TokenFormat::Opaque.as_str(), "Opaque"),
    ];
    known.into_iter().map(|(value, label)| Choice { value, label, on: value == chosen }).collect()
}

fn profiles(is_new: bool, chosen: &str) -> Vec<Choice> {
    let known = ClientProfile::EVERY.iter().map(|profile| {
        let label = match profile {
            ClientProfile::Legacy => "As in DHIS2 2.41: PKCE where it is sent",
            ClientProfile::Standard => "PKCE always",
            ClientProfile::Fapi2 => "FAPI 2.0",
        };
        (profile.as_str(), label)
    });
    let fits = is_new.then_some(("", "What fits the grant types"));
    let choice = |(value, label)| Choice { value, label, on: value == chosen };
    fits.into_iter().chain(known).map(choice).collect()
}
