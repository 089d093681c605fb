//! `user`: a person with an account.
//!
//! The account's own columns live in a side table, and its password never comes near a document. A
//! payload's `settings` are not taken: they have an address of their own, `/api/userSettings`.

use super::common::{self, Parts, flag, list, text};
use super::edges;
use crate::kind::{
    AccountColumn, Computed, Kind, KindAuthorities, OnDelete, Property, Rule, Storage, Type, Writes,
};

pub(super) fn kind() -> Kind {
    let name = Property::computed("name", Type::Text, Computed::FullName);
    let parts = Parts { sharing: false, translations: false, attributes: true };
    let mut properties = common::identifiable(name, parts);
    properties.extend(account());
    properties.extend(person());
    properties.extend(relations());
    // The block in which older payloads put account properties: a view of the same user, in and out.
    properties.push(
        Property::new("userCredentials", Type::Complex(Vec::new()))
            .at(Storage::Computed(Computed::UserCredentials))
            .not_owned()
            .not_persisted(),
    );
    Kind {
        singular: "user",
        plural: "users",
        display_name: "User",
        klass: "org.hisp.dhis.user.User",
        order: 101,
        authorities: KindAuthorities {
            read: &["F_USER_VIEW"],
            create: &["F_USER_ADD", "F_USER_ADD_WITHIN_MANAGED_GROUP"],
            delete: &["F_USER_DELETE", "F_USER_DELETE_WITHIN_MANAGED_GROUP"],
            ..KindAuthorities::default()
        },
        properties,
        rules: vec![Rule::UserRules],
        ..Kind::default()
    }
}

fn account() -> Vec<Property> {
    let at = |name, ty, column| Property::new(name, ty).at(Storage::Account(column));
    vec![
        at("username", Type::Text, AccountColumn::Username).required().max(255.0).unique().immutable(),
        // Its length is a system setting, checked by the password policy.
        Property::new("password", Type::Password).at(Storage::Secret).write_only(),
        text("openId"),
        text("ldapId").unique(),
        at("externalAuth", Type::Boolean, AccountColumn::ExternalAuth).default("false"),
        at("disabled", Type::Boolean, AccountColumn::Disabled).default("false"),
        at("accountExpiry", Type::Date, AccountColumn::Expiry),
        flag("invitation"),
        flag("selfRegistered"),
        at("twoFactorEnabled", Type::Boolean, AccountColumn::TwoFactor).read_only(),
        at("twoFA", Type::Boolean, AccountColumn::TwoFactor).read_only(),
        at("twoFactorType", Type::Constant(TWO_FACTOR_TYPES), AccountColumn::TwoFactorType).read_only(),
        at("lastLogin", Type::Date, AccountColumn::LastLogin).read_only(),
        at("passwordLastUpdated", Type::Date, AccountColumn::PasswordUpdated).read_only(),
    ]
}

const TWO_FACTOR_TYPES: &[&str] =
    &["NOT_ENABLED", "ENROLLING_TOTP", "TOTP_ENABLED", "ENROLLING_EMAIL", "EMAIL_ENABLED"];

fn person() -> Vec<Property> {
    vec![
        text("firstName").required().min(1.0).max(160.0),
        text("surname").required().min(1.0).max(160.0),
        Property::new("email", Type::Email).max(160.0),
        text("phoneNumber").max(80.0),
        text("jobTitle").max(160.0),
        text("introduction"),
        text("gender").max(50.0),
        Property::new("birthday", Type::Date),
        text("nationality").max(160.0),
        text("employer").max(160.0),
        text("education"),
        text("interests"),
        text("languages"),
        text("welcomeMessage"),
        Property::new("lastCheckedInterpretations", Type::Date),
        text("whatsApp").max(255.0),
        text("facebookMessenger").max(255.0),
        text("skype").max(255.0),
        text("telegram").max(255.0),
        text("twitter").max(255.0),
        Property::new("avatar", Type::Reference("fileResource")),
        Property::new("dataViewMaxOrganisationUnitLevel", Type::Integer),
    ]
}

fn relations() -> Vec<Property> {
    let units = |name, edge| Property::references(name, "organisationUnit", edge, OnDelete::Unlink);
    vec![
        Property::references("userRoles", "userRole", edges::USER_ROLES, OnDelete::Veto).required(),
        Property::inverse("userGroups", "userGroup", edges::USER_GROUP_USERS)
            .field("groups")
            .writes(Writes::Always),
        units("organisationUnits", edges::USER_UNITS),
        units("dataViewOrganisationUnits", edges::USER_DATA_VIEW_UNITS),
        units("teiSearchOrganisationUnits", edges::USER_SEARCH_UNITS),
        Property::references(
            "catDimensionConstraints",
            "category",
            edges::USER_CATEGORY_CONSTRAINTS,
            OnDelete::Unlink,
        ),
        Property::new("cogsDimensionConstraints", list(Type::Reference("categoryOptionGroupSet"))),
    ]
}
