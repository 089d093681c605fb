//! Clients, as the token endpoint asks for them.

use super::changes::{self, Topic};
use kibali_metadata::client::Registration;
use kibali_metadata::kinds::edges;
use kibali_model::{Client, ClientProfile, ClientSettings, ObjectId, Timestamp, TokenFormat, TokenSettings};

use serde_json::{Map, Value};

use crate::objects::people::pattern;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

macro_rules! columns {
    () => {
        "c.client_id, c.profile, c.authentication, c.grant_types, c.redirect_uris, c.post_logout_redirect_uris,
         c.scopes, c.require_proof_key, c.require_consent, c.jwks, c.jwks_uri, c.assertion_algorithm,
         c.more_settings, c.access_seconds, c.refresh_seconds, c.code_seconds, c.device_code_seconds,
         c.token_format, c.reuse_refresh_tokens, c.token_algorithm, c.more_tokens, c.secret_expires,
         c.takes_otp, c.bound_by, c.exchanges_for, c.logout_uri, c.logout_session"
    };
}

/// The columns that a [`registration`] is read from, of the table `client` as `c`.
pub(crate) const COLUMNS: &str = columns!();
/// How many they are.
pub(crate) const COUNT: usize = 27;

const BY_CLIENT_ID: Statement = Statement::new(
    "client.by_client_id",
    concat!(
        "select o.id, o.uid, o.name, c.secret, c.previous_secret, c.previous_until, c.sealed_secret, a.target, ",
        columns!(),
        " from client c join object o on o.id = c.object
          left join reference a on a.edge = $2 and a.source = c.object
          where c.client_id = $1"
    ),
);
const REPLACE_VERIFIER: Statement = Statement::new(
    "client.replace_verifier",
    "update client set secret = case when secret = $2 then $3 else secret end,
       previous_secret = case when previous_secret = $2 then $3 else previous_secret end
     where object = $1",
);

const BY_UID: Statement = Statement::new(
    "client.by_uid",
    concat!(
        "select o.id, o.name, u.username, ",
        columns!(),
        " from object o join client c on c.object = o.id
          left join reference a on a.edge = $2 and a.source = c.object
          left join account u on u.object = a.target
          where o.kind = 'oAuth2Client' and o.uid = $1"
    ),
);

const NAMED: Statement = Statement::new(
    "client.named",
    "select o.name, c.client_id from client c join object o on o.id = c.object where c.object = $1",
);

// Every client is asked for where $2 is 2; else those that registered themselves, where it is 1, or the others. Both
// engines agree on `lower` for ASCII, and other letters of a client ID are found as they are written.
macro_rules! sought {
    () => {
        " from object o join client c on c.object = o.id
          where o.kind = 'oAuth2Client' and (o.name_key like $1 escape '!' or lower(c.client_id) like $1 escape '!')
            and cast($2 as bigint) in (2, case when exists (select 1 from registration r where r.client = c.object) then 1 else 0 end)"
    };
}
const SOUGHT: Statement = Statement::new(
    "client.sought",
    concat!("select o.uid", sought!(), " order by o.name_key, o.uid limit $3 offset $4"),
);
const SOUGHT_COUNT: Statement = Statement::new("client.sought_count", concat!("select count(*)", sought!()));

pub(crate) const STATEMENTS: &[Statement] =
    &[BY_CLIENT_ID, BY_UID, NAMED, REPLACE_VERIFIER, SOUGHT, SOUGHT_COUNT];

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

    fn read(row: &Row) -> Result<Option<Self>, StoreError> {
        let Some(registered) = registration(row, 8)? else { return Ok(None) };
        let expires = registered.secret_expires;
        let name = row.text_opt(2)?.unwrap_or_default();
        let client = registered.into_client(row.id(0)?, super::uid(row, 1)?, name, row.id_opt(7)?);
        let previous = row.bytes_opt(4)?.zip(row.time_opt(5)?);
        Ok(Some(Self { client, secret: row.bytes_opt(3)?, previous, expires, sealed: row.bytes_opt(6)? }))
    }
}

/// What is registered of a client, from [`COLUMNS`], the first at `first`. None where there is no client.
///
/// # Errors
/// A column does not hold what it should.
pub(crate) fn registration(row: &Row, first: usize) -> Result<Option<Registration>, StoreError> {
    let at = |number: usize| first + number;
    let Some(client_id) = row.text_opt(first)? else { return Ok(None) };
    let names = |number| row.text(at(number)).and_then(|json| list(&json));
    let more = |number| row.text(at(number)).and_then(|json| object(&json));
    Ok(Some(Registration {
        client_id,
        profile: known(ClientProfile::from_name, &row.text(at(1))?)?,
        authentication: names(2)?,
        grant_types: names(3)?,
        redirect_uris: names(4)?,
        post_logout_redirect_uris: names(5)?,
        scopes: row.text(at(6))?.split_ascii_whitespace().map(str::to_owned).collect(),
        settings: ClientSettings {
            require_proof_key: row.flag(at(7))?,
            require_consent: row.flag(at(8))?,
            jwks: row.text_opt(at(9))?,
            jwks_uri: row.text_opt(at(10))?,
            assertion_algorithm: row.text_opt(at(11))?,
        },
        more_settings: more(12)?,
        tokens: TokenSettings {
            access_seconds: row.int_opt(at(13))?,
            refresh_seconds: row.int_opt(at(14))?,
            code_seconds: row.int_opt(at(15))?,
            device_code_seconds: row.int_opt(at(16))?,
            format: row.text_opt(at(17))?.map(|name| known(TokenFormat::from_name, &name)).transpose()?,
            reuse_refresh_tokens: row.flag(at(18))?,
            algorithm: row.text_opt(at(19))?,
        },
        more_tokens: more(20)?,
        secret_expires: row.time_opt(at(21))?,
        takes_otp: row.flag(at(22))?,
        bound_by: row.id_opt(at(23))?,
        exchanges_for: names(24)?,
        logout_uri: row.text_opt(at(25))?,
        logout_session: row.flag(at(26))?,
    }))
}

/// A client as its page shows it. None of it is secret; who may see it is for the caller to ask.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Row number.
    pub object: ObjectId,
    /// What it is called.
    pub name: String,
    /// The name that the user it acts as signs in with.
    pub acts_as: Option<String>,
    /// Everything else.
    pub registration: Registration,
}

/// The client with this identifier.
///
/// # Errors
/// The database failed.
pub async fn by_uid(reader: &mut Reader, uid: &str) -> Result<Option<Registered>, StoreError> {
    let Some(row) = reader.row(BY_UID, values![uid, edges::CLIENT_ACTS_AS.0]).await? else { return Ok(None) };
    let (object, name, acts_as) = (row.id(0)?, row.text_opt(1)?.unwrap_or_default(), row.text_opt(2)?);
    Ok(registration(&row, 3)?.map(|registration| Registered { object, name, acts_as, registration }))
}

/// The client with this `client_id`; letters count as written.
///
/// # Errors
/// The database failed.
pub async fn by_client_id(
    reader: &mut Reader,
    client_id: &str,
) -> Result<Option<ClientCredentials>, StoreError> {
    let row = reader.row(BY_CLIENT_ID, values![client_id, edges::CLIENT_ACTS_AS.0]).await?;
    row.as_ref().map_or(Ok(None), ClientCredentials::read)
}

/// Puts a verifier of this installation in the place of an imported bcrypt hash that was proved once (rules of the
/// door 6). Where the secret has changed meanwhile, nothing happens.
#[derive(Debug, Clone)]
pub struct ReplaceVerifier {
    /// The client.
    pub client: ObjectId,
    /// What is stored.
    pub old: Vec<u8>,
    /// What takes its place.
    pub new: Vec<u8>,
    /// When.
    pub now: Timestamp,
}

impl Write for ReplaceVerifier {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if tx.run(REPLACE_VERIFIER, values![self.client, self.old.clone(), self.new.clone()]).await? > 0 {
            changes::record(tx, Topic::Client, Some(self.client), self.now).await?;
        }
        Ok(())
    }
}

/// The name and the `client_id` of a client.
///
/// # Errors
/// The database failed.
pub async fn named(reader: &mut Reader, client: ObjectId) -> Result<Option<(String, String)>, StoreError> {
    let Some(row) = reader.row(NAMED, values![client]).await? else { return Ok(None) };
    Ok(Some((row.text_opt(0)?.unwrap_or_default(), row.text(1)?)))
}

/// Which clients are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Those that somebody added here.
    Added,
    /// Those that registered themselves: devices, mostly.
    Registered,
    /// All of them.
    Every,
}

/// Clients that are sought.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// What their name or their `client_id` holds, folded already; empty: anything.
    pub key: &'a str,
    /// Which.
    pub sort: Sort,
}

impl Sought<'_> {
    fn number(self) -> i64 {
        match self.sort {
            Sort::Added => 0,
            Sort::Registered => 1,
            Sort::Every => 2,
        }
    }

    /// The identifiers of `limit` of them, by name, beginning with number `from`. Who may see them is for the caller to
    /// ask.
    ///
    /// # Errors
    /// The database failed.
    pub async fn some(self, reader: &mut Reader, from: i64, limit: i64) -> Result<Vec<String>, StoreError> {
        let values = values![pattern(self.key), self.number(), limit, from];
        reader.rows(SOUGHT, values).await?.iter().map(|row| row.text(0)).collect()
    }

    /// How many they are.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(self, reader: &mut Reader) -> Result<i64, StoreError> {
        let row = reader.row(SOUGHT_COUNT, values![pattern(self.key), self.number()]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }
}

fn list(json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn object(json: &str) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn known<T>(read: fn(&str) -> Option<T>, name: &str) -> Result<T, StoreError> {
    read(name).ok_or_else(|| StoreError::Corrupt(format!("'{name}' is not known here")))
}
