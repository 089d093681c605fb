//! The file of the master key (rules of the door 6).

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use kibali_crypto::{MasterKey, Random};
use kibali_model::{hex, unhex};
use kibali_store::Store;
use kibali_store::door::installation::{Fact, KeepFact, find};

use crate::failure::Failure;
use crate::private_file;

/// Reads the key, or makes one for a new database, and makes sure it is the one the database was made with.
///
/// # Errors
/// The file cannot be read or written, is gone, holds something else, or is another installation's.
pub(crate) async fn obtain(path: &Path, store: &Store, random: &dyn Random) -> Result<MasterKey, Failure> {
    let known = find(&mut store.reader().await?, Fact::MasterKeyCheck).await?;
    let key = match read(path)? {
        Some(key) => key,
        None if known.is_none() => make(path, random)?,
        None => return Err(Failure::NoMasterKey(path.to_owned())),
    };
    let value = hex(&key.check());
    let kept = store.write(KeepFact { fact: Fact::MasterKeyCheck, value: value.clone() }).await?;
    if kept == value { Ok(key) } else { Err(Failure::WrongMasterKey(path.to_owned())) }
}

/// The key in the file: 64 hexadecimal digits. None when there is no file.
fn read(path: &Path) -> Result<Option<MasterKey>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::file(path)(error)),
    };
    private_file::require_private(path)?;
    let key = unhex(text.trim()).and_then(|bytes| MasterKey::from_bytes(&bytes).ok());
    key.map(Some).ok_or_else(|| {
        Failure::Said(format!("{}: a master key is 64 hexadecimal digits on one line", path.display()))
    })
}

/// Makes the file. Where another process was faster, its key counts.
fn make(path: &Path, random: &dyn Random) -> Result<MasterKey, Failure> {
    let key = MasterKey::generate(random);
    match private_file::create(path) {
        Ok(mut file) => {
            let text = format!("{}\n", hex(key.bytes().expose()));
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(Failure::file(path))?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| Failure::NoMasterKey(path.to_owned()))
        }
        Err(error) => Err(Failure::file(path)(error)),
    }
}
