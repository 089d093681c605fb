//! `oAuth2Client`: a registered application, in the dialects of DHIS2 up to 2.41 and from 2.42.
//!
//! One row, two descriptions. Each takes the names of the other as well, and keeps what it has no name for. The secret
//! is taken and never shown (rules of the door 6); DHIS2 shows it to managers. Where DHIS2 2.41 wants 36 characters,
//! any 16 to 512 do: people make secrets too, and shorter ones can be guessed.

use kibali_model::ClientProfile;

use super::common::{self, Parts, list};
use super::edges;
use crate::kind::{
    ClientColumn as Client, Computed, Kind, KindAuthorities, OnDelete, Property, Rule, Storage, Type,
};

const MANAGE: &[&str] = &["F_OAUTH2_CLIENT_MANAGE"];
const PROFILES: &[&str] =
    &[ClientProfile::Legacy.as_str(), ClientProfile::Standard.as_str(), ClientProfile::Fapi2.as_str()];

/// As DHIS2 2.41 describes it.
pub(super) fn kind() -> Kind {
    let named = common::name().unique().untranslated();
    let mut properties = common::identifiable(named, PARTS);
    properties.extend([
        id_at("cid").also(&["clientId"]),
        secret("secret").also(&["clientSecret"]),
        at("grantTypes", list(Type::Text), Client::GrantTypes).ordered().also(&["authorizationGrantTypes"]),
        at("redirectUris", list(Type::Text), Client::RedirectUris).ordered(),
    ]);
    properties.extend(own("\"legacy\""));
    // What 2.41 has no word for.
    properties.extend(of_42().map(Property::foreign));
    described("org.hisp.dhis.security.oauth2.OAuth2Client", properties)
}

/// As DHIS2 2.42 and later describe it.
fn modern() -> Kind {
    // Where it is not sent, the client is called by its id.
    let named = Property { required: false, ..common::name().unique().untranslated().kept() };
    let mut properties = common::identifiable(named, PARTS);
    properties.extend([
        id_at("clientId").also(&["cid"]),
        secret("clientSecret").also(&["secret"]),
        Property::computed("clientIdIssuedAt", Type::Date, Computed::Alias("created")),
        at("authorizationGrantTypes", Type::Text, Client::GrantTypes).also(&["grantTypes"]),
        at("redirectUris", Type::Text, Client::RedirectUris),
    ]);
    properties.extend(of_42());
    properties.extend(own("\"standard\""));
    described("org.hisp.dhis.security.oauth2.client.Dhis2OAuth2Client", properties)
}

const PARTS: Parts = Parts { sharing: false, translations: false, attributes: false };

fn at(name: &'static str, ty: Type, column: Client) -> Property {
    Property::new(name, ty).at(Storage::Client(column))
}

fn id_at(name: &'static str) -> Property {
    at(name, Type::Identifier, Client::ClientId).required().min(1.0).max(230.0).unique().keyed("cid")
}

fn secret(name: &'static str) -> Property {
    Property::new(name, Type::Text).at(Storage::Secret).write_only().min(16.0).max(512.0)
}

/// What DHIS2 2.42 has beside the properties of 2.41.
fn of_42() -> [Property; 6] {
    [
        at("clientSecretExpiresAt", Type::Date, Client::SecretExpires),
        at("clientAuthenticationMethods", Type::Text, Client::Authentication)
            .default("\"client_secret_basic,client_secret_post\""),
        at("postLogoutRedirectUris", Type::Text, Client::PostLogoutRedirectUris),
        at("scopes", Type::Text, Client::Scopes),
        at("clientSettings", Type::Text, Client::Settings),
        at("tokenSettings", Type::Text, Client::Tokens),
    ]
}

/// What Kibali has beside both. DHIS2's own words for a client stay enough to replace one.
fn own(profile: &'static str) -> [Property; 6] {
    [
        at("profile", Type::Constant(PROFILES), Client::Profile).default(profile).kept(),
        at("takesOtp", Type::Boolean, Client::TakesOtp).default("false").kept(),
        at("exchangesFor", list(Type::Text), Client::ExchangesFor).ordered().kept(),
        at("backchannelLogoutUri", Type::Text, Client::LogoutUri).kept(),
        at("backchannelLogoutSessionRequired", Type::Boolean, Client::LogoutSession).default("false").kept(),
        Property::reference("actsAs", "user", edges::CLIENT_ACTS_AS, OnDelete::Unlink).kept(),
    ]
}

fn described(klass: &'static str, properties: Vec<Property>) -> Kind {
    Kind {
        singular: "oAuth2Client",
        plural: "oAuth2Clients",
        display_name: "OAuth2 Client",
        klass,
        order: 1030,
        authorities: KindAuthorities {
            read: MANAGE,
            create: MANAGE,
            delete: MANAGE,
            ..KindAuthorities::default()
        },
        properties,
        rules: vec![Rule::ClientRules],
        modern: Some(modern),
        ..Kind::default()
    }
}
