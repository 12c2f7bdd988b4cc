//! Signatures by which a receiver knows who sends, as Standard Webhooks has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How long a secret is, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that sender and receiver share. It is never shown.
#[derive(Clone, PartialEq)]
pub(super) struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_...`.
    ///
    /// # Errors
    /// What is wrong with it, without the secret.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "its `secret` is none: it is `{PREFIX}` and 24 to 64 random bytes in Base64, as `openssl rand -base64 32` makes them"
            )
        };
        let encoded = text.trim().strip_prefix(PREFIX).ok_or_else(wrong)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| wrong())?;
        match LENGTHS.contains(&bytes.len()) {
            true => Ok(Self(bytes)),
            false => Err(wrong()),
        }
    }

    /// The signature of a body that is sent under an id at a second since 1970.
    pub(super) fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        // A key of any length will do for HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(format!("{id}.{second}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_has_its_published_signature() {
        let secret = Secret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_told_without_it() {
        for wrong in ["", "s3cret", "whsec_", "whsec_s3cret!", "whsec_c2hvcnQ="] {
            let why = Secret::read(wrong).err().expect("no secret");
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
