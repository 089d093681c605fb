//! Where one request ends and the next begins, read strictly. Two readers that disagree about it, such as a proxy and
//! the server behind it, can be made to take the end of one caller's request for the beginning of another's. The
//! library that serves connections is lenient where RFC 9112 lets it be; this says no before it sees the bytes.
//!
//! It decides nothing else: what passes is read again by the library, which refuses more.

/// Bytes of a line that are kept. No line that matters here is longer.
const LINE: usize = 1024;

/// Why the bytes are no sequence of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A line ends in LF without CR.
    BareLineFeed,
    /// A header goes on in the next line.
    FoldedHeader,
    /// `Content-Length` stands twice, beside `Transfer-Encoding`, or is no number.
    Length,
    /// `Transfer-Encoding` is something else than `chunked`, once.
    Encoding,
    /// `Host` stands twice, or not at all where HTTP/1.1 is spoken.
    Hosts,
    /// The size of a chunk is not hexadecimal digits alone, or a chunk is longer than its size. Extensions of chunks,
    /// which nobody sends and RFC 9112 would have ignored, are among it: readers differ about where they end.
    Chunk,
}

/// Where bytes stop being requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) fault: Fault,
    /// Bytes before the line that is at fault, of those that came with it.
    pub(super) good: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The line that names method and path, or an empty one before it.
    Request,
    Header,
    /// So many bytes of a body.
    Body(u64),
    ChunkSize,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The empty line after a chunk.
    ChunkEnd,
    Trailer,
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Framing {
    next: Next,
    /// The beginning of the line that is being read.
    line: Vec<u8>,
    /// The line is longer than what is kept of it.
    is_cut: bool,
    /// The byte before.
    last: u8,
    length: Option<u64>,
    is_chunked: bool,
    has_host: bool,
    needs_host: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            next: Next::Request,
            line: Vec::new(),
            is_cut: false,
            last: 0,
            length: None,
            is_chunked: false,
            has_host: false,
            needs_host: false,
        }
    }
}

impl Framing {
    /// Looks at bytes as they come.
    pub(super) fn see(&mut self, came: &[u8]) -> Result<(), Wrong> {
        let mut bytes = came;
        while !bytes.is_empty() {
            bytes = match self.next {
                Next::Body(left) => self.pass(bytes, left, Next::Body, Next::Request),
                Next::Chunk(left) => self.pass(bytes, left, Next::Chunk, Next::ChunkEnd),
                Next::Request | Next::Header | Next::ChunkSize | Next::ChunkEnd | Next::Trailer => {
                    let good = came.len() - bytes.len();
                    self.read_line(bytes).map_err(|fault| Wrong { fault, good })?
                }
            };
        }
        Ok(())
    }

    /// Passes over bytes that say nothing about where they end; what follows them.
    fn pass<'b>(&mut self, bytes: &'b [u8], left: u64, within: fn(u64) -> Next, after: Next) -> &'b [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX));
        self.next = if left == 0 { after } else { within(left) };
        bytes.get(here..).unwrap_or_default()
    }

    fn read_line<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.keep(bytes);
            return Ok(&[]);
        };
        let (part, rest) = bytes.split_at(end);
        self.keep(part);
        if self.last != b'\r' {
            return Err(Fault::BareLineFeed);
        }
        let mut line = std::mem::take(&mut self.line);
        if !self.is_cut {
            line.pop();
        }
        self.next = self.after(&line)?;
        line.clear();
        self.line = line;
        (self.is_cut, self.last) = (false, 0);
        Ok(rest.get(1..).unwrap_or_default())
    }

    fn keep(&mut self, part: &[u8]) {
        let room = LINE - self.line.len();
        self.line.extend(part.iter().take(room));
        self.is_cut |= part.len() > room;
        self.last = part.last().copied().unwrap_or(self.last);
    }

    /// What comes after a line.
    fn after(&mut self, line: &[u8]) -> Result<Next, Fault> {
        match self.next {
            Next::Request if line.is_empty() => Ok(Next::Request),
            Next::Request => {
                (self.length, self.is_chunked, self.has_host) = (None, false, false);
                self.needs_host = self.is_cut || !line.ends_with(b" HTTP/1.0");
                Ok(Next::Header)
            }
            Next::Header if line.is_empty() && self.needs_host && !self.has_host => Err(Fault::Hosts),
            Next::Header if line.is_empty() => Ok(match (self.is_chunked, self.length) {
                (true, _) => Next::ChunkSize,
                (false, None | Some(0)) => Next::Request,
                (false, Some(length)) => Next::Body(length),
            }),
            Next::Header => self.header(line).map(|()| Next::Header),
            Next::ChunkSize => match self.number(line, 16).ok_or(Fault::Chunk)? {
                0 => Ok(Next::Trailer),
                size => Ok(Next::Chunk(size)),
            },
            Next::ChunkEnd if line.is_empty() => Ok(Next::ChunkSize),
            Next::Trailer if line.is_empty() => Ok(Next::Request),
            Next::Trailer => Ok(Next::Trailer),
            Next::ChunkEnd | Next::Body(_) | Next::Chunk(_) => Err(Fault::Chunk),
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Fault> {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err(Fault::FoldedHeader);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        // Whatever stands around a name, it is not to be taken for another by anybody.
        let name = name.trim_ascii();
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"content-length") {
            let length = self.number(value, 10).filter(|_| self.length.is_none() && !self.is_chunked);
            self.length = Some(length.ok_or(Fault::Length)?);
        } else if is(b"transfer-encoding") {
            if self.length.is_some() {
                return Err(Fault::Length);
            }
            let is_plain = value.eq_ignore_ascii_case(b"chunked") && !self.is_chunked && !self.is_cut;
            self.is_chunked = is_plain.then_some(true).ok_or(Fault::Encoding)?;
        } else if is(b"host") && std::mem::replace(&mut self.has_host, true) {
            return Err(Fault::Hosts);
        }
        Ok(())
    }

    /// A number of nothing but digits.
    fn number(&self, digits: &[u8], radix: u32) -> Option<u64> {
        let are_digits = digits.iter().all(|digit| char::from(*digit).is_digit(radix));
        let text = std::str::from_utf8(digits).ok().filter(|_| are_digits && !self.is_cut)?;
        u64::from_str_radix(text, radix).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may stop at the first surprise
    use super::*;

    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /// The same verdict however the bytes are cut.
    fn verdict(text: &str) -> Result<(), Fault> {
        let fault = |wrong: Wrong| wrong.fault;
        let whole = Framing::default().see(text.as_bytes()).map_err(fault);
        for size in [1, 2, 3, 7] {
            let mut framing = Framing::default();
            let mut pieces = text.as_bytes().chunks(size);
            let pieces = pieces.try_for_each(|piece| framing.see(piece).map_err(fault));
            assert_eq!(pieces, whole, "in pieces of {size}: {text:?}");
        }
        whole
    }

    fn post(headers: &str, body: &str) -> String {
        format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}")
    }

    #[test]
    fn what_honest_clients_send_passes_one_after_the_other() {
        let chunked = "Transfer-Encoding: chunked\r\n";
        let long = format!("X-Long: {}\r\n", "a".repeat(5000));
        let requests = [
            GET.to_owned(),
            format!("\r\n{GET}"),
            post("Content-Length: 5\r\n", "a\nb\nc"),
            post("Content-Length: 0\r\n", ""),
            post("content-length:3 \r\n", "\r\n\n"),
            post(chunked, "5\r\na\nb\nc\r\n0\r\n\r\n"),
            post("transfer-encoding: Chunked\r\n", "A\r\n0123456789\r\n1\r\n\n\r\n0\r\nX-Trailer: 1\r\n\r\n"),
            post(chunked, "0\r\nA: 1\r\nB: 2\r\nContent-Length: 40\r\n\r\n"),
            post(&long, ""),
            post(&format!("{long}Content-Length: 4\r\n"), "GET "),
            "GET / HTTP/1.0\r\n\r\n".to_owned(),
        ];
        for request in &requests {
            assert_eq!(verdict(request), Ok(()), "{request:?}");
            assert_eq!(verdict(&format!("{request}{GET}")), Ok(()), "{request:?}");
            let bad = format!("{request}GET / HTTP/1.1\nHost: a\r\n\r\n");
            assert_eq!(verdict(&bad), Err(Fault::BareLineFeed), "the end was found: {request:?}");
        }
        assert_eq!(verdict(&requests.concat()), Ok(()));
    }

    #[test]
    fn what_two_readers_could_read_otherwise_is_refused() {
        let chunked = "Transfer-Encoding: chunked\r\n";
        let cases = [
            (post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), Fault::Length),
            (post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), Fault::Length),
            (post("Content-Length: 5\r\nContent-Length: 6\r\n", "abcde"), Fault::Length),
            (post("Content-Length: 5\r\nContent-Length: 5\r\n", "abcde"), Fault::Length),
            (post("Content-Length: 5, 5\r\n", "abcde"), Fault::Length),
            (post("Content-Length: +5\r\n", "abcde"), Fault::Length),
            (post("Content-Length: 0x5\r\n", "abcde"), Fault::Length),
            (post("Content-Length: 5 5\r\n", "abcde"), Fault::Length),
            (post("Content-Length: -5\r\n", "abcde"), Fault::Length),
            (post("Content-Length:\r\n", "abcde"), Fault::Length),
            (post("Content-Length : 5\r\nContent-Length: 6\r\n", "abcde"), Fault::Length),
            (post("Content-Length: 99999999999999999999\r\n", "abcde"), Fault::Length),
            (post(&format!("Content-Length: {}5\r\n", " ".repeat(2000)), "abcde"), Fault::Length),
            (post(&format!("Content-Length: {}5\r\n", "0".repeat(2000)), "abcde"), Fault::Length),
            (post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), Fault::Encoding),
            (post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), Fault::Encoding),
            (post("Transfer-Encoding: identity\r\n", ""), Fault::Encoding),
            (post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), Fault::Encoding),
            (post("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n"), Fault::Encoding),
            (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n"), Fault::Encoding),
            (
                post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                Fault::Encoding,
            ),
            (post(&format!("Transfer-Encoding: chunked{},\r\n", " ".repeat(2000)), ""), Fault::Encoding),
            (post("X: a\n", ""), Fault::BareLineFeed),
            (post("X: a\nTransfer-Encoding: chunked\r\n", ""), Fault::BareLineFeed),
            (post(&format!("X: {}\n", "a".repeat(2000)), ""), Fault::BareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n".to_owned(), Fault::BareLineFeed),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), Fault::BareLineFeed),
            (post("X: a\r\n b\r\n", ""), Fault::FoldedHeader),
            (post("X: a\r\n\tContent-Length: 5\r\n", ""), Fault::FoldedHeader),
            (post("Host: b\r\n", ""), Fault::Hosts),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), Fault::Hosts),
            (format!("{GET}GET / HTTP/1.1\r\nHosts: a\r\n\r\n"), Fault::Hosts),
            (format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(2000)), Fault::Hosts),
            (post(chunked, "5;x=y\r\nabcde\r\n0\r\n\r\n"), Fault::Chunk),
            (post(chunked, "5 \r\nabcde\r\n0\r\n\r\n"), Fault::Chunk),
            (post(chunked, "0x5\r\nabcde\r\n0\r\n\r\n"), Fault::Chunk),
            (post(chunked, "-5\r\nabcde\r\n0\r\n\r\n"), Fault::Chunk),
            (post(chunked, "\r\nabcde\r\n0\r\n\r\n"), Fault::Chunk),
            (post(chunked, "ffffffffffffffff1\r\n"), Fault::Chunk),
            (post(chunked, &format!("{}5\r\nabcde\r\n0\r\n\r\n", "0".repeat(2000))), Fault::Chunk),
            (post(chunked, "5\r\nabcdefg\r\n0\r\n\r\n"), Fault::Chunk),
            (post(chunked, "5\nabcde\r\n0\r\n\r\n"), Fault::BareLineFeed),
            (post(chunked, "5\r\nabcde\n0\r\n\r\n"), Fault::BareLineFeed),
            (post(chunked, "0\r\nX: y\n\r\n"), Fault::BareLineFeed),
        ];
        for (text, fault) in cases {
            assert_eq!(verdict(&text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_room() {
        let mut framing = Framing::default();
        for _ in 0..10_000 {
            framing.see(&[b'a'; 100]).unwrap();
        }
        assert!(framing.line.capacity() <= 2 * LINE);
    }
}
