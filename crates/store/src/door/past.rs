//! What was a token or a session, and why it is none any longer. Nobody is let in or kept out by this: it tells
//! whoever asks why a call was refused, and is taken away after a while.

use kibali_model::{ObjectId, Timestamp};

use super::tokens::Hash;
use crate::{Reader, Statement, StoreError, Tx, values};

// The casts tell PostgreSQL what stands there.
macro_rules! past {
    ($name:literal, $which:literal) => {
        Statement::new(
            $name,
            concat!(
                "insert into past_credential (hash, ended, why, expires)
                 select hash, cast($2 as bigint), cast($3 as text), cast($4 as bigint) from ",
                $which,
                " on conflict (hash) do update set
                    ended = excluded.ended, why = excluded.why, expires = excluded.expires"
            ),
        )
    };
}

const FIND: Statement =
    Statement::new("past_credential.find", "select ended, why from past_credential where hash = $1");
const ACCESS: Statement = past!("past_credential.access_token", "access_token where hash = $1");
const SURPLUS: Statement = past!(
    "past_credential.surplus",
    "access_token
     where created <= $6 and hash in (
       select hash from access_token where grant_id = $1 order by created desc, hash limit 1000 offset $5)"
);
const OF_GRANT: Statement = past!(
    "past_credential.of_grant",
    "(select hash from access_token where grant_id = $1
      union all select hash from refresh_token where grant_id = $1) t where true"
);
const API_TOKEN: Statement = past!("past_credential.api_token", "api_token where uid = $1");
const API_TOKENS_OF_USER: Statement =
    past!("past_credential.api_tokens_of_user", "api_token where user_object = $1");
const SESSION: Statement = past!("past_credential.session", "session where hash = $1");
const SESSIONS_OF_USER: Statement =
    past!("past_credential.sessions_of_user", "session where user_object = $1 and hash <> $5");
const ACCESS_OF_OBJECT: Statement = past!(
    "past_credential.access_of_object",
    "access_token where grant_id in (select id from oauth_grant where user_object = $1 or client = $1)"
);
const REFRESH_OF_OBJECT: Statement = past!(
    "past_credential.refresh_of_object",
    "refresh_token where grant_id in (select id from oauth_grant where user_object = $1 or client = $1)"
);

pub(crate) const STATEMENTS: &[Statement] = &[
    FIND,
    ACCESS,
    SURPLUS,
    OF_GRANT,
    API_TOKEN,
    API_TOKENS_OF_USER,
    SESSION,
    SESSIONS_OF_USER,
    ACCESS_OF_OBJECT,
    REFRESH_OF_OBJECT,
];

/// Why a grant ended, as the account page says it; or a token or session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedWhy {
    /// The client or the user revoked it.
    Revoked,
    /// Newer grants of the same user and client took its place.
    TooMany,
    /// Its authorization code was presented twice.
    CodeReplayed,
    /// A copy of one of its refresh tokens was presented.
    RefreshTokenCopied,
    /// The password was set anew by someone else.
    PasswordReset,
    /// The user changed the password it was obtained with.
    PasswordChanged,
    /// The user has a second factor now, and it was obtained with a password alone.
    FactorAdded,
    /// Somebody else switched off the second factor it was obtained with.
    FactorReset,
    /// An administrator ended it.
    Cut,
    /// Newer access tokens of its grant took its place.
    Replaced,
    /// Its owner deleted it, or the user or client that it belonged to was.
    Deleted,
    /// Its user signed out.
    SignedOut,
    /// Its user ended it elsewhere, or the account changed.
    SessionEnded,
}

impl EndedWhy {
    const EVERY: [Self; 13] = [
        Self::Revoked,
        Self::TooMany,
        Self::CodeReplayed,
        Self::RefreshTokenCopied,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::FactorAdded,
        Self::FactorReset,
        Self::Cut,
        Self::Replaced,
        Self::Deleted,
        Self::SignedOut,
        Self::SessionEnded,
    ];

    /// By its name in the database; none for one that this Kibali does not know.
    fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|why| why.as_str() == name)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::TooMany => "too_many",
            Self::CodeReplayed => "code_replayed",
            Self::RefreshTokenCopied => "refresh_token_copied",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::FactorAdded => "factor_added",
            Self::FactorReset => "factor_reset",
            Self::Cut => "cut",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::SignedOut => "signed_out",
            Self::SessionEnded => "session_ended",
        }
    }
}

/// How long it is remembered.
const REMEMBERED_SECONDS: i64 = 7 * 86_400;
/// The same where newer ones took its place: scripts do that with every request.
const REPLACED_SECONDS: i64 = 3600;
/// An access token whose place newer ones took within so many seconds is not remembered: who asks for fifty more in
/// that time uses none of them twice, and would fill the table.
const NOTED_AFTER_SECONDS: i64 = 60;

/// Which, of those that are about to end.
pub(super) enum Ending<'a> {
    /// The access token with this hash.
    Access(Hash),
    /// The oldest access tokens of a grant, all but so many.
    Surplus { grant: i64, staying: i64 },
    /// The access tokens and refresh tokens of a grant.
    OfGrant(i64),
    /// The personal access token with this uid.
    ApiToken(&'a str),
    /// The personal access tokens of a user.
    ApiTokensOf(ObjectId),
    /// The session with this hash.
    Session(Hash),
    /// The sessions of a user, but this one.
    SessionsOf(ObjectId, Option<Hash>),
}

/// Remembers why they end. Part of the write that ends them, before it does.
pub(super) async fn remember(
    tx: &mut Tx,
    ending: Ending<'_>,
    why: EndedWhy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (statement, which) = match &ending {
        Ending::Access(hash) => (ACCESS, values![*hash]),
        Ending::Surplus { grant, .. } => (SURPLUS, values![*grant]),
        Ending::OfGrant(grant) => (OF_GRANT, values![*grant]),
        Ending::ApiToken(uid) => (API_TOKEN, values![*uid]),
        Ending::ApiTokensOf(user) => (API_TOKENS_OF_USER, values![*user]),
        Ending::Session(hash) => (SESSION, values![*hash]),
        Ending::SessionsOf(user, _) => (SESSIONS_OF_USER, values![*user]),
    };
    let seconds = match why {
        EndedWhy::TooMany | EndedWhy::Replaced => REPLACED_SECONDS,
        _ => REMEMBERED_SECONDS,
    };
    let mut row = [which, values![now, why.as_str(), now.plus_seconds(seconds)]].concat();
    match ending {
        Ending::SessionsOf(_, keep) => {
            row.extend(values![keep.map_or_else(Vec::new, |hash| hash.to_vec())]);
        }
        Ending::Surplus { staying, .. } => {
            row.extend(values![staying, now.plus_seconds(-NOTED_AFTER_SECONDS)])
        }
        _ => {}
    }
    tx.run(statement, row).await?;
    Ok(())
}

/// The same for everything that goes with a user or a client that is deleted.
pub(crate) async fn remember_all_of(tx: &mut Tx, object: ObjectId, now: Timestamp) -> Result<(), StoreError> {
    let why = EndedWhy::Deleted;
    let row = values![object, now, why.as_str(), now.plus_seconds(REMEMBERED_SECONDS)];
    tx.run(ACCESS_OF_OBJECT, row.clone()).await?;
    tx.run(REFRESH_OF_OBJECT, row).await?;
    remember(tx, Ending::ApiTokensOf(object), why, now).await?;
    remember(tx, Ending::SessionsOf(object, None), why, now).await
}

/// When a token or session ended, and why; none where that is not remembered.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, hash: Hash) -> Result<Option<(Timestamp, EndedWhy)>, StoreError> {
    let Some(row) = reader.row(FIND, values![hash]).await? else { return Ok(None) };
    let (ended, why) = (row.time(0)?, row.text(1)?);
    Ok(EndedWhy::from_name(&why).map(|why| (ended, why)))
}
