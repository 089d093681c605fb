//! Who sends slowly, or never ends, is refused in time, and holds up nobody else meanwhile.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kibali_testkit::both;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};

use super::process::{Answer, Home, Server, basic, head};

/// What these servers allow for a head, and for a body.
const ALLOWED: Duration = Duration::from_secs(1);
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

/// Sends a head at once and a body slowly; the answer, and the time it took.
fn slowly(mut stream: TcpStream, path: &str, headers: &[(&str, &str)], manner: Manner) -> (Answer, Duration) {
    let body = "{".repeat(10_000);
    let head = match manner {
        Manner::Chunks => {
            head("POST", path, headers, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked")
        }
        Manner::Trickle | Manner::Silence => head("POST", path, headers, body.len()),
    };
    stream.write_all(head.as_bytes()).unwrap();
    let since = Instant::now();
    let mut to_write = stream.try_clone().unwrap();
    let writer = thread::spawn(move || match manner {
        Manner::Trickle => trickle(&mut to_write, &body),
        Manner::Chunks => {
            while to_write.write_all(b"1\r\n{\r\n").is_ok() {
                thread::sleep(PAUSE);
            }
        }
        Manner::Silence => {}
    });
    let answer = Answer::read(&mut stream);
    let took = since.elapsed();
    // Nothing reads any more: the writer sees it and ends.
    drop(stream.shutdown(std::net::Shutdown::Both));
    writer.join().unwrap();
    (answer, took)
}

/// Says that it is over when it goes.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Calls as somebody else for as long as `slow` runs. One answer could be the last before everybody waits, and
/// one the first after it.
fn beside(server: &Server, slow: impl FnOnce() + Send) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Also when it fails: nobody waits for what does not come.
            let _over = Over(&over);
            slow();
        });
        let mut answered = 0;
        while !over.load(Ordering::Acquire) {
            assert_eq!(server.get_as(ADMIN, ADMIN_PASSWORD, "/api/me").status, 200);
            answered += 1;
        }
        assert!(answered > 2, "{answered} answers beside the slow ones");
    });
}

fn server(location: &kibali_store::Location) -> Server {
    let home = Home::on(location);
    let mut command = home.command(&["serve"]);
    let seconds = ALLOWED.as_secs().to_string();
    command.env("KIBALI_SERVER_HEAD_SECONDS", &seconds).env("KIBALI_SERVER_BODY_SECONDS", &seconds);
    Server::start(command)
}

both! {
    fn a_body_that_trickles_or_never_ends_is_refused_in_time_while_others_are_answered(t) {
        let server = server(&t.location());
        let credentials = basic(ADMIN, ADMIN_PASSWORD);
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let json = [("Authorization", &*credentials), ("Content-Type", "application/json")];
        let doors: [(&str, &[(&str, &str)]); 3] =
            [("/uaa/oauth/token", &[form]), ("/api/dataElements", &json), ("/api/systemSettings", &json)];
        let manners = [Manner::Trickle, Manner::Chunks, Manner::Silence];
        let slow: Vec<_> = doors
            .into_iter()
            .flat_map(|door| manners.map(|manner| (server.connect(), door, manner)))
            .collect();
        beside(&server, || {
            thread::scope(|scope| {
                for (stream, (path, headers), manner) in slow {
                        scope.spawn(move || {
                            let (answer, took) = slowly(stream, path, headers, manner);
                            assert_eq!(answer.status, 408, "{path} {manner:?}: {}", answer.text);
                            let told = answer.text.contains("did not arrive in time");
                            assert!(told, "{path} {manner:?}: {}", answer.text);
                            assert!(took >= ALLOWED && took < SOON, "{path} {manner:?}: {took:?}");
                        });
                }
            });
        });
        server.stop();
    }
}

#[test]
fn a_slow_body_is_not_waited_for_where_its_sender_is_nobody() {
    let home = Home::new(&[]);
    let server = home.serve();
    for manner in [Manner::Trickle, Manner::Silence] {
        let (answer, _) =
            slowly(server.connect(), "/api/metadata", &[("Content-Type", "application/json")], manner);
        assert_eq!(answer.status, 401, "{manner:?}: {}", answer.text);
    }
    server.stop();
}

both! {
    fn a_head_that_trickles_or_never_comes_loses_its_connection_while_others_are_answered(t) {
        let server = server(&t.location());
        let long = format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(2000));
        let heads = ["", "GET / HTTP/1.1\r\nHost: loc", &long];
        let slow = heads.map(|text| (Instant::now(), server.connect(), text));
        beside(&server, || {
            thread::scope(|scope| {
                for (since, mut stream, text) in slow {
                    scope.spawn(move || {
                        let mut to_write = stream.try_clone().unwrap();
                        let writer = thread::spawn({
                            let text = text.to_owned();
                            move || trickle(&mut to_write, &text)
                        });
                        let mut said = Vec::new();
                        let _ = std::io::Read::read_to_end(&mut stream, &mut said);
                        let took = since.elapsed();
                        let said = String::from_utf8_lossy(&said).into_owned();
                        assert!(!said.contains(" 200 "), "{said}");
                        assert!(took >= ALLOWED && took < SOON, "{text:.20}: {took:?}");
                        drop(stream.shutdown(std::net::Shutdown::Both));
                        writer.join().unwrap();
                    });
                }
            });
        });
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
