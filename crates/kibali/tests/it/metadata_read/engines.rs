//! Both engines answer alike, and nothing unreadable shows through.

use kibali_testkit::{Answer, Engine, TestApp, TestRandom, both, seed};
use serde_json::{Value, json};

use super::ask;

const OBJECTS: usize = 40;
const NAMES: [&str; 10] = [
    "Ägypten",
    "ägypten",
    "ÉCOLE",
    "école",
    "Zürich",
    "zebra",
    "Über 100%",
    "a_b",
    "Ñandú  clinic",
    "日本 語",
];
const FILTERS: [&str; 24] = [
    "name:ilike:{}",
    "name:!ilike:{}",
    "name:like:{}",
    "name:!like:{}",
    "name:$ilike:{}",
    "name:ilike$:{}",
    "name:gt:{}",
    "name:le:{}",
    "name:token:{}",
    "name:!token:{}",
    "shortName:ilike:{}",
    "shortName:gt:{}",
    "description:null",
    "description:!null",
    "url:ilike:{}",
    "zeroIsSignificant:eq:true",
    "zeroIsSignificant:ne:true",
    "fieldMask:in:[{},x]",
    "code:null",
    "code:ilike:{}",
    "created:ge:2020",
    "aggregationLevels:gt:1",
    "optionSet.name:ilike:{}",
    "optionSet.id:null",
];
const ORDERS: [&str; 12] = [
    "name:asc",
    "name:idesc",
    "shortName:asc",
    "shortName:idesc",
    "code:asc",
    "code:desc",
    "description:iasc",
    "zeroIsSignificant:desc",
    "created:desc",
    "displayName:asc",
    "url:desc",
    "displayShortName:idesc",
];

pub(super) fn pick<'a, T: ?Sized>(random: &TestRandom, from: &[&'a T]) -> &'a T {
    from[random.below(from.len() as u64) as usize]
}

pub(super) fn encode(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// Data elements with every sort of value, many of them absent.
fn payload(random: &TestRandom) -> Value {
    let sets = (0..4).map(|number| {
        json!({ "id": format!("OptionSet{number:02}"), "name": format!("{} {number}", NAMES[number]), "valueType": "TEXT" })
    });
    let sets: Vec<Value> = sets.collect();
    let element = |number: usize| {
        let name = format!("{} {number:02}", pick(random, &NAMES));
        let mut element = json!({
            "id": format!("Element{number:04}"), "name": name, "shortName": format!("{} {number}", pick(random, &NAMES)),
            "domainType": "AGGREGATE", "valueType": "TEXT", "aggregationType": "NONE",
        });
        if random.below(2) == 0 {
            element["code"] = json!(format!("{}{number}", pick(random, &NAMES)));
        }
        if random.below(2) == 0 {
            element["description"] = json!(pick(random, &NAMES));
        }
        if random.below(2) == 0 {
            element["url"] = json!(format!("http://example.org/{number}"));
        }
        if random.below(2) == 0 {
            element["fieldMask"] = json!(pick(random, &NAMES));
        }
        if random.below(2) == 0 {
            element["zeroIsSignificant"] = json!(random.below(2) == 0);
        }
        if random.below(2) == 0 {
            element["optionSet"] = json!({ "id": format!("OptionSet{:02}", random.below(4)) });
        }
        element["aggregationLevels"] = (0..random.below(4)).map(|level| level + 1).collect();
        if random.below(3) == 0 {
            element["translations"] = json!([{ "locale": "fr", "property": "NAME", "value": format!("{} fr", pick(random, &NAMES)) }]);
        }
        element
    };
    json!({ "optionSets": sets, "dataElements": (0..OBJECTS).map(element).collect::<Vec<_>>() })
}

fn request(random: &TestRandom) -> String {
    let mut path = format!(
        "/api/dataElements?fields=id,name,code,displayName,shortName,zeroIsSignificant,aggregationLevels,optionSet%5Bname%5D\
         &pageSize={}&page={}",
        1 + random.below(60),
        1 + random.below(3)
    );
    for _ in 0..random.below(3) {
        let value = pick(random, &NAMES);
        let letters: Vec<char> = value.chars().collect();
        let from = random.below(letters.len() as u64) as usize;
        let part: String = letters[from..].iter().take(1 + random.below(4) as usize).collect();
        let filter = pick(random, &FILTERS).replace("{}", &encode(part.trim()));
        path.push_str(&format!(
            "&filter={}",
            filter.replace('$', "%24").replace('[', "%5B").replace(']', "%5D")
        ));
    }
    for _ in 0..random.below(3) {
        path.push_str(&format!("&order={}", pick(random, &ORDERS)));
    }
    for option in ["rootJunction=OR", "locale=fr"] {
        if random.below(3) == 0 {
            path.push_str(&format!("&{option}"));
        }
    }
    path
}

fn same(left: &Answer, right: &Answer, path: &str) {
    assert_eq!((left.status, left.text()), (right.status, right.text()), "{path}");
    assert_eq!(left.header("etag"), right.header("etag"), "{path}");
}

#[tokio::test]
async fn both_engines_give_the_same_bytes() {
    let Some(postgres) = TestApp::start(Engine::Postgres).await else { return };
    let sqlite = TestApp::start(Engine::Sqlite).await.unwrap();
    let payload = payload(&TestRandom::new(7));
    for t in [&postgres, &sqlite] {
        seed::import(&t.app, &payload).await;
    }
    let random = TestRandom::new(8);
    let mut found = 0;
    for _ in 0..400 {
        let path = request(&random);
        let (left, right) = (ask(&postgres, &path).await, ask(&sqlite, &path).await);
        same(&left, &right, &path);
        if left.status == 200 {
            found += left.json()["dataElements"].as_array().unwrap().len();
        }
    }
    assert!(found > 1000, "the requests find too little to compare: {found}");
    postgres.stop().await;
}

/// A world in which one user sees little; `secret` is what only others see.
fn world(secret: &str) -> Value {
    let hidden = json!({ "owner": "M5zQapPyTZI", "public": "--------" });
    let open = json!({ "owner": "M5zQapPyTZI", "public": "r-------" });
    let option = |id: &str, sharing: &Value, name: &str| json!({ "id": id, "name": name, "shortName": name, "code": format!("code {name}"), "sharing": sharing });
    json!({
        "userRoles": [{ "id": "RoleNothing", "name": "Nothing", "authorities": [] }],
        "users": [{ "id": "UserOutside", "username": "outside", "password": "Dist_rict1", "firstName": "Out",
                    "surname": "Side", "userRoles": [{ "id": "RoleNothing" }] }],
        "categoryOptions": [
            option("OptionOpen1", &open, "Open"),
            option("OptionHide1", &hidden, secret),
            option("OptionHide2", &hidden, &format!("{secret} again")),
        ],
        "categories": [
            { "id": "CategoryOpe", "name": "Open", "shortName": "Open", "dataDimension": true,
              "dataDimensionType": "DISAGGREGATION", "sharing": open,
              "categoryOptions": [{ "id": "OptionHide1" }, { "id": "OptionOpen1" }, { "id": "OptionHide2" }] },
            { "id": "CategoryHid", "name": format!("{secret} category"), "shortName": secret, "dataDimension": true,
              "dataDimensionType": "ATTRIBUTE", "sharing": hidden, "categoryOptions": [{ "id": "OptionOpen1" }] },
        ],
    })
}

const PROBES: &[&str] = &[
    "/api/categories?fields=*",
    "/api/categories?fields=*,categoryOptions%5B*%5D",
    "/api/categories?fields=id,categoryOptions%5Bid,name,categories%5B*%5D%5D",
    "/api/categories?fields=categoryOptions~size,categoryOptions~pluck(name)",
    "/api/categories?filter=categoryOptions.name:ilike:alpha",
    "/api/categories?filter=categoryOptions.name:!like:alpha",
    "/api/categories?filter=categoryOptions.name:gt:b",
    "/api/categories?filter=categoryOptions.code:null",
    "/api/categories?filter=categoryOptions.shortName:ilike:alpha",
    "/api/categories?filter=categoryOptions.displayName:token:alpha",
    "/api/categories?filter=categoryOptions.identifiable:ilike:alpha",
    "/api/categories?filter=categoryOptions.id:eq:OptionHide1",
    "/api/categories?filter=categoryOptions.id:ilike:HIDE1",
    "/api/categories?query=alpha",
    "/api/categories?order=shortName:desc",
    "/api/categories?page=2&pageSize=1",
    "/api/categories/CategoryHid",
    "/api/categories/CategoryHid/categoryOptions",
    "/api/categories/CategoryOpe?fields=:owner",
    "/api/categories/CategoryOpe/categoryOptions?fields=name",
    "/api/categoryOptions?fields=*",
    "/api/categoryOptions?fields=*,categories%5B*%5D",
    "/api/categoryOptions?filter=categories.name:ilike:alpha",
    "/api/categoryOptions?filter=categories.shortName:eq:alpha",
    "/api/categoryOptions?filter=name:like:alpha&filter=name:like:beta&rootJunction=OR",
    "/api/categoryOptions?query=beta",
    "/api/categoryOptions/OptionHide1",
    "/api/categoryOptions.csv?fields=id,name,categories",
    "/api/metadata?categories=true&categoryOptions=true",
    "/api/metadata?categories:fields=*,categoryOptions%5Bname%5D",
    "/api/metadata",
];

async fn pair(engine: Engine) -> Option<(TestApp, TestApp)> {
    let (left, right) = (TestApp::start(engine).await?, TestApp::start(engine).await?);
    seed::import(&left.app, &world("alpha")).await;
    seed::import(&right.app, &world("beta")).await;
    Some((left, right))
}

async fn nothing_shows(engine: Engine) {
    let Some((left, right)) = pair(engine).await else { return };
    for path in PROBES {
        let outside = |t: &TestApp| t.get(path).basic("outside", "Dist_rict1").send();
        let (left, right) = (outside(&left).await, outside(&right).await);
        same(&left, &right, path);
    }
    left.stop().await;
    right.stop().await;
}

#[tokio::test]
async fn what_is_unreadable_changes_no_byte_on_sqlite() {
    nothing_shows(Engine::Sqlite).await;
}

#[tokio::test]
async fn what_is_unreadable_changes_no_byte_on_postgres() {
    nothing_shows(Engine::Postgres).await;
}

both!(
    fn what_was_exported_imports_unchanged(t) {
        seed::import(&t.app, &payload(&TestRandom::new(9))).await;
        let path = "/api/metadata?optionSets=true&dataElements=true";
        let mut exported = ask(t, path).await.json();
        exported.as_object_mut().unwrap().remove("system");
        assert!(exported["dataElements"].as_array().unwrap().len() == OBJECTS);
        seed::import(&t.app, &exported).await;
        let mut again = ask(t, path).await.json();
        again.as_object_mut().unwrap().remove("system");
        for body in [&mut exported, &mut again] {
            for plural in ["optionSets", "dataElements"] {
                for object in body[plural].as_array_mut().unwrap() {
                    for key in ["lastUpdated", "lastUpdatedBy", "version"] {
                        object.as_object_mut().unwrap().remove(key);
                    }
                }
            }
        }
        assert_eq!(exported, again);
    }
);
