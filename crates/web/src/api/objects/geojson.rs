//! `GET /api/organisationUnits.geojson`: a part of the tree as a map takes it (web-api reference 5.2).

use std::sync::atomic::{AtomicBool, Ordering};

use kibali_metadata::language::{FieldItem, Fields};
use kibali_metadata::read::Predicate;
use kibali_model::{Principal, Uid};
use serde_json::{Map, Value, json};

use super::parameter::named;
use super::read::field;
use super::tree::{TreeView, at_level, by_level};
use crate::Refusal;

/// The one kind that DHIS2 lists so.
pub(super) const RESOURCE: &str = "organisationUnits.geojson";

/// The level shown when none is named.
const ROOTS: i64 = 1;

/// Writes units as features; those without a geometry have no place on a map.
pub(super) struct Features {
    /// Each says more than where it lies.
    properties: bool,
    /// Where the caller's tree begins.
    roots: Vec<Uid>,
    written: AtomicBool,
}

impl Features {
    /// As `properties` asks for.
    pub(super) fn of(caller: &Principal, pairs: &[(String, String)]) -> Result<Self, Refusal> {
        let properties = named(pairs, "properties", &[("true", true), ("false", false)])?.unwrap_or(true);
        let units = &caller.org_units;
        let roots = if units.view.is_empty() { &units.capture } else { &units.view };
        Ok(Self { properties, roots: roots.clone(), written: AtomicBool::new(false) })
    }

    /// What must be read of a unit.
    pub(super) fn fields(&self) -> Fields {
        let mut shown = Fields::names(&["id", "geometry"]);
        if self.properties {
            let ids = || Some(Fields::names(&["id"]));
            shown.0.extend(Fields::names(&["code", "name", "level", "path"]).0);
            shown
                .0
                .extend([field("parent", ids()), field("organisationUnitGroups", ids())] as [FieldItem; 2]);
        }
        shown
    }

    /// Appends a unit, if it has a geometry.
    pub(super) fn row(&self, unit: &Value, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        let Some(geometry) = unit.get("geometry").filter(|geometry| geometry.is_object()) else {
            return Ok(());
        };
        if self.written.swap(true, Ordering::Relaxed) {
            buffer.push(b',');
        }
        let feature = json!({
            "type": "Feature",
            "id": unit.get("id"),
            "geometry": geometry,
            "properties": if self.properties { self.properties_of(unit) } else { Map::new() },
        });
        serde_json::to_writer(buffer, &feature).map_err(Refusal::internal)
    }

    fn properties_of(&self, unit: &Value) -> Map<String, Value> {
        let text = |name: &str| unit.get(name).and_then(Value::as_str);
        let id = |object: &Value| object.get("id").cloned();
        let groups = unit.get("organisationUnitGroups").and_then(Value::as_array);
        let known = [
            ("code", text("code").map(Value::from)),
            ("name", text("name").map(Value::from)),
            // A text, as DHIS2 writes it.
            ("level", unit.get("level").map(|level| Value::from(level.to_string()))),
            ("parent", unit.get("parent").and_then(id)),
            ("parentGraph", text("path").map(|path| Value::from(self.parent_graph(path)))),
            ("groups", Some(groups.into_iter().flatten().filter_map(id).collect())),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The units above, from where the caller's tree begins.
    fn parent_graph(&self, path: &str) -> String {
        let line: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let above = line.split_last().map_or(&[][..], |(_, above)| above);
        let start = above.iter().position(|unit| self.roots.iter().any(|root| root.as_str() == *unit));
        above.iter().skip(start.unwrap_or_default()).map(|unit| format!("/{unit}")).collect()
    }
}

/// The units at the levels named, below the parents named; parameters may repeat, and hold lists.
pub(super) fn view(pairs: &[(String, String)]) -> Result<TreeView<'static>, Refusal> {
    let items = |name: &'static str| {
        let values = pairs.iter().filter(move |(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        values.map(str::trim).filter(|item| !item.is_empty())
    };
    let mut levels = Vec::new();
    for item in items("level") {
        let level = item.parse().map_err(|_| {
            Refusal::bad_request("Parameter level takes whole numbers, such as level=2&level=3")
        })?;
        levels.push(at_level(level));
    }
    if levels.is_empty() {
        levels.push(at_level(ROOTS));
    }
    let mut parents: Vec<Predicate<'static>> = Vec::new();
    for item in items("parent") {
        let parent: Uid =
            item.parse().map_err(|_| Refusal::bad_request("Parameter parent takes identifiers of units"))?;
        parents.push(Predicate::Subtree(parent.to_string()));
    }
    let mut all = vec![Predicate::Any(levels)];
    if !parents.is_empty() {
        all.push(Predicate::Any(parents));
    }
    Ok(TreeView { predicate: Predicate::All(all), order: Some(by_level(false)) })
}
