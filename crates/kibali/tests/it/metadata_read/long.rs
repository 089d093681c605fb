//! Long answers: written piece by piece, whole or broken off, never held.

use std::io::Write as _;
use std::process::{Command, Stdio};

use futures_util::StreamExt as _;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Request, TestApp, both};
use serde_json::Value;

use super::cost::{Script, number_of_edge};
use super::{ask, column};

const MANY: i64 = 15_000;
const FIRST: i64 = 1 << 61;
pub(super) const PATH: &str =
    "/api/dataElements?paging=false&fields=id,name,code,created,lastUpdated,href&order=name:asc";

/// Many data elements, each in one of a few groups.
pub(super) async fn populate(t: &TestApp) {
    let numbers = format!("with recursive n(i) as (select 1 union all select i + 1 from n where i < {MANY})");
    let objects = format!(
        "insert into object (id, kind, uid, code, name, name_key, created, updated, public_read, doc) {numbers} \
         select {FIRST} + i, 'dataElement', 'E' || cast(1000000000 + i as text), 'code ' || cast(i as text), \
         'Element ' || cast(1000000000 + i as text), 'element ' || cast(1000000000 + i as text), 0, 0, 1, '{{}}' from n"
    );
    t.app.store.write(Script(vec![objects, "analyze".to_owned()])).await.unwrap();
}

fn get(t: &TestApp, path: &str) -> Request {
    t.get(path).basic(ADMIN, ADMIN_PASSWORD)
}

/// What `gzip` makes of it.
fn unpacked(bytes: Vec<u8>) -> String {
    let mut gzip =
        Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

both!(
    fn a_long_list_comes_in_pieces_and_whole(t) {
        populate(t).await;
        let answer = get(t, PATH).open().await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().get("content-length").is_none(), "its length is not known before");
        let mut frames = answer.into_body().into_data_stream();
        let (mut whole, mut largest, mut count) = (Vec::new(), 0, 0);
        while let Some(frame) = frames.next().await {
            let frame = frame.unwrap();
            (largest, count) = (largest.max(frame.len()), count + 1);
            whole.extend_from_slice(&frame);
        }
        // The first holds what was gathered for a content hash, which the answer turned out too long for.
        assert!(whole.len() > 5 << 19, "{}", whole.len());
        assert!(largest < (1 << 20) + (256 << 10) && count > 10, "{count} frames up to {largest} bytes");
        let body: Value = serde_json::from_slice(&whole).unwrap();
        assert!(body.get("pager").is_none());
        let ids = column(&body, "dataElements", "id");
        let expected: Vec<String> = (1..=MANY).map(|i| format!("E{}", 1_000_000_000 + i)).collect();
        assert_eq!(ids, expected);
        assert_eq!(body["dataElements"][7]["code"], "code 8");
        // The same objects, page by page, in the same bytes.
        let mut pages = Vec::new();
        for page in 1..=3 {
            let path = PATH.replace("paging=false", &format!("pageSize=5000&page={page}"));
            let body = ask(t, &path).await.json();
            assert_eq!(body["pager"]["total"], MANY);
            pages.extend(body["dataElements"].as_array().unwrap().clone());
        }
        assert_eq!(body["dataElements"], Value::from(pages));
    }
);

both!(
    fn a_long_answer_is_compressed_and_written_as_a_table(t) {
        populate(t).await;
        let plain = ask(t, PATH).await.text();
        let packed = get(t, PATH).header("accept-encoding", "gzip").send().await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert!(packed.body.len() * 4 < plain.len());
        assert!(unpacked(packed.body.to_vec()) == plain, "unpacked it is another");
        let table = ask(t, &PATH.replace("dataElements?", "dataElements.csv?")).await;
        let rows = table.text();
        assert_eq!(rows.lines().count() as i64, MANY + 1);
        assert!(rows.lines().nth(1).unwrap().starts_with("E1000000001,code 1,Element 1000000001,1970-01-01T"));
    }
);

both!(
    fn a_short_list_without_paging_has_its_tag(t) {
        populate(t).await;
        let path = "/api/dataElements?paging=false&fields=id&filter=name:like:Element%20100000000";
        let answer = ask(t, path).await;
        assert_eq!(column(&answer.json(), "dataElements", "id").len(), 9);
        let tag = answer.header("etag").unwrap().to_owned();
        let again = get(t, path).header("if-none-match", &tag).send().await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
);

both!(
    fn who_goes_away_or_waits_holds_up_nobody(t) {
        populate(t).await;
        // More than may be in the making at a time; all are given up at their first piece.
        for _ in 0..8 {
            let answer = get(t, PATH).open().await;
            let mut frames = answer.into_body().into_data_stream();
            assert!(frames.next().await.unwrap().is_ok());
        }
        // Three are left unread; others still have connections.
        let mut waiting = Vec::new();
        for _ in 0..3 {
            waiting.push(get(t, PATH).open().await);
        }
        assert_eq!(ask(t, "/api/dataElements?pageSize=1").await.status, 200);
        assert_eq!(ask(t, "/api/me").await.status, 200);
        drop(waiting);
        assert_eq!(ask(t, PATH).await.status, 200);
    }
);

both!(
    fn too_many_references_are_refused_before_the_first_byte(t) {
        populate(t).await;
        // Of 2,000 elements 600 are in four groups each: 300 of them, a piece of the answer, show 721,200
        // references, all together twice that.
        let edge = number_of_edge(t, "dataElementGroup", "dataElements");
        let numbers = "with recursive g(i) as (select 1 union all select i + 1 from g where i < 4)";
        let groups = format!(
            "insert into object (id, kind, uid, name, name_key, created, updated, public_read, doc) {numbers} \
             select {FIRST} + 1000000 + i, 'dataElementGroup', 'G' || cast(1000000000 + i as text), 'g', 'g', 0, 0, 1, '{{}}' from g"
        );
        let members = format!(
            "insert into reference (source, edge, element, position, target) \
             select g.id, {edge}, 0, 0, e.id from object g cross join object e \
             where g.kind = 'dataElementGroup' and e.kind = 'dataElement' and e.id <= {FIRST} + 2000 and (e.id - {FIRST}) % 10 < 3"
        );
        t.app.store.write(Script(vec![groups, members, "analyze".to_owned()])).await.unwrap();
        let list = "paging=false&fields=id,dataElementGroups%5BdataElements%5D&filter=id:le:E100000";
        let refused = ask(t, &format!("/api/dataElements?{list}2000")).await;
        assert_eq!(refused.status, 409, "{} bytes", refused.body.len());
        assert!(refused.json()["message"].as_str().unwrap().contains("1000000 references"));
        let exported = list.replace("fields", "dataElements:fields").replace("filter", "dataElements:filter");
        assert_eq!(ask(t, &format!("/api/metadata?{exported}2000")).await.status, 409);
        let answer = ask(t, &format!("/api/dataElements?{list}0100")).await.json();
        let elements = answer["dataElements"].as_array().unwrap();
        let groups = |element: &Value| element["dataElementGroups"].as_array().unwrap().len();
        assert_eq!((elements.len(), elements.iter().map(groups).sum::<usize>()), (100, 120));
    }
);
