//! Lists and single objects: which ones, how many, in which order.

use std::cmp::Ordering;

use kibali_metadata::kind::Kind;
use kibali_metadata::language::Paging;
use kibali_metadata::read::{
    Loaded, MAX_REFERENCES, MAX_RESIDUAL, Predicate, ReadError, Scalar, Shape, SortKey, SortTerm,
};
use kibali_model::ObjectId;

use super::Visibility;
use super::compose::{Alias, Sql};
use super::condition::{condition, direction, sort_value};
use super::reading::{ReadFailure, Reading};
use super::visible::Branch;

/// What to list.
#[derive(Debug, Clone)]
pub struct Listing<'r> {
    /// What is shown.
    pub shape: Shape<'r>,
    /// Which objects.
    pub predicate: Predicate<'r>,
    /// In which order.
    pub order: Vec<SortKey<'r>>,
    /// Which of them.
    pub paging: Paging,
}

/// A list.
#[derive(Debug)]
pub struct Listed {
    /// How many objects there are on all pages; not counted without paging.
    pub total: u64,
    /// The objects of the page.
    pub level: Loaded,
}

/// The objects of a list in their order, not loaded yet.
#[derive(Debug)]
pub struct Chosen {
    /// How many objects there are on all pages; not counted without paging.
    pub total: u64,
    ids: Vec<ObjectId>,
}

/// Objects that are loaded and answered together; a longer list is never held whole.
pub const PIECE: usize = 1000;

impl Chosen {
    /// Are there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The row numbers of piece after piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[ObjectId]> {
        self.ids.chunks(PIECE)
    }
}

/// A page as SQL has it.
#[derive(Clone, Copy)]
pub(super) struct Slice {
    offset: i64,
    limit: i64,
}

impl Slice {
    /// The first of a list; one more than `most`, to tell that there are too many.
    pub(super) fn up_to(most: usize) -> Self {
        Self { offset: 0, limit: bounded(most).saturating_add(1) }
    }
}

impl<'a> Reading<'a> {
    /// A list of objects the caller may read, loaded whole.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn list(&mut self, listing: Listing<'_>) -> Result<Listed, ReadFailure> {
        let shape = listing.shape.clone();
        let chosen = self.choose(listing).await?;
        let level = self.load(&shape, &chosen.ids).await?;
        Ok(Listed { total: chosen.total, level })
    }

    /// Which objects a list holds, to be loaded piece by piece.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn choose(&mut self, listing: Listing<'_>) -> Result<Chosen, ReadFailure> {
        let kind = listing.shape.kind;
        let predicate = self.settle(kind, listing.predicate).await?;
        let slice = match listing.paging {
            Paging::Off => Slice::up_to(MAX_REFERENCES),
            Paging::Page { page, size } => {
                Slice { offset: bounded(page.saturating_sub(1).saturating_mul(size)), limit: bounded(size) }
            }
        };
        let in_rust = listing.order.iter().any(|key| matches!(key.term, SortTerm::Residual(..)));
        let total = match listing.paging {
            Paging::Off => 0,
            Paging::Page { .. } => self.count(kind, &predicate).await?,
        };
        let ids = if in_rust {
            self.sorted(kind, &predicate, &listing.order, slice).await?
        } else {
            self.ids(self.context().visibility, kind, &predicate, &listing.order, slice).await?
        };
        self.emit(ids.len())?;
        Ok(Chosen { total, ids })
    }

    /// Loads one piece of a list.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn load_piece(&mut self, shape: &Shape<'_>, piece: &[ObjectId]) -> Result<Loaded, ReadFailure> {
        self.load(shape, piece).await
    }

    /// Walks through a list of several pieces without keeping them, to know before the first is answered
    /// whether all of them together stay within [`MAX_REFERENCES`].
    ///
    /// # Errors
    /// [`ReadError::TooManyReferences`], or the database.
    pub async fn measure(&mut self, shape: &Shape<'_>, chosen: &Chosen) -> Result<(), ReadFailure> {
        if chosen.ids.len() <= PIECE || shape.slots.iter().all(|need| need.want.is_number()) {
            return Ok(());
        }
        let before = self.references();
        let mut emitted = chosen.ids.len();
        for piece in chosen.pieces() {
            emitted = emitted.saturating_add(self.load(shape, piece).await?.emitted());
            if emitted > MAX_REFERENCES {
                return Err(ReadError::TooManyReferences.into());
            }
        }
        self.emit_again_from(before);
        Ok(())
    }

    /// One object the caller may read.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn one(&mut self, shape: &Shape<'_>, uid: &str) -> Result<Option<Loaded>, ReadFailure> {
        let context = self.context();
        let mut sql = self.compose();
        sql.push("select o.id from object o where o.kind = ").bind(shape.kind.singular);
        sql.push(" and o.uid = ").bind(uid).push(" and ");
        context.visibility.readable(&mut sql, context.registry, shape.kind, Alias::ROOT);
        let ids = self.ids_of(sql).await?;
        if ids.is_empty() {
            return Ok(None);
        }
        self.load(shape, &ids).await.map(Some)
    }

    /// The caller's own user object, which needs no authority.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn own(&mut self, shape: &Shape<'_>) -> Result<Option<Loaded>, ReadFailure> {
        let Some(caller) = self.context().visibility.caller() else { return Ok(None) };
        self.load(shape, &[caller.user]).await.map(|level| (!level.records.is_empty()).then_some(level))
    }

    async fn count(&mut self, kind: &Kind, predicate: &Predicate<'_>) -> Result<u64, ReadFailure> {
        let visibility = self.context().visibility;
        let branches = visibility.branches(kind);
        let mut sql = self.compose();
        sql.push("select 0");
        for branch in &branches {
            sql.push(" + (select count(*) ");
            self.matching(&mut sql, visibility, kind, *branch, predicate);
            sql.push(")");
        }
        if branches.is_empty() {
            return Ok(0);
        }
        let rows = self.rows(sql).await?;
        let total = rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(total).unwrap_or(0))
    }

    /// Appends `from … where …` of one branch with the list's own conditions.
    fn matching(
        &self,
        sql: &mut Sql,
        visibility: Visibility<'_>,
        kind: &Kind,
        branch: Branch,
        predicate: &Predicate<'_>,
    ) {
        let context = self.context();
        visibility.from(sql, context.registry, kind.singular, branch);
        if !predicate.is_true() {
            sql.push(" and ");
            condition(sql, context, kind, predicate, Alias::ROOT);
        }
    }

    /// The row numbers of a slice. Each branch sorts and cuts for itself, along an index where the order has
    /// one; then the few that are left are merged.
    pub(super) async fn ids(
        &mut self,
        visibility: Visibility<'_>,
        kind: &Kind,
        predicate: &Predicate<'_>,
        order: &[SortKey<'_>],
        slice: Slice,
    ) -> Result<Vec<ObjectId>, ReadFailure> {
        let branches = visibility.branches(kind);
        if branches.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.compose();
        sql.push("select id from (");
        for (place, branch) in branches.iter().enumerate() {
            if place > 0 {
                sql.push(" union all ");
            }
            sql.push("select * from (select o.id as id");
            for (key, name) in order.iter().zip(KEYS) {
                sql.push(", ");
                sort_value(&mut sql, self.context(), &key.term, Alias::ROOT);
                sql.push(" as ").push(name);
            }
            sql.push(" ");
            self.matching(&mut sql, visibility, kind, *branch, predicate);
            by(&mut sql, order);
            sql.push(" limit ").bind(slice.offset.saturating_add(slice.limit)).push(") b");
        }
        sql.push(") u");
        by(&mut sql, order);
        sql.push(" limit ").bind(slice.limit).push(" offset ").bind(slice.offset);
        Ok(self.ids_of(sql).await?)
    }

    async fn ids_of(&mut self, sql: Sql) -> Result<Vec<ObjectId>, crate::StoreError> {
        self.rows(sql).await?.iter().map(|row| row.id(0)).collect()
    }

    /// A slice in an order that is found in Rust.
    async fn sorted(
        &mut self,
        kind: &Kind,
        predicate: &Predicate<'_>,
        order: &[SortKey<'_>],
        slice: Slice,
    ) -> Result<Vec<ObjectId>, ReadFailure> {
        let visibility = self.context().visibility;
        let mut ids = self.ids(visibility, kind, predicate, &[], Slice::up_to(MAX_RESIDUAL)).await?;
        if ids.len() > MAX_RESIDUAL {
            return Err(ReadError::TooManyObjects("order".to_owned()).into());
        }
        let mut keys = Vec::with_capacity(order.len());
        for key in order {
            let (source, folded) = key.term.source();
            keys.push((self.sort_values(&ids, &source, folded).await?, key.descending));
        }
        ids.sort_by(|a, b| {
            keys.iter()
                .map(|(values, descending)| {
                    let ordering = absent_last(values.get(a), values.get(b));
                    if *descending { ordering.reverse() } else { ordering }
                })
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        let offset = usize::try_from(slice.offset).unwrap_or(usize::MAX);
        let limit = usize::try_from(slice.limit).unwrap_or(usize::MAX);
        Ok(ids.into_iter().skip(offset).take(limit).collect())
    }
}

/// What the sort keys are called inside a list; a list has no more keys than these.
const KEYS: [&str; 21] = [
    "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11", "k12", "k13", "k14", "k15",
    "k16", "k17", "k18", "k19", "k20",
];

fn by(sql: &mut Sql, order: &[SortKey<'_>]) {
    for (place, (key, name)) in order.iter().zip(KEYS).enumerate() {
        sql.push(if place == 0 { " order by " } else { ", " }).push(name).push(direction(key));
    }
}

fn absent_last(a: Option<&Scalar>, b: Option<&Scalar>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// A number as SQL counts.
fn bounded(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
