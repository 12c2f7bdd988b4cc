//! Which addresses may be called: those of the world outside, and of hosts inside that `kurant.yaml` names.
//!
//! A journey names the address of a web hook, and a name may lead anywhere: to the machine itself, to its neighbours, to where a
//! cloud keeps its secrets. So a name is looked up once, all that it leads to is looked at, and the connection is made to an address
//! that was looked at.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The ports of the world outside.
const PORTS: [u16; 2] = [443, 8443];

/// What of IPv4 is not the world outside: an address, how many of its bits count, and what stands there.
const NOT_OUTSIDE: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(255, 255, 255, 255), 32),
];
/// The same of IPv6, of which only `2000::/3` is the world outside at all: Teredo, documentation, and what leads back to IPv4.
const NOT_OUTSIDE_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// The hosts inside that may be called.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    hosts: Vec<(String, Option<u16>)>,
}

/// Where a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// In the world.
    Outside,
    /// Inside, and named as such.
    Inside,
}

/// An address that must not be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forbidden(pub(super) String);

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Forbidden {}

impl Reach {
    /// With these hosts inside, each a name or an address, and a port if only that one is meant.
    pub(super) fn new(internal_hosts: &[String]) -> Self {
        let hosts = internal_hosts.iter().map(|text| {
            let is_bare = text.parse::<Ipv6Addr>().is_ok();
            let parts = text.rsplit_once(':').filter(|_| !is_bare);
            let port = parts.and_then(|(_, port)| port.parse().ok());
            let host = match (parts, port) {
                (Some((host, _)), Some(_)) => host,
                _ => text.as_str(),
            };
            (normal(host), port)
        });
        Self {
            hosts: hosts.collect(),
        }
    }

    /// An address that may be called as far as it can be told without looking its name up, and on which side its host is.
    pub(super) fn look_at(&self, text: &str) -> Result<(Url, Side), Forbidden> {
        let forbidden = |why: &str| Forbidden(why.to_owned());
        let url = Url::parse(text).map_err(|_| forbidden("its address is none"))?;
        let port = url
            .port_or_known_default()
            .filter(|_| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| forbidden("its address is not one of HTTPS"))?;
        let host = url
            .host()
            .ok_or_else(|| forbidden("its address has no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(forbidden("its address holds a user or a password"));
        }
        let name = normal(&host.to_string());
        let is_named = |(own, only): &(String, Option<u16>)| {
            *own == name && only.is_none_or(|only| only == port)
        };
        if self.hosts.iter().any(is_named) {
            return Ok((url, Side::Inside));
        }
        if url.scheme() != "https" {
            return Err(forbidden(
                "it would be called in the clear, which only hosts under `internal_hosts` are",
            ));
        }
        if !PORTS.contains(&port) {
            return Err(Forbidden(format!(
                "it would be called at port {port}, which only hosts under `internal_hosts` are"
            )));
        }
        let literal = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        if literal.is_some_and(|address| !is_outside(address)) {
            return Err(inside());
        }
        Ok((url, Side::Outside))
    }

    /// Whether a name may be called, with all the addresses that it leads to.
    pub(super) fn vet(side: Side, found: &[IpAddr]) -> Result<(), Forbidden> {
        let may_be = |address: &IpAddr| match side {
            Side::Outside => is_outside(*address),
            Side::Inside => !is_nobodys(*address),
        };
        match found.iter().all(may_be) {
            true => Ok(()),
            false => Err(inside()),
        }
    }
}

fn inside() -> Forbidden {
    Forbidden(
        "its host is inside, or nobody's; name it under `internal_hosts` in kurant.yaml if it is to be called"
            .to_owned(),
    )
}

/// A host as it is compared: in small letters, without a dot at its end.
fn normal(host: &str) -> String {
    let bare = host.trim_end_matches('.');
    let parsed = Host::parse(bare).map(|host| host.to_string());
    parsed.unwrap_or_else(|_| match bare.parse::<Ipv6Addr>() {
        Ok(address) => Host::<String>::Ipv6(address).to_string(),
        Err(_) => bare.to_lowercase(),
    })
}

/// Whether an address is one of the world outside.
fn is_outside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_OUTSIDE
            .iter()
            .any(|(net, bits)| (net.to_bits() ^ address.to_bits()).leading_zeros() >= *bits),
        IpAddr::V6(address) => {
            address.segments()[0] & 0xe000 == 0x2000
                && !NOT_OUTSIDE_V6
                    .iter()
                    .any(|(net, bits)| (net.to_bits() ^ address.to_bits()).leading_zeros() >= *bits)
        }
    }
}

/// Whether an address is no host's of ours either: of this link only, where clouds keep their secrets, of many, or of none.
fn is_nobodys(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            /// Where a cloud keeps its secrets on IPv6.
            const SECRETS: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
            address.is_unicast_link_local()
                || address.is_multicast()
                || address.is_unspecified()
                || address == SECRETS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside(text: &str) -> bool {
        let reach = Reach::new(&[]);
        reach.look_at(text).is_ok()
    }

    #[test]
    fn only_the_world_outside_is_called_and_only_over_tls() {
        for good in [
            "https://api.example.com/hook",
            "https://api.example.com:8443/hook?x=1",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "https://крамниця.укр/",
        ] {
            assert!(outside(good), "{good}");
        }
        for bad in [
            "http://api.example.com/",
            "ftp://api.example.com/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:6379/_PING",
            "https://",
            "//api.example.com",
            "api.example.com",
            "",
            "https://user@api.example.com/",
            "https://user:password@api.example.com/",
            "https://api.example.com:22/",
            "https://api.example.com:25/",
            "https://api.example.com:5432/",
            "https://api.example.com:5672/",
            "https://api.example.com:80/",
        ] {
            assert!(!outside(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_inside_is_none_however_it_is_written() {
        for bad in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "100.64.0.1",
            "100.127.255.255",
            "[fc00::1]",
            "[fdff::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[ff02::1]",
            "192.0.2.1",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "１２７.0.0.1",
            "127。0。0。1",
        ] {
            assert!(!outside(&format!("https://{bad}/")), "{bad}");
        }
        for good in [
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "192.167.0.1",
            "9.9.9.9",
        ] {
            assert!(outside(&format!("https://{good}/")), "{good}");
        }
    }

    #[test]
    fn a_host_inside_is_called_when_it_is_named_and_at_its_port_only() {
        let named = [
            "crm.internal",
            "127.0.0.1:8080",
            "[::1]:9000",
            "10.0.0.7",
            "fd00::5",
        ];
        let reach = Reach::new(&named.map(str::to_owned));
        for good in [
            "http://crm.internal/",
            "http://CRM.internal.:1234/",
            "https://crm.internal:5432/",
            "http://127.0.0.1:8080/",
            "http://2130706433:8080/",
            "http://[::1]:9000/",
            "http://10.0.0.7/",
            "http://[fd00::5]:1/",
        ] {
            let looked = reach.look_at(good).map(|(_, side)| side);
            assert_eq!(looked, Ok(Side::Inside), "{good}");
        }
        for bad in [
            "http://127.0.0.1:8081/",
            "http://127.0.0.1/",
            "http://127.0.0.2:8080/",
            "http://[::1]:8080/",
            "http://evil.crm.internal/",
            "http://crm.internal.evil.example/",
            "http://10.0.0.8/",
            "http://user@crm.internal/",
        ] {
            assert!(reach.look_at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_that_leads_inside_is_not_called_and_one_that_is_named_leads_to_no_secrets() {
        let found = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().filter_map(|text| text.parse().ok()).collect()
        };
        assert!(Reach::vet(Side::Outside, &found(&["8.8.8.8", "2606:4700::1"])).is_ok());
        for mixed in [
            &["8.8.8.8", "127.0.0.1"][..],
            &["8.8.8.8", "::ffff:10.0.0.1"],
            &["169.254.169.254"],
        ] {
            assert!(
                Reach::vet(Side::Outside, &found(mixed)).is_err(),
                "{mixed:?}"
            );
        }
        assert!(Reach::vet(Side::Inside, &found(&["127.0.0.1", "10.1.2.3", "fd00::1"])).is_ok());
        for nobodys in [
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "224.0.0.1",
            "0.0.0.0",
        ] {
            assert!(
                Reach::vet(Side::Inside, &found(&[nobodys])).is_err(),
                "{nobodys}"
            );
        }
    }
}
