//! One request's reads: a connection that sees one state, through one caller's eyes, within limits.

use kibali_metadata::Registry;
use kibali_metadata::read::{MAX_REFERENCES, People, Person, ReadError};

use super::Visibility;
use super::compose::Sql;
use super::condition::Context;
use crate::{Engine, Reader, Row, Store, StoreError};

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailure {
    /// The request asks for too much.
    #[error(transparent)]
    Refused(#[from] ReadError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reads of one request.
pub struct Reading<'a> {
    reader: Reader,
    registry: &'a Registry,
    visibility: Visibility<'a>,
    locale: Option<&'a str>,
    statements: usize,
    references: usize,
    plans: Option<Vec<String>>,
}

impl Store {
    /// Starts the reads of one request: all of them see one state of the database, and what `visibility`
    /// allows; display names are translated to `locale`.
    ///
    /// # Errors
    /// No connection became free.
    pub async fn reading<'a>(
        &self,
        registry: &'a Registry,
        visibility: Visibility<'a>,
        locale: Option<&'a str>,
    ) -> Result<Reading<'a>, StoreError> {
        let reader = self.snapshot().await?;
        Ok(Reading { reader, registry, visibility, locale, statements: 0, references: 0, plans: None })
    }
}

impl<'a> Reading<'a> {
    /// How many statements were run so far.
    #[must_use]
    pub const fn statements(&self) -> usize {
        self.statements
    }

    /// Also asks the engine, before each statement, which steps it will take.
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.plans = Some(Vec::new());
        self
    }

    /// The steps of every statement so far, if they were asked for.
    #[must_use]
    pub fn plans(&self) -> &[String] {
        self.plans.as_deref().unwrap_or_default()
    }

    pub(super) const fn context(&self) -> Context<'a> {
        Context { registry: self.registry, visibility: self.visibility, locale: self.locale }
    }

    /// A statement to compose.
    pub(super) fn compose(&self) -> Sql {
        Sql::new(self.reader.engine())
    }

    pub(super) async fn rows(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        let (text, values) = sql.finish();
        self.statements += 1;
        if let Some(plans) = &mut self.plans {
            let (explain, column) = match self.reader.engine() {
                Engine::Sqlite => ("explain query plan ", 3),
                Engine::Postgres => ("explain ", 0),
            };
            let rows = self.reader.rows_composed(&format!("{explain}{text}"), values.clone()).await?;
            let steps: Vec<String> = rows.iter().map(|row| row.text(column)).collect::<Result<_, _>>()?;
            plans.push(steps.join("\n"));
        }
        self.reader.rows_composed(&text, values).await
    }

    /// How many references the answer may still hold.
    pub(super) const fn references_left(&self) -> usize {
        MAX_REFERENCES.saturating_sub(self.references)
    }

    /// Counts the references of another list, in an answer of several, from nothing.
    pub const fn begin_list(&mut self) {
        self.references = 0;
    }

    /// How many references the answer holds so far.
    pub(super) const fn references(&self) -> usize {
        self.references
    }

    /// Counts again from an earlier number, for what is read a second time.
    pub(super) const fn emit_again_from(&mut self, references: usize) {
        self.references = references;
    }

    /// Counts references that will be emitted.
    pub(super) fn emit(&mut self, references: usize) -> Result<(), ReadError> {
        self.references += references;
        if self.references > MAX_REFERENCES { Err(ReadError::TooManyReferences) } else { Ok(()) }
    }

    /// The names of users and of user groups with these uids; unknown ones are left out. They are shown
    /// beside every object, as DHIS2 does, whether or not the caller may read the user.
    ///
    /// # Errors
    /// The database failed.
    pub async fn people(
        &mut self,
        (users, groups): (Vec<String>, Vec<String>),
    ) -> Result<People, StoreError> {
        let mut people = People::default();
        if !users.is_empty() {
            let mut sql = self.compose();
            sql.push(
                "select o.uid, o.code, o.name, a.username from object o join account a on a.object = o.id",
            );
            sql.push(" where o.kind = 'user' and o.uid in ").texts(users.iter().map(String::as_str));
            for row in self.rows(sql).await? {
                let person = Person {
                    code: row.text_opt(1)?,
                    name: row.text_opt(2)?.unwrap_or_default(),
                    username: row.text(3)?,
                };
                people.users.insert(row.text(0)?, person);
            }
        }
        if !groups.is_empty() {
            let mut sql = self.compose();
            sql.push("select o.uid, o.name from object o where o.kind = 'userGroup' and o.uid in ");
            sql.texts(groups.iter().map(String::as_str));
            for row in self.rows(sql).await? {
                people.groups.insert(row.text(0)?, row.text_opt(1)?.unwrap_or_default());
            }
        }
        Ok(people)
    }
}
