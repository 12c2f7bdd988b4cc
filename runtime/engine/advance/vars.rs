//! `run` and `coupon`: steps that give the journey a value.

use super::Flow;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::definition::{Coupon, Run};
use crate::id::Key;
use crate::map::Map;
use crate::process::Work;
use crate::script;
use crate::value::Value;

/// The characters of a code: none that people mix up.
const CODE_ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// How many characters a code of a named pool has until pools are filled from files.
const CODE_LENGTH: usize = 8;

impl Work<'_> {
    /// Runs a script and merges its map into `vars`.
    pub(super) fn run(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        run: &Run,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        match self.value(loaded, &run.script, &frame)? {
            Value::Map(values) => {
                let vars = &mut self.person.enrollments[index].vars;
                for (name, value) in values {
                    vars.insert(name, value);
                }
                Ok(Flow::Next(node.next))
            }
            other => Err(super::unexpected(
                &run.script,
                "a map like #{ name: value }",
                other.kind(),
            )),
        }
    }

    /// Gives a code of the customer's own. It is derived from the action's key, so the same step gives the same code again.
    pub(super) fn coupon(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        coupon: &Coupon,
    ) -> Result<Flow, script::Error> {
        let key = self.action_key(index, number, 0);
        let code = code(&coupon.codes, key);
        let until = self.valid_until(loaded, index, number, coupon)?;
        self.person.enrollments[index]
            .vars
            .insert(coupon.variable.as_str(), Value::text(code.as_str()));
        let mut data = Map::new();
        data.insert("code", Value::text(code));
        data.insert("codes", Value::text(coupon.codes.as_str()));
        if let Some(until) = until {
            data.insert("valid_until", Value::Instant(until));
        }
        let action = self.action(index, node, key, "coupon", data);
        self.changes.actions.push(action);
        Ok(Flow::Next(node.next))
    }

    fn valid_until(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        coupon: &Coupon,
    ) -> Result<Option<Instant>, script::Error> {
        if let Some(valid) = &coupon.valid {
            return Ok(Some(valid.after(self.now, self.zone)));
        }
        let Some(until) = &coupon.until else {
            return Ok(None);
        };
        let frame = self.frame_of_node(loaded, index, number);
        self.moment(loaded, until, &frame).map(Some)
    }
}

/// A code from a pattern, in which each `#` becomes a character; or, for the name of a pool, the name and some characters.
fn code(codes: &str, key: Key) -> String {
    let pattern = if codes.contains('#') {
        codes.to_owned()
    } else {
        format!("{codes}-{}", "#".repeat(CODE_LENGTH))
    };
    let mut position = 0;
    pattern
        .chars()
        .map(|character| {
            if character != '#' {
                return character;
            }
            position += 1;
            let drawn = crate::id::bucket(
                &[&key.to_string(), &position.to_string()],
                CODE_ALPHABET.len() as u64,
            );
            char::from(CODE_ALPHABET[drawn as usize])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_keeps_its_letters_and_fills_its_places() {
        let code = code("BDAY-####", Key::of(&["a"]));
        assert!(
            code.starts_with("BDAY-") && code.len() == 9 && !code.contains('#'),
            "{code}"
        );
    }

    #[test]
    fn another_key_gets_another_code() {
        assert_ne!(code("vip", Key::of(&["a"])), code("vip", Key::of(&["b"])));
    }
}
