//! Where a call may go: an https address of a host whose addresses are public, or listed by the operator.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::{Host, Url};

use super::OutboundFault;

/// Longest address that is called, in bytes; the registry takes as many.
const LONGEST: usize = 2000;

/// The address of something to call, checked as far as it can be without asking for its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: Host<String>,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
    /// What stands in the `Host` header.
    pub(super) authority: String,
}

impl Target {
    /// Reads an address. Names and numbers are in their normal form then: `0x7f.1` is 127.0.0.1.
    pub(super) fn read(address: &str) -> Result<Self, OutboundFault> {
        let url = Some(address).filter(|address| address.len() <= LONGEST);
        let url = url.and_then(|address| Url::parse(address).ok()).ok_or(OutboundFault::Address)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url.host().filter(|_| bare && url.scheme() == "https").ok_or(OutboundFault::Address)?;
        let port = url.port_or_known_default().ok_or(OutboundFault::Address)?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        Ok(Self { host: host.to_owned(), port, path, authority })
    }
}

/// A network, as in `10.20.0.0/16`; a single address is one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    /// Every address of this machine that no other can reach.
    pub const LOOPBACK: [Self; 2] = [
        Self { first: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), bits: 8 },
        Self { first: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 },
    ];

    fn holds(self, address: IpAddr) -> bool {
        let (first, address, width) = match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits().into(), address.to_bits().into(), 32)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => (first.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        let rest = width - self.bits.min(width);
        // A shift by the whole width would overflow.
        let start = |bits: u128| bits.checked_shr(rest).unwrap_or_default();
        start(first) == start(address)
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first = first.parse::<IpAddr>().map_err(|_| ())?.to_canonical();
        let width = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| ())?;
        if bits <= width { Ok(Self { first, bits }) } else { Err(()) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// May a call go there?
pub(super) fn is_allowed(address: IpAddr, listed: &[Network]) -> bool {
    is_public(address) || listed.iter().any(|network| network.holds(address))
}

/// Could anybody on the internet be called there? What is set aside for anything else (IANA's registries of special
/// addresses), and what carries an IPv4 address within, is not public.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network, private, loopback.
        [0 | 10 | 127, ..] => true,
        // Shared between customers of one provider, link-local, private.
        [100, second, ..] => (64..128).contains(&second),
        [169, 254, ..] | [192, 168, ..] => true,
        [172, second, ..] => (16..32).contains(&second),
        // Protocols, documentation, 6to4 relays, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => true,
        [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved, broadcast.
        [first, ..] => first >= 224,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3, and of that: protocols and Teredo 2001::/23, documentation, 6to4.
    match address.segments() {
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [0x2002 | 0x3fff, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "9.9.9.9",
            "100.63.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.51.99.1",
            "198.51.101.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in ["2606:4700:4700::1111", "2001:200::1", "2a00::1", "::ffff:1.1.1.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        for (network, address, holds) in [
            ("10.20.0.0/16", "10.20.255.1", true),
            ("10.20.0.0/16", "10.21.0.0", false),
            ("10.20.0.0/16", "::ffff:10.20.0.1", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "10.0.0.1", true),
            ("0.0.0.0/0", "fd00::1", false),
            ("fd00::/8", "fd12::1", true),
            ("::/0", "fe80::1", true),
            ("fd00::1", "fd00::2", false),
        ] {
            let network = Network::from_str(network).unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), holds, "{network:?} {address}");
        }
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/-1", "fd00::/129", "10.0.0/8"] {
            assert_eq!(Network::from_str(wrong), Err(()), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_https_and_names_a_host_and_nobody_who_signs_in() {
        let read = |text: &str| Target::read(text);
        let local: Host<String> = Host::Ipv4(Ipv4Addr::LOCALHOST);
        let target = read("https://Keys.Example.org/a/../jwks.json?x=1").unwrap();
        assert_eq!((target.authority.as_str(), target.port), ("keys.example.org", 443));
        assert_eq!(target.path, "/jwks.json?x=1");
        assert_eq!(read("https://keys.example.org:8443").unwrap().authority, "keys.example.org:8443");
        assert_eq!(read("https://0x7f.1/").unwrap().host, local);
        assert_eq!(read("https://2130706433/").unwrap().host, local);
        for wrong in [
            "",
            "http://keys.example.org/",
            "file:///etc/passwd",
            "https://",
            "keys.example.org",
            "https://u:p@keys.example.org/",
            "https://u@keys.example.org/",
            "https://keys.example.org/#x",
            "https://keys example.org/",
        ] {
            assert_eq!(read(wrong), Err(OutboundFault::Address), "{wrong}");
        }
    }
}
