//! The process that dies: it writes as fast as it can and says what was acknowledged.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use kibali_store::{Location, Statement, Store, StoreError, StoreOptions, Tx, Write, values};
use kibali_testkit::careless;

/// The database's file within its directory.
pub(super) const FILE: &str = "kibali.db";
/// Where the numbers of acknowledged writes go, one a line.
pub(super) const ACKNOWLEDGED: &str = "acknowledged";
/// Writes under way at a time.
const TASKS: u32 = 4;

/// How the child writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Through the store.
    Store,
    /// Through the store, but acknowledged before the commit.
    Early,
    /// On a connection of its own with `synchronous=OFF`.
    Unsynced,
}

/// Starts a child on the database in `directory`; it ends after `writes` writes.
pub(super) fn start(directory: &Path, manner: Manner, run: u32, writes: u32) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["durability::child::main", "--exact", "--ignored", "--nocapture"])
        .env("KIBALI_CHILD", format!("{manner:?}"))
        .env("KIBALI_CHILD_DIR", directory)
        .env("KIBALI_CHILD_RUN", run.to_string())
        .env("KIBALI_CHILD_WRITES", writes.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Ends a child as a crash would.
pub(super) fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Not a test: what a child runs.
#[test]
#[ignore = "run by the tests of durability"]
fn main() {
    let Ok(manner) = std::env::var("KIBALI_CHILD") else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u32>().unwrap();
    let (run, writes) = (number("KIBALI_CHILD_RUN"), number("KIBALI_CHILD_WRITES"));
    let directory = PathBuf::from(std::env::var("KIBALI_CHILD_DIR").unwrap());
    let file = OpenOptions::new().append(true).create(true).open(directory.join(ACKNOWLEDGED)).unwrap();
    let acknowledged = Arc::new(Mutex::new(file));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let file = directory.join(FILE);
    runtime.block_on(async {
        match manner.as_str() {
            "Unsynced" => unsynced(&file, &acknowledged, run, writes).await,
            manner => through_store(&file, &acknowledged, run, writes, manner == "Early").await,
        }
    });
}

async fn through_store(file: &Path, acknowledged: &Arc<Mutex<File>>, run: u32, writes: u32, early: bool) {
    let store = Store::open(&Location::sqlite(file), StoreOptions::default()).await.unwrap();
    let tasks = (0..TASKS).map(|task| {
        let (store, acknowledged) = (store.clone(), Arc::clone(acknowledged));
        tokio::spawn(async move {
            for number in (task..writes).step_by(TASKS as usize) {
                let written = store.write(Pair { run, number });
                if early {
                    acknowledge(&acknowledged, number);
                }
                written.await.unwrap();
                if !early {
                    acknowledge(&acknowledged, number);
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn unsynced(file: &Path, acknowledged: &Mutex<File>, run: u32, writes: u32) {
    let connection = careless::open(file);
    for number in 0..writes {
        let Pair { run, number } = Pair { run, number };
        let sql = format!(
            "begin immediate; insert into installation (name, value) values ('run {run} {number} one', '{0}');
             insert into installation (name, value) values ('run {run} {number} two', '{0}'); commit",
            filling(number)
        );
        careless::run(&connection, &sql);
        acknowledge(acknowledged, number);
    }
}

fn acknowledge(file: &Mutex<File>, number: u32) {
    writeln!(file.lock().unwrap(), "{number}").unwrap();
}

/// Long enough that pages fill and the log is checkpointed.
fn filling(number: u32) -> String {
    "x".repeat(usize::try_from(number % 7 * 150).unwrap())
}

const INSERT: Statement =
    Statement::new("durability.insert", "insert into installation (name, value) values ($1, $2)");

/// Two rows that stand or fall together.
struct Pair {
    run: u32,
    number: u32,
}

impl Write for Pair {
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for half in ["one", "two"] {
            let name = format!("run {} {} {half}", self.run, self.number);
            tx.run(INSERT, values![name, filling(self.number)]).await?;
        }
        Ok(())
    }
}
