//! The one builder of composed statements: lists whose filters and order the caller chooses.
//!
//! A fragment of text is always a literal of this crate and a value is always bound, so nothing a caller
//! sends can become SQL; the types say so.

use kibali_model::ObjectId;

use crate::engine::{Engine, Value};

/// A statement being composed.
#[derive(Debug)]
pub(super) struct Sql {
    engine: Engine,
    text: String,
    values: Vec<Value>,
    aliases: u32,
}

/// The name a table has in one statement: `o` for the objects asked about, `x1`, `x2` … for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alias(u32);

impl Alias {
    /// The objects asked about.
    pub(super) const ROOT: Self = Self(0);
}

/// A column of a table in the statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnOf(pub(super) Alias, pub(super) &'static str);

impl Sql {
    pub(super) const fn new(engine: Engine) -> Self {
        Self { engine, text: String::new(), values: Vec::new(), aliases: 0 }
    }

    /// Appends a fragment.
    pub(super) fn push(&mut self, fragment: &'static str) -> &mut Self {
        self.text.push_str(fragment);
        self
    }

    /// A table name nobody has yet.
    pub(super) const fn alias(&mut self) -> Alias {
        self.aliases += 1;
        Alias(self.aliases)
    }

    /// Appends a table's name in this statement.
    pub(super) fn table(&mut self, alias: Alias) -> &mut Self {
        match alias {
            Alias(0) => self.text.push('o'),
            Alias(number) => {
                self.text.push('x');
                self.text.push_str(&number.to_string());
            }
        }
        self
    }

    /// Appends a column.
    pub(super) fn column(&mut self, column: ColumnOf) -> &mut Self {
        self.table(column.0).push(".").push(column.1)
    }

    /// Appends a placeholder and binds its value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let place = self.values.len();
        self.again(place)
    }

    /// Appends the placeholder of a value bound before.
    pub(super) fn again(&mut self, place: usize) -> &mut Self {
        self.text.push('$');
        self.text.push_str(&place.to_string());
        self
    }

    /// The place of the value bound last.
    pub(super) const fn last(&self) -> usize {
        self.values.len()
    }

    /// Appends a parenthesised set of row numbers, bound as one value, so that the text does not depend on
    /// how many there are.
    pub(super) fn ids(&mut self, ids: impl Iterator<Item = ObjectId>) -> &mut Self {
        self.numbers(ids.map(|id| id.0))
    }

    /// As [`Sql::ids`], for whole numbers.
    pub(super) fn numbers(&mut self, numbers: impl Iterator<Item = i64>) -> &mut Self {
        let list = serde_json::Value::from_iter(numbers).to_string();
        match self.engine {
            Engine::Sqlite => self.push("(select value from json_each(").bind(list).push("))"),
            Engine::Postgres => {
                self.push("(select value::bigint from json_array_elements_text(").bind(list).push("::json))")
            }
        }
    }

    /// As [`Sql::ids`], for texts.
    pub(super) fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> &mut Self {
        let list = serde_json::Value::from_iter(texts).to_string();
        match self.engine {
            Engine::Sqlite => self.push("(select value from json_each(").bind(list).push("))"),
            Engine::Postgres => {
                self.push("(select value from json_array_elements_text(").bind(list).push("::json))")
            }
        }
    }

    /// Appends the place of `wanted` in a column's text, 0 when it is not there: the function has another
    /// name on each engine.
    pub(super) fn find(&mut self, column: ColumnOf, wanted: &str) -> &mut Self {
        let function = match self.engine {
            Engine::Sqlite => "instr(",
            Engine::Postgres => "strpos(",
        };
        self.push(function).column(column).push(", ").bind(wanted).push(")")
    }

    /// Text and values.
    pub(super) fn finish(self) -> (String, Vec<Value>) {
        (self.text, self.values)
    }
}
