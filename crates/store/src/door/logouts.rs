//! Clients that are to be told that a session ended: written with the end itself, told by whichever node comes first
//! (OpenID Connect Back-Channel Logout 1.0).

use kibali_model::{ClientProfile, ObjectId, Timestamp};

use super::clients::known;
use super::grants::NewGrant;
use super::tokens::Hash;
use crate::{Reader, Row, Statement, StoreError, Tx, Write, values};

/// Notices that may wait for one client; more are lost.
const MOST: i64 = 1000;
/// Seconds in which a client takes in its tokens before it is told that their session is over.
const TAKEN_IN: i64 = 5;

// A user who is disabled already was told of when that happened.
macro_rules! owe {
    ($name:literal, $which:literal) => {
        Statement::new(
            $name,
            concat!(
                "insert into logout_notice (client, sid, subject, attempts, due, created)
                 select distinct c.object, s.sid, a.username, 0, cast($3 as bigint), cast($3 as bigint)
                 from session s
                   join account a on a.object = s.user_object and a.disabled = 0
                   join oauth_grant g on g.sid = s.sid
                   join client c on c.object = g.client and c.logout_uri is not null
                 where s.user_object = $1 and s.hash ",
                $which,
                " $2 and (select count(*) from logout_notice n where n.client = c.object) < $4
                 on conflict (client, sid) do nothing"
            ),
        )
    };
}

macro_rules! hold {
    ($name:literal, $which:literal) => {
        Statement::new(
            $name,
            concat!("update session set sid = sid where user_object = $1 and hash ", $which, " $2"),
        )
    };
}

const OWE_ONE: Statement = owe!("logout.owe_one", "=");
const OWE_OTHERS: Statement = owe!("logout.owe_others", "<>");
// Whoever spends a code takes the row of its session.
const HOLD_ONE: Statement = hold!("logout.hold_one", "=");
const HOLD_OTHERS: Statement = hold!("logout.hold_others", "<>");
const HOLD_SID: Statement =
    Statement::new("logout.hold_sid", "update session set sid = sid where user_object = $1 and sid = $2");
// One that waits already waits on, so that it finds the new tokens too.
const OWE_LATE: Statement = Statement::new(
    "logout.owe_late",
    "insert into logout_notice (client, sid, subject, attempts, due, created)
     select c.object, cast($3 as text), a.username, 0, cast($5 as bigint), cast($4 as bigint)
     from client c
       join account a on a.object = $2
     where c.object = $1 and c.logout_uri is not null
       and (select count(*) from logout_notice n where n.client = c.object) < $6
     on conflict (client, sid) do update set due = excluded.due where logout_notice.due < excluded.due",
);
const DUE: Statement = Statement::new(
    "logout.due",
    "select n.client, n.sid, n.subject, n.attempts, n.due, c.client_id, c.logout_uri, c.token_algorithm,
            c.profile
     from (select client, min(due) as due from logout_notice where due <= $1
           group by client order by min(due), client limit $2) first
       join logout_notice n on n.client = first.client and n.due = first.due
       left join client c on c.object = n.client
     where n.sid = (select min(m.sid) from logout_notice m where m.client = first.client and m.due = first.due)
     order by n.due, n.client",
);
const CLAIM: Statement = Statement::new(
    "logout.claim",
    "update logout_notice set attempts = attempts + 1, due = $4 where client = $1 and sid = $2 and due = $3",
);
const DONE: Statement =
    Statement::new("logout.done", "delete from logout_notice where client = $1 and sid = $2");
const POSTPONE: Statement =
    Statement::new("logout.postpone", "update logout_notice set due = $2 where client = $1 and due < $2");

const NOT_TRIED: Statement = Statement::new(
    "logout.not_tried",
    "update logout_notice set attempts = $3, due = $4 where client = $1 and sid = $2",
);

pub(crate) const STATEMENTS: &[Statement] =
    &[OWE_ONE, OWE_OTHERS, HOLD_ONE, HOLD_OTHERS, HOLD_SID, OWE_LATE, DUE, CLAIM, DONE, POSTPONE, NOT_TRIED];

/// Which sessions of a user are about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// This one.
    One(Hash),
    /// All but this one.
    AllBut(Option<Hash>),
}

/// Writes down who is to be told that sessions of a user end. Part of the write that ends them, before it does.
pub(crate) async fn owe(
    tx: &mut Tx,
    user: ObjectId,
    leaving: Leaving,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (hold, owe, hash) = match leaving {
        Leaving::One(hash) => (HOLD_ONE, OWE_ONE, hash.to_vec()),
        Leaving::AllBut(hash) => (HOLD_OTHERS, OWE_OTHERS, hash.map_or_else(Vec::new, |hash| hash.to_vec())),
    };
    tx.run(hold, values![user, hash.clone()]).await?;
    tx.run(owe, values![user, hash, now, MOST]).await?;
    Ok(())
}

/// The same for a grant whose session has ended by now: of a code that was allowed in it and is spent after it. Part of
/// the write that spends the code, once it has granted.
pub(super) async fn owe_late(tx: &mut Tx, grant: &NewGrant, now: Timestamp) -> Result<(), StoreError> {
    let Some(sid) = grant.sign_in.sid.as_deref() else { return Ok(()) };
    // Either the session goes on, and whoever ends it finds the grant, or it is gone.
    if tx.run(HOLD_SID, values![grant.user, sid]).await? == 0 {
        let due = now.plus_seconds(TAKEN_IN);
        tx.run(OWE_LATE, values![grant.client, grant.user, sid, now, due, MOST]).await?;
    }
    Ok(())
}

/// A client that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which client.
    pub client: ObjectId,
    /// The session, as the client knows it.
    pub sid: String,
    /// Whose it was.
    pub subject: String,
    /// How often that was tried.
    pub attempts: i64,
    /// Not before.
    pub due: Timestamp,
    /// Where the client hears it; none where it wants to no longer.
    pub listener: Option<Listener>,
}

/// Where and how a client hears of a logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its `client_id`.
    pub client_id: String,
    /// The address.
    pub address: String,
    /// The rules it lives under.
    pub profile: ClientProfile,
    /// What it wants its tokens signed with.
    pub algorithm: Option<String>,
}

/// What is due: of each client what is due longest, and of at most so many clients. However much waits for one, another
/// is told.
///
/// # Errors
/// The database failed.
pub async fn due(reader: &mut Reader, clients: i64, now: Timestamp) -> Result<Vec<Notice>, StoreError> {
    reader.rows(DUE, values![now, clients]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Notice, StoreError> {
    let listener = match row.text_opt(5)?.zip(row.text_opt(6)?) {
        Some((client_id, address)) => {
            let profile = known(ClientProfile::from_name, &row.text(8)?)?;
            Some(Listener { client_id, address, profile, algorithm: row.text_opt(7)? })
        }
        None => None,
    };
    Ok(Notice {
        client: row.id(0)?,
        sid: row.text(1)?,
        subject: row.text(2)?,
        attempts: row.int(3)?,
        due: row.time(4)?,
        listener,
    })
}

/// Takes a notice, to tell it: nobody else does until `again`. Answers false where somebody was faster.
#[derive(Debug, Clone)]
pub struct Claim {
    /// As it was found.
    pub notice: Notice,
    /// When it is due again, unless it was told by then.
    pub again: Timestamp,
}

impl Write for Claim {
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let Notice { client, sid, due, .. } = &self.notice;
        Ok(tx.run(CLAIM, values![*client, sid.as_str(), *due, self.again]).await? > 0)
    }
}

/// What came of telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settle {
    /// It was told, or never will be: it goes.
    Done(Notice),
    /// No call was made: it waits until then, with as many attempts as it had.
    NotTried(Notice, Timestamp),
    /// The client cannot be told now: what waits for it waits at least until then.
    Postpone(ObjectId, Timestamp),
}

impl Write for Settle {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Self::Done(notice) => tx.run(DONE, values![notice.client, notice.sid.as_str()]).await?,
            Self::NotTried(notice, until) => {
                let row = values![notice.client, notice.sid.as_str(), notice.attempts, *until];
                tx.run(NOT_TRIED, row).await?
            }
            Self::Postpone(client, until) => tx.run(POSTPONE, values![*client, *until]).await?,
        };
        Ok(())
    }
}
