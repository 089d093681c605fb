//! Who asks for a write, held against what they are by the time that it is made: a body may take long to come, and
//! whoever is shut out meanwhile gets nothing new (rules of the door 6).

use kibali_model::{ObjectId, Principal, Timestamp};

use super::accounts;
use super::protection::{self, Held};
use super::sessions;
use super::tokens::Hash;
use crate::{Reader, StoreError, Tx};

/// A person, as they were when their request began.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Who.
    pub user: ObjectId,
    /// The account's credential version then.
    pub credential_version: i64,
    /// SHA-256 of the cookie of the session that proved them; none: their password alone did.
    pub session: Option<Hash>,
}

impl From<&Principal> for Asker {
    fn from(caller: &Principal) -> Self {
        Self {
            user: caller.user,
            credential_version: caller.credential_version,
            session: caller.credential.session(),
        }
    }
}

impl Asker {
    /// Takes the account's row, so that whoever shuts its holder out was here first or waits. Asked before anything
    /// else by each write that makes something which outlasts the session.
    ///
    /// # Errors
    /// [`StoreError::Gone`]: the account is closed, its password was changed, or the session has ended.
    pub(super) async fn still_stands(&self, tx: &mut Tx, now: Timestamp) -> Result<Held, StoreError> {
        let held = protection::hold(tx, self.user).await?;
        let held =
            held.filter(|held| held.is_as_it_was(self.credential_version, now)).ok_or(StoreError::Gone)?;
        // A factor that was set up meanwhile ended the others' sessions, and what a password alone opened.
        let stands = match self.session {
            Some(session) => sessions::is_open(tx, session, self.user, held.protected).await?,
            None => !held.protected,
        };
        if stands { Ok(held) } else { Err(StoreError::Gone) }
    }

    /// The same, of a snapshot that a plan rests on.
    ///
    /// # Errors
    /// [`StoreError::Gone`].
    pub async fn stands_in(&self, reader: &mut Reader, now: Timestamp) -> Result<(), StoreError> {
        let account = accounts::by_user(reader, self.user).await?;
        let as_it_was = account.is_some_and(|account| account.is_as_it_was(self.credential_version, now));
        let there = match self.session {
            Some(session) => {
                sessions::find(reader, session).await?.is_some_and(|found| found.user == self.user)
            }
            None => true,
        };
        if as_it_was && there { Ok(()) } else { Err(StoreError::Gone) }
    }
}
