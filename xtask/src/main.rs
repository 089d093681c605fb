//! Chores of the project, in Rust: `cargo xtask schema-diff DUMP.json`.

mod schema_diff;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["schema-diff", dump] => schema_diff::run(Path::new(dump)),
        _ => {
            eprintln!("usage: cargo xtask schema-diff DUMP.json");
            ExitCode::FAILURE
        }
    }
}
