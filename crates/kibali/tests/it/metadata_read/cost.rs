//! What reads cost: the number of statements, and the steps the engines take among many objects.

use kibali_metadata::language::{Fields, ListQuery};
use kibali_metadata::read::{Predicate, resolve_fields, resolve_filters, resolve_order};
use kibali_model::{Authorities, Credential, ObjectId, OrgUnitScope, Principal, Uid};
use kibali_store::objects::{Listing, Reading, visible_to};
use kibali_store::{StoreError, Tx, Write};
use kibali_testkit::{Engine, TestApp, both, seed};
use serde_json::json;

use super::filters::units;
use super::{ask, read};

/// Objects of the kind that is searched; few of them may be read.
const MANY: i64 = 20_000;
/// The first number after those of all seeded objects.
const FIRST: i64 = 1 << 61;

/// Runs texts without values.
pub(super) struct Script(pub(super) Vec<String>);

/// The number of the edge behind a property.
pub(super) fn number_of_edge(t: &TestApp, kind: &str, property: &str) -> i64 {
    t.app.registry.kind(kind).unwrap().property(property).unwrap().edge().unwrap().0.0
}

impl Write for Script {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for text in &self.0 {
            tx.run_composed(text, Vec::new()).await?;
        }
        Ok(())
    }
}

fn caller(authorities: &[&str]) -> Principal {
    let uid: Uid = "Caller00001".parse().unwrap();
    Principal {
        user: ObjectId(1),
        uid,
        username: "caller".to_owned(),
        authorities: authorities.iter().copied().collect::<Authorities>(),
        roles: Vec::new(),
        groups: vec!["CallerGroup".parse().unwrap()],
        org_units: OrgUnitScope::default(),
        credential: Credential::Basic,
        credential_version: 0,
    }
}

/// Many data elements: every 400th is public, every 500th the caller's, every 600th given to the group.
async fn populate(t: &TestApp) {
    let numbers = format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {MANY})");
    let objects = format!(
        "insert into object (id, kind, uid, name, name_key, created, updated, owner_uid, public_access, \
         public_read, doc) {numbers} select {FIRST} + i, 'dataElement', 'E' || cast(1000000000 + i as text), \
         'Element ' || cast(i * 7919 % {MANY} as text), 'element ' || cast(i * 7919 % {MANY} as text), 0, 0, \
         case when i % 500 = 0 then 'Caller00001' else 'Other000001' end, 0, \
         case when i % 400 = 0 then 1 else 0 end, '{{\"valueType\":\"NUMBER\"}}' from n"
    );
    let sharing = format!(
        "insert into sharing (object, grantee_kind, grantee_uid, bits) {numbers} \
         select {FIRST} + i, 1, 'CallerGroup', 1 from n where i % 600 = 0"
    );
    let analyze = "analyze".to_owned();
    t.app.store.write(Script(vec![objects, sharing, analyze])).await.unwrap();
}

fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// Runs a list through one caller's eyes and gives back its reading.
async fn run<'a>(t: &'a TestApp, caller: &'a Principal, kind: &str, query: &str) -> (Reading<'a>, u64) {
    let registry = &t.app.registry;
    let kind = registry.kind(kind).unwrap();
    let query = ListQuery::parse(&pairs(query)).unwrap();
    let fields = query.fields.clone().unwrap_or_else(|| Fields::parse("id,displayName").unwrap());
    let filters = resolve_filters(registry, kind, &query.filters, query.junction).unwrap();
    let listing = Listing {
        shape: resolve_fields(registry, kind, &fields, false).unwrap(),
        predicate: Predicate::All(vec![filters]),
        order: resolve_order(registry, kind, &query.order),
        paging: query.paging,
    };
    let mut reading = t.app.store.reading(registry, visible_to(caller), None).await.unwrap().explaining();
    let listed = reading.list(listing).await.unwrap();
    (reading, listed.total)
}

/// Steps that walk through every object, or every object of a kind.
fn walks(t: &TestApp, plans: &[String]) -> Vec<String> {
    let walks = |step: &&str| match t.engine() {
        Engine::Sqlite => {
            let of_kind = step.starts_with("SEARCH o USING") && step.ends_with("(kind=?)");
            step.starts_with("SCAN o") || of_kind
        }
        Engine::Postgres => step.contains("Seq Scan on object"),
    };
    plans.iter().flat_map(|plan| plan.lines()).map(str::trim).filter(walks).map(str::to_owned).collect()
}

both!(
    fn no_list_of_a_restricted_caller_walks_through_the_kind(t) {
        populate(t).await;
        let restricted = caller(&[]);
        let expected = u64::try_from(
            (1..=MANY).filter(|i| i % 400 == 0 || i % 500 == 0 || i % 600 == 0).count(),
        )
        .unwrap();
        for query in [
            "page=1",
            "filter=name:ilike:element 1",
            "filter=name:like:Element",
            "order=created:desc",
            "order=name:asc",
            "filter=id:in:[E1000000400,E1000000500,E1000000001]",
            "filter=optionSet.id:eq:OptionSet01",
            "filter=valueType:eq:NUMBER",
        ] {
            let (reading, total) = run(t, &restricted, "dataElement", query).await;
            let walked = walks(t, reading.plans());
            assert!(walked.is_empty(), "{query}: {walked:#?}\n{}", reading.plans().join("\n--\n"));
            if query == "page=1" || query.contains("valueType") {
                assert_eq!(total, expected, "{query}");
            }
        }
    }
);

both!(
    fn a_superuser_pages_along_the_index_of_names(t) {
        populate(t).await;
        let superuser = caller(&["ALL"]);
        let (reading, total) = run(t, &superuser, "dataElement", "page=1").await;
        assert_eq!(total, u64::try_from(MANY).unwrap());
        // The first statement counts all of the kind, which is all of the table here.
        let page = &reading.plans()[1];
        assert!(!page.contains("Seq Scan on object") && !page.contains("SCAN o\n"), "{page}");
        assert!(page.contains("object_name"), "{page}");
    }
);

both!(
    fn one_object_by_uid_is_found_by_its_key(t) {
        populate(t).await;
        let restricted = caller(&[]);
        let kind = t.app.registry.kind("dataElement").unwrap();
        let shape = resolve_fields(&t.app.registry, kind, &Fields::parse("*").unwrap(), false).unwrap();
        let reading = t.app.store.reading(&t.app.registry, visible_to(&restricted), None).await.unwrap();
        let mut reading = reading.explaining();
        assert!(reading.one(&shape, "E1000000400").await.unwrap().is_some());
        assert!(reading.one(&shape, "E1000000001").await.unwrap().is_none());
        assert_eq!(walks(t, reading.plans()), Vec::<String>::new());
    }
);

both!(
    fn statements_do_not_grow_with_objects(t) {
        units(t).await;
        let superuser = caller(&["ALL"]);
        // Count, row numbers, rows; then one for each edge or side table.
        for (query, statements) in [
            ("fields=id", 3),
            ("fields=id,name,shortName", 3),
            ("fields=children~size,children~isEmpty", 5),
            ("fields=id,children", 4),
            ("fields=name,children[name,children[name,organisationUnitGroups[name]]]", 6),
            ("fields=name,ancestors[name],translations,attributeValues", 6),
            ("paging=false&fields=id", 2),
        ] {
            let (reading, _) = run(t, &superuser, "organisationUnit", query).await;
            assert_eq!(reading.statements(), statements, "{query}: {:#?}", reading.plans());
        }
        let (few, _) = run(t, &superuser, "organisationUnit", "fields=*&pageSize=4").await;
        let (all, _) = run(t, &superuser, "organisationUnit", "fields=*&pageSize=50").await;
        assert_eq!(few.statements(), all.statements());
        assert!(all.statements() <= 12, "{}", all.statements());
    }
);

#[test]
fn a_page_of_columns_reads_no_documents() {
    let registry = kibali_metadata::kinds::registry().unwrap();
    let registry = &registry;
    let kind = registry.kind("organisationUnit").unwrap();
    for (fields, document, columns) in
        [("id", false, false), ("id,name,code,created", false, true), ("shortName", true, false)]
    {
        let shape = resolve_fields(registry, kind, &Fields::parse(fields).unwrap(), false).unwrap();
        assert_eq!((shape.needs.document, shape.needs.columns), (document, columns), "{fields}");
    }
}

both!(
    fn a_group_of_eighty_thousand_is_counted_and_listed(t) {
        const MEMBERS: i64 = 80_000;
        let group = json!({ "userGroups": [{ "id": "GroupLarge1", "name": "Large" }] });
        seed::import(&t.app, &group).await;
        let numbers = format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {MEMBERS})");
        let objects = format!(
            "insert into object (id, kind, uid, name, name_key, created, updated, public_read, doc) {numbers} \
             select {FIRST} + i, 'user', 'U' || cast(1000000000 + i as text), 'n', 'n', 0, 0, 1, '{{}}' from n"
        );
        let edge = t.app.registry.kind("userGroup").unwrap().property("users").unwrap().edge().unwrap().0.0;
        let references = format!(
            "insert into reference (source, edge, element, position, target) {numbers} \
             select (select id from object where uid = 'GroupLarge1'), {edge}, 0, 0, {FIRST} + i from n"
        );
        t.app.store.write(Script(vec![objects, references, "analyze".to_owned()])).await.unwrap();
        let superuser = caller(&["ALL"]);
        let (counted, _) = run(t, &superuser, "userGroup", "fields=users~size").await;
        assert_eq!(counted.statements(), 4);
        let (listed, _) = run(t, &superuser, "userGroup", "fields=users").await;
        assert_eq!(listed.statements(), 4);
        let body = read(t, "/api/userGroups/GroupLarge1?fields=users,users~size~rename(n)").await;
        assert_eq!(body["n"], MEMBERS);
        assert_eq!(body["users"].as_array().unwrap().len(), usize::try_from(MEMBERS).unwrap());
        // Loaded once, shown 80,000 times 80,000 times.
        let path = "/api/userGroups/GroupLarge1?fields=users%5BuserGroups%5Busers%5D%5D";
        let refused = ask(t, path).await;
        assert_eq!(refused.status, 409);
        assert!(refused.json()["message"].as_str().unwrap().contains("1000000 references"), "{}", refused.text());
    }
);

both!(
    fn a_document_filter_looks_into_no_more_than_its_limit(t) {
        let numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300001)";
        let objects = format!(
            "insert into object (id, kind, uid, name, name_key, created, updated, public_read, doc) {numbers} \
             select {FIRST} + i, 'dataElement', 'E' || cast(1000000000 + i as text), 'n', 'n', 0, 0, 1, '{{}}' from n"
        );
        t.app.store.write(Script(vec![objects])).await.unwrap();
        let refused = ask(t, "/api/dataElements?fields=id&filter=valueType:eq:TEXT").await;
        assert_eq!(refused.status, 409);
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("`valueType` would have to look into more than 300000 objects"), "{message}");
        let narrowed = ask(t, "/api/dataElements?fields=id&filter=valueType:eq:TEXT&filter=id:in:%5BE1000000001%5D").await;
        assert_eq!(narrowed.status, 200);
        assert_eq!(ask(t, "/api/dataElements?fields=id&order=valueType:asc").await.status, 409);
    }
);
