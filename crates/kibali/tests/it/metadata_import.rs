//! The real payloads through the whole engine, on both databases.

use kibali_metadata::import::{ImportParams, ImportReport, Status};
use kibali_testkit::TestApp;
use kibali_web::api::objects::{create_defaults, import, system_principal};
use serde_json::{Map, Value, json};

/// The payload, or none where the folder of test data is absent.
pub(crate) fn payload(file: &str) -> Option<Map<String, Value>> {
    let folders = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let path = folders
        .map(|folder| folder.join("shared/data/dhis2-metadata").join(file))
        .find(|path| path.exists())?;
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) async fn take(t: &TestApp, payload: &Map<String, Value>) -> ImportReport {
    import(&t.app, &system_principal(), payload, ImportParams::default()).await.unwrap()
}

async fn texts(t: &TestApp, sql: &str) -> Vec<String> {
    let mut reader = t.app.store.reader().await.unwrap();
    reader.rows_composed(sql, vec![]).await.unwrap().iter().map(|row| row.text(0).unwrap()).collect()
}

const SETUP: [&str; 4] = ["setup-userGroups", "setup-metadata", "setup-userRoles", "setup-users"];

/// Everything stored that a reader can tell, but for row numbers.
async fn told(t: &TestApp) -> Vec<String> {
    let mut told = texts(
        t,
        "select kind || ' ' || uid || ' ' || coalesce(name, '') || ' ' || doc from object order by 1",
    )
    .await;
    let edges = "select s.uid || ' ' || cast(r.edge as text) || ' ' || cast(r.position as text) || ' ' || o.uid
                 from reference r join object s on s.id = r.source join object o on o.id = r.target order by 1";
    told.extend(texts(t, edges).await);
    told.extend(texts(t, "select path from tree order by 1").await);
    told
}

kibali_testkit::both!(fn the_setup_files_import_in_their_order_and_again(t) {
    create_defaults(&t.app).await.unwrap();
    for file in [SETUP[0], SETUP[1], SETUP[1], SETUP[2], SETUP[3], "aggregate-metadata", "aggregate-metadata"] {
        let Some(payload) = payload(&format!("{file}.json")) else { return };
        let report = take(t, &payload).await;
        let errors: Vec<&str> = report.errors().map(|error| error.message.as_str()).take(5).collect();
        assert_eq!((report.status, report.stats.ignored), (Status::Ok, 0), "{file}: {errors:?}");
    }
    let path = "select path from tree t join object o on o.id = t.object where o.uid = 'DiszpKrYNg8' and level = 4";
    assert_eq!(texts(t, path).await, ["/ImspTQPwCqd/O6uvpzGd5pu/YuQRtpLP10I/DiszpKrYNg8"]);
});

kibali_testkit::both!(fn importing_again_changes_nothing_that_is_told(t) {
    create_defaults(&t.app).await.unwrap();
    let Some(payload) = payload("setup-metadata.json") else { return };
    take(t, &payload).await;
    let first = told(t).await;
    take(t, &payload).await;
    assert_eq!(told(t).await, first);
});

kibali_testkit::both!(fn removing_a_referenced_object_names_it_and_writes_nothing(t) {
    create_defaults(&t.app).await.unwrap();
    let Some(mut payload) = payload("setup-metadata.json") else { return };
    let before = told(t).await;
    let units = payload.get_mut("organisationUnits").unwrap().as_array_mut().unwrap();
    units.retain(|unit| unit["id"] != "YuQRtpLP10I");
    let report = take(t, &payload).await;
    assert!(report.errors().any(|error| error.error_code == "E5002" && error.message.contains("YuQRtpLP10I")));
    assert_eq!(report.stats.ignored, report.stats.total);
    assert_eq!(told(t).await, before);
});

kibali_testkit::both!(fn two_names_change_places_and_a_subtree_moves(t) {
    let of = |value: Value| value.as_object().cloned().unwrap();
    let sets = |one: &str, two: &str| of(json!({ "optionSets": [
        { "id": "optionSet01", "name": one, "valueType": "TEXT" },
        { "id": "optionSet02", "name": two, "valueType": "TEXT" },
    ]}));
    for (one, two) in [("A", "B"), ("B", "A")] {
        assert_eq!(take(t, &sets(one, two)).await.status, Status::Ok);
    }
    assert_eq!(texts(t, "select name from object where kind = 'optionSet' order by uid").await, ["B", "A"]);
    let unit = |id: &str, parent: &str| {
        let parent = if parent.is_empty() { Value::Null } else { json!({ "id": parent }) };
        json!({ "id": id, "name": id, "shortName": id, "openingDate": "2000", "parent": parent })
    };
    let units = [unit("unitC000000", "unitB000000"), unit("unitB000000", "unitA000000"),
                 unit("unitA000000", ""), unit("unitZ000000", "")];
    assert_eq!(take(t, &of(json!({ "organisationUnits": units }))).await.status, Status::Ok);
    let moved = of(json!({ "organisationUnits": [unit("unitB000000", "unitZ000000")] }));
    assert_eq!(take(t, &moved).await.status, Status::Ok);
    let under = "select path from tree where path like '/unitZ000000/%' order by path";
    assert_eq!(texts(t, under).await, ["/unitZ000000/unitB000000", "/unitZ000000/unitB000000/unitC000000"]);
});
