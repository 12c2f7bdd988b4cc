//! One customer of a file: a JSON object, or a row of CSV.

use compact_str::CompactString;

use super::{Error, LONGEST_NAME, json, typed};
use crate::calendar::Instant;
use crate::customer::{Consent, Customer};
use crate::definition::{Schema, Type};
use crate::id::CustomerId;
use crate::map::Map;
use crate::value::Value;

/// A customer as a file tells of one: what it doesn't name is not known, null removes an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The customer's id.
    pub id: CustomerId,
    /// All other attributes, `consents`, `topics` and `tags` among them.
    pub attributes: Map,
    /// Since when consents stand as they are told, by channel, where that is told.
    pub since: Vec<(CompactString, Instant)>,
}

impl Record {
    /// Reads one JSON object: `id` and attributes.
    ///
    /// # Errors
    /// What makes it no customer.
    pub fn from_json(schema: &Schema, bytes: &[u8]) -> Result<Self, Error> {
        Self::from_map(schema, json::object(bytes)?)
    }

    /// Takes values that have been read already: `id` and attributes. An empty text says nothing, as an empty cell does.
    ///
    /// # Errors
    /// What makes it no customer.
    pub fn from_map(schema: &Schema, mut map: Map) -> Result<Self, Error> {
        if map.get("specversion").is_some() && map.get("type").is_some() {
            return Err(Error::AnEvent);
        }
        let id: CustomerId = match map.remove("id") {
            None | Some(Value::Null) => return Err(Error::Missing { field: "id" }),
            Some(Value::Text(id)) if id.is_empty() => return Err(Error::Missing { field: "id" }),
            Some(Value::Text(id)) if id.len() > LONGEST_NAME => {
                return Err(Error::NameTooLong { field: "id" });
            }
            Some(Value::Text(id)) => id.as_str().into(),
            Some(other) => {
                return Err(Error::WrongType {
                    path: "id".to_owned(),
                    expected: "text",
                    found: other.kind(),
                });
            }
        };
        let is_empty = |value: &Value| value.as_text() == Some("");
        if map.iter().any(|(_, value)| is_empty(value)) {
            map = map
                .into_iter()
                .filter(|(_, value)| !is_empty(value))
                .collect();
        }
        Ok(Self {
            id,
            attributes: typed::attributes(schema, map)?,
            since: Vec::new(),
        })
    }

    /// Since when a channel's consent stands as it is told, if that is told.
    pub fn since(&self, channel: &str) -> Option<Instant> {
        let told = self.since.iter().find(|(own, _)| own == channel);
        told.map(|(_, at)| *at)
    }

    /// The customer of whom this is all that is known. Consents without a date count as given at the beginning of time, so that
    /// any `consent.changed` is later.
    pub fn into_customer(mut self) -> Customer {
        let attributes = std::mem::take(&mut self.attributes);
        let mut customer = Customer::new(self.id.clone());
        for (name, value) in attributes {
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                ("consents", Value::Map(consents)) => {
                    customer.consents = consents
                        .into_iter()
                        .filter_map(|(channel, value)| {
                            let at = self.since(&channel).unwrap_or(Instant::MIN);
                            consent(&channel, &value, at)
                        })
                        .collect();
                }
                ("topics", Value::Map(topics)) => {
                    let out = topics
                        .iter()
                        .filter(|(_, value)| **value == Value::Bool(false));
                    customer.opted_out = out.map(|(topic, _)| topic.to_owned()).collect();
                }
                (_, value) => {
                    customer.attributes.insert(name, value);
                }
            }
        }
        customer
    }
}

fn consent(channel: &str, value: &Value, at: Instant) -> Option<Consent> {
    match value {
        Value::Bool(granted) => Some(Consent {
            channel: channel.into(),
            granted: *granted,
            at,
        }),
        _ => None,
    }
}

/// The header of a CSV file: which attribute each column holds. `consents.email` is a name within `consents`, and
/// `consents.email.at` says since when it stands so.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    names: Vec<(CompactString, Option<CompactString>)>,
}

impl Columns {
    /// Reads the header's cells.
    pub fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let split = |cell: &'a str| match cell.trim().split_once('.') {
            Some((outer, inner)) => (outer.into(), Some(inner.into())),
            None => (cell.trim().into(), None),
        };
        Self {
            names: header.into_iter().map(split).collect(),
        }
    }

    /// Reads one row. An empty cell says nothing, `null` removes the attribute; tags are parted by `;`, other lists and maps
    /// are written as JSON.
    ///
    /// # Errors
    /// What makes it no customer.
    pub fn record<'a>(
        &self,
        schema: &Schema,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> Result<Record, Error> {
        let (mut map, mut since) = (Map::new(), Vec::new());
        for ((outer, inner), cell) in self.names.iter().zip(cells) {
            let cell = cell.trim();
            if cell.is_empty() || outer.is_empty() {
                continue;
            }
            let declared = schema.customer.get(outer.as_str());
            match inner {
                None => {
                    map.insert(outer.clone(), value(outer, cell, declared));
                }
                Some(inner) if outer == "consents" && inner.ends_with(SINCE) => {
                    since.push(moment(inner, cell)?);
                }
                Some(inner) => {
                    let declared = match declared {
                        Some(Type::Map(fields)) => fields.get(inner.as_str()),
                        _ => None,
                    };
                    let mut nested = match map.remove(outer) {
                        Some(Value::Map(nested)) => nested,
                        _ => Map::new(),
                    };
                    let declared = if outer == "consents" || outer == "topics" {
                        Some(&Type::Boolean)
                    } else {
                        declared
                    };
                    nested.insert(inner.clone(), value(inner, cell, declared));
                    map.insert(outer.clone(), Value::Map(nested));
                }
            }
        }
        self.agree(&mut map, &since)?;
        let record = Record::from_map(schema, map)?;
        Ok(Record { since, ..record })
    }

    /// A consent's date says what it dates: beside a column of its own that column's cell, else that it is given.
    fn agree(&self, map: &mut Map, since: &[(CompactString, Instant)]) -> Result<(), Error> {
        for (channel, _) in since {
            let mut consents = match map.remove("consents") {
                Some(Value::Map(consents)) => consents,
                _ => Map::new(),
            };
            let has_column = |(outer, inner): &(CompactString, Option<CompactString>)| {
                outer == "consents" && inner.as_ref() == Some(channel)
            };
            if consents.get(channel).is_none() {
                if self.names.iter().any(has_column) {
                    let path = format!("consents.{channel}");
                    return Err(Error::Undecided { path });
                }
                consents.insert(channel.clone(), Value::Bool(true));
            }
            map.insert("consents", Value::Map(consents));
        }
        Ok(())
    }
}

/// What a column's name ends with that says since when a consent stands.
const SINCE: &str = ".at";

fn moment(inner: &str, cell: &str) -> Result<(CompactString, Instant), Error> {
    let channel = inner.strip_suffix(SINCE).unwrap_or(inner);
    match Instant::parse(cell) {
        Ok(at) => Ok((channel.into(), at)),
        Err(_) => Err(Error::WrongType {
            path: format!("consents.{inner}"),
            expected: typed::expected(&Type::Instant),
            found: typed::found(&Value::text(cell), &Type::Instant),
        }),
    }
}

/// A cell as the value that its attribute's type wants; what doesn't fit stays text and is refused by its type later.
fn value(name: &str, cell: &str, declared: Option<&Type>) -> Value {
    if cell == "null" {
        return Value::Null;
    }
    if name == "tags" && !cell.starts_with('[') {
        return Value::List(
            cell.split(';')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .map(Value::from)
                .collect(),
        );
    }
    let structured = matches!(declared, Some(Type::List(_) | Type::Map(_)))
        || matches!(name, "tags" | "consents" | "topics");
    match declared {
        Some(Type::Boolean) => match cell {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::text(cell),
        },
        Some(Type::Integer | Type::Number) => {
            json::number(cell).unwrap_or_else(|| Value::text(cell))
        }
        _ if structured => json::value(cell.as_bytes()).unwrap_or_else(|_| Value::text(cell)),
        _ => Value::text(cell),
    }
}
