//! `oAuth2Client`: a registered application, in the dialect of DHIS2 up to 2.41.
//!
//! The secret is taken and never shown (rules of the door 6); DHIS2 2.41 shows it to managers. Where DHIS2 wants
//! 36 characters, any 16 to 512 do: people make secrets too, and shorter ones can be guessed.

use super::common::{self, Parts, list};
use crate::kind::{ClientColumn, Kind, KindAuthorities, Property, Rule, Storage, Type};

const MANAGE: &[&str] = &["F_OAUTH2_CLIENT_MANAGE"];

pub(super) fn kind() -> Kind {
    let parts = Parts { sharing: false, translations: false, attributes: false };
    let mut properties = common::identifiable(common::name().unique().untranslated(), parts);
    let at = |name, ty, column| Property::new(name, ty).at(Storage::Client(column));
    properties.extend([
        at("cid", Type::Identifier, ClientColumn::ClientId).required().min(1.0).max(230.0).unique(),
        Property::new("secret", Type::Text).at(Storage::Secret).write_only().min(16.0).max(512.0),
        at("grantTypes", list(Type::Text), ClientColumn::GrantTypes).ordered(),
        at("redirectUris", list(Type::Text), ClientColumn::RedirectUris).ordered(),
    ]);
    Kind {
        singular: "oAuth2Client",
        plural: "oAuth2Clients",
        display_name: "OAuth2 Client",
        klass: "org.hisp.dhis.security.oauth2.OAuth2Client",
        order: 1030,
        authorities: KindAuthorities {
            read: MANAGE,
            create: MANAGE,
            delete: MANAGE,
            ..KindAuthorities::default()
        },
        properties,
        rules: vec![Rule::ClientRules],
        ..Kind::default()
    }
}
