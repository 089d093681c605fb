//! Who sends slowly, or never ends, is refused in time, and holds up nobody else meanwhile.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};

use super::process::{Answer, Home, Server, basic, head};

/// What a server allows for a head, and for a body, that is to refuse them.
const ALLOWED: Duration = Duration::from_secs(1);
/// What one allows that is to wait for them, for longer than any test.
const FOR_EVER: Duration = Duration::from_secs(600);
/// Between two bytes: many fit into what is allowed, and far fewer than a head or body has.
const PAUSE: Duration = Duration::from_millis(20);
/// The refusal came for the time, and not at the patience of the test.
const SOON: Duration = Duration::from_secs(15);

/// How a slow body goes out.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// A byte, a pause, a byte.
    Trickle,
    /// In chunks of a byte each, without a length.
    Chunks,
    /// Nothing after the head.
    Silence,
}

/// Writes `text` a byte at a time until it is written or the server has had enough.
fn trickle(stream: &mut TcpStream, text: &str) {
    for byte in text.bytes() {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        thread::sleep(PAUSE);
    }
}

/// A request that goes out slowly.
struct Slow {
    stream: TcpStream,
    since: Instant,
    writer: thread::JoinHandle<()>,
}

impl Slow {
    /// Sends a head at once, and a body in this manner.
    fn body(mut stream: TcpStream, (path, headers): Door<'_>, manner: Manner) -> Self {
        let body = "{".repeat(10_000);
        let head = match manner {
            Manner::Chunks => {
                head("POST", path, headers, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked")
            }
            Manner::Trickle | Manner::Silence => head("POST", path, headers, body.len()),
        };
        let since = Instant::now();
        stream.write_all(head.as_bytes()).unwrap();
        Self::writing(stream, since, move |stream| match manner {
            Manner::Trickle => trickle(stream, &body),
            Manner::Chunks => {
                while stream.write_all(b"1\r\n{\r\n").is_ok() {
                    thread::sleep(PAUSE);
                }
            }
            Manner::Silence => {}
        })
    }

    /// Sends a head a byte at a time, and then nothing.
    fn head(stream: TcpStream, since: Instant, text: String) -> Self {
        Self::writing(stream, since, move |stream| trickle(stream, &text))
    }

    fn writing(
        stream: TcpStream,
        since: Instant,
        write: impl FnOnce(&mut TcpStream) + Send + 'static,
    ) -> Self {
        let mut to_write = stream.try_clone().unwrap();
        Self { stream, since, writer: thread::spawn(move || write(&mut to_write)) }
    }

    /// What `read` makes of what the server says, and the time until it was said.
    fn told<T>(mut self, read: impl FnOnce(&mut TcpStream) -> T) -> (T, Duration) {
        let told = read(&mut self.stream);
        let took = self.since.elapsed();
        self.end();
        (told, took)
    }

    /// Nothing reads any more: the writer sees it and ends.
    fn end(self) {
        drop(self.stream.shutdown(std::net::Shutdown::Both));
        self.writer.join().unwrap();
    }
}

/// What a body is sent to: an address and the headers beside it.
type Door<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// A server that gives heads and bodies this long.
fn server(location: &kibali_store::Location, allowed: Duration) -> Server {
    let home = Home::on(location);
    let mut command = home.command(&["serve"]);
    let seconds = allowed.as_secs().to_string();
    command.env("KIBALI_SERVER_HEAD_SECONDS", &seconds).env("KIBALI_SERVER_BODY_SECONDS", &seconds);
    Server::start(command)
}

/// Bodies in every manner, to each kind of door that reads one.
fn slow_bodies(server: &Server) -> Vec<(Slow, String)> {
    let credentials = basic(ADMIN, ADMIN_PASSWORD);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let json = [("Authorization", &*credentials), ("Content-Type", "application/json")];
    let doors: [Door<'_>; 3] =
        [("/uaa/oauth/token", &[form]), ("/api/dataElements", &json), ("/api/systemSettings", &json)];
    let manners = [Manner::Trickle, Manner::Chunks, Manner::Silence];
    let each = doors.into_iter().flat_map(|door| manners.map(|manner| (door, manner)));
    each.map(|(door, manner)| (Slow::body(server.connect(), door, manner), format!("{} {manner:?}", door.0)))
        .collect()
}

/// Heads of which nothing comes, or half, or that are long.
fn slow_heads(server: &Server) -> Vec<Slow> {
    let long =
        format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(2000));
    let heads = [String::new(), "GET / HTTP/1.1\r\nHost: loc".to_owned(), long];
    let since = Instant::now();
    heads.into_iter().map(|text| Slow::head(server.connect(), since, text)).collect()
}

both! {
    fn a_body_that_trickles_or_never_ends_is_refused_in_time(t) {
        let server = server(&t.location(), ALLOWED);
        for (slow, which) in slow_bodies(&server) {
            let (answer, took) = slow.told(Answer::read);
            assert_eq!(answer.status, 408, "{which}: {}", answer.text);
            assert!(answer.text.contains("did not arrive in time"), "{which}: {}", answer.text);
            assert!(took >= ALLOWED && took < SOON, "{which}: {took:?}");
        }
        server.stop();
    }
}

both! {
    fn others_are_answered_while_heads_and_bodies_arrive_slowly(t) {
        let server = server(&t.location(), FOR_EVER);
        let heads = slow_heads(&server);
        let bodies = slow_bodies(&server);
        for _ in 0..3 {
            assert_eq!(server.get_as(ADMIN, ADMIN_PASSWORD, "/api/me").status, 200);
        }
        bodies.into_iter().map(|(slow, _)| slow).chain(heads).for_each(Slow::end);
        server.stop();
    }
}

#[test]
fn a_slow_body_is_not_waited_for_where_its_sender_is_nobody() {
    let home = Home::new(&[]);
    let server = home.serve();
    for manner in [Manner::Trickle, Manner::Silence] {
        let door: Door<'_> = ("/api/metadata", &[("Content-Type", "application/json")]);
        let (answer, _) = Slow::body(server.connect(), door, manner).told(Answer::read);
        assert_eq!(answer.status, 401, "{manner:?}: {}", answer.text);
    }
    server.stop();
}

both! {
    fn a_head_that_trickles_or_never_comes_loses_its_connection(t) {
        let server = server(&t.location(), ALLOWED);
        for slow in slow_heads(&server) {
            let (said, took) = slow.told(|stream| {
                let mut said = Vec::new();
                // Closed with or without what was sent being read.
                let _ = std::io::Read::read_to_end(stream, &mut said);
                String::from_utf8_lossy(&said).into_owned()
            });
            assert!(!said.contains(" 200 "), "{said}");
            assert!(took >= ALLOWED && took < SOON, "{took:?}");
        }
        server.stop();
    }
}

/// A connection from another address of this machine.
fn connect_from(server: &Server, address: &str) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(std::net::SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        socket.connect(server.address).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(SOON * 2)).unwrap();
    stream
}

/// The answer to a request for the process itself.
fn live(mut stream: TcpStream) -> u16 {
    stream.write_all(head("GET", "/health/live", &[], 0).as_bytes()).unwrap();
    Answer::read(&mut stream).status
}

/// Did the server close this connection, without a word?
fn is_closed(mut stream: TcpStream) -> bool {
    let mut said = Vec::new();
    // Closed with or without what was sent being read.
    let _ = std::io::Read::read_to_end(&mut stream, &mut said);
    said.is_empty()
}

#[test]
fn one_network_has_half_of_the_connections_and_a_trusted_proxy_all() {
    let home = Home::new(&["server.connections = 4".to_owned(), "proxy.trusted = 127.0.0.9".to_owned()]);
    let server = home.serve();
    let silent: Vec<TcpStream> = (0..2).map(|_| connect_from(&server, "127.0.0.7")).collect();
    assert!(is_closed(connect_from(&server, "127.0.0.7")), "the third of four");
    assert_eq!(live(connect_from(&server, "127.0.0.8")), 200);
    drop(silent);
    let mut proxied: Vec<TcpStream> = (0..4).map(|_| connect_from(&server, "127.0.0.9")).collect();
    assert_eq!(live(proxied.pop().unwrap()), 200);
    server.stop();
}

#[test]
fn who_asks_and_does_not_read_loses_the_connection() {
    let home = Home::new(&["server.connections = 1".to_owned(), "server.head.seconds = 1".to_owned()]);
    home.done(&["user", "add", "boss", "--superuser"], "Correct-1-horse\n");
    let server = home.serve();
    // So many long answers that no buffer on the way holds them.
    let credentials = basic("boss", "Correct-1-horse");
    let ask = head("GET", "/api/schemas", &[("Authorization", &credentials)], 0)
        .replace("Connection: close\r\n", "");
    let mut deaf = server.connect();
    deaf.write_all(ask.repeat(40).as_bytes()).unwrap();
    let since = Instant::now();
    assert_eq!(live(server.connect()), 200, "its place is free");
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    drop(deaf);
    server.stop();
}

#[test]
fn connections_that_say_nothing_give_their_places_back() {
    let home = Home::new(&["server.connections = 4".to_owned(), "server.head.seconds = 1".to_owned()]);
    let server = home.serve();
    let silent: Vec<TcpStream> =
        (0..4).map(|n| connect_from(&server, ["127.0.0.1", "127.0.0.2"][n / 2])).collect();
    let since = Instant::now();
    assert_eq!(live(connect_from(&server, "127.0.0.3")), 200);
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    drop(silent);
    server.stop();
}
