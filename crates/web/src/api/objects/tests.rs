//! Real payloads through planner and store, on SQLite. (Both engines: the integration tests.)

// Tests may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kibali_crypto::{MasterKey, SystemRandom, verify_password};
use kibali_metadata::import::{Edit, Ident, ImportParams, ImportReport, ImportStrategy, Status};
use kibali_model::{Clock, Timestamp};
use kibali_store::{Location, Store, StoreOptions, Value as Bound};
use serde_json::{Map, Value, json};

use super::{create_defaults, import, system_principal};
use crate::{App, Parts, Settings};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000)
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn app(name: &str) -> (App, Folder) {
    let folder = std::env::temp_dir().join(format!("kibali-objects-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store =
        Store::open(&Location::sqlite(folder.join("test.db")), StoreOptions::default()).await.unwrap();
    let mut settings = Settings::new("http://localhost:8080".parse().unwrap());
    settings.bcrypt_cost = 4;
    let app = App::new(Parts {
        store,
        registry: Arc::new(kibali_metadata::kinds::registry().unwrap()),
        clock: Arc::new(Still),
        random: Arc::new(SystemRandom),
        master_key: MasterKey::generate(&SystemRandom),
        settings,
    });
    create_defaults(&app).await.unwrap();
    (app, Folder(folder))
}

fn payload(file: &str) -> Option<Map<String, Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/data/dhis2-metadata").join(file))
        .find(|path| path.exists())?;
    match serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() {
        Value::Object(payload) => Some(payload),
        _ => None,
    }
}

async fn take(app: &App, payload: &Value) -> ImportReport {
    import(app, &system_principal(), payload.as_object().unwrap(), ImportParams::default()).await.unwrap()
}

fn codes(report: &ImportReport) -> Vec<&str> {
    report.errors().map(|error| error.error_code).collect()
}

async fn numbers(app: &App, sql: &str, values: Vec<Bound>) -> Vec<i64> {
    let mut reader = app.store.reader().await.unwrap();
    reader.rows_composed(sql, values).await.unwrap().iter().map(|row| row.int(0).unwrap()).collect()
}

async fn texts(app: &App, sql: &str) -> Vec<String> {
    let mut reader = app.store.reader().await.unwrap();
    reader.rows_composed(sql, vec![]).await.unwrap().iter().map(|row| row.text(0).unwrap()).collect()
}

#[tokio::test]
async fn defaults_are_made_once() {
    let (app, _folder) = app("defaults").await;
    create_defaults(&app).await.unwrap();
    let uids = texts(&app, "select uid from object order by uid").await;
    assert_eq!(uids, ["GLevLNI9wkl", "HllvX50cXC0", "bjDvmb4bfuf", "xYerKDKCefk"]);
}

#[tokio::test]
async fn the_real_files_import_in_their_order_and_again() {
    let (app, _folder) = app("real").await;
    let files = ["setup-userGroups", "setup-metadata", "setup-metadata", "setup-userRoles", "setup-users"];
    for (round, file) in files.into_iter().enumerate() {
        let Some(payload) = payload(&format!("{file}.json")) else {
            return eprintln_skipped();
        };
        let report = import(&app, &system_principal(), &payload, ImportParams::default()).await.unwrap();
        let errors: Vec<&str> = report.errors().map(|error| error.message.as_str()).collect();
        assert_eq!(report.status, Status::Ok, "{file}: {errors:?}");
        assert_eq!(report.stats.ignored, 0, "{file}");
        if round == 2 {
            assert_eq!((report.stats.created, report.stats.updated), (0, report.stats.total), "{file}");
        }
    }
    let path =
        "select path from tree t join object o on o.id = t.object where o.uid = 'DiszpKrYNg8' and level = 4";
    assert_eq!(texts(&app, path).await, ["/ImspTQPwCqd/O6uvpzGd5pu/YuQRtpLP10I/DiszpKrYNg8"]);
    let combos = "select uid from object where kind = 'categoryOptionCombo' order by uid";
    assert_eq!(texts(&app, combos).await, ["HllvX50cXC0", "igZVvNyxlTM"]);
    let combo =
        "select c.uid from reference r join object o on o.id = r.source join object c on c.id = r.target
                 where o.uid = 'vbZ5LGNfGyy' and r.edge = 40";
    assert_eq!(texts(&app, combo).await, ["bjDvmb4bfuf"]);
    let hash = texts(&app, "select password_hash from account where username = 'tasuperadmin'").await;
    assert!(verify_password("Test1212?", &hash[0]));
}

#[tokio::test]
async fn the_aggregate_file_keeps_its_twelve_option_combos() {
    let (app, _folder) = app("aggregate").await;
    for file in ["setup-userGroups", "setup-metadata", "setup-userRoles", "setup-users", "aggregate-metadata"]
    {
        let Some(payload) = payload(&format!("{file}.json")) else {
            return eprintln_skipped();
        };
        let report = import(&app, &system_principal(), &payload, ImportParams::default()).await.unwrap();
        let errors: Vec<&str> = report.errors().map(|error| error.message.as_str()).take(10).collect();
        assert_eq!(report.status, Status::Ok, "{file}: {errors:?}");
    }
    let payload = payload("aggregate-metadata.json").unwrap();
    let mut given: Vec<String> = payload["categoryOptionCombos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|combo| combo["id"].as_str().unwrap().to_owned())
        .chain(["HllvX50cXC0".to_owned(), "igZVvNyxlTM".to_owned()])
        .collect();
    given.sort();
    given.dedup();
    let stored = texts(&app, "select uid from object where kind = 'categoryOptionCombo' order by uid").await;
    assert_eq!(stored, given);
    let pairs = numbers(
        &app,
        "select count(*) from reference where edge = 52 group by source order by 1 desc",
        vec![],
    )
    .await;
    assert_eq!(pairs[0], 66);
}

#[allow(clippy::print_stderr)] // A test that cannot run must say so.
fn eprintln_skipped() {
    eprintln!("skipped: ../shared/data is absent");
}

fn option_sets(names: [&str; 2]) -> Value {
    json!({ "optionSets": [
        { "id": "optionSet01", "name": names[0], "valueType": "TEXT" },
        { "id": "optionSet02", "name": names[1], "valueType": "TEXT" },
    ]})
}

#[tokio::test]
async fn two_names_are_swapped_within_one_import() {
    let (app, _folder) = app("swap").await;
    assert_eq!(codes(&take(&app, &option_sets(["A", "B"])).await), [""; 0]);
    assert_eq!(codes(&take(&app, &option_sets(["B", "A"])).await), [""; 0]);
    assert_eq!(
        texts(&app, "select name from object where kind = 'optionSet' order by uid").await,
        ["B", "A"]
    );
    let third = json!({ "optionSets": [{ "id": "optionSet03", "name": "A", "valueType": "TEXT" }] });
    assert_eq!(codes(&take(&app, &third).await), ["E5003"]);
    assert_eq!(codes(&take(&app, &option_sets(["C", "C"])).await), ["E5005"]);
}

#[tokio::test]
async fn every_fault_of_a_payload_is_told_and_nothing_is_written() {
    let (app, _folder) = app("faults").await;
    let report = take(
        &app,
        &json!({
            "optionSets": [
                { "id": "optionSet01", "valueType": "TEXT", "options": [{ "id": "nowhere0001" }] },
                { "id": "bad", "name": "x".repeat(231), "valueType": "TEXT" },
                { "id": "optionSet02", "name": "Good", "valueType": "TEXT" },
                { "id": "optionSet02", "name": "Twice", "valueType": "TEXT" },
            ],
            "programs": [{ "id": "aaaaaaaaaaa" }],
        }),
    )
    .await;
    let mut found = codes(&report);
    found.sort_unstable();
    assert_eq!(found, ["E4000", "E4001", "E4014", "E5002", "E5004"]);
    assert_eq!((report.stats.ignored, report.stats.total, report.status), (4, 4, Status::Error));
    assert_eq!(report.warnings[0].collection, "programs");
    assert_eq!(numbers(&app, "select count(*) from object where kind = 'optionSet'", vec![]).await, [0]);
}

#[tokio::test]
async fn a_unit_moves_with_its_subtree_and_never_below_itself() {
    let (app, _folder) = app("tree").await;
    let unit = |id: &str, parent: Value| json!({ "id": id, "name": id, "shortName": id, "openingDate": "2000", "parent": parent });
    let under = |id: &str| json!({ "id": id });
    // Children before parents.
    let report = take(
        &app,
        &json!({ "organisationUnits": [
            unit("unitC000000", under("unitB000000")), unit("unitB000000", under("unitA000000")),
            unit("unitA000000", Value::Null), unit("unitZ000000", Value::Null),
        ]}),
    )
    .await;
    assert_eq!(codes(&report), [""; 0]);
    let moved = json!({ "organisationUnits": [unit("unitB000000", under("unitZ000000"))] });
    assert_eq!(codes(&take(&app, &moved).await), [""; 0]);
    let paths = texts(&app, "select path from tree order by path").await;
    assert_eq!(
        paths,
        ["/unitA000000", "/unitZ000000", "/unitZ000000/unitB000000", "/unitZ000000/unitB000000/unitC000000",]
    );
    assert_eq!(numbers(&app, "select level from tree order by path", vec![]).await, [1, 1, 2, 3]);
    let cycle = json!({ "organisationUnits": [unit("unitZ000000", under("unitC000000"))] });
    assert_eq!(codes(&take(&app, &cycle).await), ["E4031"]);
}

async fn run_edit(app: &App, kind: &str, uid: &str, edit: (&'static str, Edit)) -> Vec<String> {
    let kind = app.registry.kind(kind).unwrap().clone();
    let done = super::patch::edit_members(app, &system_principal(), &kind, uid, edit).await.unwrap();
    done.plan.outcomes[0].faults.iter().map(|fault| fault.code.as_str().to_owned()).collect()
}

/// A role, two users, and a group that holds the first of them.
fn people() -> Value {
    let user = |id: &str, name: &str| {
        json!({ "id": id, "username": name, "firstName": "F", "surname": name, "password": "Dist_rict1",
                "userRoles": [{ "id": "roleAll0001" }] })
    };
    json!({
        "userRoles": [{ "id": "roleAll0001", "name": "All", "authorities": ["ALL"] }],
        "users": [user("userOne0001", "first.one"), user("userTwo0001", "second.one")],
        "userGroups": [{ "id": "groupOne001", "name": "Group", "users": [{ "id": "userOne0001" }] }],
    })
}

#[tokio::test]
async fn adding_a_member_costs_one_row_and_one_object() {
    let (app, _folder) = app("members").await;
    assert_eq!(codes(&take(&app, &people()).await), [""; 0]);
    let versions = "select version from object where kind in ('user', 'userGroup') order by uid";
    let members = "select count(*) from reference where edge = 11";
    assert_eq!(numbers(&app, versions, vec![]).await, [0, 0, 0]);
    let add = |id: &str| ("users", Edit::Members { remove: vec![], add: vec![Ident::id(id)] });
    assert_eq!(run_edit(&app, "userGroup", "groupOne001", add("userTwo0001")).await, [""; 0]);
    assert_eq!(numbers(&app, members, vec![]).await, [2]);
    assert_eq!(numbers(&app, versions, vec![]).await, [1, 0, 0]);
    // Already there, or nowhere: passed over.
    assert_eq!(run_edit(&app, "userGroup", "groupOne001", add("userTwo0001")).await, [""; 0]);
    assert_eq!(run_edit(&app, "userGroup", "groupOne001", add("nowhere0001")).await, [""; 0]);
    assert_eq!(numbers(&app, members, vec![]).await, [2]);
    let told = "select count(*) from change c join object o on o.id = c.subject
                where c.topic = 'user' and o.uid = 'userTwo0001'";
    assert!(numbers(&app, told, vec![]).await[0] >= 2, "its membership is told to other nodes");
}

#[tokio::test]
async fn user_rules_have_their_codes() {
    let (app, _folder) = app("users").await;
    assert_eq!(codes(&take(&app, &people()).await), [""; 0]);
    let user = |change: Value| {
        let mut user = json!({ "id": "userNew0001", "username": "third.one", "firstName": "F", "surname": "S",
                               "userRoles": [{ "id": "roleAll0001" }] });
        user.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({ "users": [user] })
    };
    for (change, code) in [
        (json!({ "username": "_no" }), "E4049"),
        (json!({ "username": "first.one" }), "E4054"),
        (json!({ "userRoles": [] }), "E4055"),
        (json!({ "email": "nobody" }), "E4003"),
        (json!({ "firstName": "" }), "E4000"),
        (json!({ "id": "userOne0001" }), "E4056"),
    ] {
        assert_eq!(codes(&take(&app, &user(change.clone())).await), [code], "{change}");
    }
    let mut small = system_principal();
    small.credential = kibali_model::Credential::Basic;
    let weak = user(json!({ "password": "short" }));
    let report = import(&app, &small, weak.as_object().unwrap(), ImportParams::default()).await.unwrap();
    assert_eq!(codes(&report), ["E4005"]);
    // Whoever may add users, and no more, gives no role beyond its own and joins no group.
    small.authorities = ["F_USER_ADD", "F_USER_VIEW"].into_iter().collect();
    let grown = user(json!({ "userGroups": [{ "id": "groupOne001" }] }));
    let report = import(&app, &small, grown.as_object().unwrap(), ImportParams::default()).await.unwrap();
    let mut found = codes(&report);
    found.sort_unstable();
    assert_eq!(found, ["E3003", "E3005"]);
}

#[tokio::test]
async fn a_role_that_is_held_stays_and_a_user_goes_with_its_rows() {
    let (app, _folder) = app("delete").await;
    assert_eq!(codes(&take(&app, &people()).await), [""; 0]);
    let delete = ImportParams { strategy: ImportStrategy::Delete, ..ImportParams::default() };
    let gone = |payload: Value| {
        let app = app.clone();
        async move { import(&app, &system_principal(), payload.as_object().unwrap(), delete).await.unwrap() }
    };
    let report = gone(json!({ "userRoles": [{ "id": "roleAll0001" }] })).await;
    assert_eq!(codes(&report), ["E4030"]);
    assert_eq!(codes(&gone(json!({ "users": [{ "id": "userOne0001" }] })).await), [""; 0]);
    assert_eq!(numbers(&app, "select count(*) from account", vec![]).await, [1]);
    assert_eq!(numbers(&app, "select count(*) from reference where edge in (10, 11)", vec![]).await, [1]);
    // The last one that may do everything stays.
    assert_eq!(codes(&gone(json!({ "users": [{ "id": "userTwo0001" }] })).await), ["E4030"]);
}

#[tokio::test]
async fn a_client_keeps_its_secret_unless_another_is_sent() {
    let (app, _folder) = app("client").await;
    let client = |change: Value| {
        let mut client = json!({ "id": "clientOne01", "name": "One", "cid": "one",
                                 "grantTypes": ["password"], "redirectUris": ["https://a.example/cb"] });
        client.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({ "oAuth2Clients": [client] })
    };
    let secret =
        "select count(*) from client where secret is not null and secret = (select secret from client)";
    let hex = || async { texts(&app, "select hex(secret) from client").await.remove(0) };
    assert_eq!(codes(&take(&app, &client(json!({}))).await), [""; 0]);
    assert_eq!(numbers(&app, secret, vec![]).await, [1], "made by the server");
    let made = hex().await;
    for kept in [json!({}), json!({ "secret": null }), json!({ "secret": "" })] {
        assert_eq!(codes(&take(&app, &client(kept)).await), [""; 0]);
        assert_eq!(hex().await, made);
    }
    assert_eq!(codes(&take(&app, &client(json!({ "secret": "another-secret-1" }))).await), [""; 0]);
    assert_ne!(hex().await, made);
    assert!(!texts(&app, "select doc from object where kind = 'oAuth2Client'").await[0].contains("secret"));
    for (change, code) in [
        (json!({ "secret": "fifteen-letters" }), "E4002"),
        (json!({ "grantTypes": ["implicit"] }), "E4000"),
        (json!({ "redirectUris": ["javascript:alert(1)"] }), "E4000"),
        (json!({ "id": "clientTwo01", "name": "Two" }), "E5003"),
    ] {
        assert_eq!(codes(&take(&app, &client(change.clone())).await), [code], "{change}");
    }
}
