//! `kibali import`.

use std::path::Path;

use kibali_metadata::import::{ImportMode, ImportParams, ImportReport};
use kibali_web::App;
use kibali_web::api::objects::{self, operator_principal};
use serde_json::Value;

use super::{Absent, close, open};
use crate::cli::Import;
use crate::failure::Failure;
use crate::terminal::{self, Table};

/// Errors shown of one file; the rest are counted.
const SHOWN: usize = 20;

/// Imports the files one after the other, and stops at the first that is refused.
///
/// # Errors
/// A file cannot be read, is not JSON, or is refused.
pub(crate) async fn run(import: &Import) -> Result<(), Failure> {
    let app = open(&import.settings, Absent::Make).await?;
    let done = files(&app, import).await;
    close(&app).await;
    done
}

async fn files(app: &App, import: &Import) -> Result<(), Failure> {
    let mode = if import.dry_run { ImportMode::Validate } else { ImportMode::Commit };
    for file in &import.files {
        let report = one(app, file, ImportParams { mode, ..ImportParams::default() }).await?;
        if let Some(said) = refused(file, &report) {
            return Err(Failure::Said(said));
        }
        say(file, &report, import.dry_run);
    }
    Ok(())
}

async fn one(app: &App, file: &Path, params: ImportParams) -> Result<ImportReport, Failure> {
    let bytes = std::fs::read(file).map_err(Failure::file(file))?;
    let wrong = |why: String| Failure::Said(format!("{}: {why}", file.display()));
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(payload)) => {
            Ok(objects::import(app, &operator_principal(), &payload, params).await?)
        }
        Ok(_) => Err(wrong("a metadata file is one JSON object with a list for each kind".to_owned())),
        Err(error) => Err(wrong(format!("the file is not JSON: {error}"))),
    }
}

fn say(file: &Path, report: &ImportReport, dry_run: bool) {
    let what = if dry_run { " (nothing was written)" } else { "" };
    terminal::say(format!("{}{what}", file.display()));
    let mut table = Table::new(["", "created", "updated", "deleted", "ignored"]);
    for kind in &report.type_reports {
        let name = kind.klass.rsplit('.').next().unwrap_or(kind.klass);
        let stats = kind.stats;
        let counts =
            [stats.created, stats.updated, stats.deleted, stats.ignored].map(|count| count.to_string());
        let [created, updated, deleted, ignored] = &counts;
        table.row([name, created, updated, deleted, ignored]);
    }
    terminal::say(table.text());
    for warning in &report.warnings {
        terminal::say(format!("note: {}", warning.message));
    }
}

/// What to say of a file that was refused.
fn refused(file: &Path, report: &ImportReport) -> Option<String> {
    let mut lines: Vec<String> = report
        .errors()
        .map(|error| {
            let id = error.main_id.as_deref().unwrap_or_default();
            let name = error.main_klass.rsplit('.').next().unwrap_or_default();
            format!("  {} {name} {id}: {}", error.error_code, error.message)
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let count = lines.len();
    lines.truncate(SHOWN);
    if count > SHOWN {
        lines.push(format!("  and {} more", count - SHOWN));
    }
    Some(format!("{} is refused, and nothing of it was written:\n{}", file.display(), lines.join("\n")))
}
