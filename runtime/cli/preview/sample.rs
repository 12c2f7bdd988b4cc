//! A made-up customer from a file: nobody has to be in a store for a message to be seen.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use kurant_authoring::Compiled;
use kurant_authoring::scenario::Scenario;
use kurant_engine::decode::{Arrival, Decoder, Parts, Record};
use kurant_engine::definition::Definitions;
use kurant_engine::person::Person;

use crate::error::Error;
use crate::folder::Folder;
use crate::workspace::likely;

/// The customer that a file holds: of a journey's test the one of this id, or the first, with the events of the test; else what
/// the file says as JSON.
pub(super) fn person(
    folder: &Folder,
    definitions: &Definitions,
    compiled: &Compiled,
    path: &Path,
    id: Option<&str>,
) -> Result<Person, Error> {
    let shown = path.display();
    let bytes =
        fs::read(path).map_err(|error| Error::usage(format!("{shown} can't be read: {error}")))?;
    if path.to_string_lossy().ends_with(".test.yaml") {
        let is_it = |own: &&Scenario| {
            let own = folder.join(compiled.sources.path(own.file));
            matches!((own.canonicalize(), path.canonicalize()), (Ok(one), Ok(other)) if one == other)
        };
        let Some(test) = compiled.scenarios.iter().find(is_it) else {
            let message = format!("{shown} is no test of this workspace that can be read");
            return Err(Error::usage(message).hint("`kurant check` says what is wrong with it"));
        };
        return of_test(definitions, test, id);
    }
    let record = Record::from_json(&definitions.schema, &bytes).map_err(|error| {
        Error::usage(format!("{shown} holds no customer: {error}")).hint(
            "write `{\"id\": \"c1\", \"email\": \"a@example.com\"}`, or name a journey's test",
        )
    })?;
    Ok(Person::new(record.into_customer()))
}

fn of_test(definitions: &Definitions, test: &Scenario, id: Option<&str>) -> Result<Person, Error> {
    let mut customers = test.customers.iter();
    let Some(own) = customers.find(|own| id.is_none_or(|id| own.id == id)) else {
        let known: Vec<&str> = test.customers.iter().map(|own| own.id.as_str()).collect();
        let id = id.unwrap_or_default();
        let message = format!("the test has no customer `{id}`");
        return Err(Error::usage(message).hint(likely(id, &known)));
    };
    let wrong = |error: kurant_engine::decode::Error| Error::usage(error.to_string());
    let record = Record::from_map(&definitions.schema, own.attributes.clone()).map_err(wrong)?;
    let mut person = Person::new(record.into_customer());
    let mut decoder = Decoder::new(Arc::new(definitions.schema.clone()));
    for (index, event) in test.events.iter().enumerate() {
        if event.customer != own.id {
            continue;
        }
        let (id, time) = (format!("event-{index}"), event.at.to_string());
        let parts = Parts {
            id: &id,
            source: "test",
            kind: &event.kind,
            subject: &event.customer,
            time: Some(&time),
        };
        let event = decoder.map(parts, event.data.clone(), Arrival::OwnTime);
        person.history.push(Arc::new(event.map_err(wrong)?));
    }
    Ok(person)
}
