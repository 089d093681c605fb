//! Where a request comes from (rules of the door 9).

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;

use crate::App;

/// The address of the caller: the peer, or what trusted proxies say stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self::behind(peer, &parts.headers, &app.settings.trusted_proxies))
    }
}

impl ClientAddress {
    /// The address behind `peer`. A request that came through no socket was made inside the process.
    pub(crate) fn behind(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        Self(behind(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), headers, trusted))
    }

    /// What it is counted with.
    pub(crate) fn network(self) -> Network {
        Network::of(self.0)
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Addresses that are counted as one: of IPv6 the /64, since whoever has one address of it has all. What counts
/// callers takes this and no address, so that none is counted alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The one of this address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(long) => Ipv6Addr::from_bits(long.to_bits() & (u128::MAX << 64)).into(),
            short @ IpAddr::V4(_) => short,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(first) => write!(f, "{first}/64"),
        }
    }
}

/// Hops read; a longer chain is a forgery.
const HOPS: usize = 32;

/// The address behind `peer`: the rightmost of `X-Forwarded-For` that is no trusted proxy. Whatever
/// stands to its left was written by the caller and proves nothing. It need not even be text: a proxy puts its own hop
/// behind whatever bytes came, so each hop is read by itself, and one that is no address ends the walk.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.take(HOPS) {
        if !trusted.contains(&address) {
            break;
        }
        let Some(next) = read(hop) else { break };
        address = next.to_canonical();
    }
    address
}

/// An address, with or without a port.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(hop, |(ip, _)| ip);
    bare.parse().ok().or_else(|| bare.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use http::HeaderValue;

    use super::*;

    fn seen<L: AsRef<[u8]>>(peer: &str, forwarded: &[L]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_ref()).unwrap());
        }
        let trusted = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_peers_are_believed_and_only_from_the_right() {
        assert_eq!(seen("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.7, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.7, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.7", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["garbage"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[""; 0]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn whatever_the_caller_wrote_the_hop_of_the_proxy_counts() {
        for written in
            [&b"\xff"[..], b"\xc3\x28", b"a\tb", b"203.0.113.7, \xe2\x82\xac", b"", b" ", b"10.0.0.2\x80"]
        {
            let line = [written, b", 198.51.100.1"].concat();
            assert_eq!(seen("10.0.0.1", &[&line]), "198.51.100.1", "{written:?}");
            // The same where each proxy writes a line of its own.
            assert_eq!(seen("10.0.0.1", &[written, b"198.51.100.1"]), "198.51.100.1", "{written:?}");
            let line = [written, b", 10.0.0.2"].concat();
            assert_eq!(
                seen("10.0.0.1", &[&line]),
                "10.0.0.2",
                "what cannot be read ends the walk: {written:?}"
            );
        }
    }

    #[test]
    fn addresses_of_one_network_are_one() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
        let shown = ["2001:db8:1:2:3:4:5:6", "192.0.2.7"].map(|text| network(text).to_string());
        assert_eq!(shown, ["2001:db8:1:2::/64", "192.0.2.7"]);
    }
}
