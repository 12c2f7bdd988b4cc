//! How often one address may ask: a bucket that fills up again.
//!
//! Mail programs and scanners of a whole company come from one address, so that there is room for many who ask rightly, and little for
//! those who try what is wrong. What is right is never refused for what else came from there. Where a proxy stands in front, what it says of who asks is believed, and nobody else's word. An address
//! inside is not limited: it is a proxy that nobody named, and everybody comes through it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::Porch;
use crate::clock::Stopwatch;

/// So much may be asked at once.
const ASKS: Bucket = Bucket {
    holds: 300.0,
    per_second: 30.0,
};
/// So much that is wrong.
const WRONG: Bucket = Bucket {
    holds: 60.0,
    per_second: 0.5,
};
/// Of so many addresses it is known how much they asked.
const MOST_ADDRESSES: usize = 20_000;
/// By how many bits a network of one household is told from others in IPv6.
const HOUSEHOLD: u8 = 64;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    holds: f64,
    per_second: f64,
}

/// What is left of two buckets, and when that was so.
#[derive(Debug, Clone, Copy)]
struct Left {
    asks: f64,
    wrong: f64,
    at: Duration,
}

/// Who may ask how often.
pub(super) struct Limits {
    proxies: Vec<(IpAddr, u8)>,
    since: Stopwatch,
    left: Mutex<HashMap<IpAddr, Left>>,
}

/// Who asks; none where that can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asking(Option<IpAddr>);

impl Limits {
    /// Behind these proxies: addresses and networks.
    pub(super) fn behind(proxies: &[String]) -> Self {
        Self {
            proxies: proxies.iter().filter_map(|own| network(own)).collect(),
            since: Stopwatch::start(),
            left: Mutex::default(),
        }
    }

    /// Takes one question off what an address may ask; says whether there was any left.
    pub(super) fn may_ask(&self, asking: &Asking) -> bool {
        self.take(asking, |left| {
            let may = left.asks >= 1.0;
            left.asks -= f64::from(u8::from(may));
            may
        })
    }

    /// Takes one off what an address may ask that is wrong; says whether there was any left.
    pub(super) fn may_be_wrong(&self, asking: &Asking) -> bool {
        self.take(asking, |left| {
            let may = left.wrong >= 1.0;
            left.wrong -= f64::from(u8::from(may));
            may
        })
    }

    fn take<T>(&self, asking: &Asking, take: impl FnOnce(&mut Left) -> T) -> T {
        self.take_at(asking, self.since.passed(), take)
    }

    fn take_at<T>(&self, asking: &Asking, now: Duration, take: impl FnOnce(&mut Left) -> T) -> T {
        let Some(address) = asking.0 else {
            return take(&mut Left::full(now));
        };
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_ADDRESSES {
            all.retain(|_, left| !left.filled(now).is_full());
        }
        if all.len() >= MOST_ADDRESSES {
            // More ask than anybody can tell apart: they all begin anew.
            all.clear();
        }
        let left = all.entry(address).or_insert(Left::full(now));
        *left = left.filled(now);
        take(left)
    }

    /// Who asks: whoever is connected, or whom trusted proxies name.
    fn asking(&self, connected: IpAddr, headers: &HeaderMap) -> Asking {
        let mut asking = plain(connected);
        // Whoever asks may have written anything at the beginning, also what is no text: each part is read by itself.
        let named = headers.get_all("x-forwarded-for").iter().rev();
        let named = named.flat_map(|own| own.as_bytes().rsplit(|byte| *byte == b','));
        for name in named {
            if !self.trusts(asking) {
                break;
            }
            let name = std::str::from_utf8(name).ok();
            match name.and_then(|name| address(name.trim())) {
                Some(address) => asking = plain(address),
                None => break,
            }
        }
        Asking(Some(household(asking)).filter(|own| !is_inside(*own)))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let mut proxies = self.proxies.iter();
        proxies.any(|(network, bits)| is_in(address, *network, *bits))
    }
}

impl Left {
    fn full(at: Duration) -> Self {
        Self {
            asks: ASKS.holds,
            wrong: WRONG.holds,
            at,
        }
    }

    fn filled(self, now: Duration) -> Self {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        let fill = |left: f64, own: Bucket| (left + passed * own.per_second).min(own.holds);
        Self {
            asks: fill(self.asks, ASKS),
            wrong: fill(self.wrong, WRONG),
            at: now.max(self.at),
        }
    }

    fn is_full(&self) -> bool {
        self.asks >= ASKS.holds && self.wrong >= WRONG.holds
    }
}

impl FromRequestParts<Arc<Porch>> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, porch: &Arc<Porch>) -> Result<Self, Infallible> {
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Everything that is listened on by an address has one.
        let connected = connected.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |own| own.0.ip());
        Ok(porch.limits.asking(connected, &parts.headers))
    }
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let own = text.parse().ok();
    own.or_else(|| text.parse::<SocketAddr>().ok().map(|own| own.ip()))
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address = plain(address.parse().ok()?);
    let all = if address.is_ipv4() { 32 } else { 128 };
    Some((address, bits.unwrap_or(all)))
}

/// An address of IPv4, however it came.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(own) => own.to_ipv4_mapped().map_or(address, IpAddr::V4),
        own @ IpAddr::V4(_) => own,
    }
}

/// Of an address of IPv6 the part that one household has for itself.
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(own) => IpAddr::V6(Ipv6Addr::from_bits(cut(own.to_bits(), HOUSEHOLD, 128))),
        own @ IpAddr::V4(_) => own,
    }
}

/// Whether it is this machine, or a network that nobody outside is in.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(own) => own.is_loopback() || own.is_private() || own.is_link_local(),
        IpAddr::V6(own) => {
            // A household's part of `::1` is nobody's.
            own.is_unspecified() || own.is_unique_local() || own.is_unicast_link_local()
        }
    }
}

fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let cut = |own: std::net::Ipv4Addr| cut(own.to_bits().into(), bits, 32);
            cut(one) == cut(other)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let cut = |own: Ipv6Addr| cut(own.to_bits(), bits, 128);
            cut(one) == cut(other)
        }
        _ => false,
    }
}

/// The first bits of a number of so many, the others being none.
fn cut(number: u128, bits: u8, of: u8) -> u128 {
    let rest = u32::from(of.saturating_sub(bits));
    number
        .checked_shr(rest)
        .unwrap_or(0)
        .checked_shl(rest)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn from(text: &str) -> Asking {
        Asking(Some(ip(text)))
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().expect("a value"));
        }
        headers
    }

    #[test]
    fn a_bucket_runs_out_and_fills_up_again_for_each_address() {
        let limits = Limits::behind(&[]);
        let (one, other) = (from("192.0.2.1"), from("192.0.2.2"));
        let ask = |who: &Asking, seconds| {
            let now = Duration::from_secs(seconds);
            limits.take_at(who, now, |left| {
                let may = left.asks >= 1.0;
                left.asks -= f64::from(u8::from(may));
                may
            })
        };
        let asked = (0..1_000).filter(|_| ask(&one, 1)).count();
        assert_eq!(asked, 300);
        assert!(ask(&other, 1) && !ask(&one, 1));
        let asked = (0..1_000).filter(|_| ask(&one, 3)).count();
        assert_eq!(asked, 60);
        let asked = (0..1_000).filter(|_| ask(&one, 3_600)).count();
        assert_eq!(asked, 300, "no more than it holds");
    }

    #[test]
    fn whoever_tries_what_is_wrong_may_ask_what_is_right() {
        let limits = Limits::behind(&[]);
        let who = from("192.0.2.1");
        for _ in 0..60 {
            assert!(limits.may_be_wrong(&who));
        }
        assert!(!limits.may_be_wrong(&who) && limits.may_ask(&who));
        assert!(limits.may_be_wrong(&from("192.0.2.2")));
    }

    #[test]
    fn only_what_trusted_proxies_say_of_who_asks_is_believed() {
        let limits = Limits::behind(&["10.0.0.0/8".to_owned(), "::1".to_owned()]);
        for (connected, forwarded, asks) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("::1", &["198.51.100.1:4711"], "198.51.100.1"),
            // What stands before the first that isn't trusted may be made up.
            (
                "10.1.2.3",
                &["1.1.1.1, 198.51.100.1, 10.9.9.9"],
                "198.51.100.1",
            ),
            ("10.1.2.3", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["nonsense"], ""),
            ("10.1.2.3", &[], ""),
            ("192.168.0.9", &["198.51.100.1"], ""),
            ("127.0.0.1", &[], ""),
            ("::1", &[], ""),
            ("fd00::1", &[], ""),
            ("2001:db8:1:2:3:4:5:6", &[], "2001:db8:1:2::"),
        ] {
            let asking = limits.asking(ip(connected), &headers(forwarded));
            let asks = Some(asks).filter(|own| !own.is_empty()).map(ip);
            assert_eq!(asking, Asking(asks), "{connected} {forwarded:?}");
        }
    }

    #[test]
    fn what_is_no_text_hides_nobody() {
        let limits = Limits::behind(&["10.0.0.0/8".to_owned()]);
        for (values, asks) in [
            (&[&b"\xff, 198.51.100.1"[..]][..], Some("198.51.100.1")),
            (&[b"\xff,198.51.100.1, 10.9.9.9"], Some("198.51.100.1")),
            (&[b"1.1.1.1\xe9", b"198.51.100.1"], Some("198.51.100.1")),
            (&[b"198.51.100.1, \xff"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = axum::http::HeaderValue::from_bytes(value).expect("a value");
                headers.append("x-forwarded-for", value);
            }
            let asking = limits.asking(ip("10.1.2.3"), &headers);
            assert_eq!(asking, Asking(asks.map(ip)), "{headers:?}");
        }
    }

    #[test]
    fn more_addresses_than_can_be_told_apart_are_no_harm() {
        let limits = Limits::behind(&[]);
        for number in 0..60_000_u32 {
            let who = Asking(Some(IpAddr::V4(number.into())));
            assert!(limits.may_ask(&who));
        }
        let known = limits.left.lock().expect("buckets").len();
        assert!(known <= MOST_ADDRESSES, "{known}");
    }
}
