//! What every role gives. There are few roles however many users there are.

use kibali_model::{Authorities, ObjectId, Uid};
use serde_json::Value;

use super::rows;
use crate::{Reader, Statement, StoreError};

const ALL: Statement =
    Statement::new("roles.all", "select id, uid, doc from object where kind = 'userRole' order by uid");

pub(crate) const STATEMENTS: &[Statement] = &[ALL];

/// A role and its authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Row number.
    pub id: ObjectId,
    /// Public identifier.
    pub uid: Uid,
    /// What it gives.
    pub authorities: Authorities,
}

/// Every role, readable to the caller or not: to decide what may be given or managed, not to be shown.
///
/// # Errors
/// The database failed, or holds what cannot be read.
pub async fn all(reader: &mut Reader) -> Result<Vec<Role>, StoreError> {
    let rows = reader.rows(ALL, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let document = rows::document(&row.text(2)?)?;
            let names = document.get("authorities").and_then(Value::as_array).into_iter().flatten();
            let uid = row.text(1)?;
            Ok(Role {
                id: row.id(0)?,
                uid: uid.parse().map_err(|_| StoreError::Corrupt(format!("`{uid}` is no uid")))?,
                authorities: names.filter_map(Value::as_str).collect(),
            })
        })
        .collect()
}
