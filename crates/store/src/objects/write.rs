//! Writing what a plan decided, in one transaction.

use std::sync::Arc;

use kibali_metadata::fold;
use kibali_metadata::import::{Changes, Key, ObjectRow, Reference, Topic};
use kibali_model::{Grantee, ObjectId, Sharing, Timestamp};

use super::sql::{CHUNK, bound, places, row_places};
use super::write_side;
use crate::door::changes;
use crate::{Statement, StoreError, Tx, Write, values};

// Also counts: the value rises with every metadata write, and beyond every value that a restored backup held
// before.
const LOCK: Statement = Statement::new(
    "objects.lock",
    "update installation
     set value = cast(case when cast('0' || value as bigint) < $1 then $1
                           else cast('0' || value as bigint) + 1 end as text)
     where name = 'metadata_lock'",
);
const INSERT: Statement = Statement::new(
    "objects.insert",
    "insert into object (id, kind, uid, code, name, name_key, code_key, created, updated, created_by,
                         updated_by, owner_uid, public_access, public_read, doc)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14)",
);
const UPDATE: Statement = Statement::new(
    "objects.update",
    "update object set code = $2, name = $3, name_key = $4, code_key = $5, updated = $6, updated_by = $7,
                       doc = $8, version = version + 1
     where id = $1",
);
const RENAME: Statement = Statement::new(
    "objects.rename",
    "update object set name = $2, name_key = $3, updated = $4, version = version + 1 where id = $1",
);
const SHARE: Statement = Statement::new(
    "objects.share",
    "update object set owner_uid = $2, public_access = $3, public_read = $4 where id = $1",
);
const UNSHARE_ALL: Statement = Statement::new("sharing.clear", "delete from sharing where object = $1");
const SHARE_WITH: Statement = Statement::new(
    "sharing.insert",
    "insert into sharing (object, grantee_kind, grantee_uid, bits) values ($1, $2, $3, $4)",
);
const UNTRANSLATE: Statement =
    Statement::new("translation.clear", "delete from translation where object = $1");
const TRANSLATE: Statement = Statement::new(
    "translation.insert",
    "insert into translation (object, locale, property, value, value_key) values ($1, $2, $3, $4, $5)",
);
const UNATTRIBUTE: Statement =
    Statement::new("attribute_value.clear", "delete from attribute_value where object = $1");
const ATTRIBUTE: Statement = Statement::new(
    "attribute_value.insert",
    "insert into attribute_value (object, attribute, value, value_key) values ($1, $2, $3, $4)",
);
const FREE_KEY: Statement = Statement::new(
    "unique_key.delete",
    "delete from unique_key where kind = $1 and property = $2 and scope = $3 and value = $4",
);
const TAKE_KEY: Statement = Statement::new(
    "unique_key.insert",
    "insert into unique_key (kind, property, scope, value, object) values ($1, $2, $3, $4, $5)",
);
const UNLINK: Statement = Statement::new(
    "reference.delete",
    "delete from reference
     where source = $1 and edge = $2 and element = $3 and position = $4 and target = $5",
);
const UNLINK_TARGET: Statement =
    Statement::new("reference.delete_target", "delete from reference where target = $1 and edge = $2");
const IS_REFERENCED: Statement =
    Statement::new("reference.find_target", "select source from reference where target = $1 limit 1");
const PLANT: Statement =
    Statement::new("tree.insert", "insert into tree (object, path, level) values ($1, $2, $3)");
const MOVE: Statement = Statement::new(
    "tree.move",
    "update tree set path = $2 || substr(path, cast($3 as integer)), level = level + $4
     where path = $1 or (path >= $1 || '/' and path < $1 || '0')",
);

pub(crate) const STATEMENTS: &[Statement] = &[
    LOCK,
    INSERT,
    UPDATE,
    RENAME,
    SHARE,
    UNSHARE_ALL,
    SHARE_WITH,
    UNTRANSLATE,
    TRANSLATE,
    UNATTRIBUTE,
    ATTRIBUTE,
    FREE_KEY,
    TAKE_KEY,
    UNLINK,
    UNLINK_TARGET,
    IS_REFERENCED,
    PLANT,
    MOVE,
];

/// What became of secrets, hashed outside of the transaction.
#[derive(Debug, Clone, Default)]
pub struct Hashes {
    /// bcrypt hashes of passwords, by user.
    pub passwords: Vec<(ObjectId, String)>,
    /// What is kept of client secrets.
    pub client_secrets: Vec<ClientSecretHash>,
    /// Until when the secrets they replace work; none: no longer.
    pub old_secrets_until: Option<Timestamp>,
}

/// What is kept of the secret of one client.
#[derive(Debug, Clone)]
pub struct ClientSecretHash {
    /// The client.
    pub client: ObjectId,
    /// What the secret is held against.
    pub verifier: Vec<u8>,
    /// The secret itself, sealed, of a client that signs with it.
    pub sealed: Option<Vec<u8>>,
}

/// The write of an import. [`StoreError::Stale`] or [`StoreError::Duplicate`]: the plan rests on what is no
/// longer so; plan again.
#[derive(Debug, Clone)]
pub struct WriteChanges {
    /// What was decided.
    pub changes: Arc<Changes>,
    /// What its secrets became.
    pub hashes: Hashes,
    /// The present.
    pub now: Timestamp,
}

impl Write for WriteChanges {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let changes = &self.changes;
        // One metadata write at a time, on PostgreSQL as on SQLite: what is checked next stays true.
        tx.run(LOCK, values![self.now]).await?;
        check_versions(tx, &changes.expected).await?;
        check_present(tx, &changes.referenced).await?;
        self.take_away(tx).await?;
        self.write_objects(tx).await?;
        for (key, object) in &changes.keys_taken {
            let Key { kind, property, scope, value } = key;
            tx.run(TAKE_KEY, values![*kind, *property, scope.as_str(), value.as_str(), *object]).await?;
        }
        insert_references(tx, &changes.links).await?;
        for (object, path, level) in &changes.planted {
            tx.run(PLANT, values![*object, path.as_str(), *level]).await?;
        }
        for moved in &changes.moved {
            let after = i64::try_from(moved.old_path.len()).unwrap_or(i64::MAX) + 1;
            let values = values![moved.old_path.as_str(), moved.new_path.as_str(), after, moved.levels];
            tx.run(MOVE, values).await?;
        }
        write_side::accounts_and_clients(tx, changes, &self.hashes, self.now).await?;
        check_unreferenced(tx, &changes.deleted).await?;
        for (topic, subject) in &changes.notices {
            changes::record(tx, told(*topic), *subject, self.now).await?;
        }
        Ok(())
    }
}

fn told(topic: Topic) -> changes::Topic {
    match topic {
        Topic::User => changes::Topic::User,
        Topic::Role => changes::Topic::Role,
        Topic::Group => changes::Topic::Group,
        Topic::Client => changes::Topic::Client,
        Topic::Unit => changes::Topic::Unit,
        Topic::DataSet => changes::Topic::DataSet,
    }
}

impl WriteChanges {
    /// Everything goes before anything comes, so that two names can change places.
    async fn take_away(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let changes = &self.changes;
        for (edge, target) in &changes.unlinked {
            tx.run(UNLINK_TARGET, values![*target, edge.0]).await?;
        }
        for Key { kind, property, scope, value } in &changes.keys_freed {
            tx.run(FREE_KEY, values![*kind, *property, scope.as_str(), value.as_str()]).await?;
        }
        for row in &changes.unlinks {
            let values = values![row.source, row.edge.0, row.element, row.position, row.target];
            tx.run(UNLINK, values).await?;
        }
        for object in &changes.deleted {
            write_side::delete_object(tx, *object, &changes.by, self.now).await?;
        }
        Ok(())
    }

    async fn write_objects(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let changes = &self.changes;
        for row in &changes.created {
            insert_object(tx, row, &changes.by, self.now).await?;
        }
        for row in &changes.updated {
            let values = values![
                row.id,
                row.code.as_deref(),
                row.name.as_deref(),
                row.name.as_deref().map(fold),
                row.code.as_deref().map(fold),
                self.now,
                changes.by.as_str(),
                doc(row)?
            ];
            tx.run(UPDATE, values).await?;
            if let Some(sharing) = &row.sharing {
                let public = sharing.public.map(|access| i64::from(access.bits()));
                tx.run(SHARE, values![row.id, sharing.owner.as_deref(), public, sharing.public_read()])
                    .await?;
            }
            belongings(tx, row).await?;
        }
        for (id, name) in &changes.renamed {
            tx.run(RENAME, values![*id, name.as_str(), fold(name), self.now]).await?;
        }
        Ok(())
    }
}

async fn insert_object(tx: &mut Tx, row: &ObjectRow, by: &str, now: Timestamp) -> Result<(), StoreError> {
    // A kind without sharing is readable by everybody who may read the kind.
    let open = Sharing::default();
    let sharing = row.sharing.as_ref().unwrap_or(&open);
    let values = values![
        row.id,
        row.kind,
        row.uid,
        row.code.as_deref(),
        row.name.as_deref(),
        row.name.as_deref().map(fold),
        row.code.as_deref().map(fold),
        row.created,
        now,
        row.created_by.as_deref().unwrap_or(by),
        sharing.owner.as_deref(),
        sharing.public.map(|access| i64::from(access.bits())),
        sharing.public_read(),
        doc(row)?
    ];
    tx.run(INSERT, values).await?;
    belongings(tx, row).await
}

fn doc(row: &ObjectRow) -> Result<String, StoreError> {
    serde_json::to_string(&row.doc).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Sharing, translations and attribute values, where they change.
async fn belongings(tx: &mut Tx, row: &ObjectRow) -> Result<(), StoreError> {
    if let Some(sharing) = &row.sharing {
        tx.run(UNSHARE_ALL, values![row.id]).await?;
        let users = sharing.users.iter().map(|grant| (Grantee::User, grant));
        let groups = sharing.groups.iter().map(|grant| (Grantee::UserGroup, grant));
        for (grantee, (uid, access)) in users.chain(groups) {
            let bits = i64::from(access.bits());
            tx.run(SHARE_WITH, values![row.id, grantee.code(), uid.as_str(), bits]).await?;
        }
    }
    if let Some(translations) = &row.translations {
        tx.run(UNTRANSLATE, values![row.id]).await?;
        for (locale, property, value) in translations {
            let values = values![row.id, locale.as_str(), property.as_str(), value.as_str(), fold(value)];
            tx.run(TRANSLATE, values).await?;
        }
    }
    if let Some(attributes) = &row.attributes {
        tx.run(UNATTRIBUTE, values![row.id]).await?;
        for (attribute, value) in attributes {
            tx.run(ATTRIBUTE, values![row.id, *attribute, value.as_str(), fold(value)]).await?;
        }
    }
    Ok(())
}

async fn check_versions(tx: &mut Tx, expected: &[(ObjectId, i64)]) -> Result<(), StoreError> {
    for expected in expected.chunks(CHUNK) {
        let ids: Vec<ObjectId> = expected.iter().map(|(id, _)| *id).collect();
        let sql = format!("select id, version from object where id in ({})", places(0, ids.len()));
        let mut versions = std::collections::HashMap::new();
        for row in tx.rows_composed(&sql, bound(Vec::new(), &ids)).await? {
            versions.insert(row.id(0)?, row.int(1)?);
        }
        if expected.iter().any(|(id, version)| versions.get(id) != Some(version)) {
            return Err(StoreError::Stale);
        }
    }
    Ok(())
}

async fn check_present(tx: &mut Tx, referenced: &[ObjectId]) -> Result<(), StoreError> {
    for ids in referenced.chunks(CHUNK) {
        let sql = format!("select count(*) from object where id in ({})", places(0, ids.len()));
        let found = tx.rows_composed(&sql, bound(Vec::new(), ids)).await?;
        let count = found.first().map(|row| row.int(0)).transpose()?;
        if count != i64::try_from(ids.len()).ok() {
            return Err(StoreError::Stale);
        }
    }
    Ok(())
}

/// Nobody came to depend on a deleted object since the plan was made.
async fn check_unreferenced(tx: &mut Tx, deleted: &[ObjectId]) -> Result<(), StoreError> {
    for object in deleted {
        if tx.row(IS_REFERENCED, values![*object]).await?.is_some() {
            return Err(StoreError::Stale);
        }
    }
    Ok(())
}

/// References in one statement. SQLite looks each value's name up among those before it, so that the cost grows
/// with the square.
const REFERENCES: usize = 50;

async fn insert_references(tx: &mut Tx, links: &[Reference]) -> Result<(), StoreError> {
    for rows in links.chunks(REFERENCES) {
        let sql = format!(
            "insert into reference (source, edge, element, position, target) values {} on conflict do nothing",
            row_places(5, rows.len())
        );
        let values = rows
            .iter()
            .flat_map(|row| values![row.source, row.edge.0, row.element, row.position, row.target])
            .collect();
        tx.run_composed(&sql, values).await?;
    }
    Ok(())
}
