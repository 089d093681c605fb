//! No input widens what a principal sees: random requests, well formed and not, of restricted users; what
//! each may see is computed here from the sharing alone.

use std::collections::BTreeSet;

use kibali_testkit::{Answer, TestApp, TestRandom, both, seed};
use serde_json::Value;

use super::engines::{encode, pick};
use super::sharing::{PASSWORD, User, World, may_read};

const REQUESTS: usize = 800;
/// Users whose requests are made.
const CALLERS: usize = 12;

const PATHS: [&str; 17] = [
    "id",
    "name",
    "shortName",
    "code",
    "displayName",
    "created",
    "lastUpdated",
    "identifiable",
    "categories.name",
    "categories.id",
    "categories.categoryOptions.name",
    "categoryOptions",
    "categoryOptions.name",
    "categoryOptions.categories.id",
    "createdBy.username",
    "sharing.public",
    "nonsense",
];
const OPERATORS: [&str; 18] = [
    "eq", "ieq", "ne", "!eq", "gt", "le", "like", "!like", "ilike", "!ilike", "$ilike", "ilike$", "token",
    "!token", "in", "!in", "null", "!null",
];
const VALUES: [&str; 14] = [
    "O",
    "Option 0",
    "category 00",
    "1",
    "x",
    "%",
    "_",
    "*",
    "null",
    "true",
    "2020",
    "' or 1=1 --",
    "[O0000000001,C0000000001]",
    "[Option 001,a]",
];
const FIELDS: [&str; 20] = [
    "id",
    "name",
    "*",
    ":owner",
    ":all",
    ":simple",
    ":identifiable",
    "!sharing",
    "displayName~rename(id)",
    "categories",
    "categories[*]",
    "categories[id,name,categoryOptions[*]]",
    "categories~pluck(name)",
    "categoryOptions",
    "categoryOptions[*,categories[*]]",
    "categoryOptions~size",
    "categoryOptions~keyBy(name)",
    "categoryOptions~pluck(name)~rename(all)",
    "access,sharing,createdBy[*]",
    "categoryOptions[:all",
];
const EXTRAS: [&str; 12] = [
    "rootJunction=OR",
    "rootJunction=AND",
    "paging=false",
    "pageSize=1000",
    "page=2&pageSize=7",
    "query=0",
    "query=Option",
    "defaults=EXCLUDE",
    "translate=false",
    "locale=fr",
    "canManage=true",
    "everything=true",
];
const ORDERS: [&str; 7] =
    ["name:asc", "name:idesc", "shortName:desc", "displayName:iasc", "sharing:asc", "created:desc", "x:y"];

fn filter(random: &TestRandom) -> String {
    let text = format!(
        "{}:{}:{}",
        pick(random, &PATHS),
        pick(random, &OPERATORS),
        match random.below(3) {
            0 => format!("Option {:03}", random.below(60)),
            _ => (*pick(random, &VALUES)).to_owned(),
        }
    );
    // Sometimes broken in the middle.
    let kept = if random.below(12) == 0 { random.below(text.len() as u64) as usize } else { text.len() };
    encode(&text[..kept])
}

fn request(random: &TestRandom) -> (&'static str, String) {
    let plural = *pick(random, &[&"categories", &"categoryOptions"]);
    let id = match plural {
        "categories" => format!("C{:010}", random.below(60)),
        _ => format!("O{:010}", random.below(60)),
    };
    let mut path = match random.below(10) {
        0 => format!("/api/{plural}/{id}?"),
        1 if plural == "categories" => format!("/api/{plural}/{id}/categoryOptions?"),
        1 => format!("/api/{plural}/{id}/categories?"),
        2 => format!("/api/metadata?{plural}=true&"),
        3 => format!("/api/{plural}.csv?"),
        _ => format!("/api/{plural}?"),
    };
    for _ in 0..random.below(4) {
        path.push_str(&format!("filter={}&", filter(random)));
    }
    for _ in 0..random.below(4) {
        path.push_str(&format!("fields={}&", encode(pick(random, &FIELDS))));
    }
    for _ in 0..random.below(3) {
        path.push_str(&format!("{}&", pick(random, &EXTRAS)));
    }
    for _ in 0..random.below(3) {
        path.push_str(&format!("order={}&", pick(random, &ORDERS)));
    }
    (plural, path)
}

/// What one user may not see: ids that never stand at the top, and names that stand nowhere.
struct Hidden {
    ids: BTreeSet<String>,
    names: Vec<String>,
}

impl Hidden {
    fn from(world: &World, user: &User) -> Self {
        let hidden = world.options.iter().chain(&world.categories).filter(|object| !may_read(object, user));
        let (ids, names) = hidden
            .map(|object| {
                let text = |key: &str| object[key].as_str().unwrap().to_owned();
                (text("id"), text("name"))
            })
            .unzip();
        Self { ids, names }
    }

    fn check(&self, plural: &str, path: &str, answer: &Answer) -> usize {
        assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.text());
        if answer.status != 200 {
            return 0;
        }
        let (text, shown) = match answer.header("content-type") {
            Some(kind) if kind.starts_with("text/csv") => {
                let text = answer.text();
                let first = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
                // Where the first column is another one, it may show the ids of what is referenced.
                let has_id = text.lines().next().is_some_and(|header| first(header) == "id");
                let shown: Vec<String> = text.lines().skip(1).filter(|_| has_id).map(first).collect();
                (text, shown)
            }
            _ => {
                let mut body = answer.json();
                // Links repeat what the caller wrote.
                body.as_object_mut().unwrap().remove("pager");
                let rows = body[plural].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
                let top = !path.contains("/categories/") && !path.contains("/categoryOptions/");
                let id = |row: &Value| row["id"].as_str().unwrap_or_default().to_owned();
                let shown = if top { rows.iter().map(id).collect() } else { Vec::new() };
                (body.to_string(), shown)
            }
        };
        for id in &shown {
            assert!(!self.ids.contains(id), "{path} shows {id}");
        }
        for name in &self.names {
            assert!(!text.contains(name.as_str()), "{path} shows {name}");
        }
        shown.len()
    }
}

both!(
    fn no_input_widens_what_a_principal_sees(t) {
        let world = World::new(&TestRandom::new(41));
        seed::import(&t.app, &world.payload()).await;
        let hidden: Vec<Hidden> = world.users.iter().take(CALLERS).map(|user| Hidden::from(&world, user)).collect();
        assert!(hidden.iter().all(|hidden| !hidden.ids.is_empty()));
        let random = TestRandom::new(42);
        let (mut shown, mut answered) = (0, 0);
        for number in 0..REQUESTS {
            let (plural, path) = request(&random);
            let user = &world.users[number % CALLERS];
            let answer = as_user(t, user, &path).await;
            answered += usize::from(answer.status == 200);
            shown += hidden[number % CALLERS].check(plural, &path, &answer);
        }
        // Otherwise the requests would show nothing that could be wrong.
        assert!(answered > REQUESTS / 4 && shown > 1000, "{answered} answered, {shown} objects shown");
    }
);

async fn as_user(t: &TestApp, user: &User, path: &str) -> Answer {
    t.get(path).basic(&user.username, PASSWORD).send().await
}
