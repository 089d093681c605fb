//! Access and refresh tokens: found by hash, minted within a grant.

use kibali_model::{ClientProfile, GrantType, ObjectId, Scopes, SignIn, Timestamp, Uid};

use super::accounts::Account;
use super::audit::{self, Who};
use super::changes::{self, Topic};
use super::grants::USED;
use super::past::{self, EndedWhy, Ending};
use crate::{Append, Reader, Row, Statement, Store, StoreError, Tx, Write, values};

/// SHA-256 of a token, code or cookie.
pub type Hash = [u8; 32];

const FIND_ACCESS: Statement = Statement::new(
    "access_token.find",
    "select t.expires, g.id, g.user_object, g.client, coalesce(pp.grant_type, p.grant_type, g.grant_type),
            coalesce(t.scope, g.scope), g.credential_version, coalesce(g.ended, p.ended, pp.ended), client.uid,
            g.signed_in, g.sid, g.amr, g.resource, t.jkt, t.created, r.hash, g.parent, g.act, c.profile,
            c.client_id
     from access_token t
     join oauth_grant g on g.id = t.grant_id
     left join object client on client.id = g.client
     left join client c on c.object = g.client
     left join oauth_grant p on p.id = g.parent
     left join oauth_grant pp on pp.id = p.parent
     left join refresh_token r on r.hash = t.refresh and r.used is null
     where t.hash = $1",
);
/// A refresh token with its grant, and what else is asked of it.
macro_rules! refresh_token {
    ($more:literal, $joined:literal) => {
        concat!(
            "select t.expires, g.id, g.user_object, g.client, g.grant_type, g.scope,
                    g.credential_version, g.ended, client.uid, g.signed_in, g.sid, g.amr, g.resource, t.jkt,
                    t.created, case when t.used is null then t.hash end, g.parent, g.act, c.profile,
                    c.client_id",
            $more,
            " from refresh_token t
              join oauth_grant g on g.id = t.grant_id
              left join object client on client.id = g.client
              left join client c on c.object = g.client",
            $joined,
            " where t.hash = $1"
        )
    };
}
pub(super) use refresh_token;

const FIND_REFRESH: Statement = Statement::new("refresh_token.find", refresh_token!("", ""));
macro_rules! insert_access {
    ($name:literal, $returning:literal) => {
        Statement::new(
            $name,
            concat!(
                "insert into access_token (hash, grant_id, created, expires, refresh, scope, jkt)
                 values ($1, $2, $3, $4, $5, $6, $7) returning ",
                $returning
            ),
        )
    };
}
const INSERT_ACCESS: Statement = insert_access!("access_token.insert", "grant_id");
/// Answers how many its grant has. One engine counts the new one among them, the other does not; no matter.
const INSERT_ACCESS_COUNTED: Statement = insert_access!(
    "access_token.insert_counted",
    "(select count(*) from access_token of_grant where of_grant.grant_id = $2)"
);
const INSERT_REFRESH: Statement = Statement::new(
    "refresh_token.insert",
    "insert into refresh_token (hash, grant_id, created, expires, jkt) values ($1, $2, $3, $4, $5)",
);
const DELETE_SURPLUS: Statement = Statement::new(
    "access_token.delete_surplus",
    "delete from access_token where hash in (
       select hash from access_token where grant_id = $1 order by created desc, hash limit 1000 offset $2)",
);
pub(super) const DELETE_ACCESS: Statement =
    Statement::new("access_token.delete", "delete from access_token where hash = $1");
pub(super) const DELETE_ACCESS_OF_GRANT: Statement =
    Statement::new("access_token.delete_of_grant", "delete from access_token where grant_id = $1");
pub(super) const DELETE_REFRESH_OF_GRANT: Statement =
    Statement::new("refresh_token.delete_of_grant", "delete from refresh_token where grant_id = $1");

pub(crate) const STATEMENTS: &[Statement] = &[
    FIND_ACCESS,
    FIND_REFRESH,
    INSERT_ACCESS,
    INSERT_ACCESS_COUNTED,
    INSERT_REFRESH,
    DELETE_SURPLUS,
    DELETE_ACCESS,
    DELETE_ACCESS_OF_GRANT,
    DELETE_REFRESH_OF_GRANT,
];

/// Access tokens within one grant, about so many at most. A client that refreshes without end fills no table, and ten
/// tabs that ask again and again lose none that they use.
pub const ACCESS_TOKENS_PER_GRANT: i64 = 100;
/// How many stay, the newest, when there are more. They go fifty at a time, since every node is told.
const STAYING: i64 = 50;

/// A token as the store finds it, with the grant it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundToken {
    /// When it stops working.
    pub expires: Timestamp,
    /// The grant.
    pub grant: i64,
    /// Whose.
    pub user: ObjectId,
    /// For which client.
    pub client: ObjectId,
    /// The client's public identifier; none once it is deleted.
    pub client_uid: Option<Uid>,
    /// What its client is called in the protocol; none once it is deleted.
    pub client_id: Option<String>,
    /// The rules its client lives under.
    pub profile: Option<ClientProfile>,
    /// How the grant was obtained, or the one it was exchanged from; none for a way this Kibali does not know.
    pub grant_type: Option<GrantType>,
    /// What it opens.
    pub scopes: Scopes,
    /// The account's credential version when the grant was obtained.
    pub credential_version: i64,
    /// The grant was revoked.
    pub ended: bool,
    /// The refresh token that is used for the first time when this one is: itself, or the successor that it
    /// was issued with.
    pub unused: Option<Hash>,
    /// How its user had signed in.
    pub sign_in: SignIn,
    /// What its tokens are for, where that is not this server (RFC 8707).
    pub resource: Option<String>,
    /// Thumbprint of the key that was shown when it was issued (RFC 9449); an access token is bound to it.
    pub jkt: Option<String>,
    /// When it was issued.
    pub created: Timestamp,
    /// The grant that its own was exchanged from.
    pub parent: Option<i64>,
    /// Who acts for the user, as JSON (RFC 8693 section 4.1).
    pub act: Option<String>,
}

/// What has become of what a grant was obtained with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// It holds.
    Stands,
    /// The password has changed since.
    PasswordMoved,
    /// A password, and what was proved beside it, is not enough any longer.
    PasswordNotEnough,
}

impl FoundToken {
    /// How many columns it takes.
    pub(super) const COLUMNS: usize = 20;

    /// Of a row that begins with it, as long as [`FoundToken::COLUMNS`].
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            expires: row.time(0)?,
            grant: row.int(1)?,
            user: row.id(2)?,
            client: row.id(3)?,
            client_uid: if row.is_null(8)? { None } else { Some(super::uid(row, 8)?) },
            grant_type: GrantType::from_name(&row.text(4)?),
            scopes: Scopes::parse(&row.text(5)?),
            credential_version: row.int(6)?,
            ended: !row.is_null(7)?,
            sign_in: SignIn { at: row.time_opt(9)?, sid: row.text_opt(10)?, amr: row.text(11)? },
            resource: row.text_opt(12)?,
            jkt: row.text_opt(13)?,
            created: row.time(14)?,
            parent: row.int_opt(16)?,
            act: row.text_opt(17)?,
            client_id: row.text_opt(19)?,
            profile: row.text_opt(18)?.as_deref().and_then(ClientProfile::from_name),
            unused: row.bytes_opt(15)?.and_then(|hash| hash.try_into().ok()),
        })
    }

    /// Does the grant stand at `now`, for its user's `account`? It was not revoked and the account is open. One
    /// obtained with a password ends with that password, and while that and what was proved beside it
    /// is not enough (rules of the door 6, 10).
    #[must_use]
    pub fn stands(&self, account: &Account, now: Timestamp) -> bool {
        !self.ended && account.is_open(now) && self.rests_on(account) == Basis::Stands
    }

    /// Does what the grant was obtained with still hold, as its user's `account` is now?
    #[must_use]
    pub fn rests_on(&self, account: &Account) -> Basis {
        let enough = account.password_suffices() || (self.sign_in.has_factor() && account.factor_suffices());
        match self.grant_type {
            Some(GrantType::Password) if self.credential_version != account.credential_version => {
                Basis::PasswordMoved
            }
            Some(GrantType::Password) if !enough => Basis::PasswordNotEnough,
            _ => Basis::Stands,
        }
    }
}

/// A token to insert.
#[derive(Debug, Clone, Copy)]
pub struct NewToken {
    /// SHA-256 of it.
    pub hash: Hash,
    /// When it stops working.
    pub expires: Timestamp,
}

/// The access token with this hash, live or not.
///
/// # Errors
/// The database failed.
pub async fn find_access(reader: &mut Reader, hash: Hash) -> Result<Option<FoundToken>, StoreError> {
    let row = reader.row(FIND_ACCESS, values![hash]).await?;
    row.as_ref().map(FoundToken::read).transpose()
}

/// The refresh token with this hash, live or not.
///
/// # Errors
/// The database failed.
pub async fn find_refresh(reader: &mut Reader, hash: Hash) -> Result<Option<FoundToken>, StoreError> {
    let row = reader.row(FIND_REFRESH, values![hash]).await?;
    row.as_ref().map(FoundToken::read).transpose()
}

/// The tokens of one answer.
#[derive(Debug, Clone)]
pub struct NewTokens {
    /// The access token.
    pub access: NewToken,
    /// What the access token opens, where that is less than its grant does.
    pub narrowed: Option<Scopes>,
    /// The refresh token, where the client may use one.
    pub refresh: Option<NewToken>,
    /// Thumbprint of the key that is shown for them (RFC 9449).
    pub jkt: Option<String>,
}

/// Inserts tokens. `successor`: the access token is issued with this refresh token, whose use it shows.
pub(super) async fn insert(
    tx: &mut Tx,
    grant: i64,
    tokens: &NewTokens,
    successor: Option<Hash>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let added = added(INSERT_ACCESS_COUNTED, grant, tokens, successor, now).apply(tx).await?;
    if count(&added)? > ACCESS_TOKENS_PER_GRANT { make_room(tx, grant, now).await } else { Ok(()) }
}

/// The rows of new tokens.
fn added(
    insert_access: Statement,
    grant: i64,
    tokens: &NewTokens,
    successor: Option<Hash>,
    now: Timestamp,
) -> Append {
    let successor = successor.map(|hash| hash.to_vec());
    let scope = tokens.narrowed.as_ref().map(Scopes::to_string);
    let jkt = tokens.jkt.as_deref();
    let access = values![tokens.access.hash, grant, now, tokens.access.expires, successor, scope, jkt];
    let added = Append::new(insert_access, access);
    match tokens.refresh {
        Some(refresh) => added.and(INSERT_REFRESH, values![refresh.hash, grant, now, refresh.expires, jkt]),
        None => added,
    }
}

/// What [`INSERT_ACCESS_COUNTED`] answers.
fn count(added: &[Row]) -> Result<i64, StoreError> {
    added.first().map_or(Ok(0), |row| row.int(0))
}

/// Takes away the oldest access tokens of a grant.
async fn make_room(tx: &mut Tx, grant: i64, now: Timestamp) -> Result<(), StoreError> {
    // Whoever else makes room in it waits here, and then finds room.
    tx.run(USED, values![grant, now]).await?;
    past::remember(tx, Ending::Surplus { grant, staying: STAYING }, EndedWhy::Replaced, now).await?;
    tx.run(DELETE_SURPLUS, values![grant, STAYING]).await?;
    // Nodes may remember them, which lets them in to their own end.
    changes::record(tx, Topic::Token, Some(ObjectId(grant)), now).await
}

/// Tokens of a grant that was found standing, and used, less than [`FURTHER_SECONDS`] ago: nothing else is looked at or
/// written for them. What ends the grant meanwhile ends them as well, since a token is worth what its grant is.
#[derive(Debug, Clone)]
pub struct FurtherTokens {
    /// The grant.
    pub grant: i64,
    /// Whose it is.
    pub user: ObjectId,
    /// For which client.
    pub client: ObjectId,
    /// The tokens.
    pub tokens: NewTokens,
    /// What the audit trail says of them.
    pub event: &'static str,
    /// And in which words.
    pub detail: serde_json::Value,
    /// From where.
    pub address: String,
    /// When.
    pub now: Timestamp,
}

/// How exactly the last use is kept of a grant that a client asks for tokens of, in seconds.
pub const FURTHER_SECONDS: i64 = 60;

impl FurtherTokens {
    /// Adds them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add(&self, store: &Store) -> Result<(), StoreError> {
        store.append(self.rows(INSERT_ACCESS)).await.map(drop)
    }

    /// Adds them and answers how many access tokens the grant has, which costs more: above
    /// [`ACCESS_TOKENS_PER_GRANT`] somebody should [make room](MakeRoom) in it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add_and_count(&self, store: &Store) -> Result<i64, StoreError> {
        count(&store.append(self.rows(INSERT_ACCESS_COUNTED)).await?)
    }

    fn rows(&self, insert_access: Statement) -> Append {
        let who = Who { user: Some(self.user), client: Some(self.client), address: Some(&self.address) };
        let event = audit::row(self.event, who, &self.detail, self.now);
        added(insert_access, self.grant, &self.tokens, None, self.now).and(audit::INSERT, event)
    }
}

/// Takes away the oldest access tokens of a grant.
#[derive(Debug, Clone, Copy)]
pub struct MakeRoom {
    /// The grant.
    pub grant: i64,
    /// When.
    pub now: Timestamp,
}

impl Write for MakeRoom {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        make_room(tx, self.grant, self.now).await
    }
}
