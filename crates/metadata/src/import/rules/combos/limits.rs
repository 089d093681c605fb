//! How large a category combo may be, decided before the product is computed.

use kibali_model::ObjectId;

use super::CATEGORY;
use super::names::{name_of, uid_of};
use crate::import::facts::Needs;
use crate::import::plan::Work;
use crate::import::{Code, Fault};

/// Most categories of a combo, options of a category, and option combos of a combo.
const CATEGORIES: usize = 5;
const OPTIONS: usize = 2000;
const COMBINATIONS: usize = 50_000;

/// What makes a combo too large, or mixes the default category with others.
pub(super) fn limits(
    work: &Work<'_>,
    combo: ObjectId,
    categories: &[ObjectId],
    options: &[Vec<ObjectId>],
) -> Result<Option<Fault>, Box<Needs>> {
    let name = name_of(work, combo)?;
    if categories.len() > CATEGORIES {
        let count = categories.len().to_string();
        return Ok(Some(Fault::new(Code::E1126, [&CATEGORIES.to_string(), &name, &count]).at("categories")));
    }
    for (category, options) in categories.iter().zip(options) {
        if options.len() > OPTIONS {
            let (name, count) = (name_of(work, *category)?, options.len().to_string());
            return Ok(Some(Fault::new(Code::E1127, [&OPTIONS.to_string(), &name, &count]).at("categories")));
        }
    }
    let count = options.iter().fold(1_usize, |count, options| count.saturating_mul(options.len()));
    if count > COMBINATIONS {
        let fault = Fault::new(Code::E1128, [&COMBINATIONS.to_string(), &name, &count.to_string()]);
        return Ok(Some(fault.at("categories")));
    }
    if categories.len() > 1 {
        let kind = work.context.registry.kind(CATEGORY);
        for category in categories {
            let uid = uid_of(work, *category)?;
            if uid.is_some_and(|uid| kind.is_some_and(|kind| kind.is_default(uid.as_str()))) {
                return Ok(Some(Fault::new(Code::E1122, [&name]).at("categories")));
            }
        }
    }
    Ok(None)
}
