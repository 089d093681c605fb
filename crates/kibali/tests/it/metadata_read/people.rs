//! The parameters of lists of users and roles: each narrows, and none is passed over.

use kibali_model::Clock as _;
use kibali_testkit::{Answer, TestApp, both, seed};
use kibali_web::identity::flush;
use serde_json::{Value, json};

use super::{ask, column};

const PASSWORD: &str = "Dist_rict1";

/// A manager with two authorities, in a group that manages another; users below and beside it.
async fn world(t: &TestApp) {
    let unit = |id: &str, parent: Option<&str>| {
        let mut unit = json!({ "id": id, "name": id, "shortName": id, "openingDate": "2000-01-01" });
        if let Some(parent) = parent {
            unit["parent"] = json!({ "id": parent });
        }
        unit
    };
    let user = |letter: &str, role: &str, more: Value| {
        let mut user = json!({
            "id": format!("User{letter}000000"), "username": format!("user.{letter}"), "password": PASSWORD,
            "firstName": "First", "surname": format!("Surname {letter}"), "userRoles": [{ "id": role }],
        });
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        user
    };
    let units = |id: &str| json!([{ "id": id }]);
    seed::import(
        &t.app,
        &json!({
            "organisationUnits": [unit("UnitA000000", None), unit("UnitB000000", Some("UnitA000000")),
                                  unit("UnitC000000", None)],
            "userRoles": [
                { "id": "RoleManager", "name": "Manager", "authorities": ["F_USER_VIEW", "F_USER_ADD"] },
                { "id": "RoleViewer0", "name": "Viewer", "authorities": ["F_USER_VIEW"] },
                { "id": "RoleBeyond0", "name": "Beyond", "authorities": ["F_USER_VIEW", "F_OTHER"] },
            ],
            "users": [
                user("M", "RoleManager", json!({ "organisationUnits": units("UnitA000000") })),
                user("A", "RoleViewer0", json!({ "organisationUnits": units("UnitA000000"), "phoneNumber": "+47 1",
                     "selfRegistered": true, "email": "Anna@Example.org" })),
                user("B", "RoleBeyond0", json!({ "organisationUnits": units("UnitB000000"), "invitation": true })),
                user("C", "RoleViewer0", json!({ "dataViewOrganisationUnits": units("UnitC000000"),
                     "teiSearchOrganisationUnits": units("UnitB000000") })),
            ],
            "userGroups": [
                { "id": "GroupManage", "name": "Managing", "users": [{ "id": "UserM000000" }],
                  "managedGroups": [{ "id": "GroupBelow0" }] },
                { "id": "GroupBelow0", "name": "Below", "users": [{ "id": "UserA000000" }, { "id": "UserB000000" }] },
            ],
        }),
    )
    .await;
}

async fn manager(t: &TestApp, path: &str) -> Answer {
    t.get(path).basic("user.M", PASSWORD).send().await
}

/// The letters of the users in an answer, in alphabetical order; `*` is the superuser.
fn letters(answer: &Answer) -> String {
    let body = answer.json();
    let users = body["users"].as_array().unwrap_or_else(|| panic!("no users in {body}"));
    let letter = |user: &Value| match user["id"].as_str().unwrap() {
        "M5zQapPyTZI" => '*',
        id => id.chars().nth(4).unwrap(),
    };
    let mut letters: Vec<char> = users.iter().map(letter).collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// Parameters, and the users they leave to the manager.
const USERS: &[(&str, &str)] = &[
    ("", "*ABCM"),
    ("unheardOf=1", "*ABCM"),
    ("canManage=true", "AB"),
    ("canManage=TRUE", "AB"),
    ("canManage=false", "*ABCM"),
    ("manage=true", "AB"),
    ("authSubset=true", "ACM"),
    ("canManage=true&authSubset=true", "A"),
    ("phoneNumber=%2B47%201", "A"),
    ("phoneNumber=1", ""),
    ("selfRegistered=true", "A"),
    ("invitationStatus=all", "B"),
    ("invitationStatus=ALL", "B"),
    ("invitationStatus=none", "*ABCM"),
    ("invitationStatus=expired", "B"),
    ("ou=UnitA000000", "AM"),
    ("ou=UnitA000000&includeChildren=true", "ABM"),
    ("ou=UnitA000000&includeDescendants=true", "ABM"),
    ("ou=Nowhere0000", ""),
    ("ou=Nowhere0000&includeChildren=true", ""),
    ("userOrgUnits=true", "AM"),
    ("userOrgUnits=true&includeChildren=true", "ABM"),
    ("ou=UnitC000000", ""),
    ("ou=UnitC000000&orgUnitBoundary=data_output", "C"),
    ("ou=UnitB000000&orgUnitBoundary=TEI_SEARCH", "C"),
    ("ou=UnitB000000&orgUnitBoundary=data_capture", "B"),
    ("ou=UnitA000000&filter=username:eq:user.M", "M"),
    ("query=SURNAME%20a", "A"),
    ("query=user.B", "B"),
    ("query=anna@example.org", "A"),
    ("query=@", "A"),
    ("query=Surname&canManage=true&rootJunction=OR&filter=id:!null", "AB"),
];

both!(
    fn each_parameter_of_a_user_list_narrows_it(t) {
        world(t).await;
        for (query, expected) in USERS {
            let answer = manager(t, &format!("/api/users?fields=id&{query}")).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            assert_eq!(letters(&answer), *expected, "{query}");
            let rows = manager(t, &format!("/api/users.csv?fields=id&skipHeader=true&{query}")).await.text();
            assert_eq!(rows.lines().count(), expected.len(), "{query} as CSV");
        }
    }
);

both!(
    fn sign_ins_divide_the_active_from_the_inactive(t) {
        world(t).await;
        // The manager signs in today, user A did half a year ago, the others never.
        for name in ["user.A", "user.M"] {
            let body = json!({ "username": name, "password": PASSWORD });
            assert_eq!(t.post("/api/auth/login").json(&body).send().await.status, 200);
            if name == "user.A" {
                t.clock.advance_seconds(182 * 24 * 3600);
            }
        }
        for (query, expected) in [
            ("inactiveMonths=5", "A"),
            ("inactiveMonths=7", ""),
            ("inactiveMonths=9223372036854775807", ""),
            ("lastLogin=2026-01-01", "AM"),
            ("lastLogin=2026-06-01", "M"),
            ("inactiveSince=2026-06-01", "A"),
            ("inactiveSince=2026-06-01&lastLogin=2026-06-01", ""),
        ] {
            let path = format!("/api/users?fields=id&filter=username:like:user.&{query}");
            let answer = ask(t, &path).await;
            assert_eq!(answer.status, 200, "{query}: {}", answer.text());
            assert_eq!(letters(&answer), expected, "{query}");
        }
    }
);

both!(
    fn whoever_calls_with_a_password_or_a_personal_token_signs_in_by_that(t) {
        world(t).await;
        let made = t.post("/api/apiTokens").basic("user.A", PASSWORD).json(&json!({})).send().await.json();
        let token = format!("ApiToken {}", made["response"]["key"].as_str().unwrap());
        let last = async || {
            flush(&t.app).await.unwrap();
            let found = ask(t, "/api/users?fields=lastLogin&filter=username:eq:user.A").await.json();
            found["users"][0]["lastLogin"].as_str().map(str::to_owned)
        };
        let calls = [t.get("/api/me").basic("user.A", PASSWORD), t.get("/api/me").header("authorization", &token)];
        for (number, call) in calls.into_iter().enumerate() {
            t.clock.advance_seconds(24 * 3600);
            assert_ne!(last().await, Some(t.clock.now().to_dhis2()), "{number}");
            assert_eq!(call.send().await.status, 200);
            assert_eq!(last().await, Some(t.clock.now().to_dhis2()), "{number}");
        }
    }
);

both!(
    fn a_narrowing_that_cannot_be_read_is_refused_not_passed_over(t) {
        world(t).await;
        for query in [
            "canManage=yes", "authSubset=1", "selfRegistered=maybe", "invitationStatus=some", "lastLogin=yesterday",
            "inactiveSince=x", "inactiveMonths=few", "userOrgUnits=on", "orgUnitBoundary=all", "ou=UnitA000000&ou=UnitB000000",
            "canManage=true&canManage=false",
        ] {
            let answer = manager(t, &format!("/api/users?{query}")).await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text());
            let name = query.split('=').next().unwrap();
            assert!(answer.json()["message"].as_str().unwrap().contains(name), "{}", answer.text());
        }
        assert_eq!(manager(t, "/api/userRoles?canIssue=perhaps").await.status, 400);
        assert_eq!(manager(t, "/api/organisationUnits?userOnly=yes").await.status, 400);
        assert_eq!(manager(t, "/api/organisationUnits/UnitA000000?includeChildren=2").await.status, 400);
    }
);

both!(
    fn a_superuser_manages_and_issues_everything(t) {
        world(t).await;
        for query in ["canManage=true", "authSubset=true"] {
            assert_eq!(letters(&ask(t, &format!("/api/users?fields=id&{query}")).await), "*ABCM", "{query}");
        }
        let roles = ask(t, "/api/userRoles?canIssue=true").await.json();
        assert_eq!(roles["pager"]["total"], 4);
    }
);

both!(
    fn roles_that_can_be_issued_hold_no_more_than_the_caller(t) {
        world(t).await;
        let issuable = async || {
            let body = manager(t, "/api/userRoles?canIssue=true&fields=id").await.json();
            column(&body, "userRoles", "id")
        };
        assert_eq!(issuable().await, ["RoleViewer0"]);
        let all = manager(t, "/api/userRoles?fields=id").await.json();
        assert_eq!(all["pager"]["total"], 4);
        let setting = crate::foundation::admin(t.post("/api/systemSettings/keyCanGrantOwnUserAuthorityGroups?value=true"));
        assert_eq!(setting.send().await.status, 200);
        assert_eq!(issuable().await, ["RoleManager", "RoleViewer0"]);
    }
);
