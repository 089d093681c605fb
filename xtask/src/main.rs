//! Chores of the project, in Rust: `cargo xtask test`, `cargo xtask bench [FIGURE…]` and
//! `cargo xtask schema-diff DUMP.json`.

// A command for developers: it prints, and says how long things took.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod bench;
mod schema_diff;
mod test;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => test::run(),
        ["bench", figures @ ..] => bench::run(figures),
        ["schema-diff", dump] => schema_diff::run(Path::new(dump)),
        _ => {
            eprintln!(
                "usage: cargo xtask test\n       cargo xtask bench [FIGURE…]\n       cargo xtask schema-diff DUMP.json"
            );
            ExitCode::FAILURE
        }
    }
}
