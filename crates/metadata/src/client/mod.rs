//! What the registry keeps of a client, and how each of the two dialects writes it.
//!
//! There is one row of a client. DHIS2 up to 2.41 shows lists of it, 2.42 and later texts with commas between and
//! texts that hold JSON. A value has one form for each type that a description gives its property, so that a
//! description alone decides the dialect. What is sent as it is shown changes nothing, even where the form is poorer
//! than the value: an address with a comma in it survives a dialect that parts addresses by commas.

mod settings;

pub use settings::{client_text, token_text};

use kibali_model::{
    Client, ClientAuthentication, ClientProfile, ClientSettings, GrantType, ObjectId, Scope, Scopes,
    Timestamp, TokenSettings, Uid,
};
use serde_json::{Map, Value, json};

use crate::import::{Code, Fault};
use crate::kind::{ClientColumn, Property};

/// The client of DHIS2's own that registers others; nobody else may be called so (modern reference 2.5).
pub const RESERVED: &str = "system-dcr-registrar-client";
/// Clients whose tokens one client may exchange, at most.
pub const MOST_EXCHANGED: usize = 50;

/// A registered client, but its secrets. Names that this Kibali does not know are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The OAuth2 `client_id`.
    pub client_id: String,
    /// The rules it lives under.
    pub profile: ClientProfile,
    /// How it may prove itself, by name.
    pub authentication: Vec<String>,
    /// What it may use, by name, in the order given.
    pub grant_types: Vec<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after logout.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// What it wants of authorization requests.
    pub settings: ClientSettings,
    /// What else its `clientSettings` hold.
    pub more_settings: Map<String, Value>,
    /// How its tokens are made.
    pub tokens: TokenSettings,
    /// What else its `tokenSettings` hold.
    pub more_tokens: Map<String, Value>,
    /// When its secret stops working.
    pub secret_expires: Option<Timestamp>,
    /// May the password grant carry a second factor?
    pub takes_otp: bool,
    /// `client_id`s of the clients whose tokens it may exchange.
    pub exchanges_for: Vec<String>,
    /// Where it is told that a session ended.
    pub logout_uri: Option<String>,
    /// It needs to know which session that was; it is told in any case.
    pub logout_session: bool,
    /// Who bound it to the user it acts as.
    pub bound_by: Option<ObjectId>,
}

impl Default for Registration {
    fn default() -> Self {
        let usual = [ClientAuthentication::SecretBasic, ClientAuthentication::SecretPost];
        Self {
            client_id: String::new(),
            profile: ClientProfile::Legacy,
            authentication: usual.map(|name| name.as_str().to_owned()).into(),
            grant_types: Vec::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            scopes: vec![Scope::All.as_str().to_owned()],
            settings: ClientSettings::default(),
            more_settings: Map::new(),
            tokens: TokenSettings::default(),
            more_tokens: Map::new(),
            secret_expires: None,
            takes_otp: false,
            exchanges_for: Vec::new(),
            logout_uri: None,
            logout_session: false,
            bound_by: None,
        }
    }
}

impl Registration {
    /// May it use this grant?
    #[must_use]
    pub fn grants(&self, grant: GrantType) -> bool {
        self.grant_types.iter().any(|name| name == grant.as_str())
    }

    /// May it prove itself in this way?
    #[must_use]
    pub fn proves_by(&self, by: ClientAuthentication) -> bool {
        self.authentication.iter().any(|name| name == by.as_str())
    }

    /// Is a PKCE challenge asked of it, whatever it wants?
    #[must_use]
    pub fn asks_proof_key(&self) -> bool {
        self.profile.asks_proof_key(self.proves_by(ClientAuthentication::None))
    }

    /// Has it a secret to prove itself with?
    #[must_use]
    pub fn has_secret(&self) -> bool {
        use ClientAuthentication::{SecretBasic, SecretJwt, SecretPost};
        [SecretBasic, SecretPost, SecretJwt].into_iter().any(|by| self.proves_by(by))
    }

    /// May it send people elsewhere than `before`, or ask them for more? Then what they allowed it before no longer
    /// counts (rules of the door 4).
    #[must_use]
    pub fn reaches_further_than(&self, before: &Self) -> bool {
        let more = |now: &[String], before: &[String]| now.iter().any(|one| !before.contains(one));
        more(&self.redirect_uris, &before.redirect_uris) || more(&self.scopes, &before.scopes)
    }

    /// Could whoever changed it so from `before` get what people let the client have: by sending them elsewhere,
    /// asking for more, or proving to be it in another way?
    #[must_use]
    pub fn may_be_taken_over_from(&self, before: &Self) -> bool {
        let settings = |of: &Self| (of.settings.jwks.clone(), of.settings.jwks_uri.clone());
        self.reaches_further_than(before)
            || self.authentication != before.authentication
            || settings(self) != settings(before)
    }

    /// The client as the protocol sees it. What is not known here gives nothing.
    #[must_use]
    pub fn into_client(self, object: ObjectId, uid: Uid, name: String, acts_as: Option<ObjectId>) -> Client {
        let known = self.authentication.iter().filter_map(|name| ClientAuthentication::from_name(name));
        Client {
            object,
            uid,
            name,
            profile: self.profile,
            authentication: known.collect(),
            grant_types: self.grant_types.iter().filter_map(|name| GrantType::from_name(name)).collect(),
            scopes: Scopes::parse(&self.scopes.join(" ")),
            client_id: self.client_id,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            settings: self.settings,
            tokens: self.tokens,
            takes_otp: self.takes_otp,
            exchanges_for: self.exchanges_for.into_iter().collect(),
            acts_as,
            bound_by: self.bound_by,
        }
    }

    fn list(&self, column: ClientColumn) -> Option<&Vec<String>> {
        Some(match column {
            ClientColumn::Authentication => &self.authentication,
            ClientColumn::GrantTypes => &self.grant_types,
            ClientColumn::RedirectUris => &self.redirect_uris,
            ClientColumn::PostLogoutRedirectUris => &self.post_logout_redirect_uris,
            ClientColumn::Scopes => &self.scopes,
            ClientColumn::ExchangesFor => &self.exchanges_for,
            _ => return None,
        })
    }

    fn list_mut(&mut self, column: ClientColumn) -> Option<&mut Vec<String>> {
        Some(match column {
            ClientColumn::Authentication => &mut self.authentication,
            ClientColumn::GrantTypes => &mut self.grant_types,
            ClientColumn::RedirectUris => &mut self.redirect_uris,
            ClientColumn::PostLogoutRedirectUris => &mut self.post_logout_redirect_uris,
            ClientColumn::Scopes => &mut self.scopes,
            ClientColumn::ExchangesFor => &mut self.exchanges_for,
            _ => return None,
        })
    }

    /// The value of a column in the form of the property that shows it.
    #[must_use]
    pub fn value(&self, column: ClientColumn, property: &Property) -> Value {
        if let Some(list) = self.list(column) {
            return match (property.is_collection(), list.is_empty()) {
                (true, _) => json!(list),
                (false, true) => Value::Null,
                (false, false) => json!(list.join(",")),
            };
        }
        match column {
            ClientColumn::ClientId if self.client_id.is_empty() => Value::Null,
            ClientColumn::ClientId => json!(self.client_id),
            ClientColumn::Profile => json!(self.profile.as_str()),
            ClientColumn::Settings => json!(settings::client_text(&self.settings, &self.more_settings)),
            ClientColumn::Tokens => json!(settings::token_text(&self.tokens, &self.more_tokens)),
            ClientColumn::SecretExpires => self.secret_expires.map_or(Value::Null, |at| json!(at.to_dhis2())),
            ClientColumn::TakesOtp => json!(self.takes_otp),
            ClientColumn::LogoutUri => self.logout_uri.as_ref().map_or(Value::Null, |uri| json!(uri)),
            ClientColumn::LogoutSession => json!(self.logout_session),
            _ => Value::Null,
        }
    }

    /// Takes a value of a payload, or none, which puts the column back to what it is at first.
    ///
    /// # Errors
    /// E4000 with an explanation, as DHIS2 refuses clients.
    pub fn take(
        &mut self,
        column: ClientColumn,
        property: &Property,
        value: Option<&Value>,
    ) -> Result<(), Fault> {
        if value.is_some_and(|value| *value == self.value(column, property)) {
            return Ok(());
        }
        let text = value.and_then(Value::as_str).unwrap_or_default();
        if let Some(list) = self.list_mut(column) {
            *list = value.map(names).unwrap_or_default();
            if column == ClientColumn::Scopes {
                // OAuth2 itself parts scopes by spaces.
                *list = list.iter().flat_map(|names| names.split_whitespace()).map(str::to_owned).collect();
            }
            return Ok(());
        }
        let wrong = |why: String| refused(property.name, &format!("Invalid {} JSON: {why}", property.name));
        match column {
            ClientColumn::ClientId => text.clone_into(&mut self.client_id),
            ClientColumn::Profile => {
                self.profile = ClientProfile::from_name(text).unwrap_or(ClientProfile::Legacy);
            }
            ClientColumn::Settings => {
                (self.settings, self.more_settings) = match value {
                    Some(_) => settings::read_client(text).map_err(wrong)?,
                    None => Default::default(),
                };
            }
            ClientColumn::Tokens => {
                (self.tokens, self.more_tokens) = match value {
                    Some(_) => settings::read_token(text).map_err(wrong)?,
                    None => Default::default(),
                };
            }
            ClientColumn::SecretExpires => self.secret_expires = Timestamp::from_dhis2(text),
            ClientColumn::TakesOtp => self.takes_otp = value == Some(&Value::Bool(true)),
            ClientColumn::LogoutUri => {
                self.logout_uri = Some(text.to_owned()).filter(|text| !text.is_empty());
            }
            ClientColumn::LogoutSession => self.logout_session = value == Some(&Value::Bool(true)),
            _ => {}
        }
        Ok(())
    }
}

/// The names of a list, or of a text with commas between them.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(members) => members.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// What DHIS2 refuses a client with: E4000, the explanation in the place of a property's name.
#[must_use]
pub fn refused(property: &str, why: &str) -> Fault {
    Fault::new(Code::E4000, [why]).at(property)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Type;

    fn property(ty: Type) -> Property {
        Property::new("p", ty)
    }

    #[test]
    fn what_is_sent_as_it_is_shown_changes_nothing() {
        let uris = vec!["https://a.example/?x=1,2".to_owned(), "https://b.example".to_owned()];
        let stored = Registration { redirect_uris: uris, ..Registration::default() };
        let text = property(Type::Text);
        let shown = stored.value(ClientColumn::RedirectUris, &text);
        assert_eq!(shown, json!("https://a.example/?x=1,2,https://b.example"));
        let mut next = stored.clone();
        assert_eq!(next.take(ClientColumn::RedirectUris, &text, Some(&shown)), Ok(()));
        assert_eq!(next, stored);
        assert_eq!(
            next.take(ClientColumn::RedirectUris, &text, Some(&json!(" https://c.example , ,x"))),
            Ok(())
        );
        assert_eq!(next.redirect_uris, ["https://c.example", "x"]);
    }

    #[test]
    fn either_form_of_a_list_is_taken() {
        let mut client = Registration::default();
        for (ty, value) in [
            (Type::Text, json!(["password", "refresh_token"])),
            (Type::Collection(Box::new(Type::Text)), json!("password,refresh_token")),
        ] {
            client.grant_types.clear();
            assert_eq!(client.take(ClientColumn::GrantTypes, &property(ty), Some(&value)), Ok(()));
            assert_eq!(client.grant_types, ["password", "refresh_token"]);
        }
    }

    #[test]
    fn an_address_or_a_scope_more_reaches_further() {
        let with = |uri: &str, scope: &str| Registration {
            redirect_uris: vec![uri.to_owned()],
            scopes: vec![scope.to_owned()],
            ..Registration::default()
        };
        let before = with("https://a.example", "openid");
        assert!(!before.reaches_further_than(&before));
        assert!(with("https://b.example", "openid").reaches_further_than(&before));
        assert!(with("https://a.example", "ALL").reaches_further_than(&before));
        assert!(!Registration { scopes: Vec::new(), ..before.clone() }.reaches_further_than(&before));
    }
}
