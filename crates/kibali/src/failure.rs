//! Why a command could not do what it was asked.

use std::path::{Path, PathBuf};

use kibali_store::StoreError;
use kibali_web::Refusal;

use crate::config::ConfigError;

/// A command failed; the text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database refused or failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another with {choose}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
        /// The key or flag that chooses.
        choose: &'static str,
    },
    /// The database was made under another master key.
    #[error(
        "{0} is not the master key this database was made with; put the right file there, or name it with \
         secrets.master_key_file"
    )]
    WrongMasterKey(PathBuf),
    /// The database is not new, but its key is gone.
    #[error(
        "{0} is missing, and the database was made with one; restore it from the backup that also holds \
         the database"
    )]
    NoMasterKey(PathBuf),
    /// Something else; the text says it all.
    #[error("{0}")]
    Said(String),
}

impl Failure {
    /// Of a file at `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Internal(cause) => Self::Said(cause.to_string()),
            refusal => Self::Said(refusal.message()),
        }
    }
}
