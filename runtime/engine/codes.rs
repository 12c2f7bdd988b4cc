//! Coupon codes: never the same twice, without a look of order, and running dry is known exactly.
//!
//! A pattern has as many codes as its places allow. They are numbered, and a permutation that depends on the pattern turns a
//! number into a code, so counting alone makes codes unique. The count is kept in stripes, one for each part of the customers:
//! worlds that each hold one part give the same codes as one that holds everybody.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::Instant;
use crate::id::{Key, bucket};
use crate::stock::{Coded, Stocks};

/// The characters of a code: none that people mix up.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// A character of a code, in bits.
const BITS: u32 = 5;
/// What a place for a character is written as.
const PLACE: char = '#';
/// How many places a name has that isn't a pattern.
const PLACES_OF_A_NAME: usize = 8;
/// So many places are counted through; no shop gives more codes than these allow. Those after them only make guessing harder.
const COUNTED: u32 = 12;
/// How often the permutation is mixed.
const ROUNDS: u32 = 6;

/// How many parts customers fall into.
pub const STRIPES: usize = 8;

/// Which part a customer falls into.
pub fn stripe_of(customer: &str) -> usize {
    bucket(&[customer], STRIPES as u64) as usize
}

/// Whether `codes` is a name: a coupon pool, or what codes are made up from.
pub fn is_name(codes: &str) -> bool {
    !codes.contains(PLACE)
}

/// The pattern that `codes` stands for: a name without places gets some after it.
pub fn pattern(codes: &str) -> Cow<'_, str> {
    if codes.contains(PLACE) {
        return codes.into();
    }
    let places = PLACE.to_string().repeat(PLACES_OF_A_NAME);
    format!("{codes}-{places}").into()
}

/// How many codes `codes` has, as far as they are counted.
pub fn size(codes: &str) -> u64 {
    1 << bits(&pattern(codes))
}

/// Whether two patterns can give the same code, though they are not the same.
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (pattern(one), pattern(other));
    if one == other || one.chars().count() != other.chars().count() {
        return false;
    }
    let may_be = |place: char, letter: char| {
        place == PLACE && (letter == PLACE || ALPHABET.iter().any(|own| char::from(*own) == letter))
    };
    one.chars()
        .zip(other.chars())
        .all(|(one, other)| one == other || may_be(one, other) || may_be(other, one))
}

/// Whether a pattern, or what a name is made into, may give this code.
pub fn may_make(codes: &str, code: &str) -> bool {
    let pattern = pattern(codes);
    let is_of_alphabet = |letter: char| ALPHABET.iter().any(|own| char::from(*own) == letter);
    pattern.chars().count() == code.chars().count()
        && pattern
            .chars()
            .zip(code.chars())
            .all(|(place, letter)| place == letter || (place == PLACE && is_of_alphabet(letter)))
}

/// The codes that were given so far. What is at hand of coupon pools is no part of it: the store knows which of those were given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Codes {
    /// Per pattern: how many each stripe has given, or passed over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    given: BTreeMap<String, [u64; STRIPES]>,
    /// How often codes were passed over.
    #[serde(default, skip_serializing_if = "is_never")]
    passed_over: u32,
    /// Only the customer's own stripe is drawn from, since others are given out elsewhere.
    #[serde(skip)]
    apart: bool,
    /// Codes of coupon pools.
    #[serde(skip)]
    stocks: Stocks,
}

impl PartialEq for Codes {
    fn eq(&self, other: &Self) -> bool {
        let told = |own: &Self| (own.passed_over, own.apart);
        self.given == other.given && told(self) == told(other)
    }
}

impl Eq for Codes {}

impl Codes {
    /// The codes of coupon pools that are at hand.
    pub fn stocks(&mut self) -> &mut Stocks {
        &mut self.stocks
    }

    /// The next code of a coupon pool that holds up to an instant or longer.
    pub(crate) fn draw(&mut self, pool: &str, from: Instant) -> Option<Coded> {
        self.stocks.draw(pool, from)
    }

    /// Whether codes were ever imported under this name.
    pub(crate) fn is_pool(&self, codes: &str) -> bool {
        self.stocks.has(codes)
    }

    /// Passes over half of the codes that are left of each pattern, also of those that have given none so far: the store is a copy,
    /// and nobody knows how many were given since it was made.
    pub fn pass_over(&mut self) {
        for (pattern, given) in &mut self.given {
            let all = of_a_stripe(pattern);
            given.iter_mut().for_each(|own| *own = past_half(*own, all));
        }
        self.passed_over += 1;
    }

    /// For a desk that is one of several, each with its own part of the customers.
    pub(crate) fn keep_apart(&mut self) {
        self.apart = true;
    }

    /// The next code for a customer; none when none is left. Who finds the own stripe empty draws from the others.
    pub(crate) fn next(&mut self, codes: &str, customer: &str) -> Option<String> {
        let pattern = pattern(codes);
        let own = stripe_of(customer);
        let others = if self.apart { 1 } else { STRIPES };
        let size = 1_u64 << bits(&pattern);
        if !self.given.contains_key(&*pattern) {
            let all = of_a_stripe(&pattern);
            let first = (0..self.passed_over).fold(0, |given, _| past_half(given, all));
            self.given.insert(pattern.to_string(), [first; STRIPES]);
        }
        let given = self.given.get_mut(&*pattern)?;
        (0..others).find_map(|step| {
            let stripe = (own + step) % STRIPES;
            let number = given[stripe] * STRIPES as u64 + stripe as u64;
            (number < size).then(|| {
                given[stripe] += 1;
                code(&pattern, number)
            })
        })
    }
}

fn is_never(times: &u32) -> bool {
    *times == 0
}

/// How many codes of a pattern fall to each stripe.
fn of_a_stripe(pattern: &str) -> u64 {
    (1 << bits(pattern)) / STRIPES as u64
}

/// Of so many codes, those that were given and half of the rest.
fn past_half(given: u64, all: u64) -> u64 {
    given + all.saturating_sub(given).div_ceil(2)
}

/// How many bits the numbers of a pattern's codes have.
fn bits(pattern: &str) -> u32 {
    let places = pattern.chars().filter(|own| *own == PLACE).count();
    BITS * u32::try_from(places).unwrap_or(COUNTED).min(COUNTED)
}

/// The code with this number.
fn code(pattern: &str, number: u64) -> String {
    let key = Key::of(&["coupon", pattern]);
    let (mut left, counted) = (shuffled(key, bits(pattern), number), COUNTED as usize);
    let mut place = 0;
    let letter = |own: char| {
        if own != PLACE {
            return own;
        }
        place += 1;
        if place > counted {
            left = key
                .within(
                    "more",
                    &[number as u32, (number >> 32) as u32, place as u32],
                )
                .short();
        }
        let drawn = left % ALPHABET.len() as u64;
        left >>= BITS;
        char::from(ALPHABET[drawn as usize])
    };
    pattern.chars().map(letter).collect()
}

/// A permutation of the numbers of so many bits: a Feistel network over an even number of bits, gone through until the result
/// is within.
fn shuffled(key: Key, bits: u32, number: u64) -> u64 {
    let half = bits.div_ceil(2);
    let mask = (1_u64 << half) - 1;
    let mut number = number;
    loop {
        let (mut high, mut low) = (number >> half, number & mask);
        for round in 0..ROUNDS {
            let mixed = key.within("round", &[round, low as u32]).short() & mask;
            (high, low) = (low, high ^ mixed);
        }
        number = (high << half) | low;
        if number >> bits == 0 {
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// As many codes as there are, for as many customers, and one more.
    fn all(pattern: &str) -> Vec<String> {
        let mut codes = Codes::default();
        let mut given = Vec::new();
        while let Some(code) = codes.next(pattern, &format!("c{}", given.len())) {
            given.push(code);
        }
        given
    }

    #[test]
    fn every_code_is_given_once_and_the_end_is_exact() {
        for (pattern, size) in [("A-#", 32), ("#x#", 1_024), ("B###", 32_768)] {
            let given = all(pattern);
            let different: BTreeSet<&String> = given.iter().collect();
            assert_eq!([given.len(), different.len()], [size, size], "{pattern}");
            assert_eq!(super::size(pattern), size as u64);
        }
    }

    #[test]
    fn a_code_fits_its_pattern_and_stands_beside_its_neighbour_in_no_order() {
        let mut codes = Codes::default();
        let given: Vec<String> = (0..100)
            .filter_map(|_| codes.next("BDAY-####", "anna"))
            .collect();
        for code in &given {
            assert!(
                code.starts_with("BDAY-") && code.len() == 9 && !code.contains('#'),
                "{code}"
            );
        }
        for place in 5..9 {
            let letters: BTreeSet<&str> = given.iter().map(|code| &code[place..=place]).collect();
            assert!(letters.len() > 20, "place {place} of {given:?}");
        }
    }

    #[test]
    fn a_name_without_places_gets_some() {
        let mut codes = Codes::default();
        let code = codes.next("vip", "anna").expect("a code");
        assert!(code.starts_with("vip-") && code.len() == 12, "{code}");
        assert_eq!(size("vip"), 1 << 40);
    }

    #[test]
    fn more_places_than_are_counted_are_filled_too() {
        let pattern = "#".repeat(20);
        let given: BTreeSet<String> = {
            let mut codes = Codes::default();
            (0..1_000)
                .filter_map(|_| codes.next(&pattern, "anna"))
                .collect()
        };
        assert_eq!(given.len(), 1_000);
        let lasts: BTreeSet<&str> = given.iter().map(|code| &code[19..]).collect();
        assert!(lasts.len() > 20, "{lasts:?}");
    }

    #[test]
    fn desks_that_each_have_a_part_of_the_customers_give_what_one_desk_gives() {
        let customers: Vec<String> = (0..300).map(|number| format!("c{number}")).collect();
        let mut one = Codes::default();
        let mut parts = vec![Codes::default(); STRIPES];
        parts.iter_mut().for_each(Codes::keep_apart);
        for customer in &customers {
            let part = &mut parts[stripe_of(customer)];
            assert_eq!(
                one.next("X-######", customer),
                part.next("X-######", customer)
            );
        }
    }

    #[test]
    fn one_part_alone_gives_no_codes_of_the_others() {
        let mut codes = Codes::default();
        codes.keep_apart();
        let given = (0..32).filter_map(|_| codes.next("A-#", "anna")).count();
        assert_eq!(given, 4);
    }

    #[test]
    fn what_was_given_is_kept_and_the_same_pattern_goes_on() {
        let mut codes = Codes::default();
        let first = codes.next("A-##", "anna");
        let text = serde_json::to_string(&codes).expect("as text");
        let mut kept: Codes = serde_json::from_str(&text).expect("read back");
        assert_eq!(kept, codes);
        assert_ne!(kept.next("A-##", "anna"), first);
    }

    #[test]
    fn what_a_store_gave_after_its_copy_was_made_the_copy_does_not_give_again() {
        for pattern in ["A-##", "vip"] {
            let mut lost = Codes::default();
            let next =
                |codes: &mut Codes, number: usize| codes.next(pattern, &format!("c{number}"));
            let mut given: BTreeSet<String> =
                (0..100).filter_map(|own| next(&mut lost, own)).collect();
            let text = serde_json::to_string(&lost).expect("as text");
            let mut copy: Codes = serde_json::from_str(&text).expect("read back");
            given.extend((100..400).filter_map(|own| next(&mut lost, own)));
            assert_eq!(given.len(), 400);
            copy.pass_over();
            let later: BTreeSet<String> = (0..300).filter_map(|own| next(&mut copy, own)).collect();
            assert_eq!((later.len(), given.intersection(&later).count()), (300, 0));
        }
    }

    #[test]
    fn a_pattern_that_the_copy_does_not_know_begins_past_what_was_given_of_it() {
        let mut lost = Codes::default();
        let given: BTreeSet<String> = (0..15).filter_map(|_| lost.next("A-##", "anna")).collect();
        let mut copy = Codes::default();
        copy.pass_over();
        let text = serde_json::to_string(&copy).expect("as text");
        let mut copy: Codes = serde_json::from_str(&text).expect("read back");
        assert!(!given.contains(&copy.next("A-##", "anna").expect("a code")));
        let mut twice = Codes::default();
        twice.pass_over();
        twice.pass_over();
        let mut all = Vec::new();
        while let Some(code) = twice.next("A-#", &format!("c{}", all.len())) {
            all.push(code);
        }
        assert_eq!(all.len(), 8, "a quarter of 32 is left");
    }

    #[test]
    fn a_pattern_may_make_what_fits_it() {
        for (codes, code, may) in [
            ("A-##", "A-2Z", true),
            ("A-##", "A-0Z", false),
            ("A-##", "A-2ZZ", false),
            ("vip", "vip-22222222", true),
            ("vip", "vip", false),
        ] {
            assert_eq!(may_make(codes, code), may, "{codes} {code}");
        }
    }

    #[test]
    fn patterns_that_share_a_code_overlap() {
        for (one, other, is) in [
            ("A-##", "A-2#", true),
            ("A-##", "A-##", false),
            ("A-##", "B-##", false),
            ("A-##", "A-###", false),
            ("A-#", "A-0", false),
            ("##A", "B##", true),
        ] {
            assert_eq!(overlap(one, other), is, "{one} {other}");
        }
    }
}
