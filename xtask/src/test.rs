//! `cargo xtask test`: everything that must hold before a change lands.

use std::process::{Command, ExitCode};
use std::time::Instant;

/// What the steps need beyond Rust and a C compiler: the program that shows it is there, and Debian's
/// package for it.
const TOOLS: &[(&str, &str)] = &[("/usr/lib/postgresql", "postgresql"), ("/usr/bin/cc", "gcc")];

/// One step: what it is called and the `cargo` arguments that run it.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--quiet"]),
    ("tests on SQLite and PostgreSQL", &["test", "--workspace", "--no-fail-fast"]),
];

/// Installs what is missing where it may, runs every step, and says how each went.
pub(crate) fn run() -> ExitCode {
    let missing = missing_after_install();
    for package in &missing {
        println!("not found: {package}; what needs it is not run");
    }
    let mut failed = 0;
    for (name, arguments) in STEPS {
        let begun = Instant::now();
        println!("== {name}: cargo {}", arguments.join(" "));
        let passed = Command::new("cargo").args(*arguments).status().is_ok_and(|status| status.success());
        println!(
            "== {name}: {} in {} s",
            if passed { "passed" } else { "FAILED" },
            begun.elapsed().as_secs()
        );
        failed += usize::from(!passed);
    }
    let in_ci = std::env::var_os("CI").is_some();
    let left_out = in_ci && !missing.is_empty();
    if failed == 0 && !left_out { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The packages that are still absent after an attempt to install them as root on Debian.
fn missing_after_install() -> Vec<&'static str> {
    if missing().is_empty() {
        return Vec::new();
    }
    let may_install = "test \"$(id -u)\" = 0 && command -v apt-get >/dev/null";
    if succeeds(Command::new("sh").args(["-c", may_install])) {
        succeeds(Command::new("apt-get").args(["update", "--quiet"]));
        succeeds(Command::new("apt-get").args(["install", "--yes", "--quiet"]).args(missing()));
    }
    missing()
}

fn missing() -> Vec<&'static str> {
    TOOLS
        .iter()
        .filter(|(path, _)| !std::path::Path::new(path).exists())
        .map(|(_, package)| *package)
        .collect()
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
