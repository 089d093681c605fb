//! Objects of every kind: reading them through a caller's eyes, the facts a plan needs, and the rows it
//! writes.

mod compose;
mod condition;
pub mod counts;
pub mod facts;
mod list;
mod load;
pub mod people;
pub mod readable_data;
mod reading;
mod residual;
pub mod roles;
mod rows;
mod sql;
mod visible;
pub mod write;
pub(crate) mod write_side;

pub use list::{Chosen, Listed, Listing, PIECE};
pub use reading::{ReadFailure, Reading};
pub use visible::{Administrative, Visibility, everything, exportable_by, visible_to};
