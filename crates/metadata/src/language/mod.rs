//! The list language of DHIS2: `fields`, `filter`, `order` and paging (web-api reference 1.4–1.7).

mod fields;
mod filter;
mod list_query;
mod order;
mod project;

pub use fields::{FieldItem, Fields, FieldsError, MAX_DEPTH, MAX_ITEMS, Preset, Transformer};
pub use filter::{Filter, FilterError, Junction, Operator};
pub use list_query::{ListQuery, ListQueryError, Paging};
pub use order::{Direction, Order};
pub use project::project_value;
