//! Loading objects in a shape: level by level, one statement for each edge and chunk of parents, never
//! one for an object (rules of the metadata 3).

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use kibali_metadata::kind::{End, Kind};
use kibali_metadata::read::{
    Link, Loaded, MAX_REFERENCES, More, Need, ReadError, Record, Shape, Slot, Translation, Want,
};
use kibali_model::ObjectId;

use super::compose::{Alias, Sql};
use super::reading::{ReadFailure, Reading};
use super::rows;
use super::sql::CHUNK;
use crate::{Row, StoreError};

impl Reading<'_> {
    /// Loads the objects with these row numbers, in this order, all of them readable to the caller.
    pub(super) async fn load(&mut self, shape: &Shape<'_>, ids: &[ObjectId]) -> Result<Loaded, ReadFailure> {
        let mut found = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let mut sql = self.compose();
            sql.push("select o.id, o.uid");
            rows::columns(&mut sql, shape.needs);
            sql.push(" from object o");
            rows::joins(&mut sql, shape.needs);
            sql.push(" where o.id in ").ids(chunk.iter().copied());
            for row in self.rows(sql).await? {
                let bare = Record { id: row.id(0)?, uid: row.text(1)?, readable: true, ..Record::default() };
                found.insert(bare.id, rows::record(&row, shape, 2, bare)?);
            }
        }
        let records = ids.iter().filter_map(|id| found.remove(id)).collect();
        let level = self.complete(shape, records).await?;
        // Loaded is each object once; shown it may be under many others.
        if level.emitted() > MAX_REFERENCES {
            return Err(ReadError::TooManyReferences.into());
        }
        Ok(level)
    }

    /// Loads what records of a level have beside their columns.
    async fn complete(&mut self, shape: &Shape<'_>, mut records: Vec<Record>) -> Result<Loaded, ReadFailure> {
        self.beside(shape, &mut records).await?;
        let parents: Vec<ObjectId> =
            records.iter().filter(|record| record.readable).map(|record| record.id).collect();
        let mut slots = Vec::with_capacity(shape.slots.len());
        for need in &shape.slots {
            slots.push(match &need.want {
                Want::Count => Slot::Counts(self.numbers(need, &parents, "count(*)").await?),
                Want::Position => Slot::Positions(self.numbers(need, &parents, "min(r.position)").await?),
                Want::Objects(inner) => self.through(need, inner, &parents).await?,
                Want::Ancestors(inner) => self.ancestors(shape.kind, inner, &records).await?,
            });
        }
        Ok(Loaded { records, slots })
    }

    async fn numbers(
        &mut self,
        need: &Need<'_>,
        parents: &[ObjectId],
        number: &'static str,
    ) -> Result<HashMap<ObjectId, i64>, StoreError> {
        let (here, _) = ends(need.end);
        let mut numbers = HashMap::new();
        for chunk in parents.chunks(CHUNK) {
            let mut sql = self.compose();
            sql.push("select r.")
                .push(here)
                .push(", ")
                .push(number)
                .push(" from reference r where r.edge = ");
            sql.bind(need.edge.0).push(" and r.").push(here).push(" in ").ids(chunk.iter().copied());
            sql.push(" group by r.").push(here);
            for row in self.rows(sql).await? {
                numbers.insert(row.id(0)?, row.int(1)?);
            }
        }
        Ok(numbers)
    }

    /// What stands at the other end of an edge, each object once however many parents share it.
    async fn through(
        &mut self,
        need: &Need<'_>,
        shape: &Shape<'_>,
        parents: &[ObjectId],
    ) -> Result<Slot, ReadFailure> {
        let (here, there) = ends(need.end);
        let mut gathered = Gathered::default();
        for chunk in parents.chunks(CHUNK) {
            let mut sql = self.compose();
            sql.push("select r.").push(here).push(", r.element, o.id, o.uid, ");
            self.readable_column(&mut sql, shape);
            rows::columns(&mut sql, shape.needs);
            sql.push(" from reference r join object o on o.id = r.").push(there);
            rows::joins(&mut sql, shape.needs);
            sql.push(" where r.edge = ").bind(need.edge.0).push(" and r.").push(here).push(" in ");
            sql.ids(chunk.iter().copied()).push(" order by r.position, o.uid limit ");
            // One more than may be emitted tells that there are too many.
            sql.bind(i64::try_from(self.references_left()).unwrap_or(i64::MAX).saturating_add(1));
            let rows = self.rows(sql).await?;
            self.emit(rows.len())?;
            for row in rows {
                let id = row.id(2)?;
                let record = gathered.place(id, || record_of(&row, shape))?;
                gathered.link(row.id(0)?, Link { element: row.int(1)?, record });
            }
        }
        let embedding = need.end == End::Target
            && self.context().registry.edge(need.edge).is_some_and(|edge| edge.embedded_in.is_some());
        gathered.into_slot(self, shape, embedding).await
    }

    /// The ancestors of objects in the tree, root first.
    async fn ancestors(
        &mut self,
        kind: &Kind,
        shape: &Shape<'_>,
        records: &[Record],
    ) -> Result<Slot, ReadFailure> {
        let lines: Vec<(ObjectId, Vec<&str>)> = records
            .iter()
            .filter_map(|record| {
                let (path, _) = record.more.as_ref()?.tree.as_ref()?;
                let mut line: Vec<&str> = path.split('/').filter(|uid| !uid.is_empty()).collect();
                line.pop();
                Some((record.id, line))
            })
            .collect();
        let mut uids: Vec<&str> = lines.iter().flat_map(|(_, line)| line.iter().copied()).collect();
        uids.sort_unstable();
        uids.dedup();
        let mut gathered = Gathered::default();
        let mut by_uid = HashMap::new();
        for chunk in uids.chunks(CHUNK) {
            let mut sql = self.compose();
            sql.push("select o.id, 0, o.id, o.uid, ");
            self.readable_column(&mut sql, shape);
            rows::columns(&mut sql, shape.needs);
            sql.push(" from object o");
            rows::joins(&mut sql, shape.needs);
            sql.push(" where o.kind = ")
                .bind(kind.singular)
                .push(" and o.uid in ")
                .texts(chunk.iter().copied());
            for row in self.rows(sql).await? {
                let place = gathered.place(row.id(2)?, || record_of(&row, shape))?;
                by_uid.insert(row.text(3)?, place);
            }
        }
        for (id, line) in &lines {
            self.emit(line.len())?;
            for record in line.iter().filter_map(|uid| by_uid.get(*uid).copied()) {
                gathered.link(*id, Link { element: 0, record });
            }
        }
        gathered.into_slot(self, shape, false).await
    }

    /// Appends whether the caller may read the object; where only uids are shown nobody asks.
    fn readable_column(&self, sql: &mut Sql, shape: &Shape<'_>) {
        if shape.is_bare() {
            sql.push("cast(1 as bigint)");
            return;
        }
        let context = self.context();
        sql.push("cast(case when ");
        context.visibility.readable(sql, context.registry, shape.kind, Alias::ROOT);
        sql.push(" then 1 else 0 end as bigint)");
    }

    /// Sharing, translations and attribute values of a level, where they are needed.
    async fn beside(&mut self, shape: &Shape<'_>, records: &mut [Record]) -> Result<(), StoreError> {
        let needs = shape.needs;
        let locale = self.context().locale;
        let ids: Vec<ObjectId> =
            records.iter().filter(|record| record.readable).map(|record| record.id).collect();
        let mut by_id: HashMap<ObjectId, &mut More> =
            records.iter_mut().filter_map(|record| Some((record.id, record.more.as_deref_mut()?))).collect();
        for chunk in ids.chunks(CHUNK) {
            if needs.sharing && shape.kind.shareable {
                let mut sql = self.compose();
                sql.push("select object, grantee_kind, grantee_uid, bits from sharing where object in ");
                sql.ids(chunk.iter().copied());
                for row in self.rows(sql).await? {
                    let Some(more) = by_id.get_mut(&row.id(0)?) else { continue };
                    let grantees =
                        if row.int(1)? == 0 { &mut more.sharing.users } else { &mut more.sharing.groups };
                    grantees.insert(row.text(2)?, rows::access(row.int(3)?));
                }
            }
            let one_locale = locale.filter(|_| needs.display);
            if needs.translations || one_locale.is_some() {
                let mut sql = self.compose();
                sql.push("select object, locale, property, value from translation where object in ");
                sql.ids(chunk.iter().copied());
                if let (Some(locale), false) = (one_locale, needs.translations) {
                    sql.push(" and locale = ").bind(locale);
                }
                sql.push(" order by object, locale, property");
                for row in self.rows(sql).await? {
                    let Some(more) = by_id.get_mut(&row.id(0)?) else { continue };
                    more.translations.push(Translation {
                        locale: row.text(1)?,
                        property: row.text(2)?,
                        value: row.text(3)?,
                    });
                }
            }
            if needs.attributes {
                let mut sql = self.compose();
                sql.push("select v.object, o.uid, v.value from attribute_value v join object o");
                sql.push(" on o.id = v.attribute where v.object in ").ids(chunk.iter().copied());
                sql.push(" order by v.object, o.uid");
                for row in self.rows(sql).await? {
                    let Some(more) = by_id.get_mut(&row.id(0)?) else { continue };
                    more.attributes.push((row.text(1)?, row.text(2)?));
                }
            }
        }
        Ok(())
    }
}

/// A level being gathered: each object once, and who points at it.
#[derive(Default)]
struct Gathered {
    records: Vec<Record>,
    places: HashMap<ObjectId, usize>,
    links: HashMap<ObjectId, Vec<Link>>,
}

impl Gathered {
    fn place(
        &mut self,
        id: ObjectId,
        record: impl FnOnce() -> Result<Record, StoreError>,
    ) -> Result<usize, StoreError> {
        if let Some(place) = self.places.get(&id) {
            return Ok(*place);
        }
        self.records.push(record()?);
        let place = self.records.len() - 1;
        self.places.insert(id, place);
        Ok(place)
    }

    fn link(&mut self, from: ObjectId, link: Link) {
        self.links.entry(from).or_default().push(link);
    }

    /// Goes one level deeper. Boxed, because levels lie inside each other.
    fn into_slot<'f>(
        self,
        reading: &'f mut Reading<'_>,
        shape: &'f Shape<'_>,
        embedding: bool,
    ) -> Pin<Box<dyn Future<Output = Result<Slot, ReadFailure>> + Send + 'f>> {
        Box::pin(async move {
            let level = reading.complete(shape, self.records).await?;
            Ok(Slot::Objects { links: self.links, level, embedding })
        })
    }
}

/// The object of a row whose columns from the third are row number, uid, readable, and the shape's.
fn record_of(row: &Row, shape: &Shape<'_>) -> Result<Record, StoreError> {
    let bare = Record { id: row.id(2)?, uid: row.text(3)?, readable: row.flag(4)?, ..Record::default() };
    if bare.readable { rows::record(row, shape, 5, bare) } else { Ok(bare) }
}

/// The columns of `reference` at this end and at the other.
const fn ends(end: End) -> (&'static str, &'static str) {
    match end {
        End::Source => ("source", "target"),
        End::Target => ("target", "source"),
    }
}
