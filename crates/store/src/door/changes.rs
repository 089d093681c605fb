//! The change log: what every node must forget (rules of the door 7).

use kibali_model::{ObjectId, Timestamp};

use crate::{Statement, StoreError, Tx, values};

const RECORD: Statement =
    Statement::new("change.record", "insert into change (topic, subject, at) values ($1, $2, $3)");

pub(crate) const STATEMENTS: &[Statement] = &[RECORD];

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A grant or its tokens.
    Grant,
    /// A session.
    Session,
    /// A system setting.
    Setting,
    /// A user: its account, roles, groups or organisation units.
    User,
    /// A role.
    Role,
    /// A user group.
    Group,
    /// A client.
    Client,
    /// An organisation unit.
    Unit,
}

impl Topic {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Setting => "setting",
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Client => "client",
            Self::Unit => "unit",
        }
    }
}

/// Appends a row, in the transaction that changes.
///
/// # Errors
/// The database failed.
pub async fn record(
    tx: &mut Tx,
    topic: Topic,
    subject: Option<ObjectId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.run(RECORD, values![topic.as_str(), subject, now]).await?;
    Ok(())
}
