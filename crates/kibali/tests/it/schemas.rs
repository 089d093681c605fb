//! What clients learn before they ask for anything: schemas, resources, authorities.

use kibali_testkit::{Answer, TestApp};
use serde_json::{Value, json};

async fn get(t: &TestApp, path: &str) -> Answer {
    t.get(path).basic("admin", "district").send().await
}

kibali_testkit::both!(fn schemas_are_listed_and_projected(t) {
    let answer = get(t, "/api/schemas?fields=singular,properties[collectionName]").await;
    assert_eq!(answer.status, 200);
    let kinds = answer.json()["schemas"].as_array().unwrap().clone();
    assert_eq!(kinds.len(), t.app.registry.kinds().count() + 1, "those of the engine, and apiToken");
    for kind in &kinds {
        assert_eq!(kind.as_object().unwrap().len(), 2, "{}", kind["singular"]);
    }
});

kibali_testkit::both!(fn one_schema_and_one_property_are_shown_and_unknown_ones_are_missing(t) {
    let schema = get(t, "/api/41/schemas/dataSet.json").await.json();
    assert_eq!(schema["apiEndpoint"], "http://localhost:8080/api/dataSets");
    let property = get(t, "/api/schemas/dataSet/organisationUnits").await.json();
    assert_eq!(
        (&property["fieldName"], &property["itemKlass"]),
        (&json!("sources"), &json!("org.hisp.dhis.organisationunit.OrganisationUnit"))
    );
    for path in ["/api/schemas/dataSets", "/api/schemas/nothing", "/api/schemas/dataSet/nothing"] {
        assert_eq!(get(t, path).await.status, 404, "{path}");
    }
    assert_eq!(get(t, "/api/schemas?fields=a]").await.status, 400);
    assert_eq!(t.get("/api/schemas").send().await.status, 401);
});

kibali_testkit::both!(fn a_body_is_judged_by_its_schema(t) {
    let post = async |body: Value| {
        t.post("/api/schemas/dataElementGroup").basic("admin", "district").json(&body).send().await
    };
    let good = post(json!({ "name": "Births", "shortName": "Births" })).await;
    assert_eq!((good.status, &good.json()["response"]["errorReports"]), (200, &json!([])));
    let bad = post(json!({ "name": "Births" })).await;
    assert_eq!(bad.status, 400);
    assert_eq!(bad.json()["response"]["errorReports"][0]["errorCode"], "E4000");
    assert_eq!(bad.json()["response"]["errorReports"][0]["errorProperty"], "shortName");
});

kibali_testkit::both!(fn resources_and_authorities_are_listed(t) {
    let resources = get(t, "/api/resources").await.json();
    assert!(resources["resources"].as_array().unwrap().iter().any(|one| {
        one["plural"] == "oAuth2Clients" && one["href"] == "http://localhost:8080/api/oAuth2Clients"
    }));
    let authorities = get(t, "/api/authorities").await.json();
    assert!(authorities["systemAuthorities"].as_array().unwrap().iter().any(|one| one["id"] == "ALL"));
});
