//! Takes people in for firings that were missed, so many and no more.

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Catalog;
use kurant_engine::desk::Desk;
use kurant_engine::id::Key;
use kurant_engine::input::{Changes, Input};
use kurant_engine::person::Person;
use kurant_engine::process::process;

/// Whom to take in, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// The journey's id.
    pub journey: String,
    /// The step to begin at; none = where each would stand today.
    pub step: Option<String>,
    /// The segment that they must be in, if any.
    pub segment: Option<String>,
}

/// What becomes of one customer.
#[derive(Debug)]
pub enum Lateness {
    /// Would stand inside: the state and what was done.
    Inside(Box<(Person, Changes)>),
    /// Nothing was missed.
    Nothing,
    /// Would have entered, and would be through by now.
    Through,
    /// Not let in, and why.
    Refused(String),
}

impl Late {
    /// What becomes of one customer; nothing is changed.
    pub fn judge(
        &self,
        catalog: &Catalog,
        desk: &mut Desk,
        person: &Person,
        clock: Instant,
    ) -> Lateness {
        let mut person = person.clone();
        if let Some(segment) = &self.segment {
            match catalog.in_segment(segment, &mut person, clock) {
                Ok(true) => {}
                Ok(false) => return Lateness::Nothing,
                Err(_) => return Lateness::Refused("error".to_owned()),
            }
        }
        let before = desk.clone();
        let known: Vec<Key> = person.enrollments.iter().map(|own| own.id).collect();
        let input = Input::EnrollLate {
            journey: self.journey.clone(),
            step: self.step.clone(),
        };
        let changes = process(catalog, &mut person, desk, input, clock);
        let mut inside = person.enrollments.iter().filter(|own| own.is_active());
        if inside.any(|own| *own.journey == *self.journey && !known.contains(&own.id)) {
            return Lateness::Inside(Box::new((person, changes)));
        }
        desk.go_back(before);
        let refused = changes
            .trace
            .iter()
            .find(|trace| trace.what == "not_entered");
        let has_entered = changes
            .actions
            .iter()
            .any(|own| own.action == "enter" && *own.journey == *self.journey);
        match refused.and_then(|trace| trace.reason.clone()) {
            _ if has_entered => Lateness::Through,
            Some(reason) => Lateness::Refused(reason),
            None => Lateness::Nothing,
        }
    }
}
