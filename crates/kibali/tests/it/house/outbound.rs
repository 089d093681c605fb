//! One way out: nothing but the outbound room, mail and the database opens a connection.

use super::files::written;

/// What opens a connection, or asks for the address of a host.
const OPENS: &[&str] = &[
    "TcpStream::connect",
    "TcpSocket",
    "UdpSocket",
    "UnixStream",
    "lookup_host",
    "to_socket_addrs",
    "client::conn",
    "TlsConnector",
    "AsyncSmtpTransport<",
    "std::process::Command",
];
/// Who may, and why.
const MAY: &[(&str, &str)] = &[
    ("crates/web/src/outbound/", "calls what clients name, by rules of the door 9"),
    ("crates/web/src/mail/server.rs", "the mail server that an administrator set"),
    ("crates/testkit/", "is in no binary"),
];

#[test]
fn nothing_calls_a_host_but_by_the_one_way_out() {
    let mut found = Vec::new();
    for (path, text) in written() {
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        let ours = path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs");
        if ours && !MAY.iter().any(|(may, _)| path.starts_with(may)) {
            found.extend(
                OPENS.iter().filter(|opens| shipped.contains(*opens)).map(|opens| format!("{path}: {opens}")),
            );
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    let speak = &written()["crates/web/src/outbound/speak.rs"];
    assert!(
        OPENS.iter().any(|opens| speak.contains(opens)),
        "the list names nothing that opens a connection"
    );
}
