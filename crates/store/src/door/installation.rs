//! What an installation knows about itself: its system id, the check of its master key.

use crate::{Reader, Statement, StoreError, Tx, Write, values};

const FIND: Statement = Statement::new("installation.find", "select value from installation where name = $1");
const KEEP: Statement = Statement::new(
    "installation.keep",
    "insert into installation (name, value) values ($1, $2) on conflict (name) do nothing",
);

pub(crate) const STATEMENTS: &[Statement] = &[FIND, KEEP];

/// A value every installation has one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// `systemId` of `/api/system/info`.
    SystemId,
    /// What tells a wrong master key at start (rules of the door 6).
    MasterKeyCheck,
    /// A number that rises with every metadata write.
    MetadataState,
}

impl Fact {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SystemId => "system_id",
            Self::MasterKeyCheck => "master_key_check",
            Self::MetadataState => "metadata_lock",
        }
    }
}

/// The value of a fact, once it is kept.
///
/// # Errors
/// The database failed.
pub async fn find(reader: &mut Reader, fact: Fact) -> Result<Option<String>, StoreError> {
    let row = reader.row(FIND, values![fact.as_str()]).await?;
    row.map(|row| row.text(0)).transpose()
}

/// Keeps a value unless there is one already, and answers the one that is kept: nodes that start together
/// agree.
#[derive(Debug, Clone)]
pub struct KeepFact {
    /// Which.
    pub fact: Fact,
    /// The value to keep where there is none.
    pub value: String,
}

impl Write for KeepFact {
    type Output = String;

    async fn apply(&self, tx: &mut Tx) -> Result<String, StoreError> {
        let name = self.fact.as_str();
        tx.run(KEEP, values![name, self.value.as_str()]).await?;
        let kept = tx.row(FIND, values![name]).await?;
        kept.map_or_else(|| Ok(self.value.clone()), |row| row.text(0))
    }
}
