//! Organisation units as a map, and with the number of members below each.

use kibali_testkit::{TestApp, both, seed};
use serde_json::{Value, json};

use super::{ask, read};
use crate::metadata_write::{PASSWORD, person};

fn unit(id: &str, name: &str, parent: Option<&str>, geometry: Value) -> Value {
    let mut unit = json!({
        "id": id, "name": name, "shortName": name, "code": format!("c-{name}"), "openingDate": "2020-01-01",
        "geometry": geometry
    });
    if let Some(parent) = parent {
        unit["parent"] = json!({ "id": parent });
    }
    unit
}

fn point(x: f64) -> Value {
    json!({ "type": "Point", "coordinates": [x, 1.5] })
}

/// Two districts below a country, three clinics below them; two clinics and a district are in a group.
async fn country(t: &TestApp) {
    let units = [
        unit("mapCountry1", "Country", None, Value::Null),
        unit("mapDistric1", "North", Some("mapCountry1"), point(10.0)),
        unit("mapDistric2", "South", Some("mapCountry1"), Value::Null),
        unit("mapClinic01", "Alpha", Some("mapDistric1"), point(11.0)),
        unit("mapClinic02", "Beta", Some("mapDistric1"), point(12.0)),
        unit("mapClinic03", "Gamma", Some("mapDistric2"), point(13.0)),
    ];
    let members = ["mapClinic01", "mapClinic03", "mapDistric1"].map(|id| json!({ "id": id }));
    let group =
        json!({ "id": "mapGroup001", "name": "Rural", "shortName": "Rural", "organisationUnits": members });
    seed::import(&t.app, &json!({ "organisationUnits": units, "organisationUnitGroups": [group] })).await;
}

fn names(map: &Value) -> Vec<&str> {
    assert_eq!(map["type"], "FeatureCollection");
    let features = map["features"].as_array().unwrap();
    features.iter().map(|feature| feature["properties"]["name"].as_str().unwrap_or("-")).collect()
}

both!(
    fn units_are_shown_as_a_map(t) {
        country(t).await;
        let map = async |query: &str| read(t, &format!("/api/organisationUnits.geojson{query}")).await;
        let below = "&parent=mapCountry1";
        assert_eq!(names(&map(&format!("?level=2{below}")).await), ["North"], "South has no place on it");
        assert_eq!(names(&map(&format!("?level=2&level=3{below}")).await), ["North", "Alpha", "Beta", "Gamma"]);
        assert_eq!(names(&map(&format!("?level=2,3{below}")).await).len(), 4);
        assert_eq!(names(&map("?level=3&parent=mapDistric1&parent=mapDistric2").await).len(), 3);
        assert_eq!(names(&map("?parent=mapCountry1").await), [""; 0], "level 1, and it has no geometry");
        let map = map("?level=3&parent=mapDistric2").await;
        assert_eq!(map["features"], json!([{
            "type": "Feature", "id": "mapClinic03", "geometry": point(13.0),
            "properties": {
                "code": "c-Gamma", "name": "Gamma", "level": "3", "parent": "mapDistric2",
                "parentGraph": "/mapCountry1/mapDistric2", "groups": ["mapGroup001"]
            }
        }]));
        let bare = read(t, "/api/organisationUnits.geojson?level=3&parent=mapDistric2&properties=false").await;
        assert_eq!(bare["features"][0]["properties"], json!({}));
        assert_eq!(bare["features"][0]["geometry"], point(13.0));
        for wrong in ["level=x", "parent=nothing", "parent=';--", "properties=perhaps"] {
            assert_eq!(ask(t, &format!("/api/organisationUnits.geojson?{wrong}")).await.status, 400, "{wrong}");
        }
        for nobody in ["/api/dataElements.geojson", "/api/nothing.geojson"] {
            assert_eq!(ask(t, nobody).await.status, 404, "{nobody}");
        }
        assert_eq!(t.get("/api/organisationUnits.geojson").send().await.status, 401);
    }
);

both!(
    fn a_list_of_units_tells_how_many_members_are_in_and_below_each(t) {
        country(t).await;
        person(t, "clerk", &["F_X"]).await;
        let query = "fields=id&filter=path:like:mapCountry1&order=id&memberObject=mapGroup001";
        for collection in ["groups", "organisationUnitGroups"] {
            let list = read(t, &format!("/api/organisationUnits?{query}&memberCollection={collection}")).await;
            let counted: Vec<(&str, u64)> = list["organisationUnits"].as_array().unwrap().iter()
                .map(|unit| (unit["id"].as_str().unwrap(), unit["memberCount"].as_u64().unwrap()))
                .collect();
            assert_eq!(counted, [
                ("mapClinic01", 1), ("mapClinic02", 0), ("mapClinic03", 1),
                ("mapCountry1", 3), ("mapDistric1", 2), ("mapDistric2", 1)
            ]);
        }
        let none = read(t, &format!("/api/organisationUnits?{query}&memberCollection=programs")).await;
        assert_eq!(none["organisationUnits"][0]["memberCount"], 0);
        let plain = read(t, &format!("/api/organisationUnits?{query}")).await;
        assert!(plain["organisationUnits"][0].get("memberCount").is_none(), "one parameter is no question");
        for wrong in [
            "memberObject=mapGroup001&memberCollection=name",
            "memberObject=mapGroup001&memberCollection=nothing",
            "memberObject=a:in:b&memberCollection=groups",
        ] {
            assert_eq!(ask(t, &format!("/api/organisationUnits?{wrong}")).await.status, 400, "{wrong}");
        }
        // A group that the caller may not read is counted by its identifier, as `~size` counts it.
        let path = format!("/api/organisationUnits?{query}&memberCollection=groups");
        assert_eq!(t.get(&path).basic("clerk.person", PASSWORD).send().await.status, 200);
    }
);
