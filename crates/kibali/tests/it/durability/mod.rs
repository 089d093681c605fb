//! What is acknowledged stays (rules of the door 8): through kills, and through loss of power.

mod child;
mod disk;
mod killed;
mod power;

use std::collections::BTreeSet;
use std::path::Path;

use kibali_store::{Location, Store, StoreOptions};

/// Opens the store at `file` and answers the writes of `run` found there.
///
/// # Panics
/// One is there by half.
async fn survivors(file: &Path, run: u32) -> BTreeSet<u32> {
    let store = Store::open(&Location::sqlite(file), StoreOptions::default()).await.expect("it opens again");
    let mut reader = store.reader().await.unwrap();
    let sql = "select name from installation where name >= $1 and name < $2";
    let bounds = kibali_store::values![format!("run {run} "), format!("run {run}!")];
    let rows = reader.rows_composed(sql, bounds).await.expect("it can be read");
    let names: BTreeSet<String> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    drop(reader);
    store.close().await;
    let mut whole = BTreeSet::new();
    for name in &names {
        let (write, half) = name.rsplit_once(' ').unwrap();
        let other = if half == "one" { "two" } else { "one" };
        assert!(names.contains(&format!("{write} {other}")), "{write} is there by half");
        whole.insert(write.rsplit_once(' ').unwrap().1.parse().unwrap());
    }
    whole
}
