//! The running server: a socket, the application behind it, and what happens in the background.

mod connection;
mod framing;
mod health;
mod impatient;
mod lines;
pub(crate) mod log;
mod metrics;
mod places;
mod round;
mod service;
mod signals;
mod strict;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use kibali_web::App;
use tokio::net::TcpListener;

use self::round::Rounds;
use self::service::Service;
use crate::config::Config;
use crate::failure::Failure;

/// How long a request under way may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(20);
/// How long messages may take that wait to be delivered when it stops.
const MAIL_GRACE: Duration = Duration::from_secs(5);

/// A bound socket with everything that will answer on it.
pub(crate) struct Server {
    listener: TcpListener,
    manner: connection::Manner,
    address: SocketAddr,
    stop: signals::Stop,
}

impl Server {
    /// Binds the socket and reads the certificate. `choose` names the key or flag that chooses the address.
    ///
    /// # Errors
    /// The address is taken, or the certificate cannot be used.
    pub(crate) async fn bind(config: &Config, choose: &'static str) -> Result<Self, Failure> {
        let failed = |source| Failure::Listen { address: config.listen, source, choose };
        let manner = connection::Manner {
            tls: tls::acceptor(config)?,
            most: config.connections,
            patience: config.head_patience,
            trusted: config.web.trusted_proxies.clone(),
        };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // Heard from now on, before anybody is told that the server is there.
        let stop = signals::Stop::listen()?;
        Ok(Self { listener, manner, address, stop })
    }

    /// Where it listens; the port is a real one even when 0 was asked for.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until SIGTERM or SIGINT, then finishes what is under way, writes what was gathered, delivers
    /// mail, and closes the store.
    ///
    /// # Errors
    /// What is done from time to time ended by itself: whoever watches the process starts it again.
    pub(crate) async fn run(self, app: App) -> Result<(), Failure> {
        let rounds = Rounds::begin(&app);
        self.run_beside(rounds, app, GRACE).await
    }

    /// The same beside these rounds, with so much grace for requests under way.
    async fn run_beside(self, mut rounds: Rounds, app: App, grace: Duration) -> Result<(), Failure> {
        let service = Service::new(&app);
        let mut failed = false;
        let stop = async {
            tokio::select! {
                () = self.stop.told() => {}
                () = rounds.ended() => failed = true,
            }
        };
        connection::serve(self.listener, self.manner, service, stop, grace).await;
        drop(rounds);
        round::end(&app).await;
        if !app.mailer().settle(MAIL_GRACE).await {
            tracing::warn!("the server stops while messages wait to be delivered");
        }
        app.store.close().await;
        if failed {
            Err(Failure::Said("the server stopped by itself; its log says why".to_owned()))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use std::path::Path;

    use kibali_testkit::both;
    use kibali_testkit::seed::import;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpSocket;
    use tokio::sync::oneshot;

    use super::*;

    /// Longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(10);

    both!(
        fn a_server_whose_rounds_end_stops_in_time_whatever_is_under_way_and_says_so(t) {
            // More than fits into what stands between this and whoever takes nothing.
            let group = |number: u32| {
                let name = format!("{number} {}", "a".repeat(200));
                json!({ "name": name, "shortName": number.to_string(), "description": "b".repeat(50_000) })
            };
            import(&t.app, &json!({ "dataElementGroups": (0..150).map(group).collect::<Vec<_>>() })).await;
            let mut config = Config::at(Path::new(""));
            config.listen = ([127, 0, 0, 1], 0).into();
            let server = Server::bind(&config, "").await.unwrap();
            let address = server.address();
            let (end, told) = oneshot::channel::<()>();
            let rounds = Rounds::of(async { drop(told.await) });
            let served = server.run_beside(rounds, t.app.clone(), Duration::ZERO);
            let asks = async {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_recv_buffer_size(4096).unwrap();
                let mut stream = socket.connect(address).await.unwrap();
                let head = "GET /api/metadata?dataElementGroups=true HTTP/1.1\r\nHost: localhost\r\n\
                            Authorization: Basic YWRtaW46ZGlzdHJpY3Q=\r\n\r\n";
                stream.write_all(head.as_bytes()).await.unwrap();
                let mut begun = [0; 12];
                stream.read_exact(&mut begun).await.unwrap();
                assert_eq!(&begun, b"HTTP/1.1 200");
                end.send(()).unwrap();
                stream
            };
            let both = async { tokio::join!(served, asks) };
            let (ended, mut stream) = tokio::time::timeout(PATIENCE, both).await.unwrap();
            assert!(ended.unwrap_err().to_string().contains("stopped by itself"));
            let mut rest = Vec::new();
            let whole = stream.read_to_end(&mut rest).await.is_ok() && rest.ends_with(b"\r\n0\r\n\r\n");
            assert!(!whole, "it was under way: {} bytes", rest.len());
            assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
            assert!(t.app.store.reader().await.is_err(), "the store is closed");
        }
    );
}
