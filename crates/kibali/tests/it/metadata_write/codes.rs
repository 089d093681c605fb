//! The error codes of DHIS2's table, each met through the Web API, with the property it is about.

use kibali_testkit::{TestApp, both};
use serde_json::{Value, json};

use super::imports::codes;
use super::{PASSWORD, element, patch, person, read, refused, send, send_as, told, unit};

fn with(mut object: Value, changes: Value) -> Value {
    object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    object
}

fn user() -> Value {
    json!({ "username": "new.person", "password": PASSWORD, "firstName": "New", "surname": "Person",
            "userRoles": [{ "id": "yrB6vc5Ip3r" }] })
}

fn named(changes: Value) -> Value {
    with(json!({ "name": "Named", "shortName": "Named" }), changes)
}

/// What the cases stand on.
async fn ground(t: &TestApp) {
    let attribute =
        |id: &str, ty: &str| json!({ "id": id, "name": id, "valueType": ty, "dataElementAttribute": true });
    let options: Vec<Value> = (0..10).map(|n| json!({ "id": format!("catOption{n:02}"), "name": format!("O{n}"), "shortName": format!("O{n}") })).collect();
    let members: Vec<Value> = options.iter().map(|one| json!({ "id": one["id"] })).collect();
    let category = |n: usize| {
        json!({ "id": format!("categoryX{n:02}"), "name": format!("C{n}"), "shortName": format!("C{n}"),
        "dataDimensionType": "DISAGGREGATION", "categoryOptions": members.iter().take(10).collect::<Vec<_>>() })
    };
    let payload = json!({
        "attributes": [
            attribute("attrNumber1", "NUMBER"), attribute("attrInteger", "INTEGER"), attribute("attrDate001", "DATE"),
            attribute("attrBool001", "BOOLEAN"), attribute("attrEmail01", "EMAIL"), with(attribute("attrUnique1", "TEXT"), json!({ "unique": true })),
            json!({ "id": "attrElsewhe", "name": "Elsewhere", "valueType": "TEXT", "dataSetAttribute": true }),
        ],
        "categoryOptions": options,
        "categories": (0..6).map(category).collect::<Vec<_>>(),
        "categoryCombos": [{ "id": "comboSmall1", "name": "Small", "dataDimensionType": "DISAGGREGATION", "categories": [{ "id": "categoryX00" }] }],
        "optionSets": [{ "id": "optionSet01", "name": "Set", "valueType": "TEXT", "options": [{ "id": "optionOne01" }] }],
        "options": [{ "id": "optionOne01", "code": "1", "name": "One" }],
        "organisationUnits": [unit("unitRoot001", None), unit("unitLeft001", Some("unitRoot001")), unit("unitRight01", Some("unitRoot001"))],
        "dataElements": [with(element("dataElemHad", "Had"), json!({ "attributeValues": [{ "attribute": { "id": "attrUnique1" }, "value": "taken" }] }))],
    });
    let answer = send(t, "POST", "/api/metadata", payload).await;
    told(&answer, 200, &answer.text());
}

both!(
    fn every_fault_of_a_value_has_its_code_and_property(t) {
        ground(t).await;
        let value = |attribute: &str, text: &str| with(element("dataElemNew", "New"),
            json!({ "attributeValues": [{ "attribute": { "id": attribute }, "value": text }] }));
        let new = |changes: Value| with(element("dataElemNew", "New"), changes);
        let combo = |categories: &[usize]| json!({ "name": "Combo", "dataDimensionType": "DISAGGREGATION",
            "categories": categories.iter().map(|n| json!({ "id": format!("categoryX{n:02}") })).collect::<Vec<_>>() });
        let translated = |list: Value| new(json!({ "translations": list }));
        let uris: Vec<String> = (0..51).map(|n| format!("https://a.example/{n}")).collect();
        let ids: Vec<String> = (0..51).map(|n| format!("app-{n}")).collect();
        let client = |changes: Value| with(json!({ "name": "Client", "cid": "client", "grantTypes": ["password"] }), changes);
        for (path, body, code, property) in [
            ("dataElements", new(json!({ "shortName": null })), "E4000", "shortName"),
            ("dataElements", new(json!({ "code": "c".repeat(51) })), "E4001", "code"),
            ("userRoles", json!({ "name": "Role", "description": "x" }), "E4002", "description"),
            ("users", with(user(), json!({ "email": "nobody" })), "E4003", "email"),
            ("oAuth2Clients", client(json!({ "redirectUris": ["nowhere"] })), "E4000", "redirectUris"),
            ("users", with(user(), json!({ "password": "weak" })), "E4005", "password"),
            ("users", with(user(), json!({ "password": "Password_123" })), "E4005", "password"),
            ("oAuth2Clients", client(json!({ "redirectUris": uris })), "E4007", "redirectUris"),
            ("oAuth2Clients", client(json!({ "exchangesFor": ids })), "E4007", "exchangesFor"),
            ("oAuth2Clients", client(json!({ "exchangesFor": ["demo", "a".repeat(231)] })), "E4027", "exchangesFor"),
            ("dataElements", new(json!({ "optionSet": { "id": "optionSet01" } })), "E1115", "valueType"),
            ("dataElements", new(json!({ "valueType": "MULTI_TEXT" })), "E1116", "optionSet"),
            ("organisationUnits", with(unit("unitNew0001", None), json!({ "closedDate": "1999-12-31" })), "E4013", "closedDate"),
            ("dataElements", value("attrUnique1", "taken"), "E4009", "attributeValues"),
            ("dataElements", new(json!({ "id": "short" })), "E4014", "id"),
            ("dataElements", new(json!({ "valueType": "NOTHING" })), "E4027", "valueType"),
            ("dataElements", new(json!({ "zeroIsSignificant": "perhaps" })), "E4027", "zeroIsSignificant"),
            ("organisationUnits", with(unit("unitNew0001", None), json!({ "openingDate": "someday" })), "E4027", "openingDate"),
            ("dataElements", new(json!({ "categoryCombo": 5 })), "E4027", "categoryCombo"),
            ("options", json!({ "code": "1", "name": "Two", "optionSet": { "id": "optionSet01" } }), "E4028", "code"),
            ("options", json!({ "code": "2", "name": "One", "optionSet": { "id": "optionSet01" } }), "E4028", "name"),
            ("users", with(user(), json!({ "username": "_no" })), "E4049", "username"),
            ("users", with(user(), json!({ "username": "admin" })), "E4054", "username"),
            ("users", with(user(), json!({ "userRoles": [] })), "E4055", "userRoles"),
            ("dataElements", new(json!({ "optionSet": { "id": "nowhere0001" } })), "E5002", "optionSet"),
            ("dataElements", new(json!({ "attributeValues": [{ "attribute": { "id": "nowhere0001" }, "value": "x" }] })), "E5002", "attributeValues"),
            ("dataElements", new(json!({ "name": "Had" })), "E5003", "name"),
            ("oAuth2Clients", client(json!({ "cid": "demo" })), "E5003", "cid"),
            ("categories", named(json!({ "dataDimensionType": "DISAGGREGATION", "categoryOptions": [{ "id": "catOption00" }, { "id": "catOption00" }] })), "E5007", "categoryOptions"),
            ("dataElements", value("attrInteger", "1.5"), "E6006", "attributeValues"),
            ("dataElements", value("attrNumber1", "many"), "E6008", "attributeValues"),
            ("dataElements", value("attrElsewhe", "x"), "E6012", "attributeValues"),
            ("dataElements", value("attrDate001", "someday"), "E6014", "attributeValues"),
            ("dataElements", value("attrBool001", "perhaps"), "E6016", "attributeValues"),
            ("dataElements", value("attrEmail01", "nobody"), "E6018", "attributeValues"),
            ("categoryCombos", combo(&[0, 1, 2, 3, 4, 5]), "E1126", "categories"),
            ("categoryCombos", combo(&[0, 1, 2, 3, 4]), "E1128", "categories"),
            ("categoryCombos", with(combo(&[0]), json!({ "categories": [{ "id": "categoryX00" }, { "id": "GLevLNI9wkl" }] })), "E1122", "categories"),
            ("categoryOptionCombos", json!({ "categoryCombo": { "id": "comboSmall1" }, "categoryOptions": [{ "id": "xYerKDKCefk" }] }), "E1125", "categoryOptions"),
            ("categoryOptionCombos", json!({ "categoryCombo": { "id": "comboSmall1" }, "categoryOptions": [{ "id": "catOption00" }] }), "E5003", "categoryOptions"),
        ] {
            let path = format!("/api/{path}");
            let message = refused(&send(t, "POST", &path, body.clone()).await, code, property, &format!("{path} {body}"));
            assert!(message.len() > 20 && !message.contains('{'), "{code}: {message}");
        }
        let payload = json!({ "oAuth2Clients": [client(json!({ "exchangesFor": ids }))] });
        let answer = send(t, "POST", "/api/metadata?importReportMode=ERRORS_NOT_OWNER", payload).await;
        assert_eq!((answer.status, codes(&answer)), (409, vec!["E4007".to_owned()]), "{}", answer.text());
        let most = send(t, "POST", "/api/oAuth2Clients", client(json!({ "cid": "most", "exchangesFor": &ids[1..] }))).await;
        told(&most, 201, "as many as may be");
        // Translations are dropped from a POST; a PUT takes them.
        told(&send(t, "POST", "/api/dataElements", element("dataElemNew", "New")).await, 201, "new");
        let path = "/api/dataElements/dataElemNew";
        let word = |locale: &str, value: &str| json!({ "locale": locale, "property": "NAME", "value": value });
        for (list, code) in [
            (json!([word("fr", "Un"), word("fr", "Deux")]), "E1106"),
            (json!([word("", "Un")]), "E4000"),
            (json!([word("fr", &"n".repeat(231))]), "E4001"),
        ] {
            refused(&send(t, "PUT", path, translated(list.clone())).await, code, "", &list.to_string());
            let answer = send(t, "PUT", &format!("{path}/translations"), json!({ "translations": list })).await;
            assert_eq!((answer.status, &answer.json()["errorCode"]), (409, &json!(code)), "{}", answer.text());
        }
        let answer = send(t, "PUT", "/api/users/M5zQapPyTZI/translations", json!({ "translations": [word("fr", "Un")] })).await;
        assert_eq!((answer.status, &answer.json()["errorCode"]), (409, &json!("E1107")), "{}", answer.text());
        for (change, property) in [(json!([]), "categoryOptions"), (json!({ "id": "bjDvmb4bfuf" }), "categoryCombo")] {
            let combos = read(t, "/api/categoryOptionCombos?filter=name:eq:O0&fields=id").await;
            let uid = combos["categoryOptionCombos"][0]["id"].as_str().unwrap().to_owned();
            let change = json!([{ "op": "replace", "path": format!("/{property}"), "value": change }]);
            refused(&patch(t, &format!("/api/categoryOptionCombos/{uid}"), change).await, "E1134", property, property);
        }
    }
);

both!(
    fn what_a_payload_says_of_itself_twice_is_told(t) {
        for (payload, code) in [
            (json!({ "dataElements": [element("dataElemen1", "One"), element("dataElemen1", "Two")] }), "E5004"),
            (json!({ "dataElements": [element("dataElemen1", "One"), with(element("dataElemen2", "One"), json!({ "shortName": "Two" }))] }), "E5005"),
            (json!({ "dataElements": [with(element("dataElemen1", "One"), json!({ "dataElementGroups": [{ "id": "groupOne001" }] }))] }), "E5006"),
        ] {
            let answer = send(t, "POST", "/api/metadata?importReportMode=ERRORS_NOT_OWNER", payload).await;
            assert_eq!((answer.status, codes(&answer)), (409, vec![code.to_owned()]), "{}", answer.text());
        }
        let taken = json!({ "dataElements": [with(element("dataElemen1", "One"), json!({ "dataElementGroups": [{ "id": "groupOne001" }] }))] });
        told(&send(t, "POST", "/api/metadata", taken).await, 200, "the other side is passed over");
        let many: Vec<Value> = (0..2001).map(|n| json!({ "id": format!("cat{n:08}"), "name": format!("O{n}"), "shortName": format!("O{n}") })).collect();
        let members: Vec<Value> = many.iter().map(|one| json!({ "id": one["id"] })).collect();
        let payload = json!({ "categoryOptions": many,
            "categories": [named(json!({ "id": "categoryBig", "dataDimensionType": "DISAGGREGATION", "categoryOptions": members }))],
            "categoryCombos": [{ "name": "Big", "dataDimensionType": "DISAGGREGATION", "categories": [{ "id": "categoryBig" }] }] });
        let answer = send(t, "POST", "/api/metadata", payload).await;
        assert_eq!((answer.status, codes(&answer)), (409, vec!["E1127".to_owned()]));
        let unknown = json!({ "programs": [{ "id": "programOne1" }], "dataElements": [] });
        let answer = send(t, "POST", "/api/metadata", unknown).await;
        assert!(answer.text().contains("programs"), "left out, and told: {}", answer.text());
    }
);

both!(
    fn units_are_moved_by_who_may_and_within_their_own(t) {
        ground(t).await;
        let holder = |id: &str, unit: &str, authorities: Value| json!({
            "userRoles": [{ "id": format!("rr{id}"), "name": id, "authorities": authorities }],
            "users": [{ "id": format!("uu{id}"), "username": format!("{id}.person"), "password": PASSWORD, "firstName": "F", "surname": id,
                        "userRoles": [{ "id": format!("rr{id}") }], "organisationUnits": [{ "id": unit }] }] });
        for (id, unit, authorities) in [
            ("adderonly", "unitRoot001", json!(["F_ORGANISATIONUNIT_ADD"])),
            ("leftmover", "unitLeft001", json!(["F_ORGANISATIONUNIT_ADD", "F_ORGANISATIONUNIT_MOVE"])),
            ("rootmover", "unitRoot001", json!(["F_ORGANISATIONUNIT_ADD", "F_ORGANISATIONUNIT_MOVE"])),
        ] {
            let answer = send(t, "POST", "/api/metadata", holder(id, unit, authorities)).await;
            told(&answer, 200, &answer.text());
        }
        let moved = |to: &str| with(unit("unitRight01", Some(to)), json!({}));
        let path = "/api/organisationUnits/unitRight01";
        person(t, "nobody", &["F_X"]).await;
        told(&send_as(t, "nobody", "PUT", path, moved("unitLeft001")).await, 403, "nobody");
        refused(&send_as(t, "adderonly", "PUT", path, moved("unitLeft001")).await, "E1520", "parent", "no authority to move");
        let message = refused(&send_as(t, "leftmover", "PUT", path, moved("unitLeft001")).await, "E1522", "parent", "from elsewhere");
        assert!(message.contains("unitRoot001"), "{message}");
        told(&send(t, "PUT", "/api/organisationUnits/unitDown001", unit("x", None)).await, 404, "none yet");
        told(&send(t, "POST", "/api/organisationUnits", unit("unitDown001", Some("unitLeft001"))).await, 201, "below left");
        let down = unit("unitDown001", Some("unitRight01"));
        let message = refused(&send_as(t, "leftmover", "PUT", "/api/organisationUnits/unitDown001", down).await, "E1523", "parent", "to elsewhere");
        assert!(message.contains("unitRight01"), "{message}");
        told(&send_as(t, "rootmover", "PUT", path, moved("unitLeft001")).await, 200, "allowed");
    }
);
