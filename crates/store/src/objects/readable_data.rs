//! Which data sets a user may read data of: data read or data write through public access, by name or by
//! group; ownership does not count (web-api reference 3.6).

use kibali_metadata::kinds::edges;
use kibali_model::Principal;

use crate::{Reader, Statement, StoreError, values};

const EVERY: Statement =
    Statement::new("data_sets.every", "select uid from object where kind = 'dataSet' order by uid");
const READABLE: Statement = Statement::new(
    "data_sets.readable",
    "select o.uid from object o where o.kind = 'dataSet' and (o.public_access & 12) <> 0
     union
     select o.uid from sharing s join object o on o.id = s.object
     where s.grantee_kind = 0 and s.grantee_uid = $1 and (s.bits & 12) <> 0 and o.kind = 'dataSet'
     union
     select o.uid
     from reference r
     join object g on g.id = r.source
     join sharing s on s.grantee_kind = 1 and s.grantee_uid = g.uid
     join object o on o.id = s.object
     where r.target = $2 and r.edge = $3 and (s.bits & 12) <> 0 and o.kind = 'dataSet'
     order by 1",
);

pub(crate) const STATEMENTS: &[Statement] = &[EVERY, READABLE];

/// The uids of the data sets whose data `caller` may read, in order.
///
/// # Errors
/// The database failed.
pub async fn data_sets(reader: &mut Reader, caller: &Principal) -> Result<Vec<String>, StoreError> {
    let rows = if caller.is_superuser() {
        reader.rows(EVERY, Vec::new()).await?
    } else {
        let values = values![caller.uid, caller.user, edges::USER_GROUP_USERS.0];
        reader.rows(READABLE, values).await?
    };
    rows.iter().map(|row| row.text(0)).collect()
}
