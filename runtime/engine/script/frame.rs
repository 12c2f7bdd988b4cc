//! What a script sees beside the customer.

use std::sync::Arc;

use crate::calendar::{Instant, Zone};
use crate::definition::Category;
use crate::enrollment::Started;
use crate::event::Event;
use crate::map::Map;

/// The moment and the surroundings in which a script is evaluated. Cheap to build and to clone.
#[derive(Debug, Clone)]
pub struct Frame {
    /// `event`: the event at hand.
    pub event: Option<Arc<Event>>,
    /// Which of the person's enrollments `vars` and `trigger` come from.
    pub enrollment: Option<usize>,
    /// `trigger`, where there is no enrollment yet; goes before the enrollment's.
    pub started: Option<Arc<Started>>,
    /// `vars`, where there is no enrollment yet; goes before the enrollment's.
    pub vars: Option<Arc<Map>>,
    /// `now`.
    pub now: Instant,
    /// The customer's clock.
    pub zone: Zone,
    /// `round`, inside a `repeat`.
    pub round: Option<u32>,
    /// The journey's category, for `reachable`.
    pub category: Category,
}

impl Frame {
    /// A moment and a clock, without event, trigger or variables: what a segment sees.
    pub fn new(now: Instant, zone: Zone) -> Self {
        Self {
            event: None,
            enrollment: None,
            started: None,
            vars: None,
            now,
            zone,
            round: None,
            category: Category::Marketing,
        }
    }

    /// With the event at hand.
    #[must_use]
    pub fn with_event(mut self, event: Arc<Event>) -> Self {
        self.event = Some(event);
        self
    }
}
