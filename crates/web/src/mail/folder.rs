//! Messages as files, for a server that sends nothing: `kibali dev`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::MailFault;
use super::letter::Letter;

/// Writes a message to a file of its own, which only its owner may read, and says where it is; what it says
/// stands nowhere else.
pub(super) async fn put(folder: &Path, letter: &Letter) -> Result<(), MailFault> {
    let (folder, name, bytes) = (folder.to_owned(), letter.name.clone(), letter.mime.formatted());
    let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
    let written = written.unwrap_or_else(|_| Err(io::Error::other("interrupted")));
    let file = written.map_err(|error| MailFault::File(error.to_string()))?;
    tracing::warn!(file = %file.display(), "no mail is sent here: a message was written to a file");
    Ok(())
}

/// Under another name first, so that nobody finds half a message.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let (draft, file) = (folder.join(format!("{name}.part")), folder.join(format!("{name}.eml")));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&draft)?.write_all(bytes)?;
    fs::rename(&draft, &file)?;
    Ok(file)
}
