//! An answer on its way, whose request counts until the last of it is taken.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::Passage;

/// An answer of so many bytes is gone once it is made: the system takes it whole.
const SMALL: u64 = 8 * 1024;
/// Bytes that are handed over at once. Whoever sends an answer takes a piece more when there is room for it, and forgets
/// where the pieces came from when it has the last.
const PIECE: usize = 64 * 1024;

/// The body of an answer, in pieces, and what it counts for.
pub(super) struct Sent {
    body: Body,
    /// What was made and not yet handed over.
    rest: Bytes,
    _counts: Arc<Passage>,
}

impl Sent {
    pub(super) fn of(body: Body, counts: Arc<Passage>) -> Body {
        match HttpBody::size_hint(&body).exact() {
            Some(0..=SMALL) => body,
            _ => Body::new(Self { body, rest: Bytes::new(), _counts: counts }),
        }
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)?) else {
                return Poll::Ready(None);
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(other) => return Poll::Ready(Some(Ok(other))),
            }
        }
        let piece = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let made = HttpBody::size_hint(&self.body);
        let mut all = SizeHint::new();
        all.set_lower(made.lower().saturating_add(rest));
        if let Some(upper) = made.upper() {
            all.set_upper(upper.saturating_add(rest));
        }
        all
    }
}
