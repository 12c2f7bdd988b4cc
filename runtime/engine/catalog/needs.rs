//! Which events of the past decisions look back on: what a store has to load, and a world has to keep.

use std::collections::BTreeMap;

use super::lookback::{LONGEST_MILLIS, Lookback, lookbacks};
use super::program::Op;
use super::{Loaded, Watched};
use crate::calendar::Instant;
use crate::definition::{Computed, Definitions, WaitFor};

/// How much later than what starts it an enrollment may begin for its first `wait_for` to look back on all of it: an event may
/// come late, and nothing is kept for an enrollment that isn't there yet.
const LATEST_MILLIS: i64 = 32 * 86_400_000;

/// How far back events of one type are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// All of the last so many milliseconds; none = not by age.
    pub millis: Option<i64>,
    /// And the latest one, however old.
    pub latest: bool,
    /// And all since what started an enrollment that is still active (`wait_for` with `since: trigger.time`).
    pub enrolled: bool,
}

/// Which events of the past decisions look back on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    types: BTreeMap<String, Keep>,
    /// What is needed of every type, because a script works out which.
    any: Option<Keep>,
}

impl Needs {
    pub(crate) fn new<'l>(
        definitions: &Definitions,
        versions: impl Iterator<Item = &'l Loaded>,
        watched: &[Watched],
    ) -> Self {
        let mut needs = Self::default();
        let declared = definitions.schema.events.keys();
        let mut definitions = definitions.clone();
        for update in &mut definitions.profile {
            for (_, value) in &mut update.set {
                Computed::for_each_script_mut(value, &mut |script| needs.text(&script.source));
            }
        }
        for segment in &definitions.segments {
            needs.text(&segment.condition.source);
        }
        for watched in watched {
            needs.text(&watched.condition.source);
        }
        for library in &definitions.library {
            needs.text(&library.source);
        }
        for loaded in versions {
            let mut journey = loaded.journey().clone();
            journey.for_each_script_mut(&mut |script| needs.text(&script.source));
            // Functions as they were when the version began.
            for library in &loaded.version.library {
                needs.text(&library.source);
            }
            for node in loaded.program.nodes() {
                if let Op::WaitFor { wait, .. } = &node.op {
                    needs.wait(wait);
                }
            }
        }
        needs.spread(declared);
        needs
    }

    /// How far back events of this type are needed; none = not at all.
    pub fn keeps(&self, kind: &str) -> Option<Keep> {
        self.types.get(kind).copied()
    }

    /// The types that are needed at all, with how far.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Keep)> {
        self.types.iter().map(|(kind, keep)| (kind.as_str(), *keep))
    }

    /// Whether nothing of the past is needed.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Takes down what a script asks for.
    fn text(&mut self, source: &str) {
        for Lookback { event, millis } in lookbacks(source) {
            let keep = match event {
                Some(event) => self.types.entry(event).or_default(),
                None => self.any.get_or_insert_default(),
            };
            keep.widen(Keep {
                millis,
                latest: millis.is_none(),
                enrolled: false,
            });
        }
    }

    /// Takes down what a `wait_for` that looks back asks for.
    fn wait(&mut self, wait: &WaitFor) {
        let Some(since) = &wait.since else {
            return;
        };
        // Any other moment may lie long before what started the enrollment.
        let own = since.source.trim() == "trigger.time";
        let millis = if own { LATEST_MILLIS } else { LONGEST_MILLIS };
        for awaited in &wait.any {
            self.types
                .entry(awaited.event.clone())
                .or_default()
                .widen(Keep {
                    millis: Some(millis),
                    latest: false,
                    enrolled: own,
                });
        }
    }

    /// What any type may need, every type that is declared does.
    fn spread<'n>(&mut self, declared: impl Iterator<Item = &'n String>) {
        let Some(any) = self.any else {
            return;
        };
        for kind in declared {
            self.types.entry(kind.clone()).or_default();
        }
        self.types.values_mut().for_each(|keep| keep.widen(any));
    }
}

impl Keep {
    /// Covers what the other covers too.
    fn widen(&mut self, other: Self) {
        self.millis = self.millis.max(other.millis);
        self.latest |= other.latest;
        self.enrolled |= other.enrolled;
    }

    /// Whether an event this old is still needed for its age.
    pub fn covers(&self, time: Instant, now: Instant) -> bool {
        self.millis
            .is_some_and(|millis| time > now.plus_millis(-millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Zone;
    use crate::catalog::{Acting, Catalog};
    use crate::definition::{
        Computed, Fields, Journey, Library, Script, Step, Trigger, Verb, Version, Workspace,
    };
    use crate::id::Key;

    /// A journey that sets an attribute to this, with a library.
    fn version(hash: &str, source: &str, library: &str) -> Version {
        let value = Computed::Expression(Script::new(source, "x"));
        let step = Step {
            id: None,
            title: None,
            when: None,
            verb: Verb::Set(vec![("x".to_owned(), value)]),
        };
        Version {
            hash: Key::of(&[hash]),
            journey: Journey::new("j", Vec::<Trigger>::new(), vec![step]),
            library: vec![Library {
                name: "past".into(),
                source: library.into(),
            }],
        }
    }

    fn needs(definitions: &Definitions, pinned: &[Version]) -> Needs {
        let catalog = Catalog::load(definitions, pinned, Acting::Live).expect("a catalog");
        catalog.needs().clone()
    }

    #[test]
    fn functions_of_pinned_versions_look_back_as_they_were() {
        let definitions = Definitions::new(Workspace::new("test", Zone::UTC, "uk"));
        let old = version(
            "old",
            "past::orders()",
            r#"fn orders() { count("order.paid", days(2)) }"#,
        );
        let keep = needs(&definitions, &[old]).keeps("order.paid");
        assert_eq!(keep.and_then(|keep| keep.millis), Some(180_000_000));
    }

    #[test]
    fn a_type_that_is_worked_out_keeps_every_declared_one() {
        let mut definitions = Definitions::new(Workspace::new("test", Zone::UTC, "uk"));
        let events = ["order.paid", "cart.left"];
        definitions.schema.events = events
            .map(|kind| (kind.to_owned(), Fields::default()))
            .into();
        let own = version(
            "new",
            "past::any(\"order.paid\")",
            "fn any(kind) { last(kind) }",
        );
        definitions.library = own.library.clone();
        definitions.journeys = vec![own];
        let needs = needs(&definitions, &[]);
        assert!(
            events
                .iter()
                .all(|kind| needs.keeps(kind).is_some_and(|keep| keep.latest))
        );
    }
}
