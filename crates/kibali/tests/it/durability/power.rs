//! Two hundred losses of power.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use kibali_store::{Location, Store, StoreOptions};
use kibali_testkit::{TempDir, TestRandom};

use super::child::{ACKNOWLEDGED, FILE, Manner, start};
use super::disk::{Disk, Step, read_record};
use super::survivors;

const CUTS: usize = 200;
/// Enough for the log to be checkpointed a few times.
const WRITES: u32 = 1200;

/// Runs a child to its end with the recorder below it: the database before, and what it did to its files.
async fn record(manner: Manner) -> (Vec<u8>, Vec<Step>) {
    let (data, tools) = (TempDir::new("power"), TempDir::new("recorder"));
    let file = data.path().join(FILE);
    let store = Store::open(&Location::sqlite(&file), StoreOptions::default()).await.unwrap();
    store.close().await;
    let before = std::fs::read(&file).unwrap();

    let (library, log) = (tools.path().join("record.so"), tools.path().join("log"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/durability/record.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(compiled.unwrap().success(), "the recorder compiles");
    let ended = start(data.path(), manner, 0, WRITES)
        .env("LD_PRELOAD", &library)
        .env("KIBALI_RECORD_DIR", data.path())
        .env("KIBALI_RECORD_LOG", &log)
        .status();
    assert!(ended.unwrap().success(), "the child ends well");
    (before, read_record(&std::fs::read(log).unwrap()))
}

/// Cuts the power at random steps; answers at how many of them an acknowledged write was lost.
async fn losses(manner: Manner) -> usize {
    let (before, steps) = record(manner).await;
    let random = TestRandom::new(0x00d1_5c0f);
    let bound = u64::try_from(steps.len()).unwrap();
    let mut cuts: Vec<u64> = (0..CUTS).map(|_| random.below(bound)).collect();
    cuts.sort_unstable();
    let (mut disk, mut acknowledged, mut taken) = (Disk::holding(FILE, before), String::new(), 0);
    let mut losses = 0;
    for cut in cuts.into_iter().map(|cut| usize::try_from(cut).unwrap()) {
        for step in &steps[taken..cut] {
            match step {
                Step::Write { file, bytes, .. } if file == ACKNOWLEDGED => {
                    acknowledged.push_str(std::str::from_utf8(bytes).unwrap());
                }
                _ => disk.take(step),
            }
        }
        taken = cut;
        let directory = TempDir::new("cut");
        disk.after_power_loss(directory.path(), &random);
        let promised: BTreeSet<u32> = acknowledged
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n')?.parse().ok())
            .collect();
        // A careless writer may leave a database that does not even open.
        let file = directory.path().join(FILE);
        let there = tokio::spawn(async move { survivors(&file, 0).await }).await;
        let kept = there.as_ref().is_ok_and(|there| promised.is_subset(there));
        losses += usize::from(!kept);
    }
    assert!(acknowledged.lines().count() > CUTS, "the child acknowledged too little to tell");
    losses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost() {
    assert_eq!(losses(Manner::Store).await, 0);
}

/// The harness sees what it is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_it_would_be() {
    assert!(losses(Manner::Unsynced).await > CUTS / 10);
}

/// The harness sees what it is for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_early_answers_it_would_be() {
    assert!(losses(Manner::Early).await > CUTS / 10);
}
