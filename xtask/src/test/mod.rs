//! `cargo xtask test`: everything that must hold before a change lands.

mod clients;
mod server;
mod tools;

#[cfg(feature = "bench")]
pub(crate) use clients::{PLACE as CLIENTS, npm_install};

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use tools::Tool;

/// Why a step did not pass.
type Failure = String;

/// One step: what it is called, what it needs beyond Rust and a C compiler, and what it does.
struct Step {
    name: &'static str,
    needs: &'static [Tool],
    run: fn() -> Result<(), Failure>,
}

/// In this order: what is quick to fail comes first, and all that compiles before all that runs servers.
const STEPS: &[Step] = &[
    Step { name: "format", needs: &[], run: format },
    Step {
        name: "lints",
        needs: &[tools::COMPILER],
        run: || cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"]),
    },
    Step { name: "tests on SQLite and PostgreSQL", needs: &[tools::COMPILER, tools::POSTGRESQL], run: tests },
    Step {
        name: "release build",
        needs: &[tools::COMPILER],
        run: || cargo(&["build", "--release", "--package", "kibali"]),
    },
    Step { name: "README", needs: &[tools::CURL], run: clients::readme },
    Step { name: "clients in Node", needs: &[tools::NODE, tools::NPM], run: clients::node },
    Step { name: "clients in Python", needs: &[tools::PYTHON, tools::NODE], run: clients::python },
    Step { name: "clients in Rust", needs: &[tools::COMPILER, tools::NODE], run: clients::rust },
    Step { name: "browser", needs: &[tools::NODE, tools::NPM, tools::CHROMIUM], run: clients::browser },
    Step {
        name: "browser behind nginx",
        needs: &[tools::NODE, tools::NPM, tools::CHROMIUM, tools::NGINX],
        run: clients::browser_behind_nginx,
    },
];

/// How a step ended.
enum Ending {
    Passed,
    Failed(Failure),
    NotRun(String),
}

/// Installs what is missing where it may, runs every step, and ends with a line for each.
pub(crate) fn run() -> ExitCode {
    let needed: Vec<&Tool> = STEPS.iter().flat_map(|step| step.needs).collect();
    tools::install_missing(&needed);
    let mut endings: Vec<(&str, Ending, Duration)> = Vec::new();
    for step in STEPS {
        println!("== {}", step.name);
        let begun = Instant::now();
        let missing: Vec<&str> =
            step.needs.iter().filter(|tool| !tool.is_there()).map(|tool| tool.package).collect();
        let ending = if missing.is_empty() {
            (step.run)().map_or_else(Ending::Failed, |()| Ending::Passed)
        } else {
            Ending::NotRun(missing.join(", "))
        };
        endings.push((step.name, ending, begun.elapsed()));
    }
    let in_ci = std::env::var_os("CI").is_some();
    let mut good = true;
    println!();
    for (name, ending, time) in &endings {
        let seconds = time.as_secs();
        match ending {
            Ending::Passed => println!("passed   {seconds:>4} s  {name}"),
            Ending::Failed(why) => println!("FAILED   {seconds:>4} s  {name}: {why}"),
            Ending::NotRun(missing) => println!("not run          {name}: not found: {missing}"),
        }
        good &= match ending {
            Ending::Passed => true,
            Ending::Failed(_) => false,
            Ending::NotRun(_) => !in_ci,
        };
    }
    println!("total    {:>4} s", endings.iter().map(|(_, _, time)| time.as_secs()).sum::<u64>());
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The workspace, and the fuzz targets, which are one of their own. A test replays their corpora.
fn format() -> Result<(), Failure> {
    cargo(&["fmt", "--all", "--", "--check"])?;
    cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--", "--check"])
}

/// The databases of the tests lie in memory where it has room: over a thousand are made and dropped, and every disk
/// that keeps up with that is one to wait for. What is asked of a disk is recorded and replayed by the tests of it.
fn tests() -> Result<(), Failure> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    if std::env::var_os("TMPDIR").is_none() && free_mebibytes(MEMORY).is_some_and(|free| free >= ROOM) {
        cargo.env("TMPDIR", MEMORY);
    }
    finish(&mut cargo)
}

/// A file system in memory, as Linux has it.
const MEMORY: &str = "/dev/shm";

/// Twice what the databases of all tests that run at once take, in MiB.
const ROOM: u64 = 1024;

fn free_mebibytes(place: &str) -> Option<u64> {
    let said = Command::new("df").args(["--output=avail", "--block-size=1M", place]).output().ok()?;
    String::from_utf8(said.stdout).ok()?.lines().last()?.trim().parse().ok()
}

fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    finish(Command::new("cargo").args(arguments))
}

/// Runs to the end; the error says which command failed.
fn finish(command: &mut Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
