//! Links sent by mail: each works once, for its time, and for what it was made for.

use kibali_metadata::fold;
use kibali_model::{ObjectId, Timestamp, Uid};
use serde_json::json;

use super::audit::{self, Who};
use super::emails;
use super::protection;
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

const RECENT: Statement = Statement::new(
    "mail_link.recent",
    "select count(*) from mail_link where user_object = $1 and purpose = $2 and created > $3",
);
const INSERT: Statement = Statement::new(
    "mail_link.insert",
    "insert into mail_link (hash, purpose, user_object, email, credential_version, created, expires, asked_by,
                            email_key)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
// A new password ends every link that could set another one, and another address every link sent to the old: but that
// one which the user has shown to read, until they show it of another, is still theirs for a forgotten password.
const FIND: Statement = Statement::new(
    "mail_link.find",
    "select l.user_object, l.email, l.asked_by
     from mail_link l join account a on a.object = l.user_object
     where l.hash = $1 and l.purpose = $2 and l.spent is null and l.expires > $3
       and (l.email_key = a.email_key or (l.purpose = 'restore' and l.email_key = a.verified_email))
       and (l.purpose = 'verify' or l.credential_version = a.credential_version)",
);
const SPEND: Statement = Statement::new(
    "mail_link.spend",
    "update mail_link set spent = $3 where hash = $1 and purpose = $2 and spent is null and expires > $3",
);
const INVITED: Statement = Statement::new(
    "mail_link.invited",
    "select distinct o.uid from mail_link l join object o on o.id = l.user_object
     where l.expires > $1 and l.purpose = 'invite' and l.spent is null
     limit 10000",
);

pub(crate) const STATEMENTS: &[Statement] = &[RECENT, INSERT, FIND, SPEND, INVITED];

/// Links of one purpose that a user may be sent within an hour.
const PER_HOUR: i64 = 5;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Setting a new password in place of a forgotten one.
    Restore,
    /// Accepting an invitation.
    Invite,
    /// Showing that an address is read by its user.
    Verify,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Invite => "invite",
            Self::Verify => "verify",
        }
    }
}

/// Keeps a new link. Answers false, and keeps nothing, where its user was sent too many within the hour:
/// those that were sent still work.
#[derive(Debug, Clone)]
pub struct IssueLink {
    /// SHA-256 of its token.
    pub hash: Hash,
    /// What for.
    pub purpose: Purpose,
    /// For whom.
    pub user: ObjectId,
    /// Where it is sent.
    pub email: String,
    /// The account's credential version.
    pub credential_version: i64,
    /// Who asked for it, by name; none: somebody who is not signed in.
    pub by: Option<String>,
    /// When it stops working.
    pub expires: Timestamp,
    /// When.
    pub now: Timestamp,
}

impl Write for IssueLink {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        // Two that are asked for at once are both counted.
        protection::hold(tx, self.user).await?;
        let purpose = self.purpose.as_str();
        let hour_ago = self.now.plus_seconds(-3600);
        let recent = tx.row(RECENT, values![self.user, purpose, hour_ago]).await?;
        if recent.map_or(Ok(0), |row| row.int(0))? >= PER_HOUR {
            return Ok(false);
        }
        let row = values![
            self.hash,
            purpose,
            self.user,
            self.email.as_str(),
            self.credential_version,
            self.now,
            self.expires,
            self.by.as_deref(),
            fold(&self.email),
        ];
        tx.run(INSERT, row).await?;
        let who = Who { user: Some(self.user), ..Who::default() };
        let detail = json!({ "for": purpose, "by": self.by, "expires": self.expires.to_dhis2() });
        audit::record(tx, "link.sent", who, detail, self.now).await?;
        Ok(true)
    }
}

/// A link that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLink {
    /// For whom.
    pub user: ObjectId,
    /// Where it was sent.
    pub email: String,
    /// Who had it sent, by name; none: somebody who is not signed in.
    pub by: Option<String>,
}

fn read(row: &Row) -> Result<FoundLink, StoreError> {
    Ok(FoundLink { user: row.id(0)?, email: row.text(1)?, by: row.text_opt(2)? })
}

/// The link with this hash, where it works for this at `now`.
///
/// # Errors
/// The database failed.
pub async fn find(
    reader: &mut Reader,
    hash: Hash,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<FoundLink>, StoreError> {
    reader.row(FIND, values![hash, purpose.as_str(), now]).await?.as_ref().map(read).transpose()
}

/// The users with an invitation that still works, ten thousand at most.
///
/// # Errors
/// The database failed.
pub async fn invited(reader: &mut Reader, now: Timestamp) -> Result<Vec<Uid>, StoreError> {
    reader.rows(INVITED, values![now]).await?.iter().map(|row| super::uid(row, 0)).collect()
}

/// Spends a link; false when it is spent, too old, unknown, or for something else. Whoever came by it reads
/// the address it was sent to.
#[derive(Debug, Clone, Copy)]
pub struct SpendLink {
    /// SHA-256 of its token.
    pub hash: Hash,
    /// What for.
    pub purpose: Purpose,
    /// When.
    pub now: Timestamp,
}

impl Write for SpendLink {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Some(link) = take(tx, self.hash, self.purpose, self.now).await? else { return Ok(false) };
        let who = Who { user: Some(link.user), ..Who::default() };
        audit::record(tx, "link.spent", who, json!({ "for": self.purpose.as_str() }), self.now).await?;
        emails::verify(tx, link.user, &link.email, self.now).await?;
        Ok(true)
    }
}

/// Spends a link within a write that does what it was for. Of two that come at once, one finds it spent.
pub(super) async fn take(
    tx: &mut Tx,
    hash: Hash,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<FoundLink>, StoreError> {
    let found = tx.row(FIND, values![hash, purpose.as_str(), now]).await?;
    let Some(row) = found else { return Ok(None) };
    if tx.run(SPEND, values![hash, purpose.as_str(), now]).await? == 0 {
        return Ok(None);
    }
    read(&row).map(Some)
}
