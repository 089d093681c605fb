//! What the pages and the command line both do with clients: lines to paste, and a new secret.

mod lines;
mod secret;

pub use lines::{Line, lines};
pub(crate) use lines::{Proves, quoted};
pub use secret::{OldSecret, Renewed, renew};
