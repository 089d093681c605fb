//! The form of a client: what was typed, what is missing from it, and the object that it asks for.

use kibali_model::{ClientProfile, GrantType, Timestamp, TokenFormat, TokenSettings};
use serde_json::{Map, Value};

use super::super::parts::Problem;
use super::Registered;
use super::signature::Signature;
use super::wanted::{May, Proof, scopes_of};
use crate::pages::body::Form;

/// What is said of a time that is none.
const SECONDS: &str = "Enter a number of seconds, or nothing.";

/// What was typed. Texts as they came, so that they can be shown again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) client_id: String,
    /// The grant types switched on, by name.
    pub(super) grant_types: Vec<String>,
    /// Redirect URIs, one a line.
    pub(super) redirect_uris: String,
    /// The user it acts as when it works alone.
    pub(super) acts_as: String,
    /// What it may do.
    pub(super) may: May,
    /// The scopes, where none of the usual sets fits.
    pub(super) scopes: String,
    pub(super) proof: Proof,
    pub(super) jwks: String,
    pub(super) jwks_uri: String,
    /// The profile; empty: the one that fits a new client.
    pub(super) profile: String,
    /// People are asked.
    pub(super) consent: bool,
    pub(super) takes_otp: bool,
    /// Addresses after logout, one a line.
    pub(super) post_logout: String,
    /// Where it hears that a session ended.
    pub(super) logout_uri: String,
    pub(super) access_seconds: String,
    pub(super) refresh_seconds: String,
    pub(super) code_seconds: String,
    pub(super) device_code_seconds: String,
    /// The form of access tokens; empty: that of the endpoint.
    pub(super) format: String,
    /// A refresh token is replaced when it is used.
    pub(super) rotate: bool,
    /// What its tokens are signed with, and what its assertions are.
    pub(super) signature: Signature,
    pub(super) assertion: Signature,
    /// The clients whose tokens it may exchange, one a line.
    pub(super) exchanges_for: String,
    /// When its secret stops working; empty: never.
    pub(super) secret_expires: String,
}

impl Typed {
    /// Reads the form.
    pub(super) fn read(form: &Form) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            name: text("name"),
            client_id: text("cid"),
            grant_types: form.all("grantTypes").map(str::to_owned).collect(),
            redirect_uris: form.text("redirectUris").to_owned(),
            acts_as: text("actsAs"),
            may: May::from_name(form.text("may")).unwrap_or_default(),
            scopes: text("scopes"),
            proof: Proof::from_name(form.text("proof")).unwrap_or_default(),
            jwks: text("jwks"),
            jwks_uri: text("jwksUri"),
            profile: text("profile"),
            consent: form.text("consent") == "on",
            takes_otp: form.text("takesOtp") == "on",
            post_logout: form.text("postLogoutRedirectUris").to_owned(),
            logout_uri: text("backchannelLogoutUri"),
            access_seconds: text("accessSeconds"),
            refresh_seconds: text("refreshSeconds"),
            format: text("format"),
            rotate: form.text("rotate") == "on",
            code_seconds: text("codeSeconds"),
            device_code_seconds: text("deviceCodeSeconds"),
            signature: Signature::from_name(form.text("signature")),
            assertion: Signature::from_name(form.text("assertion")),
            exchanges_for: form.text("exchangesFor").to_owned(),
            secret_expires: text("secretExpires"),
        }
    }

    /// The empty form, with the grant types of most applications.
    pub(super) fn for_new() -> Self {
        let usual = [GrantType::Password, GrantType::RefreshToken];
        let grant_types = usual.map(|grant| grant.as_str().to_owned()).into();
        Self { grant_types, consent: true, ..Self::default() }
    }

    /// The form of a client as it is registered.
    pub(super) fn of(client: &Registered) -> Self {
        let registered = &client.registration;
        let seconds = |seconds: Option<i64>| seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
        Self {
            name: client.name.clone(),
            client_id: registered.client_id.clone(),
            grant_types: registered.grant_types.clone(),
            redirect_uris: registered.redirect_uris.join("\n"),
            acts_as: client.acts_as.clone().unwrap_or_default(),
            may: May::of(registered),
            scopes: registered.scopes.join(" "),
            proof: Proof::of(registered),
            jwks: registered.settings.jwks.clone().unwrap_or_default(),
            jwks_uri: registered.settings.jwks_uri.clone().unwrap_or_default(),
            profile: registered.profile.as_str().to_owned(),
            consent: registered.settings.require_consent,
            takes_otp: registered.takes_otp,
            post_logout: registered.post_logout_redirect_uris.join("\n"),
            logout_uri: registered.logout_uri.clone().unwrap_or_default(),
            access_seconds: seconds(registered.tokens.access_seconds),
            refresh_seconds: seconds(registered.tokens.refresh_seconds),
            format: registered.tokens.format.map(TokenFormat::as_str).unwrap_or_default().to_owned(),
            rotate: !registered.tokens.reuse_refresh_tokens,
            code_seconds: seconds(registered.tokens.code_seconds),
            device_code_seconds: seconds(registered.tokens.device_code_seconds),
            signature: Signature::of_tokens(registered.tokens.algorithm.as_deref()),
            assertion: Signature::of_assertions(registered.settings.assertion_algorithm.as_deref()),
            exchanges_for: registered.exchanges_for.join("\n"),
            secret_expires: registered.secret_expires.map(written).unwrap_or_default(),
        }
    }

    /// Is this grant switched on?
    pub(super) fn grants(&self, grant: GrantType) -> bool {
        self.grant_types.iter().any(|name| name == grant.as_str())
    }

    /// What is missing from the form; what a client may be is for the metadata engine to say, to which an
    /// empty field of a client that exists is no change.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let whole = |text: &str| text.is_empty() || text.parse::<u32>().is_ok_and(|seconds| seconds > 0);
        let exchanges = self.grants(GrantType::TokenExchange);
        let wrong = [
            (self.name.is_empty(), "name", "Enter a name."),
            (self.client_id.is_empty(), "cid", "Enter a client ID."),
            (
                self.grants(GrantType::AuthorizationCode) && lines(&self.redirect_uris).is_empty(),
                "redirectUris",
                "Enter a redirect URI: the authorization code is sent there.",
            ),
            (
                self.grants(GrantType::ClientCredentials) && self.acts_as.is_empty(),
                "actsAs",
                "Enter the user name of the user it works as.",
            ),
            (
                exchanges && lines(&self.exchanges_for).is_empty(),
                "exchangesFor",
                "Enter a client ID: the token exchange is for tokens of these clients only.",
            ),
            (
                exchanges && self.proof == Proof::Nothing,
                "proof",
                "Choose another proof: only a client that proves itself exchanges tokens.",
            ),
            (
                !self.assertion.fits(self.proof, &self.profile),
                "assertion",
                "Choose another algorithm: with how it proves itself and the rules for it, this one proves nothing.",
            ),
            (!whole(&self.access_seconds), "accessSeconds", SECONDS),
            (!whole(&self.refresh_seconds), "refreshSeconds", SECONDS),
            (!whole(&self.code_seconds), "codeSeconds", SECONDS),
            (!whole(&self.device_code_seconds), "deviceCodeSeconds", SECONDS),
            (
                !self.secret_expires.is_empty() && Timestamp::from_dhis2(&self.secret_expires).is_none(),
                "secretExpires",
                "Enter a day, like 2027-01-31, or nothing.",
            ),
        ];
        let wrong = wrong.into_iter().filter(|(is_wrong, ..)| *is_wrong);
        wrong.map(|(_, field, text)| Problem { field, text: text.to_owned() }).collect()
    }

    /// The object for the metadata engine, in the modern dialect: what `stored` holds, and over it what was typed.
    /// `user` is the one it acts as.
    pub(super) fn object(
        &self,
        stored: Option<(&Map<String, Value>, &Registered)>,
        user: Option<&str>,
    ) -> Map<String, Value> {
        let mut object = stored.map(|(object, _)| object.clone()).unwrap_or_default();
        let registered = stored.map(|(_, client)| client.registration.clone()).unwrap_or_default();
        let mut put = |name: &str, value: Value| {
            object.insert(name.to_owned(), value);
        };
        put("name", self.name.as_str().into());
        put("clientId", self.client_id.as_str().into());
        put("authorizationGrantTypes", self.grant_types.iter().map(String::as_str).collect());
        put("redirectUris", lines(&self.redirect_uris).into_iter().collect());
        put("postLogoutRedirectUris", lines(&self.post_logout).into_iter().collect());
        // What was chosen before stays as it was spelt: a client of 2.41 that may do everything goes on asking for ALL.
        let is_as_before = stored.is_some_and(|(_, client)| {
            let registered = &client.registration;
            May::of(registered) == self.may && registered.grant_types == self.grant_types
        });
        if !is_as_before || self.may == May::Scopes {
            put("scopes", scopes_of(self).into());
        }
        if let Some(methods) = self.proof.methods() {
            put("clientAuthenticationMethods", methods.iter().map(|by| by.as_str()).collect());
        }
        put("takesOtp", self.takes_otp.into());
        put("backchannelLogoutUri", Some(self.logout_uri.as_str()).filter(|uri| !uri.is_empty()).into());
        put("exchangesFor", lines(&self.exchanges_for).into_iter().collect());
        let expires = Timestamp::from_dhis2(&self.secret_expires);
        put("clientSecretExpiresAt", expires.map(Timestamp::to_dhis2).into());
        put("actsAs", user.map_or(Value::Null, |user| serde_json::json!({ "id": user })));
        if !self.profile.is_empty() {
            put("profile", self.profile.as_str().into());
        }
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut settings = registered.settings;
        settings.require_consent = self.consent;
        settings.jwks = text(&self.jwks);
        settings.jwks_uri = text(&self.jwks_uri);
        self.assertion.write(&mut settings.assertion_algorithm);
        // Whether PKCE is asked for is the profile's to say; one that it was asked of by hand goes on.
        settings.require_proof_key |= match self.profile.as_str() {
            "" => !self.grants(GrantType::Password),
            profile => ClientProfile::from_name(profile).is_some_and(|profile| profile.rules().proof_key),
        };
        put(
            "clientSettings",
            kibali_metadata::client::client_text(&settings, &registered.more_settings).into(),
        );
        let mut tokens = registered.tokens;
        let is_public = self.proof == Proof::Nothing;
        let as_made = stored.is_none() && is_public && !self.rotate && self.refresh_seconds.is_empty();
        tokens.access_seconds = self.access_seconds.parse().ok();
        tokens.refresh_seconds = self.refresh_seconds.parse().ok();
        tokens.format = TokenFormat::from_name(&self.format);
        tokens.reuse_refresh_tokens = !self.rotate;
        tokens.code_seconds = self.code_seconds.parse().ok();
        tokens.device_code_seconds = self.device_code_seconds.parse().ok();
        self.signature.write(&mut tokens.algorithm);
        // A new public client that nobody decided otherwise for is made as the registry makes them.
        if !as_made || tokens != TokenSettings::default() {
            put(
                "tokenSettings",
                kibali_metadata::client::token_text(&tokens, &registered.more_tokens).into(),
            );
        }
        object
    }
}

/// The lines of a field that holds several, without blank ones.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// A time as the form shows it, to the millisecond: a day, where it begins one.
fn written(at: Timestamp) -> String {
    let text = at.to_dhis2();
    text.strip_suffix("T00:00:00.000").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_needs_somewhere_to_go_and_a_robot_somebody_to_be() {
        let typed = |grant: &str| Typed {
            name: "App".to_owned(),
            client_id: "app".to_owned(),
            grant_types: vec![grant.to_owned()],
            ..Typed::for_new()
        };
        assert_eq!(typed("authorization_code").problems().len(), 1);
        assert_eq!(typed("client_credentials").problems().len(), 1);
        assert_eq!(typed("password").problems(), []);
    }
}
