//! `public`: the pages of Kurant's own that customers reach.

use std::net::IpAddr;

use kurant_engine::definition::PublicPages;

use super::Context;
use super::context::text;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// `public: { url: "https://mail.shop.example", listen: "0.0.0.0:8090", secret: "${env:KURANT_PUBLIC_SECRET}", name: Shop }`.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Option<PublicPages> {
    let mut map = context.open(node, "the public pages")?;
    map.synonyms(&[
        ("address", "url"),
        ("uri", "url"),
        ("host", "url"),
        ("base_url", "url"),
        ("port", "listen"),
        ("bind", "listen"),
        ("key", "secret"),
        ("token", "secret"),
        ("title", "name"),
        ("brand", "name"),
        ("proxies", "trusted_proxies"),
        ("behind_proxy", "trusted_proxies"),
    ]);
    map.examples(&[
        ("url", "url: \"https://mail.shop.example\""),
        ("listen", "listen: \"0.0.0.0:8090\""),
        ("secret", "secret: \"${env:KURANT_PUBLIC_SECRET}\""),
    ]);
    let url = map.need("url", url);
    let listen = map.need("listen", listen);
    let secret = map.need("secret", secret);
    let name = map.read("name", text);
    let trusted_proxies = map.read_each("trusted_proxies", proxy);
    map.finish();
    Some(PublicPages {
        url: url?,
        listen: listen?,
        secret: secret?,
        name,
        trusted_proxies: trusted_proxies.unwrap_or_default(),
    })
}

/// A secret: it never stands in the file itself.
fn secret(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    if written.starts_with("${") && written.ends_with('}') {
        return Ok(written);
    }
    Err(Problem::bad_value("a secret stands in the file")
        .help("write where it is, like `secret: \"${env:KURANT_PUBLIC_SECRET}\"`"))
}

/// An address without anything behind the host: the pages have paths of their own.
fn url(node: &Node) -> Result<String, Problem> {
    const EXAMPLE: &str = "write a host of its own, like `https://mail.shop.example`";
    let written = text(node)?;
    let wrong = |what: &str| Problem::bad_value(format!("`{written}` {what}")).help(EXAMPLE);
    let Some((scheme, rest)) = written.split_once("://") else {
        return Err(wrong("is not an address on the web"));
    };
    let host = rest.trim_end_matches('/');
    let bare = host.split(':').next().unwrap_or_default();
    let is_this_machine = matches!(bare, "localhost" | "127.0.0.1");
    if scheme != "https" && !(scheme == "http" && is_this_machine) {
        return Err(wrong(
            "is not reached over TLS: mail programs unsubscribe by `https` only",
        ));
    }
    let is_host = |c: char| c.is_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(is_host) {
        return Err(wrong("holds more than a host, or less"));
    }
    Ok(format!("{scheme}://{host}"))
}

/// An address, or a network like `10.0.0.0/8`.
fn proxy(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    let (address, bits) = match written.split_once('/') {
        Some((address, bits)) => (address, bits.parse::<u8>().ok()),
        None => (written.as_str(), Some(0)),
    };
    let longest = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => 0,
    };
    if longest > 0 && bits.is_some_and(|bits| bits <= longest) {
        return Ok(written);
    }
    Err(
        Problem::bad_value(format!("`{written}` is no address and no network"))
            .help("write one, like `127.0.0.1` or `10.0.0.0/8`"),
    )
}

/// An address and a port of this machine.
fn listen(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    let port = written
        .rsplit_once(':')
        .filter(|(host, _)| !host.is_empty());
    if port.is_some_and(|(_, port)| port.parse::<u16>().is_ok()) && !written.contains("://") {
        return Ok(written);
    }
    Err(Problem::bad_value(format!(
        "`{written}` is no address and port of this machine"
    ))
    .help(
        "write `0.0.0.0:8090`, or `127.0.0.1:8090` where a proxy stands in front on this machine",
    ))
}
