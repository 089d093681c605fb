//! `cargo xtask schema-diff DUMP.json`: the descriptions of kinds against an answer of `/api/schemas`.

use std::path::Path;
use std::process::ExitCode;

/// Prints every difference, one a line. Fails when the dump cannot be read, not when it differs: an older
/// or newer DHIS2 rightly does, and a person decides which differences are faults.
pub(crate) fn run(dump: &Path) -> ExitCode {
    match compare(dump) {
        Ok(lines) => {
            println!("{lines}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{}: {why}", dump.display());
            ExitCode::FAILURE
        }
    }
}

fn compare(dump: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let dump: serde_json::Value = serde_json::from_slice(&std::fs::read(dump)?)?;
    let registry = kibali_metadata::kinds::registry()?;
    let differences = kibali_metadata::schema::diff::differences(&registry, &dump);
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    Ok(format!("{}\n{} differences", lines.join("\n"), lines.len()))
}
