//! Finding people to share with, by a part of their name.

use crate::{Reader, Statement, StoreError, values};

// User names hold ASCII letters only, for which both engines agree on `lower`.
const SEARCH: Statement = Statement::new(
    "people.search",
    "select o.uid, o.name, a.username
     from account a join object o on o.id = a.object
     where o.kind = 'user' and (o.name_key like $1 escape '!' or lower(a.username) like $1 escape '!')
     order by o.name_key, o.uid
     limit $2",
);

pub(crate) const STATEMENTS: &[Statement] = &[SEARCH];

/// A user, as far as everybody may see who shares something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Public identifier.
    pub uid: String,
    /// First name and surname.
    pub name: String,
    /// Login name.
    pub username: String,
}

/// The users whose name or login name holds `key`, folded already; at most `limit`, by name. Asks for no
/// authority: whoever shares an object must find the people to share it with.
///
/// # Errors
/// The database failed.
pub async fn search(reader: &mut Reader, key: &str, limit: i64) -> Result<Vec<Named>, StoreError> {
    let rows = reader.rows(SEARCH, values![pattern(key), limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Named {
                uid: row.text(0)?,
                name: row.text_opt(1)?.unwrap_or_default(),
                username: row.text(2)?,
            })
        })
        .collect()
}

/// A pattern that finds `key` anywhere, letter by letter.
pub(crate) fn pattern(key: &str) -> String {
    let mut pattern = String::from("%");
    for letter in key.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(pattern("50%_a!"), "%50!%!_a!!%");
    }
}
