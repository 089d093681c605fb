//! Mail to people: a bounded queue, a few hands that deliver, and the two ways a message leaves.
//!
//! Whoever sends waits for nobody: a message is taken or refused at once, delivered in the background, and
//! tried again when the mail server cannot take it now. What still waits when the process dies is lost; every
//! message here can be asked for again.

mod folder;
mod letter;
mod server;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kibali_crypto::{MasterKey, Random};
use kibali_model::Clock;
use kibali_store::{Reader, Store};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::system_settings::Stored;
use crate::{Parts, Refusal, Settings};
use letter::Letter;
use server::Server;

pub use server::check_authorities;

/// Messages that may wait.
const WAITING: usize = 256;
/// Messages under way at once.
const HANDS: usize = 4;
/// When a caller who found the queue full may come back, in seconds.
const RETRY_SECONDS: u32 = 30;

/// What the operator chose about mail; where the server is stands in the system settings `keyEmail…`.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Messages are written here and sent nowhere: `kibali dev`.
    pub folder: Option<PathBuf>,
    /// Certificates, in PEM, of authorities that may sign the mail server's beside the public ones.
    pub authorities: Option<Arc<[u8]>>,
    /// How long the mail server may take for one message.
    pub patience: Duration,
    /// What is waited before each further attempt.
    pub pauses: Vec<Duration>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            folder: None,
            authorities: None,
            patience: Duration::from_secs(30),
            pauses: [5, 30, 120].map(Duration::from_secs).into(),
        }
    }
}

/// A message to one person, in plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The address.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The text. It may hold a link or a code that opens an account.
    pub text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(…)")
    }
}

/// Why a message did not leave. It names neither the person nor what the mail server said about them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum MailFault {
    #[error("no mail server is set: keyEmailHostName and keyEmailSender")]
    NotConfigured,
    #[error("the message cannot be written: {0}")]
    Unwritable(&'static str),
    #[error("the setting {0} cannot be used")]
    Setting(&'static str),
    #[error("the mail server cannot be reached")]
    Unreachable,
    #[error("the mail server's certificate or its TLS is not accepted")]
    Tls,
    #[error("the mail server took too long")]
    TooSlow,
    #[error("the mail server refused: {0}")]
    Refused(u16),
    #[error("the mail server cannot take it now: {0}")]
    NotNow(u16),
    #[error("the settings cannot be read: {0}")]
    Store(String),
    #[error("the file cannot be written: {0}")]
    File(String),
}

impl MailFault {
    /// Would another attempt fail alike?
    const fn lasts(&self) -> bool {
        matches!(
            self,
            Self::NotConfigured | Self::Unwritable(_) | Self::Setting(_) | Self::Refused(_) | Self::File(_)
        )
    }
}

/// Takes messages and delivers them.
pub struct Mailer {
    queue: mpsc::Sender<(Message, Open)>,
    open: watch::Sender<usize>,
    post: Arc<Post>,
}

impl Mailer {
    pub(crate) fn start(parts: &Parts) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        let post = Arc::new(Post {
            store: parts.store.clone(),
            clock: Arc::clone(&parts.clock),
            random: Arc::clone(&parts.random),
            master_key: parts.master_key.clone(),
            settings: parts.settings.clone(),
            sent: AtomicU64::default(),
            lost: AtomicU64::default(),
        });
        tokio::spawn(deliver(Arc::clone(&post), waiting));
        Self { queue, open: watch::channel(0).0, post }
    }

    /// Takes a message.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many wait already.
    pub fn send(&self, message: Message) -> Result<(), Refusal> {
        self.place()?.send(message);
        Ok(())
    }

    /// A place in the queue for a message that is still to be written, so that whoever asks for one learns at
    /// once whether it will be taken.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many wait already.
    pub fn place(&self) -> Result<Place, Refusal> {
        let busy = |_| Refusal::Busy { seconds: RETRY_SECONDS };
        let permit = self.queue.clone().try_reserve_owned().map_err(busy)?;
        Ok(Place { permit, open: Open::new(&self.open) })
    }

    /// Can mail be sent: is there a folder for it, or a mail server in the settings?
    pub(crate) fn is_configured(&self, stored: &Stored) -> bool {
        self.post.settings.mail.folder.is_some() || Server::is_set(stored)
    }

    /// As [`Mailer::is_configured`], for whoever has not read the settings.
    ///
    /// # Errors
    /// The database failed.
    pub async fn works(&self, reader: &mut Reader) -> Result<bool, Refusal> {
        Ok(self.is_configured(&Stored::read(reader).await?))
    }

    /// Waits until nothing is under way, at most for `patience`; false when something still is.
    pub async fn settle(&self, patience: Duration) -> bool {
        let mut open = self.open.subscribe();
        tokio::time::timeout(patience, open.wait_for(|open| *open == 0)).await.is_ok()
    }

    /// Messages delivered since the process started.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.post.sent.load(Ordering::Relaxed)
    }

    /// Messages given up since the process started.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.post.lost.load(Ordering::Relaxed)
    }
}

/// A place in the queue.
#[derive(Debug)]
pub struct Place {
    permit: mpsc::OwnedPermit<(Message, Open)>,
    open: Open,
}

impl Place {
    /// Takes the place.
    pub fn send(self, message: Message) {
        self.permit.send((message, self.open));
    }
}

/// Counts what is under way, as long as it lives.
#[derive(Debug)]
struct Open(watch::Sender<usize>);

impl Open {
    fn new(open: &watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}

/// What delivering a message needs.
struct Post {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    master_key: MasterKey,
    settings: Settings,
    sent: AtomicU64,
    lost: AtomicU64,
}

/// Delivers what waits until nobody can send any more.
async fn deliver(post: Arc<Post>, mut waiting: mpsc::Receiver<(Message, Open)>) {
    let hands = Arc::new(Semaphore::new(HANDS));
    while let Some((message, open)) = waiting.recv().await {
        let Ok(hand) = Arc::clone(&hands).acquire_owned().await else { return };
        let post = Arc::clone(&post);
        tokio::spawn(async move {
            post.deliver(&message).await;
            drop((hand, open));
        });
    }
}

impl Post {
    /// Tries until it is delivered, until trying is of no use, or often enough.
    async fn deliver(&self, message: &Message) {
        let mut attempts = 1;
        let mut outcome = self.attempt(message).await;
        for pause in &self.settings.mail.pauses {
            match &outcome {
                Err(fault) if !fault.lasts() => {
                    tracing::debug!(%fault, attempts, "a message is tried again");
                    tokio::time::sleep(*pause).await;
                }
                _ => break,
            }
            attempts += 1;
            outcome = self.attempt(message).await;
        }
        match outcome {
            Ok(()) => {
                self.sent.fetch_add(1, Ordering::Relaxed);
            }
            Err(fault) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%fault, attempts, "a message was not delivered");
            }
        }
    }

    async fn attempt(&self, message: &Message) -> Result<(), MailFault> {
        let stored = self.stored().await?;
        let letter = Letter::write(message, &self.settings, &stored, self.clock.now(), &*self.random)?;
        match &self.settings.mail.folder {
            Some(folder) => folder::put(folder, &letter).await,
            None => {
                let server = Server::of(&stored, &self.master_key)?;
                server.send(&letter, &self.settings).await
            }
        }
    }

    async fn stored(&self) -> Result<Stored, MailFault> {
        let failed = |error: kibali_store::StoreError| MailFault::Store(error.to_string());
        let mut reader = self.store.reader().await.map_err(failed)?;
        Stored::read(&mut reader).await.map_err(failed)
    }
}
