//! Answers to a planner's questions: one query for a kind or an edge and 500 identifiers.

use std::collections::BTreeMap;

use kibali_metadata::Registry;
use kibali_metadata::import::{
    AccountFacts, DEPENDANTS_READ, Dependants, Detail, Facts, Head, Key, Needs, Reference,
};
use kibali_metadata::kind::EdgeNumber;
use kibali_model::{Access, Grantee, ObjectId, Principal, TwoFactorType, Uid};

use super::sql::{CHUNK, bound, places};
use crate::door::clients;
use crate::{Reader, Row, StoreError, Value, values};

/// Answers every question of `needs` into `facts`.
///
/// # Errors
/// The database failed, or holds what cannot be read.
pub async fn answer(
    reader: &mut Reader,
    registry: &Registry,
    caller: &Principal,
    needs: &Needs,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    objects(reader, needs, facts).await?;
    codes(reader, needs, facts).await?;
    heads(reader, registry, caller, needs, facts).await?;
    details(reader, needs, facts).await?;
    keys(reader, needs, facts).await?;
    references(reader, needs, facts).await?;
    links(reader, needs, facts).await?;
    dependants(reader, needs, facts).await?;
    for kind in &needs.all_of {
        let rows = reader
            .rows_composed("select id from object where kind = $1 order by uid", values![*kind])
            .await?;
        let ids: Result<Vec<ObjectId>, StoreError> = rows.iter().map(|row| row.id(0)).collect();
        facts.all_of.insert(kind, ids?);
    }
    Ok(())
}

/// Questions of one kind or edge together.
fn grouped<G: Ord + Copy, T: Clone>(questions: impl Iterator<Item = (G, T)>) -> BTreeMap<G, Vec<T>> {
    let mut groups: BTreeMap<G, Vec<T>> = BTreeMap::new();
    for (group, question) in questions {
        groups.entry(group).or_default().push(question);
    }
    groups
}

async fn objects(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    for (kind, uids) in grouped(needs.objects.iter().copied()) {
        for uids in uids.chunks(CHUNK) {
            let sql =
                format!("select uid, id from object where kind = $1 and uid in ({})", places(1, uids.len()));
            let rows = reader.rows_composed(&sql, bound(values![kind], uids)).await?;
            facts.objects.extend(uids.iter().map(|uid| ((kind, *uid), None)));
            for row in rows {
                facts.objects.insert((kind, uid(&row, 0)?), Some(row.id(1)?));
            }
        }
    }
    Ok(())
}

async fn codes(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    for (kind, codes) in grouped(needs.codes.iter().cloned()) {
        for codes in codes.chunks(CHUNK) {
            let sql = format!(
                "select code, id from object where kind = $1 and code in ({})",
                places(1, codes.len())
            );
            let rows = reader.rows_composed(&sql, bound(values![kind], codes)).await?;
            facts.codes.extend(codes.iter().map(|code| ((kind, code.clone()), None)));
            for row in rows {
                facts.codes.insert((kind, row.text(0)?), Some(row.id(1)?));
            }
        }
    }
    Ok(())
}

async fn heads(
    reader: &mut Reader,
    registry: &Registry,
    caller: &Principal,
    needs: &Needs,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let mut wanted = needs.heads.clone();
    // Whoever asks which object it is wants to know it too.
    wanted.extend(needs.objects.iter().filter_map(|key| facts.objects.get(key).copied().flatten()));
    wanted.extend(needs.codes.iter().filter_map(|key| facts.codes.get(key).copied().flatten()));
    let wanted: Vec<ObjectId> = wanted.into_iter().collect();
    for ids in wanted.chunks(CHUNK) {
        let sql = format!(
            "select id, kind, uid, code, name, owner_uid, public_access, version from object where id in ({})",
            places(0, ids.len())
        );
        let rows = reader.rows_composed(&sql, bound(Vec::new(), ids)).await?;
        facts.heads.extend(ids.iter().map(|id| (*id, None)));
        for row in rows {
            let Some(kind) = registry.kind(&row.text(1)?) else { continue };
            let head = Head {
                id: row.id(0)?,
                kind: kind.singular,
                uid: uid(&row, 2)?,
                code: row.text_opt(3)?,
                name: row.text_opt(4)?,
                owner: row.text_opt(5)?,
                public: row.int_opt(6)?.map(access),
                granted: Access::NONE,
                version: row.int(7)?,
            };
            facts.heads.insert(head.id, Some(head));
        }
        if !caller.is_superuser() {
            grants(reader, caller, ids, facts).await?;
        }
    }
    Ok(())
}

/// What sharing gives the caller by name and by groups.
async fn grants(
    reader: &mut Reader,
    caller: &Principal,
    ids: &[ObjectId],
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let mut fixed = values![Grantee::User.code(), caller.uid, Grantee::UserGroup.code()];
    let groups = if caller.groups.is_empty() { "''".to_owned() } else { places(3, caller.groups.len()) };
    fixed.extend(caller.groups.iter().map(|group| Value::from(*group)));
    let sql = format!(
        "select object, bits from sharing
         where ((grantee_kind = $1 and grantee_uid = $2) or (grantee_kind = $3 and grantee_uid in ({groups})))
           and object in ({})",
        places(fixed.len(), ids.len())
    );
    for row in reader.rows_composed(&sql, bound(fixed, ids)).await? {
        if let Some(Some(head)) = facts.heads.get_mut(&row.id(0)?) {
            head.granted = Access::from_bits(head.granted.bits() | access(row.int(1)?).bits());
        }
    }
    Ok(())
}

async fn details(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    let wanted: Vec<ObjectId> = needs.details.iter().copied().collect();
    for ids in wanted.chunks(CHUNK) {
        let list = places(0, ids.len());
        let values = || bound(Vec::new(), ids);
        let mut found: BTreeMap<ObjectId, Detail> = BTreeMap::new();
        let sql = format!(
            "select o.id, o.created, o.created_by, o.doc, o.owner_uid, o.public_access, t.path, t.level
             from object o left join tree t on t.object = o.id where o.id in ({list})"
        );
        for row in reader.rows_composed(&sql, values()).await? {
            let doc = row.text(3)?;
            let mut detail = Detail {
                created: row.time_opt(1)?,
                created_by: row.text_opt(2)?,
                doc: serde_json::from_str(&doc).map_err(corrupt)?,
                tree: row.text_opt(6)?.zip(row.int_opt(7)?),
                ..Detail::default()
            };
            detail.sharing.owner = row.text_opt(4)?;
            detail.sharing.public = row.int_opt(5)?.map(access);
            found.insert(row.id(0)?, detail);
        }
        side_facts(reader, &list, ids, &mut found).await?;
        facts.details.extend(ids.iter().map(|id| (*id, found.remove(id))));
    }
    Ok(())
}

async fn side_facts(
    reader: &mut Reader,
    list: &str,
    ids: &[ObjectId],
    found: &mut BTreeMap<ObjectId, Detail>,
) -> Result<(), StoreError> {
    let values = || bound(Vec::new(), ids);
    let sql = format!("select object, grantee_kind, grantee_uid, bits from sharing where object in ({list})");
    for row in reader.rows_composed(&sql, values()).await? {
        let Some(detail) = found.get_mut(&row.id(0)?) else { continue };
        let sharing = &mut detail.sharing;
        let grantees =
            if row.int(1)? == Grantee::User.code() { &mut sharing.users } else { &mut sharing.groups };
        grantees.insert(row.text(2)?, access(row.int(3)?));
    }
    let sql = format!("select object, locale, property, value from translation where object in ({list})");
    for row in reader.rows_composed(&sql, values()).await? {
        if let Some(detail) = found.get_mut(&row.id(0)?) {
            detail.translations.insert((row.text(1)?, row.text(2)?, row.text(3)?));
        }
    }
    let sql = format!("select object, attribute, value from attribute_value where object in ({list})");
    for row in reader.rows_composed(&sql, values()).await? {
        if let Some(detail) = found.get_mut(&row.id(0)?) {
            detail.attributes.insert(row.id(1)?, row.text(2)?);
        }
    }
    let sql = format!(
        "select object, username, disabled, expiry, external_auth, two_factor, two_factor_type
         from account where object in ({list})"
    );
    for row in reader.rows_composed(&sql, values()).await? {
        if let Some(detail) = found.get_mut(&row.id(0)?) {
            detail.account = Some(AccountFacts {
                username: row.text(1)?,
                disabled: row.flag(2)?,
                expiry: row.time_opt(3)?,
                external_auth: row.flag(4)?,
                protected: row.flag(5)?,
                mailed_codes: row.text(6)? == TwoFactorType::EmailEnabled.as_str(),
            });
        }
    }
    let columns = clients::COLUMNS;
    let sql = format!("select c.object, {columns} from client c where c.object in ({list})");
    for row in reader.rows_composed(&sql, values()).await? {
        if let Some(detail) = found.get_mut(&row.id(0)?) {
            detail.client = clients::registration(&row, 1)?;
        }
    }
    Ok(())
}

async fn keys(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    let groups = grouped(needs.keys.iter().map(|key| ((key.kind, key.property), key.clone())));
    for ((kind, property), keys) in groups {
        for keys in keys.chunks(CHUNK) {
            let sql = format!(
                "select scope, value, object from unique_key
                 where kind = $1 and property = $2 and value in ({})",
                places(2, keys.len())
            );
            let texts: Vec<String> = keys.iter().map(|key| key.value.clone()).collect();
            let rows = reader.rows_composed(&sql, bound(values![kind, property], &texts)).await?;
            facts.keys.extend(keys.iter().map(|key| (key.clone(), None)));
            for row in rows {
                let key = Key { kind, property, scope: row.text(0)?, value: row.text(1)? };
                facts.keys.insert(key, Some(row.id(2)?));
            }
        }
    }
    Ok(())
}

async fn references(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    for (edge, sources) in grouped(needs.targets.iter().copied()) {
        facts.targets.extend(sources.iter().map(|source| ((edge, *source), Vec::new())));
        for row in reference_rows(reader, edge, "source", &sources).await? {
            facts.targets.entry((edge, row.source)).or_default().push(row);
        }
    }
    for (edge, targets) in grouped(needs.sources.iter().copied()) {
        facts.sources.extend(targets.iter().map(|target| ((edge, *target), Vec::new())));
        for row in reference_rows(reader, edge, "target", &targets).await? {
            facts.sources.entry((edge, row.target)).or_default().push(row);
        }
    }
    for (edge, sources) in grouped(needs.last_positions.iter().copied()) {
        facts.last_positions.extend(sources.iter().map(|source| ((edge, *source), 0)));
        for sources in sources.chunks(CHUNK) {
            let sql = format!(
                "select source, max(position) from reference where edge = $1 and source in ({}) group by source",
                places(1, sources.len())
            );
            for row in reader.rows_composed(&sql, bound(values![edge.0], sources)).await? {
                facts.last_positions.insert((edge, row.id(0)?), row.int(1)?);
            }
        }
    }
    Ok(())
}

/// The rows of one edge at one end, in order.
async fn reference_rows(
    reader: &mut Reader,
    edge: EdgeNumber,
    end: &'static str,
    objects: &[ObjectId],
) -> Result<Vec<Reference>, StoreError> {
    let mut found = Vec::new();
    for objects in objects.chunks(CHUNK) {
        let sql = format!(
            "select source, element, position, target from reference
             where edge = $1 and {end} in ({}) order by source, element, position, target",
            places(1, objects.len())
        );
        for row in reader.rows_composed(&sql, bound(values![edge.0], objects)).await? {
            found.push(Reference {
                edge,
                source: row.id(0)?,
                element: row.int(1)?,
                position: row.int(2)?,
                target: row.id(3)?,
            });
        }
    }
    Ok(found)
}

async fn links(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    let groups = grouped(needs.links.iter().map(|(edge, source, target)| ((*edge, *source), *target)));
    for ((edge, source), targets) in groups {
        facts.links.extend(targets.iter().map(|target| ((edge, source, *target), None)));
        for targets in targets.chunks(CHUNK) {
            let sql = format!(
                "select position, target from reference
                 where source = $1 and edge = $2 and element = 0 and target in ({})",
                places(2, targets.len())
            );
            for row in reader.rows_composed(&sql, bound(values![source, edge.0], targets)).await? {
                let link = Reference { edge, source, element: 0, position: row.int(0)?, target: row.id(1)? };
                facts.links.insert((edge, source, link.target), Some(link));
            }
        }
    }
    Ok(())
}

async fn dependants(reader: &mut Reader, needs: &Needs, facts: &mut Facts) -> Result<(), StoreError> {
    for object in &needs.dependants {
        let mut found = Vec::new();
        let counts = "select edge, count(*) from reference where target = $1 group by edge order by edge";
        for row in reader.rows_composed(counts, values![*object]).await? {
            let edge = EdgeNumber(row.int(0)?);
            let sql = "select distinct source from reference where target = $1 and edge = $2 order by source limit $3";
            let limit = i64::try_from(DEPENDANTS_READ).unwrap_or(i64::MAX);
            let rows = reader.rows_composed(sql, values![*object, edge.0, limit]).await?;
            let sources: Result<Vec<ObjectId>, StoreError> = rows.iter().map(|row| row.id(0)).collect();
            found.push(Dependants { edge, count: row.int(1)?, sources: sources? });
        }
        facts.dependants.insert(*object, found);
    }
    Ok(())
}

fn access(bits: i64) -> Access {
    Access::from_bits(u8::try_from(bits & 15).unwrap_or_default())
}

fn uid(row: &Row, at: usize) -> Result<Uid, StoreError> {
    let text = row.text(at)?;
    text.parse().map_err(|_| StoreError::Corrupt(format!("'{text}' is no identifier")))
}

fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}
