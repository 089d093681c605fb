//! Clients, as the token endpoint asks for them.

use kibali_model::{Client, ClientProfile, GrantType, Timestamp};

use crate::{Reader, Statement, StoreError, values};

const BY_CLIENT_ID: Statement = Statement::new(
    "client.by_client_id",
    "select o.id, o.uid, o.name, c.client_id, c.grant_types, c.redirect_uris,
            c.secret, c.previous_secret, c.previous_until
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
}

impl ClientCredentials {
    /// The verifiers that work at `now`.
    pub fn verifiers(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let previous = self.previous.iter().filter(move |(_, until)| now < *until).map(|(secret, _)| secret);
        self.secret.iter().chain(previous).map(Vec::as_slice)
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
    let Some(row) = reader.row(BY_CLIENT_ID, values![client_id]).await? else { return Ok(None) };
    let grant_types = list(&row.text(4)?)?;
    let client = Client {
        object: row.id(0)?,
        uid: super::uid(&row, 1)?,
        name: row.text_opt(2)?.unwrap_or_default(),
        client_id: row.text(3)?,
        grant_types: grant_types.iter().filter_map(|name| GrantType::from_name(name)).collect(),
        redirect_uris: list(&row.text(5)?)?,
        profile: ClientProfile::Legacy,
    };
    let previous = row.bytes_opt(7)?.zip(row.time_opt(8)?);
    Ok(Some(ClientCredentials { client, secret: row.bytes_opt(6)?, previous }))
}

fn list(json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(error.to_string()))
}
