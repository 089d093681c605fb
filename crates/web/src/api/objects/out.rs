//! Where an answer of many objects is written: into memory while it is short, else piece by piece to the
//! client, so that only a piece of it is ever held.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::Refusal;

/// Bytes gathered before they are handed over.
const GATHERED: usize = 64 << 10;
/// How long a client may take to receive one piece. A long answer holds a connection of the store.
const RECEIVED_WITHIN: Duration = Duration::from_secs(30);
/// Long answers in the making at a time, so that slow receivers leave connections to everybody else.
const AT_A_TIME: usize = 3;
/// How long a long answer waits for its turn, in seconds.
const WAITS: u32 = 10;

/// The turns of long answers.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

/// What is written, and where to.
pub(super) struct Out {
    buffer: Vec<u8>,
    client: Option<mpsc::Sender<Piece>>,
}

enum Piece {
    Bytes(Bytes),
    /// The answer is whole. Without it, what came so far is not taken for all.
    End,
}

impl Out {
    /// Keeps everything in memory.
    pub(super) const fn memory() -> Self {
        Self { buffer: Vec::new(), client: None }
    }

    /// Where the next bytes go.
    pub(super) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Everything that was kept.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    /// Hands over what has gathered, if it is enough, and waits for the client to take it.
    pub(super) async fn hand_over(&mut self) -> Result<(), Refusal> {
        if self.buffer.len() < GATHERED {
            return Ok(());
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Refusal> {
        let Some(client) = &self.client else { return Ok(()) };
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = Piece::Bytes(std::mem::take(&mut self.buffer).into());
        client.send_timeout(piece, RECEIVED_WITHIN).await.map_err(|_| Refusal::TooSlow)
    }
}

/// A body that `write` writes, piece by piece. What refuses it before the first piece is the answer; what
/// breaks it later breaks the connection, so that nobody takes a part for the whole.
///
/// # Errors
/// The refusal, or [`Refusal::Busy`] where too many long answers are in the making.
pub(super) async fn body<W>(turns: &Turns, write: W) -> Result<Body, Refusal>
where
    W: Answer,
{
    let turn = Arc::clone(&turns.0).acquire_owned();
    let turn = tokio::time::timeout(Duration::from_secs(u64::from(WAITS)), turn)
        .await
        .map_err(|_| Refusal::Busy { seconds: WAITS })?
        .map_err(Refusal::internal)?;
    let (client, mut pieces) = mpsc::channel(1);
    let (refuse, refused) = oneshot::channel();
    tokio::spawn(async move {
        let mut out = Out { buffer: Vec::new(), client: Some(client.clone()) };
        let written = match write.write(&mut out).await {
            Ok(()) => out.flush().await,
            Err(refusal) => Err(refusal),
        };
        drop(turn);
        match written {
            Ok(()) => {
                // A client that has gone misses nothing.
                let _ = client.send_timeout(Piece::End, RECEIVED_WITHIN).await;
            }
            Err(refusal) => {
                if let Err(refusal) = refuse.send(refusal) {
                    tracing::info!(?refusal, "an answer broke off");
                }
            }
        }
    });
    let first = match pieces.recv().await {
        Some(Piece::Bytes(bytes)) => bytes,
        Some(Piece::End) => return Ok(Body::empty()),
        None => return Err(refused.await.unwrap_or_else(|_| Refusal::internal("a long answer ended"))),
    };
    drop(refused);
    let rest = stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(pieces))),
            Some(Piece::End) => None,
            None => Some((Err(io::Error::other("the answer broke off")), None)),
        }
    });
    Ok(Body::from_stream(stream::iter([Ok(first)]).chain(rest).fuse()))
}

/// Something that writes an answer, wherever it runs.
pub(super) trait Answer: Send + 'static {
    /// Writes all of it.
    fn write(self, out: &mut Out) -> impl Future<Output = Result<(), Refusal>> + Send;
}
