//! Derived ids: whatever may repeat gets its id from what it is, so that the repeat is the same thing.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A customer's id, as the CRM knows it.
pub type CustomerId = Arc<str>;

/// A hash of 128 bits, written as 32 hexadecimal digits: the id of an enrollment, the key of an action, the version of a
/// journey.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(u128);

impl Key {
    /// The key of these parts, in this order. Each part is closed by a byte that no text holds, so that `ab` + `c` and `a` +
    /// `bc` are two keys.
    pub fn of(parts: &[&str]) -> Self {
        let mut bytes = Bytes::default();
        for part in parts {
            bytes.put(part.as_bytes());
            bytes.put(&[CLOSED]);
        }
        Self(xxh3_128(bytes.all()))
    }

    /// The key of one thing within another: the n-th action of a step of an enrollment, say.
    pub fn within(self, name: &str, numbers: &[u32]) -> Self {
        let mut bytes = Bytes::default();
        bytes.put(&self.0.to_be_bytes());
        bytes.put(name.as_bytes());
        bytes.put(&[CLOSED]);
        for number in numbers {
            bytes.put(&number.to_be_bytes());
        }
        Self(xxh3_128(bytes.all()))
    }

    /// Eight bytes of it, where a collision does little harm.
    pub fn short(self) -> u64 {
        self.0 as u64
    }

    /// The key as 16 bytes, for stores.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The key of 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl Key {
    /// Appends the 32 digits.
    pub(crate) fn write(self, out: &mut String) {
        out.push_str(std::str::from_utf8(&self.digits()).unwrap_or_default());
    }

    fn digits(self) -> [u8; 32] {
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.to_bytes()) {
            for (digit, number) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = b"0123456789abcdef"[usize::from(number)];
            }
        }
        digits
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Key {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What closes each part of what is hashed: no text holds it.
const CLOSED: u8 = 0xff;

/// Bytes to be hashed: mostly few, and then without a place in memory of their own.
struct Bytes {
    few: [u8; 160],
    length: usize,
    many: Vec<u8>,
}

impl Default for Bytes {
    fn default() -> Self {
        Self {
            few: [0; 160],
            length: 0,
            many: Vec::new(),
        }
    }
}

impl Bytes {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        match self.few.get_mut(self.length..end) {
            Some(free) if self.many.is_empty() => {
                free.copy_from_slice(bytes);
                self.length = end;
            }
            _ => {
                if self.many.is_empty() {
                    self.many.extend_from_slice(&self.few[..self.length]);
                }
                self.many.extend_from_slice(bytes);
            }
        }
    }

    fn all(&self) -> &[u8] {
        if self.many.is_empty() {
            &self.few[..self.length]
        } else {
            &self.many
        }
    }
}

/// The beginning of an id as a number: ids whose ranks differ stand in the order of their ranks, which are quicker to compare.
pub fn rank(id: &str) -> u128 {
    let mut first = [0; 16];
    let length = id.len().min(first.len());
    first[..length].copy_from_slice(&id.as_bytes()[..length]);
    u128::from_be_bytes(first)
}

/// A number from 0 to `buckets - 1`, the same for the same parts in every run and on every machine: A/B arms, control
/// groups, the author's own `bucket()`.
pub fn bucket(parts: &[&str], buckets: u64) -> u64 {
    if buckets == 0 {
        return 0;
    }
    let mut bytes = Bytes::default();
    for part in parts {
        bytes.put(part.as_bytes());
        bytes.put(&[CLOSED]);
    }
    xxh3_64(bytes.all()) % buckets
}

/// Which of several shares the parts fall into, as [`bucket`] has it; a share is its weight in the sum of all. None when there
/// is nothing to draw.
pub fn drawn(parts: &[&str], weights: impl Iterator<Item = u32> + Clone) -> Option<usize> {
    let mut left = bucket(parts, weights.clone().map(u64::from).sum());
    for (place, weight) in weights.enumerate() {
        if left < u64::from(weight) {
            return Some(place);
        }
        left -= u64::from(weight);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(Key::of(&["ab", "c"]), Key::of(&["a", "bc"]));
    }

    #[test]
    fn the_key_of_much_is_the_hash_of_all_of_it() {
        for length in [0, 1, 157, 158, 159, 160, 161, 4_000] {
            let text = "x".repeat(length);
            let mut bytes = text.clone().into_bytes();
            bytes.extend_from_slice(&[0xff, b'y', 0xff]);
            assert_eq!(Key::of(&[&text, "y"]), Key(xxh3_128(&bytes)), "{length}");
        }
    }

    #[test]
    fn a_key_is_written_and_read_back() {
        let key = Key::of(&["journey", "customer"]);
        assert_eq!(key.to_string().len(), 32);
        assert_eq!(key.to_string().parse::<Key>(), Ok(key));
    }

    #[test]
    fn ranks_stand_in_the_order_of_their_ids() {
        let mut ids = [
            "b",
            "a",
            "a\u{0}",
            "aaaaaaaaaaaaaaaaz",
            "aaaaaaaaaaaaaaaab",
            "",
            "ї",
            "z",
        ];
        ids.sort_by(|one, other| rank(one).cmp(&rank(other)).then(one.cmp(other)));
        assert!(ids.is_sorted());
    }

    #[test]
    fn the_same_parts_fall_into_the_same_bucket_for_ever() {
        // A change of this number would draw every A/B arm anew.
        assert_eq!(
            bucket(&["c1", "welcome", "split"], 100),
            bucket(&["c1", "welcome", "split"], 100)
        );
        assert!(bucket(&["c1"], 10) < 10);
    }
}
