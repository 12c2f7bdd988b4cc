//! `run` and `coupon`: steps that give the journey a value.

use super::Flow;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::definition::{Coupon, Run};
use crate::input::{GivenCode, NO_COUPON};
use crate::map::Map;
use crate::process::Work;
use crate::script;
use crate::value::Value;

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

    /// Gives a code of the customer's own: of a coupon pool, where there is one of this name, else one that the pattern makes. If none
    /// is left the enrollment ends.
    pub(super) fn coupon(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        coupon: &Coupon,
    ) -> Result<Flow, script::Error> {
        let until = self.valid_until(loaded, index, number, coupon)?;
        let is_pool = self.desk.codes.is_pool(&coupon.codes) || self.is_pool(&coupon.codes);
        let drawn = match is_pool {
            true => self.draw(index, &coupon.codes, until),
            false => {
                let customer = &self.person.customer.id;
                let code = self.desk.codes.next(&coupon.codes, customer);
                code.map(|code| (code, until))
            }
        };
        let Some((code, until)) = drawn else {
            let mut values = Map::new();
            values.insert("codes", Value::text(coupon.codes.as_str()));
            if is_pool {
                values.insert("pool", Value::Bool(true));
            }
            let place = Some(number);
            self.trace_at(loaded, index, place, NO_COUPON, None, values);
            return Ok(Flow::End(NO_COUPON.to_owned()));
        };
        let key = self.action_key(index, number, 0);
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

    /// Whether `kurant.yaml` names a coupon pool, so that no code may be made up. Nobody imports codes for a rehearsal.
    fn is_pool(&self, codes: &str) -> bool {
        let declared = &self.catalog.workspace().coupon_pools;
        !self.catalog.rehearses() && declared.iter().any(|own| own.name == codes)
    }

    /// A code of a coupon pool that is good for as long as the coupon is.
    fn draw(
        &mut self,
        index: usize,
        pool: &str,
        until: Option<Instant>,
    ) -> Option<(String, Option<Instant>)> {
        let from = self.clock.plus_millis(1).max(until.unwrap_or(self.clock));
        let drawn = self.desk.codes.draw(pool, from)?;
        let enrollment = &self.person.enrollments[index];
        self.changes.codes.push(GivenCode {
            pool: pool.to_owned(),
            code: drawn.code.to_string(),
            journey: enrollment.journey.clone(),
            enrollment: enrollment.id,
            at: self.now,
        });
        Some((drawn.code.to_string(), until.or(drawn.expires)))
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
