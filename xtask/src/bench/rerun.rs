//! Building what is measured, and starting the chore again with everything that measuring takes.

use std::process::{Command, ExitCode};

/// Builds the release binary, then this program in release with the feature `bench`, and runs that.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let steps: [&[&str]; 2] = [
        &["build", "--release", "--package", "kibali"],
        &["run", "--quiet", "--release", "--package", "xtask", "--features", "bench", "--", "bench"],
    ];
    let succeeded = steps.iter().enumerate().all(|(step, arguments)| {
        let mut command = Command::new("cargo");
        command.args(*arguments);
        if step == 1 {
            command.args(words);
        }
        command.status().is_ok_and(|status| status.success())
    });
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
