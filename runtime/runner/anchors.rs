//! Which anchors a catalog asks for, which rows a customer has, and which ranges may fire.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::calendar::{Anchor, DateRule, Every, Instant, Source, Zone};
use kurant_engine::catalog::Catalog;
use kurant_engine::definition::{Trigger, TriggerKind};
use kurant_engine::input::Firing;
use kurant_engine::person::Person;
use kurant_engine::value::Value;
use kurant_store::{AnchorRange, AnchorRow, By};

/// Anchors of one attribute, kept by one part of the moment.
pub(crate) type Series = (String, By);

/// A date or inactivity trigger of a journey that is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AnchorTrigger {
    pub(crate) journey: String,
    pub(crate) trigger: usize,
    pub(crate) attribute: String,
    pub(crate) by: By,
}

/// The anchors of one customer, as they stand at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Anchored {
    zone: Zone,
    moments: Vec<Option<Anchor>>,
}

impl Anchored {
    /// The same moments on another clock.
    pub(crate) fn in_zone(&self, zone: Zone) -> Self {
        Self {
            zone,
            moments: self.moments.clone(),
        }
    }
}

/// What a catalog asks of anchors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Anchors {
    /// The date and inactivity triggers of open journeys.
    pub(crate) triggers: Vec<AnchorTrigger>,
    /// What is kept of each customer.
    pub(crate) series: Vec<(String, By)>,
}

impl Anchors {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut triggers = Vec::new();
        for loaded in catalog.journeys() {
            let journey = loaded.journey();
            if !catalog.is_open(journey) {
                continue;
            }
            for (index, trigger) in journey.triggers.iter().enumerate() {
                if let (Some(attribute), Some(by)) = (trigger.kind.anchor(), by(trigger)) {
                    let (journey, attribute) = (journey.id.clone(), attribute.to_owned());
                    triggers.push(AnchorTrigger {
                        journey,
                        trigger: index,
                        attribute,
                        by,
                    });
                }
            }
        }
        let series: BTreeSet<_> = triggers
            .iter()
            .map(|at| (at.attribute.clone(), at.by))
            .collect();
        Self {
            triggers,
            series: series.into_iter().collect(),
        }
    }

    /// The customer's anchors as they stand.
    pub(crate) fn look(&self, catalog: &Catalog, person: &Person) -> Anchored {
        let moments = self
            .series
            .iter()
            .map(|(attribute, _)| anchor(person, attribute))
            .collect();
        Anchored {
            zone: catalog.zone(person),
            moments,
        }
    }

    /// The rows of these anchors, all or those that differ from others.
    pub(crate) fn rows(
        &self,
        person: &Person,
        own: &Anchored,
        other: Option<&Anchored>,
        since: Instant,
    ) -> Vec<AnchorRow> {
        let mut rows = Vec::new();
        for (index, (attribute, by)) in self.series.iter().enumerate() {
            let same = |other: &Anchored| {
                other.zone == own.zone && other.moments[index] == own.moments[index]
            };
            if let Some(anchor) = own.moments[index]
                && !other.is_some_and(same)
            {
                let customer = person.customer.id.clone();
                rows.push(AnchorRow::new(
                    attribute, *by, anchor, own.zone, customer, since,
                ));
            }
        }
        rows
    }

    /// The ranges of each series that may fire in `(after, upto]`, for these triggers.
    pub(crate) fn ranges(
        catalog: &Catalog,
        triggers: &[AnchorTrigger],
        zones: &BTreeMap<(String, By), Vec<String>>,
        after: Instant,
        upto: Instant,
    ) -> BTreeMap<(String, By), Vec<AnchorRange>> {
        let mut ranges: BTreeMap<(String, By), Vec<AnchorRange>> = BTreeMap::new();
        for at in triggers {
            let Some(trigger) = catalog
                .journey(&at.journey)
                .and_then(|loaded| loaded.journey().triggers.get(at.trigger))
            else {
                continue;
            };
            let series = (at.attribute.clone(), at.by);
            for name in zones.get(&series).into_iter().flatten() {
                let Ok(zone) = name.parse::<Zone>() else {
                    continue;
                };
                let sources = sources(&trigger.kind, after, upto, zone);
                let own = sources.iter().map(|source| AnchorRange::new(source, name));
                ranges.entry(series.clone()).or_default().extend(own);
            }
        }
        ranges
    }
}

/// The attribute whose anchor a firing was reckoned from.
pub(crate) fn attribute_of<'c>(catalog: &'c Catalog, firing: &Firing) -> Option<&'c str> {
    catalog
        .journey(&firing.journey)?
        .journey()
        .triggers
        .get(firing.trigger)?
        .kind
        .anchor()
}

fn by(trigger: &Trigger) -> Option<By> {
    match &trigger.kind {
        TriggerKind::Date {
            rule: DateRule {
                every: Every::Year, ..
            },
            ..
        } => Some(By::MonthDay),
        TriggerKind::Date {
            rule: DateRule {
                every: Every::Month,
                ..
            },
            ..
        } => Some(By::Day),
        TriggerKind::Date { .. } | TriggerKind::Inactive { .. } => Some(By::Moment),
        _ => None,
    }
}

fn sources(kind: &TriggerKind, after: Instant, upto: Instant, zone: Zone) -> Vec<Source> {
    match kind {
        TriggerKind::Date { rule, .. } => rule.sources(after, upto, zone),
        TriggerKind::Inactive { rule, .. } => rule.sources(after, upto, zone),
        _ => Vec::new(),
    }
}

fn anchor(person: &Person, attribute: &str) -> Option<Anchor> {
    match person.customer.attributes.get(attribute)? {
        Value::Date(date) => Some(Anchor::Date(*date)),
        Value::Instant(instant) => Some(Anchor::Instant(*instant)),
        _ => None,
    }
}
