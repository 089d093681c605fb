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
        let service = Service::new(&app);
        let (mut rounds, mut failed) = (Rounds::begin(&app), false);
        let stop = async {
            tokio::select! {
                () = self.stop.told() => {}
                () = rounds.ended() => failed = true,
            }
        };
        connection::serve(self.listener, self.manner, service, stop, GRACE).await;
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
