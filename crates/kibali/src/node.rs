//! One node: the application of design, opened on what the configuration names.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use kibali_crypto::SystemRandom;
use kibali_store::{Location, Store};
use kibali_web::api::objects;
use kibali_web::outbound::Trust;
use kibali_web::{App, Parts, mail};

use crate::clock::SystemClock;
use crate::config::Config;
use crate::failure::Failure;
use crate::{master_key, private_file};

/// Opens the database, brings it up to date, and puts the application on it. `bound` is where it listens.
///
/// # Errors
/// The database cannot be used, or the master key does not belong to it.
pub(crate) async fn open(config: &Config, bound: SocketAddr) -> Result<App, Failure> {
    let location = config.location()?;
    if let Location::Sqlite(file) = &location {
        make_private(file)?;
    }
    let store = Store::open(&location, config.store_options()).await?;
    let random = Arc::new(SystemRandom);
    let master_key = master_key::obtain(&config.master_key_file, &store, &*random).await?;
    let registry = kibali_metadata::kinds::registry().map_err(|error| {
        Failure::Said(format!("the descriptions of kinds contradict each other: {error}"))
    })?;
    let mut settings = config.web_at(bound);
    settings.hash_threads = match config.hash_threads {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
        threads => threads,
    };
    settings.mail.authorities = authorities(&config.mail_authorities)?;
    if let Some(pem) = read_authorities(&config.outbound_authorities)? {
        settings.outbound.trust = Trust::and(&pem).map_err(unusable(&config.outbound_authorities))?;
    }
    let app = App::new(Parts {
        store,
        registry: Arc::new(registry),
        clock: Arc::new(SystemClock),
        random,
        master_key,
        settings,
    });
    objects::create_defaults(&app).await?;
    Ok(app)
}

/// The certificates that the mail server's may be signed with beside the public ones.
fn authorities(file: &Path) -> Result<Option<Arc<[u8]>>, Failure> {
    let pem = read_authorities(file)?;
    if let Some(pem) = &pem {
        mail::check_authorities(pem).map_err(unusable(file))?;
    }
    Ok(pem.map(Arc::from))
}

/// A file of certificates, where one is named.
fn read_authorities(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let named = !file.as_os_str().is_empty();
    named.then(|| std::fs::read(file).map_err(Failure::file(file))).transpose()
}

fn unusable(file: &Path) -> impl Fn(&'static str) -> Failure {
    move |why| Failure::Said(format!("{}: {why}", file.display()))
}

/// Makes the file of a new database, so that only its owner may read it; SQLite gives the files beside it the
/// same rights.
fn make_private(file: &Path) -> Result<(), Failure> {
    if let Some(directory) = file.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(Failure::file(directory))?;
    }
    match private_file::create(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Failure::file(file)(error)),
        _ => Ok(()),
    }
}
