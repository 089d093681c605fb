//! Conditions and orders that no engine runs alike: SQL narrows, Rust decides, over a bounded number of
//! rows (rules of the metadata 3, decision 4).

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use kibali_metadata::fold;
use kibali_metadata::kind::Kind;
use kibali_metadata::read::{
    DocumentValue, MAX_RESIDUAL, Predicate, ReadError, Residual, Scalar, Source, Test, TextKey,
};
use kibali_model::ObjectId;

use super::compose::Alias;
use super::condition::{int_value, text_value};
use super::list::Slice;
use super::reading::{ReadFailure, Reading};
use super::{Visibility, rows};
use crate::StoreError;
use crate::door::clients;

/// Documents looked into by one statement.
const LOOKED_INTO: usize = 5000;

type Settled<'f, 'r> = Pin<Box<dyn Future<Output = Result<Predicate<'r>, ReadFailure>> + Send + 'f>>;

impl Reading<'_> {
    /// Turns what is residual in a predicate on objects of `kind` into row numbers, innermost first.
    pub(super) fn settle<'f, 'r: 'f>(
        &'f mut self,
        kind: &'r Kind,
        predicate: Predicate<'r>,
    ) -> Settled<'f, 'r> {
        Box::pin(async move {
            Ok(match predicate {
                Predicate::All(parts) => self.settle_all(kind, parts).await?,
                Predicate::Any(parts) => {
                    let mut settled = Vec::with_capacity(parts.len());
                    for part in parts {
                        settled.push(self.settle(kind, part).await?);
                    }
                    Predicate::Any(settled)
                }
                Predicate::Through(step, target, inner) => {
                    Predicate::Through(step, target, Box::new(self.settle(target, *inner).await?))
                }
                Predicate::Person(key, target, inner) => {
                    Predicate::Person(key, target, Box::new(self.settle(target, *inner).await?))
                }
                Predicate::Residual(residual) => {
                    let everything = Predicate::All(Vec::new());
                    Predicate::Ids(self.passing(kind, &everything, &[residual]).await?)
                }
                plain => plain,
            })
        })
    }

    /// Of conditions that must all hold, those in SQL narrow what the residual ones look into.
    async fn settle_all<'r>(
        &mut self,
        kind: &'r Kind,
        parts: Vec<Predicate<'r>>,
    ) -> Result<Predicate<'r>, ReadFailure> {
        let mut residuals = Vec::new();
        let mut settled = Vec::new();
        for part in parts {
            match part {
                Predicate::Residual(residual) => residuals.push(residual),
                part => settled.push(self.settle(kind, part).await?),
            }
        }
        if !residuals.is_empty() {
            let narrowed = Predicate::All(settled);
            let ids = self.passing(kind, &narrowed, &residuals).await?;
            return Ok(Predicate::Ids(ids));
        }
        Ok(Predicate::All(settled))
    }

    /// The readable objects of `kind` that pass `narrowed` and every residual condition.
    async fn passing(
        &mut self,
        kind: &Kind,
        narrowed: &Predicate<'_>,
        residuals: &[Residual<'_>],
    ) -> Result<Vec<ObjectId>, ReadFailure> {
        let path = residuals.iter().map(|residual| residual.path.as_str()).collect::<Vec<_>>().join(", ");
        // What looks at nothing but the uid looks at every reference, readable or not.
        let uids_only =
            residuals.iter().all(|residual| matches!(residual.source, Source::Text(TextKey::Uid)));
        let whose = if uids_only { Visibility::of_uids() } else { self.context().visibility };
        let mut ids = self.ids(whose, kind, narrowed, &[], Slice::up_to(MAX_RESIDUAL)).await?;
        if ids.len() > MAX_RESIDUAL {
            return Err(ReadError::TooManyObjects(path).into());
        }
        for residual in residuals {
            let mut left = Vec::new();
            for chunk in ids.chunks(LOOKED_INTO) {
                let values = self.look(chunk, &residual.source).await?;
                left.extend(
                    chunk
                        .iter()
                        .copied()
                        .filter(|id| holds(&residual.test, values.get(id).map_or(&[][..], Vec::as_slice))),
                );
            }
            ids = left;
        }
        Ok(ids)
    }

    /// The values to sort by, one for each of these objects that has one.
    pub(super) async fn sort_values(
        &mut self,
        ids: &[ObjectId],
        source: &Source<'_>,
        folded: bool,
    ) -> Result<HashMap<ObjectId, Scalar>, StoreError> {
        let mut values = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(LOOKED_INTO) {
            for (id, mut found) in self.look(chunk, source).await? {
                if found.is_empty() {
                    continue;
                }
                values.insert(
                    id,
                    match found.swap_remove(0) {
                        Scalar::Text(text) if folded => Scalar::Text(fold(&text)),
                        value => value,
                    },
                );
            }
        }
        Ok(values)
    }

    /// The values of a source for some objects.
    async fn look(
        &mut self,
        ids: &[ObjectId],
        source: &Source<'_>,
    ) -> Result<HashMap<ObjectId, Vec<Scalar>>, StoreError> {
        let locale = self.context().locale;
        let translated = match source {
            Source::Display(_, key) => Some(*key),
            Source::Document(value) => value.translated,
            Source::Text(_) | Source::Int(_) | Source::Client(..) => None,
        };
        let mut sql = self.compose();
        sql.push("select o.id, ");
        match source {
            Source::Text(key) | Source::Display(key, _) => text_value(&mut sql, *key, Alias::ROOT),
            Source::Int(key) => int_value(&mut sql, *key, Alias::ROOT),
            Source::Document(_) => {
                sql.push("o.doc");
            }
            Source::Client(..) => {
                sql.push("cast(null as text)");
            }
        }
        match locale.zip(translated) {
            Some((locale, key)) => {
                sql.push(", (select t.value from translation t where t.object = o.id and t.locale = ");
                sql.bind(locale).push(" and t.property = ").bind(key).push(")");
            }
            None => {
                sql.push(", cast(null as text)");
            }
        }
        match source {
            Source::Client(..) => {
                sql.push(", ").push(clients::COLUMNS).push(" from object o join client c on c.object = o.id");
            }
            _ => {
                sql.push(" from object o");
            }
        }
        sql.push(" where o.id in ").ids(ids.iter().copied());
        let mut values = HashMap::with_capacity(ids.len());
        for row in self.rows(sql).await? {
            let found = match (row.text_opt(2)?, source) {
                (Some(translation), _) => vec![Scalar::Text(translation)],
                (None, Source::Int(_)) => row.int_opt(1)?.map(Scalar::Int).into_iter().collect(),
                (None, Source::Document(value)) => in_document(&rows::document(&row.text(1)?)?, value),
                (None, Source::Client(column, property, value)) => {
                    let client = clients::registration(&row, 3)?;
                    let shown =
                        client.map_or(serde_json::Value::Null, |client| client.value(*column, property));
                    in_document(&serde_json::Map::from_iter([(property.name.to_owned(), shown)]), value)
                }
                (None, _) => row.text_opt(1)?.map(Scalar::Text).into_iter().collect(),
            };
            values.insert(row.id(0)?, found);
        }
        Ok(values)
    }
}

fn in_document(
    document: &serde_json::Map<String, serde_json::Value>,
    value: &DocumentValue<'_>,
) -> Vec<Scalar> {
    let found = value.of(document);
    if value.size {
        let size: usize = found.iter().map(|list| list.as_array().map_or(0, Vec::len)).sum();
        return vec![Scalar::Int(i64::try_from(size).unwrap_or(i64::MAX))];
    }
    found.into_iter().filter_map(|found| Scalar::of(found, value.ty)).collect()
}

/// Of several values one that passes is enough; of none only *null* holds.
fn holds(test: &Test, values: &[Scalar]) -> bool {
    if values.is_empty() { test.holds(None) } else { values.iter().any(|value| test.holds(Some(value))) }
}
