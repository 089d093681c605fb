//! The link by which the first administrator gets in: told once, on a terminal or in a file of its own, never
//! in the log.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use kibali_crypto::{new_token, sha256};
use kibali_store::door::setup_link::{InsertSetupLink, is_needed};
use kibali_web::App;
use kibali_web::pages::setup_path;

use crate::failure::Failure;
use crate::{private_file, terminal};

/// How long it works.
const SECONDS: i64 = 3600;
/// The file, beside `kibali.conf`.
const FILE: &str = "setup-link.txt";

/// Makes a link where nobody can sign in yet.
///
/// # Errors
/// The database failed, or the file cannot be written.
pub(crate) async fn offer(app: &App, home: &Path) -> Result<(), Failure> {
    let path = home.join(FILE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::file(&path)(error)),
        _ => {}
    }
    if !is_needed(&mut app.store.reader().await?).await? {
        return Ok(());
    }
    let token = new_token(&*app.random);
    let now = app.now();
    let expires = now.plus_seconds(SECONDS);
    app.store.write(InsertSetupLink { hash: sha256(token.expose()), expires, now }).await?;
    let link = app.settings.absolute(&setup_path(token.expose()));
    if io::stderr().is_terminal() {
        terminal::complain(format!(
            "Nobody can sign in yet. Make the first administrator within the hour, once, at:\n\n  {link}\n\n\
             or with: kibali user add NAME --superuser\n"
        ));
    } else {
        let mut file = private_file::create(&path).map_err(Failure::file(&path))?;
        writeln!(file, "{link}").map_err(Failure::file(&path))?;
        tracing::warn!(file = %path.display(), "nobody can sign in yet: open the link in this file within the hour");
    }
    Ok(())
}
