//! A stream whose bytes are looked at before they are read: a request that two readers could read otherwise is
//! answered 400, and nothing after it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::{Framing, Wrong};

/// A line with a byte that no head, no size of a chunk and no end of a chunk may hold, and the end of a head, without
/// which none is looked at: whoever reads it answers 400.
const NO_LINE: &[u8] = b"\0\r\n\r\n";

pub(super) struct Strict<S> {
    stream: S,
    reading: Reading,
}

enum Reading {
    Requests(Framing),
    /// What came next was found wanting: this is left to be read in its place, and nothing after it.
    Fault(&'static [u8]),
}

impl<S> Strict<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, reading: Reading::Requests(Framing::default()) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, reading } = &mut *self;
        if let Reading::Requests(framing) = reading {
            let before = buffer.filled().len();
            ready!(Pin::new(stream).poll_read(context, buffer))?;
            let came = buffer.filled().get(before..).unwrap_or_default();
            let Err(Wrong { fault, good }) = framing.see(came) else { return Poll::Ready(Ok(())) };
            tracing::debug!(?fault, "a request that could be read in two ways was refused");
            *reading = Reading::Fault(NO_LINE);
            // What came before it is whole: a request whose end it is is answered.
            buffer.set_filled(before + good);
            if good > 0 {
                return Poll::Ready(Ok(()));
            }
        }
        if let Reading::Fault(left) = reading {
            let (now, later) = left.split_at(left.len().min(buffer.remaining()));
            buffer.put_slice(now);
            *left = later;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use tokio::io::AsyncReadExt as _;

    use super::*;

    const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde";

    /// What is read of these bytes, so many at a time.
    async fn read(bytes: &[u8], at_once: usize) -> Vec<u8> {
        let mut stream = Strict::new(pieces(bytes, at_once));
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    }

    fn pieces(bytes: &[u8], at_once: usize) -> impl AsyncRead + Unpin + use<> {
        Pieces(bytes.chunks(at_once).map(<[u8]>::to_vec).collect())
    }

    struct Pieces(std::collections::VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(buffer.remaining()));
                buffer.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_request_before_a_faulty_one_is_read_whole_and_nothing_after_it_is() {
        let faulty = b"GET / HTTP/1.1\nHost: a\r\n\r\n";
        for at_once in [POST.len() + faulty.len(), POST.len() - 1, POST.len(), 7, 1] {
            let all = read(&[POST, faulty].concat(), at_once).await;
            assert!(all.starts_with(POST), "in pieces of {at_once}: {:?}", String::from_utf8_lossy(&all));
            let rest = all.get(POST.len()..).unwrap();
            assert!(rest.ends_with(NO_LINE), "in pieces of {at_once}: {rest:?}");
            assert!(faulty.starts_with(rest.strip_suffix(NO_LINE).unwrap()), "{rest:?}");
        }
        assert_eq!(read(&[POST, POST].concat(), 11).await, [POST, POST].concat());
    }
}
