//! One row of an answer, read by position.

use kibali_model::{ObjectId, Timestamp};
use rusqlite::types::Value;
use sqlx::Row as _;
use sqlx::ValueRef as _;

use super::StoreError;

/// One row of an answer, from either engine.
#[derive(Debug)]
pub enum Row {
    /// From SQLite.
    Sqlite(Box<[Value]>),
    /// From PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

macro_rules! read {
    ($self:ident, $at:ident, $ty:ty, $variant:ident) => {
        match $self {
            Row::Sqlite(row) => match row.get($at) {
                Some(Value::$variant(value)) => Ok(Some(value.clone())),
                Some(Value::Null) => Ok(None),
                _ => Err(StoreError::Corrupt(format!("column {} holds something else", $at))),
            },
            Row::Postgres(row) => Ok(row.try_get::<Option<$ty>, _>($at)?),
        }
    };
}

impl Row {
    /// How many columns it has.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Sqlite(row) => row.len(),
            Self::Postgres(row) => row.len(),
        }
    }

    /// The whole number in column `at`, none for null.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    pub fn int_opt(&self, at: usize) -> Result<Option<i64>, StoreError> {
        read!(self, at, i64, Integer)
    }

    /// The whole number in column `at`.
    ///
    /// # Errors
    /// As [`Row::int_opt`], and for null.
    pub fn int(&self, at: usize) -> Result<i64, StoreError> {
        self.int_opt(at)?.ok_or(StoreError::UnexpectedNull(at))
    }

    /// The truth value in column `at`.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn flag(&self, at: usize) -> Result<bool, StoreError> {
        Ok(self.int(at)? != 0)
    }

    /// The text in column `at`, none for null.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    pub fn text_opt(&self, at: usize) -> Result<Option<String>, StoreError> {
        read!(self, at, String, Text)
    }

    /// The text in column `at`.
    ///
    /// # Errors
    /// As [`Row::text_opt`], and for null.
    pub fn text(&self, at: usize) -> Result<String, StoreError> {
        self.text_opt(at)?.ok_or(StoreError::UnexpectedNull(at))
    }

    /// The bytes in column `at`, none for null.
    ///
    /// # Errors
    /// There is no such column, or it holds something else.
    pub fn bytes_opt(&self, at: usize) -> Result<Option<Vec<u8>>, StoreError> {
        read!(self, at, Vec<u8>, Blob)
    }

    /// The point in time in column `at`, none for null.
    ///
    /// # Errors
    /// As [`Row::int_opt`].
    pub fn time_opt(&self, at: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.int_opt(at)?.map(Timestamp::from_millis))
    }

    /// The point in time in column `at`.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn time(&self, at: usize) -> Result<Timestamp, StoreError> {
        self.int(at).map(Timestamp::from_millis)
    }

    /// The row number in column `at`.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn id(&self, at: usize) -> Result<ObjectId, StoreError> {
        self.int(at).map(ObjectId)
    }

    /// The row number in column `at`, if there is one.
    ///
    /// # Errors
    /// As [`Row::int_opt`].
    pub fn id_opt(&self, at: usize) -> Result<Option<ObjectId>, StoreError> {
        Ok(self.int_opt(at)?.map(ObjectId))
    }

    /// Is column `at` null?
    ///
    /// # Errors
    /// There is no such column.
    pub fn is_null(&self, at: usize) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(row) => match row.get(at) {
                Some(value) => Ok(*value == Value::Null),
                None => Err(StoreError::Corrupt(format!("there is no column {at}"))),
            },
            Self::Postgres(row) => Ok(row.try_get_raw(at)?.is_null()),
        }
    }
}
