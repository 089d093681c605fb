//! Grants: what a user allowed a client.

use kibali_model::{GrantType, ObjectId, Scopes, SignIn, Timestamp};
use serde_json::json;

use super::audit::{self, Who};
use super::ends;
use super::factors::{self, Proof};
use super::logouts;
use super::past::EndedWhy;
use super::protection;
use super::tokens::{self, Hash, NewTokens};
use crate::{Statement, StoreError, Tx, Write, values};

const TOUCH_ACCOUNT: Statement = Statement::new(
    "account.touch",
    "update account set last_login = $3
     where object = $1 and credential_version = $2 and disabled = 0 and (two_factor = 0 or $4 = 1)",
);
const INSERT: Statement = Statement::new(
    "grant.insert",
    "insert into oauth_grant (id, user_object, client, grant_type, scope, created, last_used, address,
                              credential_version, signed_in, sid, amr, resource, parent, act)
     values ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
);
const OWN: Statement = Statement::new(
    "grant.own",
    "select id from oauth_grant
     where user_object = $1 and client = $2 and ended is null and grant_type = 'client_credentials'
           and scope = $3 and address = $4 and credential_version = $5 and resource is not distinct from $6
     order by id desc limit 1",
);
const SURPLUS: Statement = Statement::new(
    "grant.surplus",
    "select id from oauth_grant
     where user_object = $1 and client = $2 and ended is null and grant_type = $4
     order by last_used desc, id desc limit 1000 offset $3",
);
pub(super) const TOUCH: Statement = Statement::new(
    "grant.touch",
    "update oauth_grant set last_used = $2, refreshed = $2 where id = $1 and ended is null",
);
pub(super) const USED: Statement =
    Statement::new("grant.used", "update oauth_grant set last_used = $2 where id = $1 and ended is null");
const HAS_TOKEN: Statement =
    Statement::new("grant.has_token", "select 1 from access_token where hash = $1 and grant_id = $2");
pub(crate) const STATEMENTS: &[Statement] = &[TOUCH_ACCOUNT, INSERT, OWN, SURPLUS, TOUCH, USED, HAS_TOKEN];

/// A grant to insert.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Row number.
    pub id: i64,
    /// Who allows.
    pub user: ObjectId,
    /// Whom.
    pub client: ObjectId,
    /// How it is obtained.
    pub grant_type: GrantType,
    /// What it opens.
    pub scopes: Scopes,
    /// From where.
    pub address: String,
    /// The account's credential version the decision rests on.
    pub credential_version: i64,
    /// How the user had signed in.
    pub sign_in: SignIn,
    /// What its tokens are for, where that is not this server (RFC 8707).
    pub resource: Option<String>,
    /// What it is exchanged from.
    pub parent: Option<Parent>,
    /// Who acts for the user, as JSON (RFC 8693 section 4.1).
    pub act: Option<String>,
}

/// What a grant is exchanged from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The grant, which it ends with.
    pub grant: i64,
    /// SHA-256 of the access token of that grant which was presented.
    pub token: Hash,
}

/// Grants what was decided, inserts its tokens and answers the grant. Answers none, and grants nothing, when the account
/// was disabled or its password changed since it was read, the proof of the second factor is spent, or what it is
/// exchanged from is gone.
#[derive(Debug, Clone)]
pub struct IssueGrant {
    /// The grant.
    pub grant: NewGrant,
    /// Its first tokens.
    pub tokens: NewTokens,
    /// What proved the second factor, where one was asked for.
    pub proof: Option<Proof>,
    /// Live grants of the same user, client and type, this one included, where no browser was asked; the least
    /// recently used go.
    pub at_most: u32,
    /// When.
    pub now: Timestamp,
}

impl Write for IssueGrant {
    type Output = Option<i64>;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        if let Some(proof) = self.proof {
            protection::hold(tx, self.grant.user).await?;
            if !factors::spend(tx, self.grant.user, proof, self.now).await? {
                return Ok(None);
            }
        }
        // A factor that was set up since the password was found right is asked for first.
        let suffices = self.proof.is_some() || self.grant.grant_type != GrantType::Password;
        if !account_stands(tx, &self.grant, suffices, self.now).await? {
            return Ok(None);
        }
        if let Some(own) = own(tx, &self.grant).await?
            && tx.run(USED, values![own, self.now]).await? != 0
        {
            insert_tokens(tx, own, &self.grant, &self.tokens, self.now).await?;
            return Ok(Some(own));
        }
        if !insert_for_account(tx, &self.grant, &self.tokens, self.now).await? {
            return Ok(None);
        }
        // A script asks without end; a person does not.
        let NewGrant { id, user, client, grant_type, .. } = self.grant;
        if matches!(grant_type, GrantType::Password | GrantType::ClientCredentials | GrantType::TokenExchange)
        {
            let kind = grant_type.as_str();
            let surplus = tx.rows(SURPLUS, values![user, client, i64::from(self.at_most), kind]).await?;
            for row in surplus {
                ends::end(tx, row.int(0)?, EndedWhy::TooMany, self.now).await?;
            }
        }
        Ok(Some(id))
    }
}

/// Inserts a grant that a person allowed in a session, and its first tokens, unless the account changed since.
pub(super) async fn insert(
    tx: &mut Tx,
    grant: &NewGrant,
    tokens: &NewTokens,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !account_stands(tx, grant, true, now).await? || !insert_for_account(tx, grant, tokens, now).await? {
        return Ok(false);
    }
    // What was allowed lives on when the session ends, and whoever has it hears of the end.
    logouts::owe_late(tx, grant, now).await?;
    Ok(true)
}

/// Is the account as it was when the grant was decided? Touching its row also makes two grants of one user wait for
/// each other. Where what it rests on does not `suffice` for one with a second factor, there must be none.
async fn account_stands(
    tx: &mut Tx,
    grant: &NewGrant,
    suffices: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.run(TOUCH_ACCOUNT, values![grant.user, grant.credential_version, now, suffices]).await? != 0)
}

async fn insert_for_account(
    tx: &mut Tx,
    grant: &NewGrant,
    tokens: &NewTokens,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if let Some(parent) = grant.parent
        && !is_there(tx, parent, now).await?
    {
        return Ok(false);
    }
    insert_row(tx, grant, now).await?;
    insert_tokens(tx, grant.id, grant, tokens, now).await?;
    Ok(true)
}

/// Nothing is exchanged from what has ended meanwhile. Whoever ends a grant, or revokes a token of it alone, takes its row
/// first, as is done here.
async fn is_there(tx: &mut Tx, Parent { grant, token }: Parent, now: Timestamp) -> Result<bool, StoreError> {
    let stands = tx.run(USED, values![grant, now]).await? != 0;
    Ok(stands && tx.row(HAS_TOKEN, values![token, grant]).await?.is_some())
}

/// How the audit trail calls tokens that a grant brings.
pub const ISSUED: &str = "token.issued";

/// What it says of them.
#[must_use]
pub fn issued(grant: i64, by: GrantType) -> serde_json::Value {
    json!({ "grant": grant.to_string(), "by": by.as_str() })
}

async fn insert_tokens(
    tx: &mut Tx,
    id: i64,
    grant: &NewGrant,
    tokens: &NewTokens,
    now: Timestamp,
) -> Result<(), StoreError> {
    tokens::insert(tx, id, tokens, None, now).await?;
    let who = Who { user: Some(grant.user), client: Some(grant.client), address: Some(&grant.address) };
    audit::record(tx, ISSUED, who, issued(id, grant.grant_type), now).await
}

/// The grant of a client that acts by itself, from the same place and for the same purpose as before: nobody allows
/// anything anew when it asks for its next token.
async fn own(tx: &mut Tx, grant: &NewGrant) -> Result<Option<i64>, StoreError> {
    if grant.grant_type != GrantType::ClientCredentials {
        return Ok(None);
    }
    let like = values![
        grant.user,
        grant.client,
        grant.scopes.to_string(),
        grant.address.as_str(),
        grant.credential_version,
        grant.resource.as_deref(),
    ];
    tx.row(OWN, like).await?.map(|row| row.int(0)).transpose()
}

async fn insert_row(tx: &mut Tx, grant: &NewGrant, now: Timestamp) -> Result<(), StoreError> {
    let row = values![
        grant.id,
        grant.user,
        grant.client,
        grant.grant_type.as_str(),
        grant.scopes.to_string(),
        now,
        grant.address.as_str(),
        grant.credential_version,
        grant.sign_in.at,
        grant.sign_in.sid.as_deref(),
        grant.sign_in.amr.as_str(),
        grant.resource.as_deref(),
        grant.parent.map(|parent| parent.grant),
        grant.act.as_deref(),
    ];
    tx.run(INSERT, row).await?;
    Ok(())
}
