//! The rows of `reference` that a plan knows: as they are, and as they will be.

use std::collections::{BTreeMap, BTreeSet};

use kibali_model::ObjectId;

use crate::import::facts::Reference;
use crate::kind::EdgeNumber;

type Place = (EdgeNumber, ObjectId, i64, ObjectId);

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    stored: Option<i64>,
    wanted: Option<i64>,
}

/// Rows by edge, source, element and target, each with the position it has and the one it will have.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: BTreeMap<Place, Row>,
    by_target: BTreeSet<(EdgeNumber, ObjectId, ObjectId, i64)>,
    /// Sources all of whose rows of an edge are here.
    whole: BTreeSet<(EdgeNumber, ObjectId)>,
}

impl Rows {
    fn row(&mut self, edge: EdgeNumber, source: ObjectId, element: i64, target: ObjectId) -> &mut Row {
        self.by_target.insert((edge, target, source, element));
        self.rows.entry((edge, source, element, target)).or_default()
    }

    /// A row that is stored; it stays unless something else is said of it.
    pub(crate) fn stored(&mut self, row: Reference) {
        let known = self.row(row.edge, row.source, row.element, row.target);
        if known.stored.is_none() {
            known.stored = Some(row.position);
            known.wanted = known.wanted.or(Some(row.position));
        }
    }

    /// All stored rows of this source and edge have been told.
    pub(crate) fn told_whole(&mut self, edge: EdgeNumber, source: ObjectId) {
        self.whole.insert((edge, source));
    }

    /// Are all rows of this source and edge known?
    pub(crate) fn is_whole(&self, edge: EdgeNumber, source: ObjectId) -> bool {
        self.whole.contains(&(edge, source))
    }

    /// The row shall be there.
    pub(crate) fn want(&mut self, row: Reference) {
        self.row(row.edge, row.source, row.element, row.target).wanted = Some(row.position);
    }

    /// The row shall not be there.
    pub(crate) fn drop(&mut self, edge: EdgeNumber, source: ObjectId, element: i64, target: ObjectId) {
        self.row(edge, source, element, target).wanted = None;
    }

    /// What `source` will reference through `edge`, outside embedded objects, in order.
    pub(crate) fn targets(&self, edge: EdgeNumber, source: ObjectId) -> Vec<ObjectId> {
        let mut found: Vec<(i64, ObjectId)> = self
            .of_source(edge, source)
            .filter(|(place, _)| place.2 == 0)
            .filter_map(|(place, row)| row.wanted.map(|position| (position, place.3)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, target)| target).collect()
    }

    /// Who will reference `target` through `edge`, as far as is known.
    pub(crate) fn sources(&self, edge: EdgeNumber, target: ObjectId) -> Vec<ObjectId> {
        self.of_target(edge, target)
            .filter(|place| self.rows.get(place).is_some_and(|row| row.wanted.is_some()))
            .map(|place| place.1)
            .collect()
    }

    /// The rows of `target` that are wanted or stored.
    pub(crate) fn of_target(&self, edge: EdgeNumber, target: ObjectId) -> impl Iterator<Item = Place> + '_ {
        let least = ObjectId(i64::MIN);
        self.by_target
            .range((edge, target, least, i64::MIN)..)
            .take_while(move |row| row.0 == edge && row.1 == target)
            .map(|(edge, target, source, element)| (*edge, *source, *element, *target))
    }

    fn of_source(&self, edge: EdgeNumber, source: ObjectId) -> impl Iterator<Item = (&Place, &Row)> {
        let least = ObjectId(i64::MIN);
        self.rows
            .range((edge, source, i64::MIN, least)..)
            .take_while(move |(place, _)| place.0 == edge && place.1 == source)
    }

    /// Was the row stored before?
    pub(crate) fn was_stored(&self, edge: EdgeNumber, source: ObjectId, target: ObjectId) -> bool {
        self.rows.get(&(edge, source, 0, target)).is_some_and(|row| row.stored.is_some())
    }

    /// Is the row wanted?
    pub(crate) fn is_wanted(&self, edge: EdgeNumber, source: ObjectId, target: ObjectId) -> bool {
        self.rows.get(&(edge, source, 0, target)).is_some_and(|row| row.wanted.is_some())
    }

    /// The greatest position wanted by this source and edge.
    pub(crate) fn last_position(&self, edge: EdgeNumber, source: ObjectId) -> i64 {
        self.of_source(edge, source).filter_map(|(_, row)| row.wanted).max().unwrap_or(0)
    }

    /// Will any row of this source and edge differ from what is stored?
    pub(crate) fn changes_source(&self, edge: EdgeNumber, source: ObjectId) -> bool {
        self.of_source(edge, source).any(|(_, row)| row.stored != row.wanted)
    }

    /// The rows to delete and those to insert.
    pub(crate) fn difference(&self) -> (Vec<Reference>, Vec<Reference>) {
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for (place, row) in &self.rows {
            if row.stored == row.wanted {
                continue;
            }
            let at = |position| Reference {
                edge: place.0,
                source: place.1,
                element: place.2,
                position,
                target: place.3,
            };
            gone.extend(row.stored.map(at));
            come.extend(row.wanted.map(at));
        }
        (gone, come)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: EdgeNumber = EdgeNumber(1);

    fn row(source: i64, target: i64, position: i64) -> Reference {
        Reference { edge: EDGE, source: ObjectId(source), element: 0, position, target: ObjectId(target) }
    }

    #[test]
    fn only_what_differs_is_written() {
        let mut rows = Rows::default();
        for target in [10, 11, 12] {
            rows.stored(row(1, target, 0));
        }
        rows.drop(EDGE, ObjectId(1), 0, ObjectId(11));
        rows.want(row(1, 13, 0));
        rows.want(row(1, 10, 0));
        assert_eq!(rows.difference(), (vec![row(1, 11, 0)], vec![row(1, 13, 0)]));
        assert_eq!(rows.targets(EDGE, ObjectId(1)), [10, 12, 13].map(ObjectId));
        assert_eq!(rows.sources(EDGE, ObjectId(11)), []);
        assert_eq!(rows.sources(EDGE, ObjectId(13)), [ObjectId(1)]);
    }

    #[test]
    fn a_row_dropped_by_one_end_and_wanted_by_the_other_stays() {
        let mut rows = Rows::default();
        rows.stored(row(1, 10, 0));
        rows.drop(EDGE, ObjectId(1), 0, ObjectId(10));
        rows.want(row(1, 10, 0));
        assert_eq!(rows.difference(), (vec![], vec![]));
        assert!(!rows.changes_source(EDGE, ObjectId(1)));
    }
}
