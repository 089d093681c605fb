//! New tokens and the grants they hang on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kibali_crypto::{Secret, half_hash, new_token, sha256};
use kibali_model::{GrantType, ObjectId, Scopes, SignIn, SigningAlgorithm, Timestamp, TokenFormat};
use kibali_oauth::claims::{self, Bound, Issue, Subject};
use kibali_oauth::{ID_TOKEN_SECONDS, Lifetimes, algorithm, format};
use kibali_store::door::accounts::{Account, Contact};
use kibali_store::door::grants::NewGrant;
use kibali_store::door::tokens::{NewToken, NewTokens};

use serde_json::{Map, Value};

use super::Asking;
use super::answer::TokenAnswer;
use crate::Refusal;
use crate::identity::{SignedIn, known};

/// What is to be minted, and for whom.
pub(super) struct Order<'a> {
    /// Whose tokens they are.
    pub(super) whose: Whose<'a>,
    /// What the access token opens.
    pub(super) scopes: Scopes,
    /// How the user signed in.
    pub(super) sign_in: SignIn,
    /// Repeated in the ID token.
    pub(super) nonce: Option<String>,
    /// What the access token is for (RFC 8707).
    pub(super) resource: Option<String>,
    /// Who acts for the user (RFC 8693 section 4.1).
    pub(super) act: Option<Value>,
    /// When the access token stops working, at the latest.
    pub(super) ends: Option<Timestamp>,
    /// A refresh token goes with it, where the client may use one.
    pub(super) refreshable: bool,
}

/// A user, with the version of their account that a decision rests on.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) user: ObjectId,
    pub(super) username: &'a str,
    pub(super) credential_version: i64,
}

impl<'a> From<&'a Account> for Whose<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            user: account.user,
            username: &account.username,
            credential_version: account.credential_version,
        }
    }
}

impl<'a> From<&'a SignedIn> for Whose<'a> {
    fn from(who: &'a SignedIn) -> Self {
        Self { user: who.user, username: &who.username, credential_version: who.credential_version }
    }
}

impl Asking<'_> {
    /// Tokens with these scopes for the resource asked for, obtained without a browser, bound to the key that the
    /// client holds.
    pub(super) fn order<'a>(&self, whose: impl Into<Whose<'a>>, scopes: Scopes) -> Order<'a> {
        Order {
            whose: whose.into(),
            scopes,
            sign_in: SignIn::default(),
            nonce: None,
            resource: self.resource.map(str::to_owned),
            act: None,
            ends: None,
            refreshable: true,
        }
    }

    /// What was granted, as far as the client may still ask for it.
    pub(super) fn still(&self, granted: &Scopes) -> Scopes {
        granted.intersection(&self.client.scopes)
    }

    /// A grant to this client, obtained just now.
    pub(super) fn grant(&self, grant_type: GrantType, order: &Order<'_>) -> NewGrant {
        NewGrant {
            id: self.app.new_object_id().0,
            user: order.whose.user,
            client: self.client.object,
            grant_type,
            scopes: order.scopes.clone(),
            address: self.address.to_string(),
            credential_version: order.whose.credential_version,
            sign_in: order.sign_in.clone(),
            resource: order.resource.clone(),
            parent: None,
            act: order.act.as_ref().map(Value::to_string),
        }
    }

    /// New tokens: the answer that shows them and the rows that know their hashes.
    pub(super) async fn mint(&self, order: &Order<'_>) -> Result<(TokenAnswer, NewTokens), Refusal> {
        let settings = &self.app.settings;
        let legacy =
            Lifetimes { access: settings.access_token_seconds, refresh: settings.refresh_token_seconds };
        let lives = Lifetimes::of(self.client, self.dialect, legacy);
        let asks_for_identity =
            order.scopes.asks_for_identity() && order.sign_in.at.is_some() && order.act.is_none();
        let is_jwt = format(self.client, self.dialect) == TokenFormat::Jwt;
        let subject = match asks_for_identity || is_jwt {
            true => Some(self.subject(order).await?),
            false => None,
        };
        let issuer = settings.issuer();
        let issue = |expires| Issue {
            issuer: &issuer,
            client_id: &self.client.client_id,
            scopes: &order.scopes,
            now: self.now,
            expires,
        };
        let access_ends = self.now.plus_seconds(lives.access);
        let access_ends = order.ends.map_or(access_ends, |ends| access_ends.min(ends));
        let access = match &subject {
            Some(subject) if is_jwt => {
                let (resource, jkt) = (order.resource.as_deref(), self.key.as_deref());
                let mut claims = claims::access_token(issue(access_ends), subject, resource, jkt);
                claims.extend(order.act.clone().map(|act| ("act".to_owned(), act)));
                self.sign(claims).await?
            }
            _ => new_token(&*self.app.random),
        };
        let id_token = match &subject {
            Some(subject) if asks_for_identity => {
                let at_hash = URL_SAFE_NO_PAD.encode(half_hash(self.algorithm(), access.expose()));
                let bound = Bound { nonce: order.nonce.as_deref(), at_hash: Some(&at_hash) };
                let ends = self.now.plus_seconds(ID_TOKEN_SECONDS);
                Some(self.sign(claims::id_token(issue(ends), subject, bound)).await?)
            }
            _ => None,
        };
        let refreshes = order.refreshable && self.client.grant_types.contains(&GrantType::RefreshToken);
        let refresh = refreshes.then(|| new_token(&*self.app.random));
        let row =
            |token: &Secret<String>, expires: Timestamp| NewToken { hash: sha256(token.expose()), expires };
        let refresh_ends = self.now.plus_seconds(lives.refresh);
        let tokens = NewTokens {
            access: row(&access, access_ends),
            narrowed: None,
            refresh: refresh.as_ref().map(|token| row(token, refresh_ends)),
            jkt: self.key.clone(),
        };
        let answer = TokenAnswer {
            dialect: self.dialect,
            access_token: access,
            refresh_token: refresh,
            id_token,
            expires_in: access_ends.seconds_since(self.now),
            scopes: order.scopes.clone(),
            bound: self.key.is_some(),
            exchanged: false,
        };
        Ok((answer, tokens))
    }

    /// Whom tokens are about.
    async fn subject(&self, order: &Order<'_>) -> Result<Subject, Refusal> {
        let person = known::person(self.app, order.whose.user).await?;
        let contact = person.map(|person| (*person.contact).clone()).unwrap_or_default();
        Ok(subject(order.whose.username, contact, order.sign_in.clone()))
    }

    /// A JWT that says so.
    async fn sign(&self, claims: Map<String, Value>) -> Result<Secret<String>, Refusal> {
        self.app.signer().sign(self.algorithm(), None, claims).await
    }

    fn algorithm(&self) -> SigningAlgorithm {
        algorithm(self.client.profile, self.client.tokens.algorithm.as_deref())
    }
}

/// Whom claims are about.
pub(crate) fn subject(username: &str, contact: Contact, sign_in: SignIn) -> Subject {
    Subject {
        username: username.to_owned(),
        email: contact.email.address,
        email_verified: contact.email.verified,
        name: contact.name,
        given_name: contact.first_name,
        family_name: contact.surname,
        sign_in,
    }
}
