//! Option combos: one for each way to take one option of every category of a combo.

mod limits;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use kibali_model::{ObjectId, Uid};

use self::limits::limits;
use self::names::{name_of, option_names, rename, uid_of};
use super::users::tell_stored;
use crate::Registry;
use crate::import::facts::{Key, Needs, Reference};
use crate::import::plan::{Action, Draft, Work};
use crate::import::{Code, Fault};
use crate::kind::{EdgeNumber, Property};

const COMBO: &str = "categoryCombo";
const CATEGORY: &str = "category";
const OPTION: &str = "categoryOption";
const OPTION_COMBO: &str = "categoryOptionCombo";

#[derive(Clone, Copy)]
struct Edges {
    combo_categories: EdgeNumber,
    category_options: EdgeNumber,
    combo_of: EdgeNumber,
    options_of: EdgeNumber,
}

impl Edges {
    fn of(registry: &Registry) -> Option<Self> {
        let edge = |kind, property| {
            registry.kind(kind)?.property(property).and_then(Property::edge).map(|(edge, _)| edge)
        };
        Some(Self {
            combo_categories: edge(COMBO, "categories")?,
            category_options: edge(CATEGORY, "categoryOptions")?,
            combo_of: edge(OPTION_COMBO, "categoryCombo")?,
            options_of: edge(OPTION_COMBO, "categoryOptions")?,
        })
    }
}

/// Through its own address only code, attribute values and `ignoreApproval` of an option combo change.
#[allow(clippy::unnecessary_wraps)] // The signature all rules share.
pub(super) fn fixed(work: &mut Work<'_>, concerned: &[usize]) -> Result<(), Box<Needs>> {
    let Some(edges) = Edges::of(work.context.registry) else { return Ok(()) };
    for at in concerned.iter().copied().filter(|_| work.context.own_address) {
        let Some(draft) = work.drafts.get(at).filter(|draft| draft.action == Action::Update) else {
            continue;
        };
        for (edge, property) in [(edges.combo_of, "categoryCombo"), (edges.options_of, "categoryOptions")] {
            if work.rows.changes_source(edge, draft.id) {
                let fault = Fault::new(Code::E1134, [property]).at(property);
                work.fail(at, fault);
                break;
            }
        }
    }
    Ok(())
}

/// Generates what is missing and removes what is obsolete, once, after everything else of the batch.
pub(super) fn generate(work: &mut Work<'_>, _: &[usize]) -> Result<(), Box<Needs>> {
    let Some(edges) = Edges::of(work.context.registry) else { return Ok(()) };
    let combos = affected(work, edges)?;
    for combo in combos {
        generate_for(work, edges, combo)?;
    }
    rename(work, edges)
}

fn drafts_of(work: &Work<'_>, kind: &str) -> Vec<ObjectId> {
    work.live()
        .filter(|(_, draft)| draft.item.kind.singular == kind && draft.action != Action::Delete)
        .map(|(_, draft)| draft.id)
        .collect()
}

fn is_new(work: &Work<'_>, id: ObjectId) -> bool {
    draft(work, id).is_some_and(Draft::is_new)
}

fn draft<'w, 'a>(work: &'w Work<'a>, id: ObjectId) -> Option<&'w Draft<'a>> {
    work.by_id.get(&id).and_then(|at| work.drafts.get(*at))
}

/// The combos that the batch may make different: its own, those of its option combos, and those of
/// categories whose options change.
fn affected(work: &mut Work<'_>, edges: Edges) -> Result<BTreeSet<ObjectId>, Box<Needs>> {
    let mut combos: BTreeSet<ObjectId> = drafts_of(work, COMBO).into_iter().collect();
    for option_combo in drafts_of(work, OPTION_COMBO) {
        combos.extend(targets(work, edges.combo_of, option_combo)?);
    }
    let mut asked = Vec::new();
    for category in drafts_of(work, CATEGORY) {
        if !work.rows.changes_source(edges.category_options, category) {
            continue;
        }
        combos.extend(work.rows.sources(edges.combo_categories, category));
        if !is_new(work, category) {
            asked.push(work.ask.sources((edges.combo_categories, category)));
        }
    }
    work.ask.settled()?;
    combos.extend(asked.into_iter().flatten().flatten().map(|row| row.source));
    Ok(combos)
}

/// What an object will reference through an edge, in order.
fn targets(work: &mut Work<'_>, edge: EdgeNumber, source: ObjectId) -> Result<Vec<ObjectId>, Box<Needs>> {
    if !is_new(work, source) {
        tell_stored(work, edge, source)?;
    }
    Ok(work.rows.targets(edge, source))
}

fn generate_for(work: &mut Work<'_>, edges: Edges, combo: ObjectId) -> Result<(), Box<Needs>> {
    let at = work.by_id.get(&combo).copied();
    let categories = targets(work, edges.combo_categories, combo)?;
    let mut options = Vec::with_capacity(categories.len());
    for category in &categories {
        options.push(targets(work, edges.category_options, *category)?);
    }
    if let Some(fault) = limits(work, combo, &categories, &options)? {
        // A combo that the batch does not name is too large because of a category that it does.
        let at = at.or_else(|| categories.iter().find_map(|category| work.by_id.get(category).copied()));
        if let Some(at) = at {
            work.fail(at, fault);
        }
        return Ok(());
    }
    let product = product(&options);
    let present = present(work, edges, combo)?;
    let matched = fit_payload(work, edges, combo, &product, &present)?;
    for (identity, order) in &product {
        if !matched.contains(identity) {
            make(work, edges, combo, order)?;
        }
    }
    Ok(())
}

/// Every way to take one option of each category: by identity, with the options in the categories' order.
fn product(options: &[Vec<ObjectId>]) -> BTreeMap<Vec<ObjectId>, Vec<ObjectId>> {
    let mut ways: Vec<Vec<ObjectId>> = if options.is_empty() { Vec::new() } else { vec![Vec::new()] };
    for category in options {
        ways = ways
            .iter()
            .flat_map(|way| category.iter().map(move |option| [way.as_slice(), &[*option]].concat()))
            .collect();
    }
    ways.into_iter().map(|way| (identity(&way), way)).collect()
}

fn identity(options: &[ObjectId]) -> Vec<ObjectId> {
    let mut sorted = options.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// The option combos that the combo has or gets from the payload, with their identities; those of the
/// payload come first.
fn present(
    work: &mut Work<'_>,
    edges: Edges,
    combo: ObjectId,
) -> Result<Vec<(ObjectId, Vec<ObjectId>)>, Box<Needs>> {
    let mut found: BTreeSet<ObjectId> = work.rows.sources(edges.combo_of, combo).into_iter().collect();
    if !is_new(work, combo) {
        let stored = work.ask.sources((edges.combo_of, combo));
        work.ask.settled()?;
        for row in stored.into_iter().flatten() {
            work.rows.stored(*row);
            if work.rows.is_wanted(row.edge, row.source, row.target) {
                found.insert(row.source);
            }
        }
    }
    // One question for all of them, not one round each.
    for option_combo in &found {
        if !is_new(work, *option_combo) {
            let _ = work.ask.targets((edges.options_of, *option_combo));
        }
    }
    work.ask.settled()?;
    let mut present = Vec::with_capacity(found.len());
    for option_combo in found {
        present.push((option_combo, identity(&targets(work, edges.options_of, option_combo)?)));
    }
    present.sort_by_key(|(id, _)| !work.by_id.contains_key(id));
    Ok(present)
}

/// Holds the present option combos against the product; tells those of the payload that do not fit, removes
/// obsolete ones, and answers the identities that are taken.
fn fit_payload(
    work: &mut Work<'_>,
    edges: Edges,
    combo: ObjectId,
    product: &BTreeMap<Vec<ObjectId>, Vec<ObjectId>>,
    present: &[(ObjectId, Vec<ObjectId>)],
) -> Result<BTreeSet<Vec<ObjectId>>, Box<Needs>> {
    let mut holders: BTreeMap<Vec<ObjectId>, ObjectId> = BTreeMap::new();
    for (id, identity) in present {
        let at = work
            .by_id
            .get(id)
            .copied()
            .filter(|at| work.drafts.get(*at).is_some_and(|draft| draft.action != Action::Delete));
        let Some(order) = product.get(identity) else {
            match at {
                Some(at) => {
                    let (name, of) = (name_of(work, *id)?, name_of(work, combo)?);
                    work.fail(at, Fault::new(Code::E1125, [&name, &of]).at("categoryOptions"));
                }
                None => remove(work, edges, *id, combo, identity),
            }
            continue;
        };
        if let Some(first) = holders.insert(identity.clone(), *id) {
            let holder = uid_of(work, first)?.map(|uid| uid.to_string()).unwrap_or_default();
            let told = at.or_else(|| work.by_id.get(&first).copied());
            if let Some(told) = told {
                let value = name_of(work, *id)?;
                work.fail(
                    told,
                    Fault::new(Code::E5003, ["categoryOptions", &value, &holder]).at("categoryOptions"),
                );
            }
            continue;
        }
        if let Some(at) = at {
            let name = option_names(work, order)?;
            let key = key(combo, identity);
            if let Some(draft) = work.drafts.get_mut(at) {
                draft.next.name = Some(name);
            }
            take_key(work, *id, key);
        }
    }
    Ok(holders.into_keys().collect())
}

fn key(combo: ObjectId, identity: &[ObjectId]) -> Key {
    let value: Vec<String> = identity.iter().map(|option| option.0.to_string()).collect();
    Key {
        kind: OPTION_COMBO,
        property: "categoryOptions",
        scope: combo.0.to_string(),
        value: value.join(","),
    }
}

/// The identity of a payload's option combo: taken when it is new, left where it stays the same. An option
/// combo never changes its identity; its options are all that it is.
fn take_key(work: &mut Work<'_>, id: ObjectId, key: Key) {
    if is_new(work, id) {
        work.keys_taken.push((key, id));
    }
}

fn remove(work: &mut Work<'_>, edges: Edges, id: ObjectId, combo: ObjectId, identity: &[ObjectId]) {
    work.rows.drop(edges.combo_of, id, 0, combo);
    for option in identity {
        work.rows.drop(edges.options_of, id, 0, *option);
    }
    work.keys_freed.push(key(combo, identity));
    work.made.deleted.push(id);
}

fn make(work: &mut Work<'_>, edges: Edges, combo: ObjectId, order: &[ObjectId]) -> Result<(), Box<Needs>> {
    let name = option_names(work, order)?;
    let number = work.made.created.len();
    let id = work.context.first_id.nth(work.drafts.len() + number);
    let uid = made_uid(work.context.seed, number);
    work.made.created.push((OPTION_COMBO, id, uid, name));
    work.rows.want(Reference { edge: edges.combo_of, source: id, element: 0, position: 0, target: combo });
    for option in order {
        work.rows.want(Reference {
            edge: edges.options_of,
            source: id,
            element: 0,
            position: 0,
            target: *option,
        });
    }
    work.keys_taken.push((key(combo, &identity(order)), id));
    Ok(())
}

/// The `number`th identifier of an import: random bits from its seed, the same in every round of planning.
fn made_uid(seed: u64, number: usize) -> Uid {
    let mut bytes = [0; 11];
    let mut state = seed.wrapping_add((number as u64).wrapping_mul(0xA076_1D64_78BD_642F));
    for byte in &mut bytes {
        // SplitMix64 (Steele, Lea and Flood 2014): an identifier is a name, not a secret.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        *byte = (mixed >> 56) as u8;
    }
    Uid::from_random(bytes)
}
