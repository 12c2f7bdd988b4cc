//! What a link says: who follows it, and which message it stood in. It is sealed, so that nobody makes one up, and nobody who sees it
//! reads who that is.
//!
//! A version, 16 bytes of HMAC-SHA256 over the rest, and the rest, masked by what the same secret makes of those 16 bytes; all of it
//! in base64url. The same ticket is the same text each time, and it doesn't run out: letters are kept for years.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use kurant_engine::id::{CustomerId, Key};
use sha2::Sha256;

/// How tickets are made. Another way gets another number, and this one is still read.
const VERSION: u8 = 1;
/// How many bytes of the signature are kept: 128 bits, which nobody guesses.
const SIGNATURE: usize = 16;
/// How many bytes a key has.
const KEY: usize = 16;
/// How long one is at the most, as text.
const LONGEST: usize = 4_000;
/// How long a secret is at the least, in letters.
const SHORTEST_SECRET: usize = 32;

/// Who follows a link, and which message it stood in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) customer: CustomerId,
    pub(crate) channel: String,
    /// The message; none where it is only looked at.
    pub(crate) message: Option<Sent>,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) key: Key,
    pub(crate) journey: String,
    pub(crate) step: String,
}

/// What seals tickets. It is never shown.
#[derive(Clone)]
pub(crate) struct Seal {
    signs: Hmac<Sha256>,
    hides: Hmac<Sha256>,
}

impl Seal {
    /// A seal of a secret, for one purpose: what it closes is nothing to those of other purposes.
    ///
    /// # Errors
    /// When it is too short to be one.
    pub(crate) fn of(secret: &str, purpose: &str) -> Result<Self, String> {
        let secret = secret.trim();
        if secret.len() < SHORTEST_SECRET {
            return Err(format!(
                "its `secret` is shorter than {SHORTEST_SECRET} letters; `openssl rand -base64 32` makes one"
            ));
        }
        let key = |does: &str| {
            let mut made = keyed(secret.as_bytes())?;
            made.update(format!("kurant {purpose} 1 {does}").as_bytes());
            keyed(&made.finalize().into_bytes())
        };
        Ok(Self {
            signs: key("signs")?,
            hides: key("hides")?,
        })
    }

    /// A ticket as text for an address.
    pub(crate) fn close(&self, ticket: &Ticket) -> String {
        self.close_bytes(ticket.to_bytes())
    }

    /// A ticket, and where it leads, as text for an address.
    pub(super) fn close_link(&self, ticket: &Ticket, leads_to: &str) -> String {
        let own = ticket.to_bytes();
        let length = u16::try_from(own.len()).unwrap_or(u16::MAX);
        let parts = [&length.to_be_bytes()[..], &own, leads_to.as_bytes()];
        self.close_bytes(parts.concat())
    }

    /// Sixteen bytes that only this seal makes of a text, as digits.
    pub(crate) fn mark(&self, text: &str) -> String {
        let mut signs = self.signs.clone();
        signs.update(text.as_bytes());
        let made = signs.finalize().into_bytes();
        made[..SIGNATURE]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn close_bytes(&self, mut inside: Vec<u8>) -> String {
        let mut signs = self.signs.clone();
        signs.update(&[VERSION]);
        signs.update(&inside);
        let signature = signs.finalize().into_bytes();
        let signature = &signature[..SIGNATURE];
        self.mask(signature, &mut inside);
        URL_SAFE_NO_PAD.encode([&[VERSION], signature, &inside].concat())
    }

    /// The ticket that a text is; none when it is none of ours.
    pub(crate) fn open(&self, text: &str) -> Option<Ticket> {
        Ticket::from_bytes(&self.open_bytes(text)?)
    }

    /// The ticket that a text is, and where it leads; none when it is none of ours.
    pub(super) fn open_link(&self, text: &str) -> Option<(Ticket, String)> {
        let inside = self.open_bytes(text)?;
        let (length, rest) = inside.split_first_chunk::<2>()?;
        let (own, leads_to) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let leads_to = std::str::from_utf8(leads_to).ok()?;
        Some((Ticket::from_bytes(own)?, leads_to.to_owned()))
    }

    fn open_bytes(&self, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (signature, inside) = rest.split_at_checked(SIGNATURE)?;
        if *version != VERSION {
            return None;
        }
        let mut inside = inside.to_vec();
        self.mask(signature, &mut inside);
        let mut signs = self.signs.clone();
        signs.update(&[VERSION]);
        signs.update(&inside);
        // It takes as long whatever is wrong.
        signs.verify_truncated_left(signature).ok()?;
        Some(inside)
    }

    /// Covers what is inside, or uncovers it.
    fn mask(&self, signature: &[u8], inside: &mut [u8]) {
        for (number, block) in (0_u32..).zip(inside.chunks_mut(32)) {
            let mut hides = self.hides.clone();
            hides.update(signature);
            hides.update(&number.to_be_bytes());
            for (byte, mask) in block.iter_mut().zip(hides.finalize().into_bytes()) {
                *byte ^= mask;
            }
        }
    }
}

fn keyed(key: &[u8]) -> Result<Hmac<Sha256>, String> {
    Hmac::new_from_slice(key).map_err(|_| "its `secret` can't be used".to_owned())
}

impl Ticket {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |text: &str| {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend(length.to_be_bytes());
            bytes.extend(&text.as_bytes()[..usize::from(length)]);
        };
        put(&self.customer);
        put(&self.channel);
        if let Some(sent) = &self.message {
            put(&sent.journey);
            put(&sent.step);
            bytes.extend(sent.key.to_bytes());
        }
        bytes
    }

    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut text = || {
            let (length, rest) = bytes.split_first_chunk::<2>()?;
            let (text, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
            bytes = rest;
            std::str::from_utf8(text).ok().map(str::to_owned)
        };
        let (customer, channel) = (text()?, text()?);
        let sent = text().and_then(|journey| Some((journey, text()?)));
        let message = match sent {
            None => None,
            Some((journey, step)) => Some(Sent {
                key: Key::from_bytes(<[u8; KEY]>::try_from(bytes).ok()?),
                journey,
                step,
            }),
        };
        Some(Self {
            customer: customer.into(),
            channel,
            message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn ticket(customer: &str) -> Ticket {
        Ticket {
            customer: customer.into(),
            channel: "email".to_owned(),
            message: Some(Sent {
                key: Key::of(&["k"]),
                journey: "winback".to_owned(),
                step: "nine".to_owned(),
            }),
        }
    }

    #[test]
    fn a_ticket_is_read_as_it_was_written_and_says_nothing_to_others() {
        let seal = Seal::of(SECRET, "ticket").expect("a seal");
        for customer in ["c42", "anna@example.com", "", "клієнт 7", &"x".repeat(300)] {
            for own in [
                ticket(customer),
                Ticket {
                    message: None,
                    ..ticket(customer)
                },
            ] {
                let text = seal.close(&own);
                assert_eq!(seal.close(&own), text, "the same each time");
                assert_eq!(seal.open(&text).as_ref(), Some(&own));
                let bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64");
                let shows =
                    |part: &str| bytes.windows(part.len()).any(|own| own == part.as_bytes());
                assert!(!shows("email") && (customer.len() < 3 || !shows(customer)));
            }
        }
    }

    #[test]
    fn what_was_changed_in_any_place_is_no_ticket() {
        let seal = Seal::of(SECRET, "ticket").expect("a seal");
        let text = seal.close(&ticket("c42"));
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64");
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut other = bytes.clone();
                other[at] ^= 1 << bit;
                assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(&other)), None, "{at}");
            }
            assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(&bytes[..at])), None);
        }
        for text in [
            "",
            "u",
            "../etc/passwd",
            "привіт",
            &"A".repeat(5_000),
            &format!("{text}="),
        ] {
            assert_eq!(seal.open(text), None, "{text}");
        }
        let other = Seal::of(&SECRET.replace('0', "1"), "ticket").expect("a seal");
        assert_eq!(other.open(&text), None);
        let other = Seal::of(SECRET, "link").expect("a seal");
        assert_eq!(other.open(&text), None, "it is for another purpose");
    }

    #[test]
    fn a_link_is_read_as_it_was_written() {
        let seal = Seal::of(SECRET, "link").expect("a seal");
        for leads_to in ["https://shop.example/?a=1&b=ї#x", "", &"x".repeat(2_000)] {
            let text = seal.close_link(&ticket("anna"), leads_to);
            assert_eq!(seal.close_link(&ticket("anna"), leads_to), text);
            let opened = seal.open_link(&text).expect("a link");
            assert_eq!(opened, (ticket("anna"), leads_to.to_owned()));
            assert_eq!(seal.open(&text), None);
        }
        assert_eq!(seal.open_link(&seal.close(&ticket("anna"))), None);
        assert_eq!(seal.mark("sms").len(), 32);
        assert_ne!(seal.mark("sms"), seal.mark("viber"));
    }

    #[test]
    fn a_short_secret_is_told_without_it() {
        let why = Seal::of("s3cret", "ticket").err().expect("no seal");
        assert!(!why.contains("s3cret") && why.contains("openssl"), "{why}");
    }
}
