//! Rows that are added without a look at what is there.

use super::{Row, Statement, StoreError, Tx, Value, Write};

/// Statements that insert, none of which needs what another does.
#[derive(Debug, Clone)]
pub struct Append {
    first: (Statement, Vec<Value>),
    more: Vec<(Statement, Vec<Value>)>,
}

impl Append {
    /// The statement whose rows are answered: it returns some.
    #[must_use]
    pub fn new(statement: Statement, values: Vec<Value>) -> Self {
        Self { first: (statement, values), more: Vec::new() }
    }

    /// And this one.
    #[must_use]
    pub fn and(mut self, statement: Statement, values: Vec<Value>) -> Self {
        self.more.push((statement, values));
        self
    }

    /// All of them as one statement that PostgreSQL takes, with the values of all.
    pub(super) fn into_one(self) -> (String, Vec<Value>) {
        let (statement, mut values) = self.first;
        let mut sql = format!("with first as ({})", statement.sql);
        for (number, (statement, more)) in self.more.into_iter().enumerate() {
            sql.push_str(&format!(", more{number} as ("));
            renumber(&mut sql, statement.sql, values.len());
            sql.push(')');
            values.extend(more);
        }
        sql.push_str(" select * from first");
        (sql, values)
    }
}

/// Writes a statement whose first value stands behind `before` others.
fn renumber(to: &mut String, sql: &str, before: usize) {
    let mut parts = sql.split('$');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let number = number.parse::<usize>().map_or(0, |number| number + before);
        to.push_str(&format!("${number}{rest}"));
    }
}

impl Write for Append {
    type Output = Vec<Row>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Row>, StoreError> {
        let (statement, values) = &self.first;
        let rows = tx.rows(*statement, values.clone()).await?;
        for (statement, values) in &self.more {
            tx.run(*statement, values.clone()).await?;
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    #[test]
    fn statements_become_one_and_each_keeps_its_values() {
        let one = Statement::new("one", "insert into a (x, y) values ($1, $2) returning x");
        let two = Statement::new("two", "insert into b (x, y, z) values ($2, $1, $1)");
        let all = Append::new(one, values![1, 2]).and(two, values!["3", "4"]).and(two, values![5, 6]);
        let (sql, values) = all.into_one();
        assert_eq!(
            sql,
            "with first as (insert into a (x, y) values ($1, $2) returning x), \
             more0 as (insert into b (x, y, z) values ($4, $3, $3)), \
             more1 as (insert into b (x, y, z) values ($6, $5, $5)) select * from first"
        );
        assert_eq!(values, values![1, 2, "3", "4", 5, 6]);
    }
}
