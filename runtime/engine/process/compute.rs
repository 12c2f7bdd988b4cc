//! Values that steps and `profile.yaml` work out, in the types that the schemas declare.

use super::Work;
use crate::decode;
use crate::definition::{Computed, Fields};
use crate::map::Map;
use crate::script::{self, Frame};
use crate::value::Value;

impl Work<'_> {
    /// Works out a value that may hold expressions.
    pub(crate) fn compute(
        &mut self,
        scripts: &script::Scripts,
        value: &Computed,
        frame: &Frame,
    ) -> Result<Value, script::Error> {
        Ok(match value {
            Computed::Literal(value) => value.clone(),
            Computed::Expression(script) => scripts.evaluate(script, self.person, frame)?,
            Computed::List(values) => Value::List(
                values
                    .iter()
                    .map(|value| self.compute(scripts, value, frame))
                    .collect::<Result<_, _>>()?,
            ),
            Computed::Map(fields) => Value::Map(self.compute_fields(scripts, fields, frame)?),
        })
    }

    /// Works out named values.
    pub(crate) fn compute_fields(
        &mut self,
        scripts: &script::Scripts,
        fields: &[(String, Computed)],
        frame: &Frame,
    ) -> Result<Map, script::Error> {
        let mut map = Map::new();
        for (name, value) in fields {
            map.insert(name.as_str(), self.compute(scripts, value, frame)?);
        }
        Ok(map)
    }

    /// Works out attributes, as the schema of customers declares them.
    pub(crate) fn compute_attributes(
        &mut self,
        scripts: &script::Scripts,
        fields: &[(String, Computed)],
        frame: &Frame,
    ) -> Result<Map, script::Error> {
        let catalog = self.catalog;
        self.compute_declared(
            scripts,
            fields,
            &catalog.definitions().schema.customer,
            frame,
        )
    }

    /// Works out the data of an event, as the schema of its type declares it.
    pub(crate) fn compute_data(
        &mut self,
        scripts: &script::Scripts,
        kind: &str,
        fields: &[(String, Computed)],
        frame: &Frame,
    ) -> Result<Map, script::Error> {
        let catalog = self.catalog;
        match catalog.definitions().schema.events.get(kind) {
            Some(declared) => self.compute_declared(scripts, fields, declared, frame),
            None => self.compute_fields(scripts, fields, frame),
        }
    }

    fn compute_declared(
        &mut self,
        scripts: &script::Scripts,
        fields: &[(String, Computed)],
        declared: &Fields,
        frame: &Frame,
    ) -> Result<Map, script::Error> {
        let mut map = Map::new();
        for (name, computed) in fields {
            let mut value = self.compute(scripts, computed, frame)?;
            if let Some(kind) = declared.get(name) {
                decode::fit(name, &mut value, kind).map_err(|error| misfit(&error, computed))?;
            }
            map.insert(name.as_str(), value);
        }
        Ok(map)
    }
}

/// A value that is not what the schema declares, told like any other mistake of the expression that it came from.
fn misfit(error: &decode::Error, computed: &Computed) -> script::Error {
    let place = match computed {
        Computed::Expression(script) => script.place.as_str(),
        _ => "",
    };
    script::Error::new(script::ErrorKind::WrongResult, error.to_string()).in_place(place)
}
