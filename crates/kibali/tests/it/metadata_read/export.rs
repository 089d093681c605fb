//! What an export holds when kinds are chosen, and when they are not.

use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};

both! {
    fn who_chooses_kinds_gets_those_and_nothing_for_kinds_that_are_not_there(t) {
        let kinds = async |query: &str| {
            let answer = t.get(&format!("/api/metadata{query}")).basic(ADMIN, ADMIN_PASSWORD).send().await;
            assert_eq!(answer.status, 200, "{query}");
            let names = answer.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            names.into_iter().filter(|name| name != "system").collect::<Vec<_>>()
        };
        for query in ["?programs=true", "?programs:fields=id", "?bogus:fields=id", "?dataElements:fields=id"] {
            assert_eq!(kinds(query).await, [""; 0], "{query}");
        }
        assert_eq!(kinds("?users=true&programs=true").await, ["users"]);
        assert_eq!(kinds("?userRoles:fields=id").await, ["userRoles"]);
        for query in ["", "?download=true", "?skipSharing=true", "?users=false"] {
            assert!(kinds(query).await.len() > 3, "{query}");
        }
    }
}

both! {
    fn an_object_with_its_dependencies_is_said_to_be_missing_here(t) {
        let answer = t.get("/api/dataSets/dataSet0001/metadata").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(answer.status, 501, "{}", answer.text());
        let answer = t.get("/api/users/M5zQapPyTZI/metadata").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
}
