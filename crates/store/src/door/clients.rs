//! Clients, as the token endpoint asks for them.

use kibali_model::{
    Client, ClientAuthentication, ClientProfile, ClientSettings, GrantType, Scopes, Timestamp, TokenFormat,
    TokenSettings,
};

use crate::{Reader, Row, Statement, StoreError, values};

const BY_CLIENT_ID: Statement = Statement::new(
    "client.by_client_id",
    "select o.id, o.uid, o.name, c.client_id, c.grant_types, c.redirect_uris,
            c.secret, c.previous_secret, c.previous_until, c.secret_expires,
            c.profile, c.authentication, c.scopes, c.post_logout_redirect_uris,
            c.require_proof_key, c.require_consent, c.jwks, c.jwks_uri, c.assertion_algorithm,
            c.access_seconds, c.refresh_seconds, c.code_seconds, c.device_code_seconds, c.token_format,
            c.reuse_refresh_tokens, c.token_algorithm, c.acts_as, c.bound_by, c.sealed_secret
     from client c join object o on o.id = c.object
     where c.client_id = $1",
);

pub(crate) const STATEMENTS: &[Statement] = &[BY_CLIENT_ID];

/// A client and the verifiers of its secrets.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The client.
    pub client: Client,
    /// Verifier of the secret; none: the client has none to prove itself with.
    pub secret: Option<Vec<u8>>,
    /// Verifier of the secret before, and until when it works.
    pub previous: Option<(Vec<u8>, Timestamp)>,
    /// When the secret stops working.
    pub expires: Option<Timestamp>,
    /// The secret itself, sealed, of a client that signs with it.
    pub sealed: Option<Vec<u8>>,
}

impl ClientCredentials {
    /// The verifiers that work at `now`.
    pub fn verifiers(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let secret = self.secret.iter().filter(move |_| self.expires.is_none_or(|end| now < end));
        let previous = self.previous.iter().filter(move |(_, until)| now < *until).map(|(secret, _)| secret);
        secret.chain(previous).map(Vec::as_slice)
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let names = |at| row.text(at).and_then(|json| list(&json));
        let client = Client {
            object: row.id(0)?,
            uid: super::uid(row, 1)?,
            name: row.text_opt(2)?.unwrap_or_default(),
            client_id: row.text(3)?,
            profile: known(ClientProfile::from_name, &row.text(10)?)?,
            // What an older Kibali does not know gives nothing.
            authentication: names(11)?
                .iter()
                .filter_map(|name| ClientAuthentication::from_name(name))
                .collect(),
            grant_types: names(4)?.iter().filter_map(|name| GrantType::from_name(name)).collect(),
            redirect_uris: names(5)?,
            post_logout_redirect_uris: names(13)?,
            scopes: Scopes::parse(&row.text(12)?),
            settings: ClientSettings {
                require_proof_key: row.flag(14)?,
                require_consent: row.flag(15)?,
                jwks: row.text_opt(16)?,
                jwks_uri: row.text_opt(17)?,
                assertion_algorithm: row.text_opt(18)?,
            },
            tokens: TokenSettings {
                access_seconds: row.int_opt(19)?,
                refresh_seconds: row.int_opt(20)?,
                code_seconds: row.int_opt(21)?,
                device_code_seconds: row.int_opt(22)?,
                format: row.text_opt(23)?.map(|name| known(TokenFormat::from_name, &name)).transpose()?,
                reuse_refresh_tokens: row.flag(24)?,
                algorithm: row.text_opt(25)?,
            },
            acts_as: row.id_opt(26)?,
            bound_by: row.id_opt(27)?,
        };
        let previous = row.bytes_opt(7)?.zip(row.time_opt(8)?);
        let (secret, expires, sealed) = (row.bytes_opt(6)?, row.time_opt(9)?, row.bytes_opt(28)?);
        Ok(Self { client, secret, previous, expires, sealed })
    }
}

/// The client with this `client_id`; letters count as written.
///
/// # Errors
/// The database failed.
pub async fn by_client_id(
    reader: &mut Reader,
    client_id: &str,
) -> Result<Option<ClientCredentials>, StoreError> {
    let row = reader.row(BY_CLIENT_ID, values![client_id]).await?;
    row.as_ref().map(ClientCredentials::read).transpose()
}

fn list(json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn known<T>(read: fn(&str) -> Option<T>, name: &str) -> Result<T, StoreError> {
    read(name).ok_or_else(|| StoreError::Corrupt(format!("'{name}' is not known here")))
}
