//! Where `kibali dev` keeps its files.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The directory that was named, or a temporary one that goes when this is dropped.
pub(super) struct Directory {
    path: PathBuf,
    temporary: bool,
}

impl Directory {
    /// # Errors
    /// The directory cannot be made.
    pub(super) fn of(named: Option<&Path>) -> Result<Self, Failure> {
        let temporary = || std::env::temp_dir().join(format!("kibali-dev-{}", std::process::id()));
        let path = named.map_or_else(temporary, Path::to_owned);
        std::fs::create_dir_all(&path).map_err(Failure::file(&path))?;
        Ok(Self { path, temporary: named.is_none() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed, the system's own sweeping takes.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
