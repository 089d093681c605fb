//! What callers may not do, whoever they are: ask too often, spell paths otherwise, say two things at once.

mod limits;
mod paths;
