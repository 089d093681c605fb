//! Writers that meet at one object: each is planned on what the others left.

use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::{element, patch, read, refused, send, told};

const WRITERS: usize = 6;

both!(
    fn no_update_of_many_at_once_is_lost(t) {
        let elements: Vec<_> = (0..WRITERS).map(|n| element(&format!("dataElem{n:03}"), &format!("E{n}"))).collect();
        let payload = json!({ "dataElements": elements,
            "dataElementGroups": [{ "id": "groupOne001", "name": "G", "shortName": "G" }] });
        told(&send(t, "POST", "/api/metadata", payload).await, 200, "made");
        let other: TestApp = t.another(7, |_| {}).await;
        let nodes = [t, &other];
        // Each adds a value of its own to one list, a member of its own to one group, and makes an object of
        // its own, all at once, on two nodes.
        let level = |n: usize| {
            let add = json!([{ "op": "add", "path": "/aggregationLevels/-", "value": n + 1 }]);
            patch(nodes[n % 2], "/api/dataElements/dataElem000", add)
        };
        let member = |n: usize| {
            let path = format!("/api/dataElementGroups/groupOne001/dataElements/dataElem{n:03}");
            let node = nodes[n % 2];
            async move { send(node, "POST", &path, json!({})).await }
        };
        let levels = futures_util::future::join_all((0..WRITERS).map(level));
        let members = futures_util::future::join_all((0..WRITERS).map(member));
        let (levels, members) = futures_util::future::join(levels, members).await;
        for answer in levels.iter().chain(&members) {
            told(answer, 200, &answer.text());
        }
        let now = read(t, "/api/dataElements/dataElem000?fields=aggregationLevels").await;
        let mut levels: Vec<u64> = now["aggregationLevels"].as_array().unwrap().iter().map(|level| level.as_u64().unwrap()).collect();
        levels.sort_unstable();
        let all: Vec<u64> = (1..=WRITERS as u64).collect();
        assert_eq!(levels, all);
        let group = read(t, "/api/dataElementGroups/groupOne001?fields=dataElements~size").await;
        assert_eq!(group["dataElements"], WRITERS);
        other.app.store.close().await;
    }
);

both!(
    fn one_name_is_given_once_however_many_ask(t) {
        let make = |n: usize| send(t, "POST", "/api/dataElements", element(&format!("dataElem{n:03}"), "Same"));
        let answers = futures_util::future::join_all((0..WRITERS).map(make)).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            refused(answer, "E5003", "name", "same name");
        }
    }
);

both!(
    fn what_goes_while_it_is_referenced_anew_leaves_no_dangling_row(t) {
        told(&send(t, "POST", "/api/dataElementGroups", json!({ "id": "groupOne001", "name": "G", "shortName": "G" })).await, 201, "group");
        for round in 0..5 {
            let name = format!("E{round}");
            told(&send(t, "POST", "/api/dataElements", element("dataElemen1", &name)).await, 201, &name);
            let gone = send(t, "DELETE", "/api/dataElements/dataElemen1", json!({}));
            let joined = send(t, "POST", "/api/dataElementGroups/groupOne001/dataElements/dataElemen1", json!({}));
            let (gone, joined) = futures_util::future::join(gone, joined).await;
            assert_eq!((gone.status, joined.status), (200, 200), "{} {}", gone.text(), joined.text());
            let group = read(t, "/api/dataElementGroups/groupOne001?fields=dataElements~size").await;
            assert_eq!(group["dataElements"], 0);
        }
    }
);
