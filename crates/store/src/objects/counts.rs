//! How many objects there are.

use crate::{Reader, Statement, StoreError};

const BY_KIND: Statement =
    Statement::new("objects.counts", "select kind, count(*) from object group by kind order by kind");

pub(crate) const STATEMENTS: &[Statement] = &[BY_KIND];

/// The number of objects of each kind that has any, by singular name.
///
/// # Errors
/// The database failed.
pub async fn by_kind(reader: &mut Reader) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = reader.rows(BY_KIND, Vec::new()).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}
