//! What a command says and asks.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use kibali_crypto::Secret;

use crate::failure::Failure;

/// Bytes of a password on standard input, at most.
const LONGEST: u64 = 4096;

/// Says a line on standard output. A reader that went away is nothing to die of.
pub(crate) fn say(text: impl AsRef<str>) {
    let _ = writeln!(io::stdout().lock(), "{}", text.as_ref());
}

/// Says a line on standard error.
pub(crate) fn complain(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// A new password: asked for twice on a terminal, else one line of standard input.
///
/// # Errors
/// Nothing was typed, or not twice the same.
pub(crate) fn new_password(username: &str) -> Result<Secret<String>, Failure> {
    let failed = |error: io::Error| Failure::Said(format!("the password cannot be read: {error}"));
    let password = if io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("New password for {username}: ")).map_err(failed)?;
        let again = rpassword::prompt_password("The same again: ").map_err(failed)?;
        if first != again {
            return Err(Failure::Said("the two are not the same; nothing was changed".to_owned()));
        }
        first
    } else {
        let mut text = String::new();
        io::stdin().lock().take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        text.lines().next().unwrap_or_default().to_owned()
    };
    if password.is_empty() {
        return Err(Failure::Said("no password was given; type it, or send it on standard input".to_owned()));
    }
    Ok(Secret::new(password))
}

/// Columns under each other.
pub(crate) struct Table<const COLUMNS: usize>(Vec<[String; COLUMNS]>);

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(head: [&str; COLUMNS]) -> Self {
        Self(vec![head.map(str::to_owned)])
    }

    pub(crate) fn row(&mut self, row: [&str; COLUMNS]) {
        self.0.push(row.map(str::to_owned));
    }

    pub(crate) fn text(&self) -> String {
        let mut widths = [0; COLUMNS];
        for row in &self.0 {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |row: &[String; COLUMNS]| {
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
