//! The parameters of organisation units that show a part of the tree (web-api reference 5.2), as tables.

use kibali_metadata::Kind;
use kibali_metadata::kind::{Storage, TreeColumn};
use kibali_metadata::read::{Comparison, IntKey, Predicate, Scalar, SortKey, SortTerm, Test, TextKey};
use kibali_model::{Principal, Uid};

use super::parameter::{number, truth};
use crate::Refusal;

/// Which objects a view of the tree holds, and by what it is sorted first.
pub(super) struct TreeView<'r> {
    pub(super) predicate: Predicate<'r>,
    pub(super) order: Option<SortKey<'r>>,
}

impl TreeView<'_> {
    const fn all() -> Self {
        Self { predicate: Predicate::All(Vec::new()), order: None }
    }
}

type Switch = fn(&Principal) -> Predicate<'static>;

/// `parameter=true` of a list, and what it holds then.
const SWITCHES: &[(&str, Switch)] = &[
    ("withinUserHierarchy", |caller| below(&caller.org_units.capture)),
    ("withinUserSearchHierarchy", |caller| below(or(&caller.org_units.search, &caller.org_units.capture))),
    ("userOnly", |caller| these(&caller.org_units.capture)),
    ("userDataViewOnly", |caller| these(&caller.org_units.view)),
    ("userDataViewFallback", |caller| match caller.org_units.view.as_slice() {
        [] => level(Comparison::Equal, 1),
        units => these(units),
    }),
];

/// `parameter=n` of a list.
const LEVELS: &[(&str, Comparison)] = &[("level", Comparison::Equal), ("maxLevel", Comparison::LessOrEqual)];

/// The part of the tree a list asks for; everything for kinds without one.
pub(super) fn of_list(
    kind: &Kind,
    caller: &Principal,
    pairs: &[(String, String)],
) -> Result<TreeView<'static>, Refusal> {
    if !has_tree(kind) {
        return Ok(TreeView::all());
    }
    let mut all = Vec::new();
    for (name, comparison) in LEVELS {
        if let Some(number) = number(pairs, name)? {
            all.push(level(*comparison, number));
        }
    }
    for (name, switch) in SWITCHES {
        if truth(pairs, name)? {
            all.push(switch(caller));
        }
    }
    let order = truth(pairs, "levelSorted")?.then(|| by_level(false));
    Ok(TreeView { predicate: Predicate::All(all), order })
}

/// The part of the tree around one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// So many levels below, 0: itself.
    Level(i64),
    /// Itself and its children.
    Children,
    /// Itself and all below.
    Descendants,
    /// Itself and what it lies in, nearest first.
    Ancestors,
    /// What it lies in, nearest first.
    Parents,
}

/// The parts by their parameter, and by their path below the object.
const PARTS: &[(&str, &str, Around)] = &[
    ("includeChildren", "children", Around::Children),
    ("includeDescendants", "descendants", Around::Descendants),
    ("includeAncestors", "ancestors", Around::Ancestors),
    ("", "parents", Around::Parents),
];

impl Around {
    /// The part that parameters ask for.
    pub(super) fn of_parameters(kind: &Kind, pairs: &[(String, String)]) -> Result<Option<Self>, Refusal> {
        if !has_tree(kind) {
            return Ok(None);
        }
        if let Some(levels) = number(pairs, "level")? {
            return Ok(Some(Self::Level(levels)));
        }
        for (name, _, part) in PARTS.iter().filter(|(name, _, _)| !name.is_empty()) {
            if truth(pairs, name)? {
                return Ok(Some(*part));
            }
        }
        Ok(None)
    }

    /// The part that the path below the object asks for.
    pub(super) fn of_path(kind: &Kind, name: &str) -> Option<Self> {
        PARTS.iter().find(|(_, path, _)| *path == name && has_tree(kind)).map(|(_, _, part)| *part)
    }

    /// What follows the object's own address in links.
    pub(super) fn suffix(self) -> String {
        PARTS
            .iter()
            .find(|(_, _, part)| *part == self)
            .map_or_else(String::new, |(_, path, _)| format!("/{path}"))
    }

    /// The objects of the part around `uid`, which stands at this path and level.
    pub(super) fn view(self, uid: &str, at: &(String, i64)) -> TreeView<'static> {
        let (path, own) = at;
        let line: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let above = line.split_last().map_or(&[][..], |(_, above)| above);
        let below = || Predicate::Subtree(uid.to_owned());
        match self {
            Self::Level(levels) => TreeView {
                predicate: Predicate::All(vec![
                    below(),
                    level(Comparison::Equal, own.saturating_add(levels)),
                ]),
                order: None,
            },
            Self::Descendants => TreeView { predicate: below(), order: Some(by_level(false)) },
            Self::Children => {
                let nearest = level(Comparison::LessOrEqual, own.saturating_add(1));
                let predicate = Predicate::All(vec![below(), nearest]);
                TreeView { predicate, order: Some(by_level(false)) }
            }
            Self::Ancestors => {
                TreeView { predicate: named(line.iter().copied()), order: Some(by_level(true)) }
            }
            Self::Parents => {
                TreeView { predicate: named(above.iter().copied()), order: Some(by_level(true)) }
            }
        }
    }
}

/// Do the objects of this kind stand in a tree?
pub(super) fn has_tree(kind: &Kind) -> bool {
    kind.properties.iter().any(|property| property.storage == Storage::Tree(TreeColumn::Path))
}

/// By level, from the top or from the bottom.
pub(super) fn by_level(descending: bool) -> SortKey<'static> {
    SortKey { term: SortTerm::Int(IntKey::Level), descending }
}

/// What stands at this level.
pub(super) fn at_level(number: i64) -> Predicate<'static> {
    level(Comparison::Equal, number)
}

fn level(comparison: Comparison, number: i64) -> Predicate<'static> {
    Predicate::Int(IntKey::Level, Test::Compare(comparison, Scalar::Int(number)))
}

fn below(units: &[Uid]) -> Predicate<'static> {
    Predicate::Any(units.iter().map(|unit| Predicate::Subtree(unit.to_string())).collect())
}

fn or<'u>(units: &'u [Uid], otherwise: &'u [Uid]) -> &'u [Uid] {
    if units.is_empty() { otherwise } else { units }
}

fn these(units: &[Uid]) -> Predicate<'static> {
    named(units.iter().map(Uid::as_str))
}

fn named<'u>(uids: impl Iterator<Item = &'u str>) -> Predicate<'static> {
    let values = uids.map(|uid| Scalar::Text(uid.to_owned())).collect();
    Predicate::Text(TextKey::Uid, Test::In { values, negated: false })
}
