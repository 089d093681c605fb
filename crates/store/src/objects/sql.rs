//! Pieces of composed statements.

use std::fmt::Write as _;

use crate::Value;

/// How many identifiers one query asks for.
pub(super) const CHUNK: usize = 500;

/// `$2, $3, $4`: places for `count` values after the first `taken`.
pub(super) fn places(taken: usize, count: usize) -> String {
    let mut text = String::new();
    for number in 1..=count {
        let comma = if number == 1 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}${}", taken + number);
    }
    text
}

/// `($1, $2), ($3, $4)`: places for rows of `width` values.
pub(super) fn row_places(width: usize, rows: usize) -> String {
    let rows: Vec<String> = (0..rows).map(|row| format!("({})", places(row * width, width))).collect();
    rows.join(", ")
}

/// Values for a list of places after some fixed ones.
pub(super) fn bound<T: Clone + Into<Value>>(fixed: Vec<Value>, list: &[T]) -> Vec<Value> {
    fixed.into_iter().chain(list.iter().cloned().map(Into::into)).collect()
}
