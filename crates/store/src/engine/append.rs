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

    /// Do both consist of the same statements?
    pub(super) fn has_shape_of(&self, other: &Self) -> bool {
        self.statements()
            .map(|statement| statement.name)
            .eq(other.statements().map(|statement| statement.name))
    }

    fn statements(&self) -> impl Iterator<Item = &Statement> {
        std::iter::once(&self.first).chain(&self.more).map(|(statement, _)| statement)
    }
}

/// All of them as one statement that PostgreSQL takes, with the values of all. Each row of its answer ends with the
/// number of the one that it belongs to.
pub(super) fn together<'a>(all: impl Iterator<Item = &'a Append>) -> (String, Vec<Value>) {
    let (mut parts, mut answer, mut values) = (String::new(), String::new(), Vec::new());
    for (number, append) in all.enumerate() {
        let (begin, or) = if number == 0 { ("with ", " ") } else { (", ", " union all ") };
        parts.push_str(&format!("{begin}first{number} as ("));
        answer.push_str(&format!("{or}select *, cast({number} as bigint) from first{number}"));
        add(&mut parts, &append.first, &mut values);
        for (place, more) in append.more.iter().enumerate() {
            parts.push_str(&format!(", more{number}_{place} as ("));
            add(&mut parts, more, &mut values);
        }
    }
    (parts + &answer, values)
}

/// Writes a statement whose first value stands behind those that are there.
fn add(to: &mut String, (statement, more): &(Statement, Vec<Value>), values: &mut Vec<Value>) {
    let mut parts = statement.sql.split('$');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let number = number.parse::<usize>().map_or(0, |number| number + values.len());
        to.push('$');
        to.push_str(&number.to_string());
        to.push_str(rest);
    }
    to.push(')');
    values.extend_from_slice(more);
}

/// The answer to what was asked [together], for each of the `many`.
pub(super) fn apart(rows: Vec<Row>, many: usize) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut answers: Vec<Vec<Row>> = std::iter::repeat_with(Vec::new).take(many).collect();
    for row in rows {
        let number = usize::try_from(row.int(row.width().saturating_sub(1))?).ok();
        let answer = number.and_then(|number| answers.get_mut(number));
        answer.ok_or_else(|| StoreError::Corrupt("an answer to nobody".to_owned()))?.push(row);
    }
    Ok(answers)
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
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::values;

    #[test]
    fn statements_become_one_and_each_keeps_its_values() {
        let one = Statement::new("one", "insert into a (x, y) values ($1, $2) returning x");
        let two = Statement::new("two", "insert into b (x, y, z) values ($2, $1, $1)");
        let first = Append::new(one, values![1, 2]).and(two, values!["3", "4"]).and(two, values![5, 6]);
        let second = Append::new(one, values![7, 8]);
        let (sql, values) = together([&first, &second].into_iter());
        assert_eq!(
            sql,
            "with first0 as (insert into a (x, y) values ($1, $2) returning x), \
             more0_0 as (insert into b (x, y, z) values ($4, $3, $3)), \
             more0_1 as (insert into b (x, y, z) values ($6, $5, $5)), \
             first1 as (insert into a (x, y) values ($7, $8) returning x) \
             select *, cast(0 as bigint) from first0 union all select *, cast(1 as bigint) from first1"
        );
        assert_eq!(values, values![1, 2, "3", "4", 5, 6, 7, 8]);
    }

    #[test]
    fn an_answer_goes_to_whom_its_last_column_names() {
        use rusqlite::types::Value::Integer;
        let row = |value, number| Row::Sqlite(Box::new([Integer(value), Integer(number)]));
        let answers = apart(vec![row(7, 1), row(8, 0), row(9, 1)], 3).unwrap();
        let read = |rows: &Vec<Row>| rows.iter().map(|row| row.int(0).unwrap()).collect::<Vec<_>>();
        assert_eq!(answers.iter().map(read).collect::<Vec<_>>(), [vec![8], vec![7, 9], vec![]]);
        assert!(apart(vec![row(7, 3)], 3).is_err());
    }
}
