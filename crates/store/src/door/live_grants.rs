//! Grants that are open: as their user sees them, and as an administrator does.

use kibali_model::{GrantType, ObjectId, Scopes, Timestamp, Uid};

use crate::{Reader, Row, Statement, StoreError, Value, values};

// The inner query is what is looked at; the filters then only choose among that. The offset keeps PostgreSQL from
// reading every token into a table of its own first.
macro_rules! looked_at {
    ($columns:literal, $which:literal, $limit:literal) => {
        concat!(
            "(select ",
            $columns,
            " from oauth_grant where ",
            $which,
            " and id < $1 and ended is null order by id desc limit ",
            $limit,
            ") g"
        )
    };
}
macro_rules! live {
    ($which:literal) => {
        concat!(
            "select g.id, a.object, a.username, c.object, o.uid, o.name, c.client_id, g.grant_type, g.scope,
                    g.created, g.last_used, g.address
             from ",
            looked_at!(
                "id, user_object, client, grant_type, scope, created, last_used, address",
                $which,
                "$4"
            ),
            " join account a on a.object = g.user_object
               join client c on c.object = g.client join object o on o.id = g.client
             where coalesce(g.address, '') = coalesce($5, g.address, '') and g.last_used < $6
               and (exists (select 1 from refresh_token t
                            where t.grant_id = g.id and t.expires > $2 limit 1 offset 0)
                    or exists (select 1 from access_token t
                               where t.grant_id = g.id and t.expires > $2 limit 1 offset 0))
             order by g.id desc limit $3"
        )
    };
}
macro_rules! horizon {
    ($which:literal) => {
        concat!("select min(g.id), count(*) from ", looked_at!("id", $which, "$2"))
    };
}

const ALL: Statement = Statement::new("live_grant.all", live!("1 = 1"));
const OF_USER: Statement =
    Statement::new("live_grant.of_user", live!("user_object = $7 and client = coalesce($8, client)"));
const OF_CLIENT: Statement = Statement::new("live_grant.of_client", live!("client = $7"));
const HORIZON: Statement = Statement::new("live_grant.horizon", horizon!("1 = 1"));
const HORIZON_USER: Statement =
    Statement::new("live_grant.horizon_user", horizon!("user_object = $3 and client = coalesce($4, client)"));
const HORIZON_CLIENT: Statement = Statement::new("live_grant.horizon_client", horizon!("client = $3"));
const TOO_MANY: Statement = Statement::new(
    "live_grant.too_many",
    "select client, ended from oauth_grant
     where user_object = $1 and ended_why = 'too_many' and ended > $2 order by ended desc limit $3",
);
const CONSENTS: Statement = Statement::new(
    "live_grant.consents",
    "select k.client, o.uid, o.name, k.scope, k.created
     from consent k join object o on o.id = k.client where k.user_object = $1 order by k.client limit $2",
);
pub(crate) const STATEMENTS: &[Statement] =
    &[ALL, OF_USER, OF_CLIENT, HORIZON, HORIZON_USER, HORIZON_CLIENT, TOO_MANY, CONSENTS];

/// What one user sees of their own, at most.
pub const MOST: i64 = 1000;
/// Rows that one question looks at.
pub const LOOKED_AT: i64 = 20_000;

/// A grant that works: it was not ended, and a token of it has not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveGrant {
    /// Row number.
    pub id: i64,
    /// Whose.
    pub user: ObjectId,
    /// The name they sign in with.
    pub username: String,
    /// For which client.
    pub client: ObjectId,
    /// Its public identifier.
    pub client_uid: Uid,
    /// What it is called.
    pub client_name: String,
    /// Its `client_id`.
    pub client_id: String,
    /// How it was obtained; none for a way this Kibali does not know.
    pub grant_type: Option<GrantType>,
    /// What it opens.
    pub scopes: Scopes,
    /// Since when.
    pub created: Timestamp,
    /// When it was last used, as far as it is written.
    pub last_used: Timestamp,
    /// Where it was obtained.
    pub address: Option<String>,
}

impl LiveGrant {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.int(0)?,
            user: row.id(1)?,
            username: row.text(2)?,
            client: row.id(3)?,
            client_uid: super::uid(row, 4)?,
            client_name: row.text_opt(5)?.unwrap_or_default(),
            client_id: row.text(6)?,
            grant_type: GrantType::from_name(&row.text(7)?),
            scopes: Scopes::parse(&row.text(8)?),
            created: row.time(9)?,
            last_used: row.time(10)?,
            address: row.text_opt(11)?,
        })
    }
}

/// Which grants are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Which {
    /// Those of this user.
    pub user: Option<ObjectId>,
    /// Those of this client.
    pub client: Option<ObjectId>,
}

/// Which live grants are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub which: Which,
    /// Obtained from this address.
    pub address: Option<String>,
    /// Not used since then, as far as it is written.
    pub unused_since: Option<Timestamp>,
}

/// Part of the live grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The grants that were asked for, the newest first.
    pub grants: Vec<LiveGrant>,
    /// The row number before which to go on; none at the end.
    pub next: Option<i64>,
}

/// Grants that work at `now`, the newest first: at most `limit`, among the [`LOOKED_AT`] rows before the number `before`
/// that are of the filter's user or else client.
///
/// # Errors
/// The database failed.
pub async fn list(
    reader: &mut Reader,
    filter: &Filter,
    before: i64,
    limit: usize,
    now: Timestamp,
) -> Result<Part, StoreError> {
    let Which { user, client } = filter.which;
    let (found, horizon, whose): (Statement, Statement, Vec<Value>) = match (user, client) {
        (Some(user), client) => (OF_USER, HORIZON_USER, values![user, client]),
        (None, Some(client)) => (OF_CLIENT, HORIZON_CLIENT, values![client]),
        (None, None) => (ALL, HORIZON, values![]),
    };
    let unused = filter.unused_since.unwrap_or(Timestamp::from_millis(i64::MAX));
    let one_more = i64::try_from(limit).unwrap_or(LOOKED_AT).saturating_add(1);
    let asked = values![before, now, one_more, LOOKED_AT, filter.address.as_deref(), unused];
    let rows = reader.rows(found, [asked, whose.clone()].concat()).await?;
    let mut grants: Vec<LiveGrant> = rows.iter().map(LiveGrant::read).collect::<Result<_, _>>()?;
    if grants.len() > limit {
        grants.truncate(limit);
        return Ok(Part { next: grants.last().map(|last| last.id), grants });
    }
    let row = reader.row(horizon, [values![before, LOOKED_AT], whose].concat()).await?;
    let Some(row) = row else { return Ok(Part { grants, next: None }) };
    let (oldest, count) = (row.int_opt(0)?, row.int(1)?);
    Ok(Part { grants, next: oldest.filter(|_| count == LOOKED_AT) })
}

/// Clients whose grants of this user ended since then because there were too many, a row for each grant, the
/// newest first; at most [`MOST`].
///
/// # Errors
/// The database failed.
pub async fn too_many(
    reader: &mut Reader,
    user: ObjectId,
    since: Timestamp,
) -> Result<Vec<(ObjectId, Timestamp)>, StoreError> {
    let rows = reader.rows(TOO_MANY, values![user, since, MOST]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.time(1)?))).collect()
}

/// What a user allowed a client and need not be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The client.
    pub client: ObjectId,
    /// Its public identifier.
    pub client_uid: Uid,
    /// What it is called.
    pub client_name: String,
    /// What it may.
    pub scopes: Scopes,
    /// Since when.
    pub created: Timestamp,
}

/// What a user allowed clients; at most [`MOST`].
///
/// # Errors
/// The database failed.
pub async fn consents(reader: &mut Reader, user: ObjectId) -> Result<Vec<Consent>, StoreError> {
    let rows = reader.rows(CONSENTS, values![user, MOST]).await?;
    let read = |row: &Row| {
        Ok(Consent {
            client: row.id(0)?,
            client_uid: super::uid(row, 1)?,
            client_name: row.text_opt(2)?.unwrap_or_default(),
            scopes: Scopes::parse(&row.text(3)?),
            created: row.time(4)?,
        })
    };
    rows.iter().map(read).collect()
}
