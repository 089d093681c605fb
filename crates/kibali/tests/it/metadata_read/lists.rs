//! Lists of option sets: the thinnest path from a URL to rows and back.

use kibali_testkit::{both, seed};
use serde_json::json;

use super::{ask, column, read};

async fn colours(t: &kibali_testkit::TestApp) {
    let option = |id: &str, code: &str, name: &str| json!({ "id": id, "code": code, "name": name });
    seed::import(
        &t.app,
        &json!({
            "options": [
                option("OptRed00001", "R", "Red"),
                option("OptGreen001", "G", "Green"),
                option("OptBlue0001", "B", "Blue"),
                option("OptSmall001", "S", "Small"),
            ],
            "optionSets": [
                { "id": "SetColour01", "name": "Colour", "code": "COL", "valueType": "TEXT",
                  "options": [{ "id": "OptRed00001" }, { "id": "OptGreen001" }, { "id": "OptBlue0001" }] },
                { "id": "SetSize0001", "name": "size", "valueType": "TEXT",
                  "options": [{ "id": "OptSmall001" }] },
                { "id": "SetEmpty001", "name": "Ähnlich", "valueType": "NUMBER" },
            ]
        }),
    )
    .await;
}

both!(
    fn nested_options_come_in_the_order_of_the_set(t) {
        colours(t).await;
        let body = read(t, "/api/optionSets?fields=id,name,options[name,sortOrder]&filter=code:eq:COL").await;
        assert_eq!(
            body["optionSets"],
            json!([{ "id": "SetColour01", "name": "Colour", "options": [
                { "name": "Red", "sortOrder": 1 },
                { "name": "Green", "sortOrder": 2 },
                { "name": "Blue", "sortOrder": 3 },
            ] }])
        );
    }
);

both!(
    fn a_list_shows_id_and_display_name_by_name_ignoring_case(t) {
        colours(t).await;
        let body = read(t, "/api/optionSets").await;
        assert_eq!(
            body,
            json!({
                "pager": { "page": 1, "total": 3, "pageSize": 50, "pageCount": 1 },
                "optionSets": [
                    { "id": "SetColour01", "displayName": "Colour" },
                    { "id": "SetSize0001", "displayName": "size" },
                    { "id": "SetEmpty001", "displayName": "Ähnlich" },
                ]
            })
        );
    }
);

both!(
    fn pages_link_to_each_other(t) {
        colours(t).await;
        let body = read(t, "/api/optionSets.json?pageSize=2&fields=id").await;
        let next = "http://localhost:8080/api/optionSets.json?page=2&fields=id&pageSize=2";
        assert_eq!(body["pager"], json!({ "page": 1, "total": 3, "pageSize": 2, "pageCount": 2, "nextPage": next }));
        let past = read(t, "/api/optionSets?pageSize=2&page=9").await;
        assert_eq!(past["optionSets"], json!([]));
        assert_eq!(past["pager"]["page"], 2);
        let all = read(t, "/api/optionSets?paging=false").await;
        assert!(all.get("pager").is_none());
        assert_eq!(all["optionSets"].as_array().unwrap().len(), 3);
    }
);

both!(
    fn one_object_shows_everything_and_a_missing_one_is_e1005(t) {
        colours(t).await;
        let body = read(t, "/api/optionSets/SetColour01").await;
        assert_eq!(body["options"], json!([{ "id": "OptRed00001" }, { "id": "OptGreen001" }, { "id": "OptBlue0001" }]));
        assert_eq!(body["href"], "http://localhost:8080/api/optionSets/SetColour01");
        assert_eq!(body["access"]["update"], true);
        assert_eq!(body["createdBy"]["username"], serde_json::Value::Null);
        let missing = ask(t, "/api/optionSets/SetMissing1").await;
        assert_eq!(missing.status, 404);
        assert_eq!(missing.json()["errorCode"], "E1005");
        assert_eq!(missing.json()["message"], "Option Set with id SetMissing1 could not be found.");
    }
);

both!(
    fn an_order_by_a_document_value_is_found_in_rust(t) {
        colours(t).await;
        let body = read(t, "/api/optionSets?order=valueType:asc,name:desc&fields=id").await;
        assert_eq!(column(&body, "optionSets", "id"), ["SetEmpty001", "SetSize0001", "SetColour01"]);
        let body = read(t, "/api/options?order=sortOrder:desc&fields=id&filter=optionSet.id:eq:SetColour01").await;
        assert_eq!(column(&body, "options", "id"), ["OptBlue0001", "OptGreen001", "OptRed00001"]);
    }
);
