//! Which crate may know which (design, section 4).

use super::metadata::{Metadata, name};

/// A room: its own crates it may import, and the foreign ones that must not even be linked behind them.
struct Room {
    name: &'static str,
    imports: &'static [&'static str],
    never: &'static [&'static str],
}

const ALL: &[&str] =
    &["kibali-model", "kibali-oauth", "kibali-metadata", "kibali-crypto", "kibali-store", "kibali-web"];
const CHORES: &[&str] =
    &["kibali-model", "kibali-metadata", "kibali-crypto", "kibali-store", "kibali-web", "kibali-testkit"];
const MODEL: &[&str] = &["kibali-model"];
/// Neither a runtime, nor a database, nor HTTP.
const PURE: &[&str] = &["tokio", "sqlx", "sqlx-core", "rusqlite", "axum", "hyper"];

const ROOMS: &[Room] = &[
    Room { name: "kibali-model", imports: &[], never: PURE },
    Room { name: "kibali-oauth", imports: MODEL, never: PURE },
    Room { name: "kibali-metadata", imports: MODEL, never: PURE },
    Room { name: "kibali-crypto", imports: MODEL, never: PURE },
    Room { name: "kibali-store", imports: &["kibali-model", "kibali-metadata"], never: &["axum", "hyper"] },
    Room {
        name: "kibali-web",
        imports: &["kibali-model", "kibali-oauth", "kibali-metadata", "kibali-crypto", "kibali-store"],
        never: &["sqlx", "sqlx-core", "rusqlite"],
    },
    Room { name: "kibali", imports: ALL, never: &[] },
    Room { name: "kibali-testkit", imports: ALL, never: &[] },
    Room {
        name: "kibali-fuzzed",
        imports: &["kibali-model", "kibali-oauth", "kibali-metadata", "kibali-crypto"],
        never: PURE,
    },
    // A bench needs the same private PostgreSQL that the tests have; no binary that anybody runs holds it.
    Room { name: "xtask", imports: CHORES, never: &[] },
];

#[test]
fn no_crate_knows_more_than_its_room_allows() {
    let metadata = Metadata::read();
    let ours = metadata.ours();
    let known: Vec<&str> = ROOMS.iter().map(|room| room.name).collect();
    let unknown: Vec<_> = ours.keys().filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "say in the table what {unknown:?} may import");

    let mut wrong = Vec::new();
    for room in ROOMS {
        for dependency in ours[room.name]["dependencies"].as_array().unwrap() {
            let imported = name(dependency);
            let test_only = dependency["kind"] == "dev";
            let allowed = room.imports.contains(&imported) || (test_only && imported == "kibali-testkit");
            if ours.contains_key(imported) && !allowed {
                wrong.push(format!("{} imports {imported}", room.name));
            }
        }
        let linked = metadata.linked_from_outside(room.name);
        wrong.extend(
            room.never
                .iter()
                .filter(|never| linked.contains(*never))
                .map(|never| format!("{} links {never}", room.name)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for (name, package) in Metadata::read().ours() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} goes without");
        assert_eq!(package["license"], "Apache-2.0", "{name}");
    }
}
