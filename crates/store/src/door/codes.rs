//! Authorization codes: kept for minutes, spent once.

use kibali_model::{ObjectId, Scopes, SignIn, Timestamp};
use serde_json::json;

use super::asker::Asker;
use super::audit::{self, Who};
use super::consents;
use super::ends;
use super::grants::{self, NewGrant};
use super::past::EndedWhy;
use super::pushed;
use super::tokens::{Hash, NewTokens};
use crate::{Reader, Statement, StoreError, Tx, Write, values};

const INSERT: Statement = Statement::new(
    "code.insert",
    "insert into code (hash, user_object, client, scope, redirect_uri, redirect_sent, challenge,
                       challenge_method, created, expires, nonce, signed_in, sid, amr, resource, jkt)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
);
const FIND: Statement = Statement::new(
    "code.find",
    "select user_object, client, scope, redirect_uri, redirect_sent, challenge, challenge_method, expires,
            spent, nonce, signed_in, sid, amr, resource, jkt
     from code where hash = $1",
);
const SPEND: Statement = Statement::new(
    "code.spend",
    "update code set spent = $2, grant_id = $3 where hash = $1 and spent is null",
);
const GRANT_OF: Statement =
    Statement::new("code.grant", "select grant_id from code where hash = $1 and grant_id is not null");

const DELETE_OF_USER: Statement =
    Statement::new("code.delete_of_user", "delete from code where user_object = $1 and spent is null");

pub(crate) const STATEMENTS: &[Statement] = &[INSERT, FIND, SPEND, GRANT_OF, DELETE_OF_USER];

/// What a code was issued for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Who allowed it.
    pub user: ObjectId,
    /// Whom.
    pub client: ObjectId,
    /// What it opens.
    pub scopes: Scopes,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Did the request name the redirect URI?
    pub redirect_sent: bool,
    /// PKCE challenge and its method, `S256`.
    pub challenge: Option<(String, String)>,
    /// When it stops working.
    pub expires: Timestamp,
    /// Repeated in the ID token.
    pub nonce: Option<String>,
    /// How the user had signed in.
    pub sign_in: SignIn,
    /// What the tokens are for (RFC 8707).
    pub resource: Option<String>,
    /// Thumbprint of the key it is bound to (RFC 9449 section 10).
    pub jkt: Option<String>,
}

/// Keeps a new code. Answers false, and does nothing, where the pushed request it answers was spent before.
/// [`StoreError::Gone`]: whoever allowed it was shut out meanwhile.
#[derive(Debug, Clone)]
pub struct InsertCode {
    /// Who allows it.
    pub by: Asker,
    /// SHA-256 of the code.
    pub hash: Hash,
    /// What it is for.
    pub code: Code,
    /// What the client asked for, where the user was asked; what they allowed of it is remembered where `remember`.
    pub asked: Option<Scopes>,
    /// The user need not be asked for these scopes again.
    pub remember: bool,
    /// The pushed request it answers, which is spent with it.
    pub pushed: Option<Hash>,
    /// When.
    pub now: Timestamp,
}

impl Write for InsertCode {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        self.by.still_stands(tx, self.now).await?;
        if let Some(hash) = self.pushed
            && !pushed::spend(tx, hash).await?
        {
            return Ok(false);
        }
        let code = &self.code;
        let (challenge, method) = code.challenge.as_ref().map(|(c, m)| (c.as_str(), m.as_str())).unzip();
        let row = values![
            self.hash,
            code.user,
            code.client,
            code.scopes.to_string(),
            code.redirect_uri.as_str(),
            code.redirect_sent,
            challenge,
            method,
            self.now,
            code.expires,
            code.nonce.as_deref(),
            code.sign_in.at,
            code.sign_in.sid.as_deref(),
            code.sign_in.amr.as_str(),
            code.resource.as_deref(),
            code.jkt.as_deref(),
        ];
        tx.run(INSERT, row).await?;
        if let Some(asked) = self.asked.as_ref().filter(|_| self.remember) {
            consents::add(tx, code.user, code.client, (asked, &code.scopes), self.now).await?;
        }
        let who = Who { user: Some(code.user), client: Some(code.client), address: None };
        let event = if self.asked.is_some() { "consent.given" } else { "code.issued" };
        audit::record(tx, event, who, json!({ "scope": code.scopes.to_string() }), self.now).await?;
        Ok(true)
    }
}

/// The code with this hash and whether it is spent.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<(Code, bool)>, StoreError> {
    let Some(row) = reader.row(FIND, values![hash]).await? else { return Ok(None) };
    let code = Code {
        user: row.id(0)?,
        client: row.id(1)?,
        scopes: Scopes::parse(&row.text(2)?),
        redirect_uri: row.text(3)?,
        redirect_sent: row.flag(4)?,
        challenge: row.text_opt(5)?.zip(row.text_opt(6)?),
        expires: row.time(7)?,
        nonce: row.text_opt(9)?,
        sign_in: SignIn { at: row.time_opt(10)?, sid: row.text_opt(11)?, amr: row.text(12)? },
        resource: row.text_opt(13)?,
        jkt: row.text_opt(14)?,
    };
    Ok(Some((code, !row.is_null(8)?)))
}

/// Takes away the codes and the device codes that a user allowed and nobody has spent yet. Part of writes that
/// take an account from its holder.
///
/// # Errors
/// The database failed.
pub(crate) async fn end_all_of_user(tx: &mut Tx, user: ObjectId) -> Result<(), StoreError> {
    for statement in [DELETE_OF_USER, super::devices::DELETE_OF_USER] {
        tx.run(statement, values![user]).await?;
    }
    Ok(())
}

/// What became of a code that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// This was the first time, and the grant stands.
    Granted,
    /// It was spent before: the grant it was spent for has ended (RFC 6749 section 4.1.2).
    Replayed,
    /// This was the first time; nothing was granted, because nothing was asked for or the account was
    /// disabled or its password changed meanwhile.
    Burnt,
}

/// Spends a code, once, for a grant; or for nothing, where the request that presented it was wrong
/// (DHIS2 deletes it then too, legacy reference 3.7).
#[derive(Debug, Clone)]
pub struct SpendCode {
    /// SHA-256 of the code.
    pub hash: Hash,
    /// What it is spent for.
    pub grant: Option<(NewGrant, NewTokens)>,
    /// When.
    pub now: Timestamp,
}

impl Write for SpendCode {
    type Output = Spent;

    async fn apply(&self, tx: &mut Tx) -> Result<Spent, StoreError> {
        let grant_id = self.grant.as_ref().map(|(grant, _)| grant.id);
        if tx.run(SPEND, values![self.hash, self.now, grant_id]).await? == 0 {
            if let Some(row) = tx.row(GRANT_OF, values![self.hash]).await? {
                ends::end(tx, row.int(0)?, EndedWhy::CodeReplayed, self.now).await?;
            }
            return Ok(Spent::Replayed);
        }
        match &self.grant {
            Some((grant, tokens)) if grants::insert(tx, grant, tokens, self.now).await? => Ok(Spent::Granted),
            _ => Ok(Spent::Burnt),
        }
    }
}
