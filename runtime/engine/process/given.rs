//! What a journey's step would give its template, for whoever looks at a message before anybody gets it.

use std::sync::Arc;

use super::Work;
use crate::calendar::Instant;
use crate::catalog::program::Op;
use crate::catalog::{Catalog, Loaded};
use crate::definition::Computed;
use crate::desk::Desk;
use crate::enrollment::Started;
use crate::event::Event;
use crate::map::Map;
use crate::person::Person;
use crate::script::Frame;

/// The data that a step gives its template.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The journey's id.
    pub journey: Arc<str>,
    /// The step's id or place.
    pub step: Arc<str>,
    /// Its `data`, as far as it can be worked out: what rests on the passage (`vars`, what was answered) can't.
    pub data: Map,
}

/// What the first step that sends a template with data would give it for this person, who entered by this event just now; none
/// if no step does.
pub fn given(
    catalog: &Catalog,
    person: &Person,
    template: &str,
    event: Option<&Arc<Event>>,
    now: Instant,
) -> Option<Given> {
    let (mut person, mut desk) = (person.clone(), Desk::default());
    for loaded in catalog.journeys() {
        let sends = loaded
            .program
            .nodes()
            .iter()
            .find_map(|node| match &node.op {
                Op::Send { send, .. } if send.template == template && !send.data.is_empty() => {
                    Some((node, send))
                }
                _ => None,
            });
        let Some((node, send)) = sends else { continue };
        let mut work = Work::new(catalog, &mut person, &mut desk, now);
        let mut frame = work.frame(event);
        frame.now = now;
        frame.started = Some(Arc::new(Started {
            kind: event.map_or("manual", |_| "event").into(),
            time: event.map_or(now, |event| event.time),
            event: event.cloned(),
            date: Some(now.date(work.zone)),
            since: None,
        }));
        super::set_journey(&mut frame, loaded.journey());
        let vars = work.as_far_as_known(loaded, &loaded.journey().vars, &frame);
        frame.vars = Some(Arc::new(vars));
        let data = work.as_far_as_known(loaded, &send.data, &frame);
        return Some(Given {
            journey: loaded.journey().id.as_str().into(),
            step: node.name.clone(),
            data,
        });
    }
    None
}

impl Work<'_> {
    /// The named values that can be worked out.
    fn as_far_as_known(
        &mut self,
        loaded: &Loaded,
        fields: &[(String, Computed)],
        frame: &Frame,
    ) -> Map {
        let mut known = Map::new();
        for (name, value) in fields {
            if let Ok(value) = self.compute(loaded.scripts(), value, frame) {
                known.insert(name.as_str(), value);
            }
        }
        known
    }
}
