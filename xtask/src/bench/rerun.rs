//! Building what is measured, and starting the chore again with everything that measuring takes.

use std::path::Path;
use std::process::{Command, ExitCode};

/// The release binary, and this program in release with the feature `bench`: in one build, so that what they
/// share is compiled once and alike.
const BUILD: [&str; 8] =
    ["build", "--release", "--package", "kibali", "--package", "xtask", "--features", "xtask/bench"];

/// Builds both, then runs this program anew.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let built = Command::new("cargo").args(BUILD).current_dir(root).status();
    if !built.is_ok_and(|status| status.success()) {
        return ExitCode::FAILURE;
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let ran = Command::new(target.join("release/xtask")).arg("bench").args(words).status();
    if ran.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
