//! Sharing: the SQL against a naive evaluator written from web-api reference 3.6, over random users and
//! objects.

use std::collections::{BTreeMap, BTreeSet};

use kibali_testkit::{TestApp, TestRandom, both, seed};
use serde_json::{Value, json};

const USERS: usize = 100;
const GROUPS: usize = 8;
/// Of each of the two kinds; users times all objects is the number of pairs compared.
const OBJECTS: usize = 60;
const _: () = assert!(USERS * 2 * OBJECTS >= 10_000);
pub(super) const PASSWORD: &str = "Dist_rict1";

/// One user as the evaluator knows it.
pub(super) struct User {
    pub(super) uid: String,
    pub(super) username: String,
    groups: BTreeSet<String>,
    authorities: Vec<&'static str>,
}

pub(super) struct World {
    pub(super) users: Vec<User>,
    pub(super) options: Vec<Value>,
    pub(super) categories: Vec<Value>,
}

const ROLES: [(&str, &[&str]); 3] = [
    ("R0000000000", &[]),
    ("R0000000001", &["F_CATEGORY_PUBLIC_ADD", "F_CATEGORY_OPTION_PUBLIC_ADD"]),
    (
        "R0000000002",
        &[
            "F_CATEGORY_PRIVATE_ADD",
            "F_CATEGORY_DELETE",
            "F_CATEGORY_OPTION_PRIVATE_ADD",
            "F_CATEGORY_OPTION_DELETE",
        ],
    ),
];

fn uid(letter: char, number: usize) -> String {
    format!("{letter}{number:010}")
}

fn access(random: &TestRandom, data: bool) -> String {
    let mut text = String::new();
    for (place, letter) in "rwrw".chars().enumerate() {
        let may = random.below(3) == 0 && (data || place < 2);
        text.push(if may { letter } else { '-' });
    }
    text + "----"
}

fn sharing(random: &TestRandom, data: bool) -> Value {
    let mut sharing = json!({
        "owner": uid('U', random.below(USERS as u64) as usize),
        "public": if random.below(4) == 0 { access(random, data) } else { "--------".to_owned() },
    });
    let grantees = |letter, count: u64, bound: usize| -> BTreeMap<String, Value> {
        (0..random.below(count))
            .map(|_| uid(letter, random.below(bound as u64) as usize))
            .map(|uid| (uid.clone(), json!({ "id": uid, "access": access(random, data) })))
            .collect()
    };
    sharing["users"] = json!(grantees('U', 4, USERS));
    sharing["userGroups"] = json!(grantees('G', 3, GROUPS));
    sharing
}

impl World {
    pub(super) fn new(random: &TestRandom) -> Self {
        let users = (0..USERS)
            .map(|number| User {
                uid: uid('U', number),
                username: format!("user{number:03}"),
                groups: (0..GROUPS).filter(|_| random.below(4) == 0).map(|group| uid('G', group)).collect(),
                authorities: ROLES[number % ROLES.len()].1.to_vec(),
            })
            .collect();
        let option = |number: usize| {
            let name = format!("Option {number:03}");
            json!({ "id": uid('O', number), "name": name, "shortName": name, "sharing": sharing(random, true) })
        };
        let category = |number: usize| {
            let name = format!("Category {number:03}");
            let members: BTreeSet<usize> =
                (0..random.below(5)).map(|_| random.below(OBJECTS as u64) as usize).collect();
            let members: Vec<Value> =
                members.iter().map(|member| json!({ "id": uid('O', *member) })).collect();
            json!({
                "id": uid('C', number), "name": name, "shortName": name, "dataDimension": true,
                "dataDimensionType": "DISAGGREGATION", "categoryOptions": members,
                "sharing": sharing(random, false),
            })
        };
        Self {
            users,
            options: (0..OBJECTS).map(option).collect(),
            categories: (0..OBJECTS).map(category).collect(),
        }
    }

    pub(super) fn payload(&self) -> Value {
        let role = |(uid, authorities): &(&str, &[&str])| json!({ "id": uid, "name": format!("Role {uid}"), "authorities": authorities });
        let user = |(number, user): (usize, &User)| {
            json!({
                "id": user.uid, "username": user.username, "password": PASSWORD, "firstName": "First",
                "surname": format!("Surname {number:03}"),
                "userRoles": [{ "id": ROLES[number % ROLES.len()].0 }],
            })
        };
        let group = |number: usize| {
            let group = uid('G', number);
            let members = self.users.iter().filter(|user| user.groups.contains(&group));
            let members: Vec<Value> = members.map(|user| json!({ "id": user.uid })).collect();
            json!({ "id": group, "name": format!("Group {number}"), "users": members })
        };
        json!({
            "userRoles": ROLES.iter().map(role).collect::<Vec<_>>(),
            "users": self.users.iter().enumerate().map(user).collect::<Vec<_>>(),
            "userGroups": (0..GROUPS).map(group).collect::<Vec<_>>(),
            "categoryOptions": self.options,
            "categories": self.categories,
        })
    }
}

/// Does `user` have the bit at `place` of an access string, through public, user or group?
fn granted(object: &Value, user: &User, place: usize) -> bool {
    let sharing = &object["sharing"];
    let has = |access: &Value| access.as_str().is_some_and(|text| text.as_bytes()[place] != b'-');
    has(&sharing["public"])
        || has(&sharing["users"][&user.uid]["access"])
        || user.groups.iter().any(|group| has(&sharing["userGroups"][group]["access"]))
}

fn owns(object: &Value, user: &User) -> bool {
    object["sharing"]["owner"] == user.uid.as_str()
}

pub(super) fn may_read(object: &Value, user: &User) -> bool {
    owns(object, user) || granted(object, user, 0)
}

fn may_write(object: &Value, user: &User, kind: &str) -> bool {
    let has = |name: &str| user.authorities.contains(&name);
    let public = has(&format!("F_{kind}_PUBLIC_ADD"));
    let private = object["sharing"]["public"] == "--------" && has(&format!("F_{kind}_PRIVATE_ADD"));
    (public || private) && (owns(object, user) || granted(object, user, 1))
}

fn may_delete(object: &Value, user: &User, kind: &str) -> bool {
    user.authorities.contains(&format!("F_{kind}_DELETE").as_str())
        && (owns(object, user) || granted(object, user, 1))
}

fn expected_access(object: &Value, user: &User, kind: &str, data: bool) -> Value {
    let update = may_write(object, user, kind);
    let mut access = json!({
        "manage": update, "write": update, "read": true, "update": update,
        "delete": may_delete(object, user, kind),
    });
    if data {
        let write = granted(object, user, 3);
        access["data"] = json!({ "read": write || granted(object, user, 2), "write": write });
    }
    access
}

async fn as_user(t: &TestApp, user: &User, path: &str) -> Value {
    let answer = t.get(path).basic(&user.username, PASSWORD).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

async fn compare_options(t: &TestApp, world: &World, user: &User) {
    let path = "/api/categoryOptions?fields=id,access&pageSize=1000&defaults=EXCLUDE";
    let body = as_user(t, user, path).await;
    let expected: Vec<Value> = world
        .options
        .iter()
        .filter(|option| may_read(option, user))
        .map(|option| {
            json!({ "id": option["id"], "access": expected_access(option, user, "CATEGORY_OPTION", true) })
        })
        .collect();
    assert_eq!(body["pager"]["total"], expected.len(), "{}", user.username);
    assert_eq!(body["categoryOptions"], Value::from(expected), "{}", user.username);
}

async fn compare_categories(t: &TestApp, world: &World, user: &User) {
    let path = "/api/categories?pageSize=1000&defaults=EXCLUDE\
                &fields=id,access,categoryOptions[id,name],categoryOptions~size~rename(size)";
    let body = as_user(t, user, path).await;
    let option = |reference: &Value| {
        let found = world.options.iter().find(|option| option["id"] == reference["id"]).unwrap();
        if may_read(found, user) {
            json!({ "id": found["id"], "name": found["name"] })
        } else {
            json!({ "id": found["id"] })
        }
    };
    let expected: Vec<Value> = world
        .categories
        .iter()
        .filter(|category| may_read(category, user))
        .map(|category| {
            let members = category["categoryOptions"].as_array().unwrap();
            json!({
                "id": category["id"], "access": expected_access(category, user, "CATEGORY", false),
                "categoryOptions": members.iter().map(option).collect::<Vec<_>>(), "size": members.len(),
            })
        })
        .collect();
    assert_eq!(body["pager"]["total"], expected.len(), "{}", user.username);
    assert_eq!(body["categories"], Value::from(expected), "{}", user.username);
}

/// A filter through a reference matches only what the caller may read, except on its id.
async fn compare_filters(t: &TestApp, world: &World, user: &User) {
    for (filter, needs_reading) in [("name:$like:Option%2000", true), ("id:$like:O000000000", false)] {
        let path = format!("/api/categories?fields=id&paging=false&filter=categoryOptions.{filter}");
        let body = as_user(t, user, &path).await;
        let matches = |category: &&Value| {
            let mut members = category["categoryOptions"].as_array().unwrap().iter();
            may_read(category, user)
                && members.any(|member| {
                    let found = world.options.iter().find(|option| option["id"] == member["id"]).unwrap();
                    found["id"].as_str().unwrap().starts_with("O000000000")
                        && (!needs_reading || may_read(found, user))
                })
        };
        let expected: Vec<Value> =
            world.categories.iter().filter(matches).map(|category| json!({ "id": category["id"] })).collect();
        assert_eq!(body["categories"], Value::from(expected), "{} {filter}", user.username);
    }
}

both!(
    fn sql_agrees_with_the_reference_over_ten_thousand_pairs(t) {
        let world = World::new(&TestRandom::new(36));
        seed::import(&t.app, &world.payload()).await;
        for user in &world.users {
            compare_options(t, &world, user).await;
            compare_categories(t, &world, user).await;
            compare_filters(t, &world, user).await;
        }
    }
);

both!(
    fn a_kind_that_may_not_be_read_is_403_and_shows_ids_only(t) {
        let world = World::new(&TestRandom::new(37));
        seed::import(&t.app, &world.payload()).await;
        let user = &world.users[0];
        let ask = async |path: &str| t.get(path).basic(&user.username, PASSWORD).send().await;
        for path in ["/api/users", "/api/users/U0000000001", "/api/users/U0000000001/userRoles"] {
            let refused = ask(path).await;
            assert_eq!(refused.status, 403, "{path}");
            let message = "You don't have the proper permissions to read objects of this type.";
            assert_eq!(refused.json()["message"], message);
        }
        let groups = ask("/api/userGroups?fields=users%5Bid,name,username%5D").await.json();
        let groups = groups["userGroups"].as_array().unwrap().clone();
        let members: Vec<&Value> = groups.iter().flat_map(|group| group["users"].as_array().unwrap()).collect();
        assert!(!members.is_empty());
        assert!(members.iter().all(|member| member.as_object().unwrap().len() == 1), "{members:?}");
        let matched = ask("/api/userGroups?filter=users.username:like:user").await.json();
        assert_eq!(matched["userGroups"], json!([]));
        for path in ["/api/metadata", "/api/metadata?users=true"] {
            assert_eq!(ask(path).await.status, 409, "{path}");
        }
        assert_eq!(ask("/api/metadata?categories=true").await.status, 200);
    }
);
