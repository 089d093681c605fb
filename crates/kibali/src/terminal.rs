//! What a command says.

use std::io::{self, Write as _};

/// Says a line on standard output. A reader that went away is nothing to die of.
pub(crate) fn say(text: impl AsRef<str>) {
    let _ = writeln!(io::stdout().lock(), "{}", text.as_ref());
}

/// Says a line on standard error.
pub(crate) fn complain(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}
