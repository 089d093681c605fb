//! Remembering without going stale (rules of the door 7).
//!
//! Whoever changes something that callers are judged by appends to the change log in the same transaction.
//! The store that made the change publishes it on its [`Feed`] before it answers; every other store on the
//! database reads it from the log ([`follow`]) and publishes it then. A [`Cached`] hears of it and forgets.

mod cached;
mod feed;
pub(crate) mod follow;

pub use cached::{Cached, RestsOn};
pub use feed::{Change, Feed, Mark};
