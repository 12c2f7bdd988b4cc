//! Whether it is the provider that calls. Whatever is compared takes as long whatever is wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use kurant_engine::provider::{self, Algorithm, Encoding, Verify};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::channel::HttpProvider;

/// How far apart the clocks of both sides may be, in seconds, and how old a call is that is played again.
const WINDOW: u64 = 5 * 60;
/// What a secret of Standard Webhooks begins with.
const PREFIX: &str = "whsec_";
/// The headers of Standard Webhooks, and those of Svix, where it comes from.
const STANDARD_HEADERS: [[&str; 3]; 2] = [
    ["webhook-id", "webhook-timestamp", "webhook-signature"],
    ["svix-id", "svix-timestamp", "svix-signature"],
];

/// What came.
pub(super) struct Call<'c> {
    /// The address as the provider knows it, with all that stands behind the `?`.
    pub(super) url: &'c str,
    /// What stands in the address behind the channel.
    pub(super) mark: Option<&'c str>,
    /// A header's value.
    pub(super) header: &'c dyn Fn(&str) -> Option<String>,
    pub(super) query: &'c [(String, String)],
    pub(super) form: &'c [(String, String)],
    pub(super) body: &'c [u8],
    /// Now, in seconds since 1970.
    pub(super) second: i64,
}

/// By what a provider is known, its secrets opened.
#[derive(Clone, PartialEq)]
pub(super) enum Known {
    Address(String),
    Header { name: String, is: String },
    Query { name: String, is: String },
    Hmac(provider::Hmac),
    Standard(Vec<u8>),
    Form { header: String, secret: String },
}

impl Known {
    /// By what this one is known; `mark` stands in its address. None where `kurant.yaml` gives no secret.
    ///
    /// # Errors
    /// What is wrong with the secret, without it.
    pub(super) fn of(
        provider: &HttpProvider,
        verify: &Verify,
        mark: String,
    ) -> Result<Option<Self>, String> {
        let secret = |text: &str| provider.secret(text);
        Ok(match verify {
            Verify::Address => Some(Self::Address(mark)),
            Verify::Header { name, is } => secret(is)?.map(|is| Self::Header {
                name: name.clone(),
                is,
            }),
            Verify::Query { name, is } => secret(is)?.map(|is| Self::Query {
                name: name.clone(),
                is,
            }),
            Verify::Hmac(hmac) => secret(&hmac.secret)?.map(|secret| {
                Self::Hmac(provider::Hmac {
                    secret,
                    ..hmac.clone()
                })
            }),
            Verify::Standard { secret: text } => secret(text)?
                .map(|own| standard(&own))
                .transpose()?
                .map(Self::Standard),
            Verify::Form {
                header,
                secret: text,
            } => secret(text)?.map(|secret| Self::Form {
                header: header.clone(),
                secret,
            }),
        })
    }

    /// Whether a call is the provider's.
    pub(super) fn vouches_for(&self, call: &Call<'_>) -> bool {
        match self {
            Self::Address(mark) => call.mark.is_some_and(|own| is_same(own, mark)),
            Self::Header { name, is } => (call.header)(name).is_some_and(|own| is_same(&own, is)),
            Self::Query { name, is } => {
                let own = call.query.iter().find(|(own, _)| own == name);
                own.is_some_and(|(_, own)| is_same(own, is))
            }
            Self::Hmac(own) => signed(own, call).unwrap_or(false),
            Self::Standard(secret) => {
                let mut headers = STANDARD_HEADERS.iter();
                headers.any(|names| by_standard(secret, names, call).unwrap_or(false))
            }
            Self::Form { header, secret } => {
                by_form(secret, (call.header)(header), call).unwrap_or(false)
            }
        }
    }
}

/// The bytes of `whsec_...`.
fn standard(text: &str) -> Result<Vec<u8>, String> {
    let encoded = text.trim();
    let encoded = encoded.strip_prefix(PREFIX).unwrap_or(encoded);
    STANDARD
        .decode(encoded)
        .map_err(|_| format!("its secret is none: it is `{PREFIX}` and random bytes in Base64"))
}

/// Compares two texts by what a key that nobody knows makes of them, so that how long it takes says nothing.
fn is_same(one: &str, other: &str) -> bool {
    let made = |text: &str| {
        let mut mac = keyed::<Hmac<Sha256>>(b"compared")?;
        mac.update(text.trim().as_bytes());
        Some(mac)
    };
    let (Some(one), Some(other)) = (made(one), made(other)) else {
        return false;
    };
    one.verify(&other.finalize().into_bytes()).is_ok()
}

fn signed(own: &provider::Hmac, call: &Call<'_>) -> Option<bool> {
    let shown = (call.header)(&own.header)?;
    let shown = shown.trim().strip_prefix(own.prefix.as_str())?;
    let shown = match own.encoding {
        Encoding::Hex => from_hex(shown)?,
        Encoding::Base64 => STANDARD.decode(shown).ok()?,
    };
    let mut parts = Vec::new();
    if let Some(name) = &own.timestamp {
        let at = (call.header)(name)?;
        if !is_fresh(&at, call.second) {
            return Some(false);
        }
        parts.extend(format!("{}.", at.trim()).into_bytes());
    }
    parts.extend(call.body);
    Some(is_signed(
        own.algorithm,
        own.secret.as_bytes(),
        &parts,
        &shown,
    ))
}

fn by_standard(secret: &[u8], names: &[&str; 3], call: &Call<'_>) -> Option<bool> {
    let [id, at, signatures] = names.map(|name| (call.header)(name));
    let (id, at, signatures) = (id?, at?, signatures?);
    if !is_fresh(&at, call.second) {
        return Some(false);
    }
    let mut parts = format!("{id}.{at}.").into_bytes();
    parts.extend(call.body);
    let shown = signatures.split_whitespace();
    let mut shown = shown.filter_map(|own| STANDARD.decode(own.strip_prefix("v1,")?).ok());
    Some(shown.any(|shown| is_signed(Algorithm::Sha256, secret, &parts, &shown)))
}

/// The address, and each field's name and value behind it, in the order of the names.
fn by_form(secret: &str, shown: Option<String>, call: &Call<'_>) -> Option<bool> {
    let shown = STANDARD.decode(shown?.trim()).ok()?;
    let mut fields: Vec<_> = call.form.iter().collect();
    fields.sort();
    let mut parts = call.url.as_bytes().to_vec();
    for (name, value) in fields {
        parts.extend(name.as_bytes());
        parts.extend(value.as_bytes());
    }
    let secret = secret.as_bytes();
    Some(is_signed(Algorithm::Sha1, secret, &parts, &shown))
}

fn is_signed(algorithm: Algorithm, secret: &[u8], parts: &[u8], shown: &[u8]) -> bool {
    match algorithm {
        Algorithm::Sha1 => is_made::<Hmac<Sha1>>(secret, parts, shown),
        Algorithm::Sha256 => is_made::<Hmac<Sha256>>(secret, parts, shown),
        Algorithm::Sha512 => is_made::<Hmac<Sha512>>(secret, parts, shown),
    }
}

fn is_made<M: Mac + KeyInit>(secret: &[u8], parts: &[u8], shown: &[u8]) -> bool {
    let Some(mut mac) = keyed::<M>(secret) else {
        return false;
    };
    mac.update(parts);
    mac.verify_slice(shown).is_ok()
}

fn keyed<M: Mac + KeyInit>(secret: &[u8]) -> Option<M> {
    <M as KeyInit>::new_from_slice(secret).ok()
}

fn is_fresh(at: &str, second: i64) -> bool {
    let at = at.trim().parse::<i64>().ok();
    at.is_some_and(|at| at.abs_diff(second) <= WINDOW)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) || bytes.is_empty() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|own| u8::try_from(own).ok())
    };
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    bytes.chunks_exact(2).map(pair).collect()
}

#[cfg(test)]
mod tests;
