//! What a template would see of a customer: the profile, and the event that starts a journey with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Catalog;
use kurant_engine::catalog::program::Op;
use kurant_engine::definition::{Definitions, TriggerKind};
use kurant_engine::event::Event;
use kurant_engine::map::Map;
use kurant_engine::person::Person;
use kurant_engine::process::given;
use kurant_engine::value::Value;
use kurant_store::Kept;

use super::Args;
use crate::embedded;
use crate::error::Error;
use crate::folder::Folder;

/// A customer and an event.
pub(super) struct Seen {
    pub(super) customer: Map,
    /// The data of the event.
    pub(super) event: Option<Map>,
    /// What the step that sends the template would give it.
    pub(super) data: Map,
    /// What is to be said of it.
    about: String,
    /// The workspace's.
    locale: String,
}

/// The customer of an id in the store, with the latest events of these types.
pub(super) async fn stored(
    folder: &Folder,
    definitions: &Definitions,
    kinds: &BTreeSet<String>,
    id: &str,
) -> Result<Person, Error> {
    let store = embedded::store_to_read(folder, definitions).await;
    let store = store.map_err(|error| match error.is_absence() {
        true => error.hint("`--sample FILE` shows a message to a customer that somebody made up"),
        false => error,
    })?;
    let kept = kinds.iter().map(|kind| Kept {
        kind: kind.clone(),
        since: None,
        latest: true,
        enrolled: false,
    });
    let kept: Vec<Kept> = kept.collect();
    let stored = embedded::customer(&*store, id, &kept).await?;
    Ok(stored.person)
}

impl Seen {
    /// What a message is made of, with the event of a file if one is named.
    pub(super) fn of(
        catalog: &Catalog,
        kinds: &BTreeSet<String>,
        person: Person,
        args: &Args,
        now: Instant,
    ) -> Result<Self, Error> {
        let history = person.history.iter();
        let last = history
            .filter(|event| kinds.contains(&*event.kind))
            .max_by_key(|event| event.time);
        let zone = catalog.workspace().timezone;
        let (event, mut about) = match (&args.event, last) {
            (Some(path), _) => (
                Some(of_data(kinds, read(path)?, &person, now)),
                String::new(),
            ),
            (None, Some(event)) => {
                let at = event.time.local(zone).format("%Y-%m-%d %H:%M");
                let about = format!("with the customer's last {} of {at}\n", event.kind);
                (Some(event.clone()), about)
            }
            (None, None) if kinds.is_empty() => (None, String::new()),
            (None, None) => {
                let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
                let kinds = kinds.join(" or ");
                let about = format!(
                    "without an event: the customer has no {kinds} yet; `--event FILE.json` gives one\n"
                );
                // What would stand there is left out.
                (
                    Some(of_data(&BTreeSet::new(), Map::new(), &person, now)),
                    about,
                )
            }
        };
        let given = given(catalog, &person, &args.template, event.as_ref(), now);
        if let Some(given) = given.as_ref().filter(|given| !given.data.is_empty()) {
            let (journey, step) = (&given.journey, &given.step);
            about.push_str(&format!(
                "with what the step {step} of {journey} gives it; `--data` changes that\n"
            ));
        }
        Ok(Self {
            customer: person.customer.seen(now),
            event: event.map(|event| event.data.clone()),
            data: given.map(|given| given.data).unwrap_or_default(),
            about,
            locale: catalog.workspace().locale.clone(),
        })
    }

    /// The language of the message.
    pub(super) fn locale(&self, asked: Option<&str>) -> String {
        let own = self.customer.get("locale").and_then(Value::as_text);
        asked.or(own).unwrap_or(&self.locale).to_owned()
    }

    /// What the message was made with, for people.
    pub(super) fn about(&self) -> &str {
        &self.about
    }
}

/// An event of one of these types with data that somebody wrote.
fn of_data(kinds: &BTreeSet<String>, data: Map, person: &Person, now: Instant) -> Arc<Event> {
    let kind = kinds.first().map(String::as_str).unwrap_or_default();
    Arc::new(Event {
        id: "preview".into(),
        source: "preview".into(),
        kind: kind.into(),
        customer: person.customer.id.clone(),
        time: now,
        data,
        attributes: Map::new(),
    })
}

/// The types of events that start journeys which send a template.
pub(super) fn starting(
    catalog: &Catalog,
    definitions: &Definitions,
    template: &str,
) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for version in &definitions.journeys {
        let Some(loaded) = catalog.version(version.hash) else {
            continue;
        };
        let sends = loaded
            .program
            .nodes()
            .iter()
            .any(|node| matches!(&node.op, Op::Send { send, .. } if send.template == template));
        let triggers = version.journey.triggers.iter().filter(|_| sends);
        kinds.extend(triggers.filter_map(|trigger| match &trigger.kind {
            TriggerKind::Event { event, .. } => Some(event.clone()),
            _ => None,
        }));
    }
    kinds
}

/// The data of an event in a file: of a whole CloudEvent, or by itself.
fn read(path: &Path) -> Result<Map, Error> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("{shown} can't be read: {error}")))?;
    let Ok(Value::Map(event)) = serde_json::from_str::<Value>(&text) else {
        let message = format!("{shown} holds no JSON object");
        return Err(Error::usage(message).hint("write an event, or only its data"));
    };
    Ok(match (event.get("specversion"), event.get("data")) {
        (Some(_), Some(Value::Map(data))) => data.clone(),
        (Some(_), _) => Map::new(),
        (None, _) => event,
    })
}
